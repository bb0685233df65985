package oktasim

import "net/http"

// listMembers answers GET /groups/{id}/users.
func (t *Tenant) listMembers(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	limit, err := limitOf(c, 1000, 1, 1000)
	if err != nil {
		return fail(err)
	}
	from, err := afterOf(c)
	if err != nil {
		return fail(err)
	}
	found, next := t.collect(from, limit, func(u *user) bool { return isMember(u, g.id) }, t.leapGroup(g.id))
	bodies := make([]userBody, 0, len(found))
	for _, u := range found {
		bodies = append(bodies, c.userBody(u))
	}
	return page(c, bodies, limit, next)
}

// leapGroup is the quickest way through the crowd for members of a group.
func (t *Tenant) leapGroup(group string) func(int) int {
	if t.crowd == nil || t.fed(group) || group == t.everyone {
		return everybody
	}
	return t.crowd.leapGroup(group)
}

// memberRefusal refuses to change the members of groups that are not ours to
// change, or that make their members admins.
func (t *Tenant) memberRefusal(c *call, g *group) error {
	if err := ownGroup(g); err != nil {
		return err
	}
	if len(g.roles) > 0 && !holds(c.caller.roles(t), SuperAdmin) {
		return forbidden()
	}
	return nil
}

// pair finds the group and the user of the path.
func (c *call) pair() (*group, *user, error) {
	g, err := c.group()
	if err != nil {
		return nil, nil, err
	}
	u := c.t.user(c.params["user"])
	if u == nil {
		return nil, nil, missing(c.params["user"], "User")
	}
	c.about(u.id)
	return g, u, c.t.memberRefusal(c, g)
}

func (t *Tenant) addMember(c *call) (reply, error) {
	g, u, err := c.pair()
	if err != nil {
		return fail(err)
	}
	if isMember(u, g.id) {
		return t.repeatedMember()
	}
	t.join(c, u, g, "")
	c.did(g.id, u.id)
	return nothing()
}

func (t *Tenant) removeMember(c *call) (reply, error) {
	g, u, err := c.pair()
	if err != nil {
		return fail(err)
	}
	m, member := u.groups[g.id]
	if !member {
		return t.repeatedMember()
	}
	t.leaveGroup(c, u, g)
	c.did(g.id, u.id)
	if r := t.rules[m.rule]; r != nil {
		t.exclude(c, r, u, g)
		t.applyRules(c, u) // another rule may put them back
	}
	return nothing()
}

func (t *Tenant) repeatedMember() (reply, error) {
	status := t.cfg.Quirks.RepeatMemberStatus
	if status == 0 || status == http.StatusNoContent {
		return nothing()
	}
	return fail(refuse(status, "E0000001", "Api validation failed: groupMembership"))
}

// join makes somebody a member, by hand or by a rule; apps that the group grants
// come with it. c is nil when the tenant is being set up.
func (t *Tenant) join(c *call, u *user, g *group, rule string) {
	before := t.appsOf(u)
	t.keep(u)
	u.groups[g.id] = membership{since: t.now(), rule: rule}
	t.moved(c, u, g, "group.user_membership.add", rule != "")
	t.appsChanged(c, u, before)
}

// leaveGroup ends a membership and the apps it granted.
func (t *Tenant) leaveGroup(c *call, u *user, g *group) {
	before := t.appsOf(u)
	t.keep(u)
	delete(u.groups, g.id)
	t.moved(c, u, g, "group.user_membership.remove", false)
	t.appsChanged(c, u, before)
}

func (t *Tenant) moved(c *call, u *user, g *group, kind string, system bool) {
	t.keepGroup(g).membersUpdated = t.now()
	if t.cfg.Quirks.MembershipTouchesUser {
		u.lastUpdated = t.now()
	}
	if c == nil {
		return
	}
	spec := eventSpec{kind: kind, targets: []eventTarget{u.target(), g.target()}}
	if system {
		spec.actor = new(systemActor)
	}
	t.emit(c, spec)
}

// userGroups answers GET /users/{id}/groups.
func (t *Tenant) userGroups(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	bodies := []groupBody{}
	for _, id := range t.groupOrder {
		if g := t.groups[id]; g != nil && isMember(u, id) {
			bodies = append(bodies, c.groupBody(g))
		}
	}
	if t.crowd != nil {
		for _, g := range t.crowd.groupsAmong(u.groups) {
			if kept := t.groups[g.id]; kept != nil {
				g = kept
			}
			bodies = append(bodies, c.groupBody(g))
		}
	}
	limit, err := limitOf(c, 10_000, 1, 10_000)
	if err != nil {
		return fail(err)
	}
	return slicePage(c, bodies, limit)
}
