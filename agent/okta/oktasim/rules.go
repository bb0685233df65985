package oktasim

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const maxExclusions = 100

// Rule is a group rule: what AddRule takes.
type Rule struct {
	ID         string   `json:"id,omitempty"` // empty: the tenant chooses one
	Name       string   `json:"name"`
	Expression string   `json:"expression"`        // such as user.department=="Engineering"
	Groups     []string `json:"groups"`            // ids of the groups that matching people join
	Exclude    []string `json:"exclude,omitempty"` // ids of people it leaves alone
	Inactive   bool     `json:"inactive,omitempty"`
}

// rule is a group rule as the tenant keeps it.
type rule struct {
	id, name    string
	status      string // ACTIVE, INACTIVE
	expression  string
	matches     condition
	groups      []string
	exclude     []string
	created     time.Time
	lastUpdated time.Time
}

// feed is what an active rule once did to the crowd, whose memberships are
// computed: it lasts when the rule is switched off.
type feed struct {
	rule    string // empty once the rule is deleted
	matches condition
	groups  []string
	since   time.Time
}

// AddRule puts a group rule into the tenant and, unless it is inactive, lets it
// work on everybody.
func (t *Tenant) AddRule(spec Rule) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &rule{
		id: spec.ID, name: spec.Name, expression: spec.Expression, groups: spec.Groups, exclude: spec.Exclude,
	}
	if err := t.prepareRule(r); err != nil {
		return "", fmt.Errorf("add rule %s: %w", spec.Name, err)
	}
	t.insertRule(r)
	if !spec.Inactive {
		t.startRule(nil, r)
	}
	t.touch()
	return r.id, nil
}

// prepareRule checks and compiles a rule.
func (t *Tenant) prepareRule(r *rule) error {
	matches, err := compileRule(r.expression)
	switch {
	case r.name == "" || len(r.name) > 50:
		return invalid("name", "name: must be 1 to 50 characters")
	case err != nil:
		return invalid("Invalid Expression", err.Error())
	case len(r.groups) == 0:
		return invalid("groupIds", "groupIds: The field cannot be left blank")
	}
	for _, id := range r.groups {
		switch g := t.group(id); {
		case g == nil || g.kind != OktaGroup || t.crowd.owns(id):
			return invalid("groupIds", "groupIds: no such Okta group: "+id)
		case len(g.roles) > 0:
			return refuse(http.StatusForbidden, "E0000192", "Group rules cannot assign users to groups with administrator roles.")
		}
	}
	r.matches = matches
	return nil
}

func (t *Tenant) insertRule(r *rule) {
	r.id = cmp.Or(r.id, t.newID("0pr"))
	r.status, r.created, r.lastUpdated = "INACTIVE", t.now(), t.now()
	t.rules[r.id] = r
	t.ruleOrder = append(t.ruleOrder, r.id)
}

// startRule lets a rule work on everybody.
func (t *Tenant) startRule(c *call, r *rule) {
	r.status = "ACTIVE"
	t.feeds = slices.DeleteFunc(t.feeds, func(f *feed) bool { return f.rule == r.id })
	t.feeds = append(t.feeds, &feed{rule: r.id, matches: r.matches, groups: slices.Clone(r.groups), since: t.now()})
	for _, id := range slices.Clone(t.order) {
		if u := t.users[id]; u != nil {
			t.applyRules(c, u)
		}
	}
	for _, index := range t.touched {
		if u := t.users[t.crowd.id(index)]; u != nil {
			t.applyRules(c, u)
		}
	}
}

// fed tells whether a rule decides about the crowd's membership of a group.
func (t *Tenant) fed(group string) bool {
	return slices.ContainsFunc(t.feeds, func(f *feed) bool { return slices.Contains(f.groups, group) })
}

// computed makes a person of the crowd, with the memberships that rules gave.
func (t *Tenant) computed(index int) *user {
	u := t.crowd.person(index)
	u.groups[t.everyone] = membership{since: u.created}
	for _, f := range t.feeds {
		if u.status == Deprovisioned || !f.matches(t, u) {
			continue
		}
		for _, id := range f.groups {
			if !isMember(u, id) && t.groups[id] != nil {
				u.groups[id] = membership{since: f.since, rule: f.rule}
			}
		}
	}
	return u
}

// applyRules makes the memberships of a person what the active rules say.
func (t *Tenant) applyRules(c *call, u *user) {
	if u.status == Deprovisioned {
		return
	}
	wanted := map[string]string{} // group → rule
	for _, id := range t.ruleOrder {
		r := t.rules[id]
		if r == nil || r.status != "ACTIVE" || slices.Contains(r.exclude, u.id) || !r.matches(t, u) {
			continue
		}
		for _, g := range r.groups {
			if _, decided := wanted[g]; !decided {
				wanted[g] = r.id
			}
		}
	}
	for _, id := range t.groupOrder {
		g := t.groups[id]
		m, member := u.groups[id]
		by, want := wanted[id]
		switch active := t.rules[m.rule]; {
		case g == nil:
		case want && !member:
			t.join(c, u, g, by)
		case !want && member && active != nil && active.status == "ACTIVE":
			t.leaveGroup(c, u, g)
		}
	}
}

// exclude makes a rule leave somebody alone whom it had put into a group.
func (t *Tenant) exclude(c *call, r *rule, u *user, g *group) {
	if slices.Contains(r.exclude, u.id) || len(r.exclude) >= maxExclusions {
		return
	}
	r.exclude = append(r.exclude, u.id)
	r.lastUpdated = t.now()
	t.emit(c, eventSpec{
		kind: "group.user_membership.rule.add_exclusion", actor: new(systemActor),
		targets: []eventTarget{u.target(), g.target(), {ID: r.id, Type: "Rule", AlternateID: "unknown", DisplayName: r.name}},
	})
}

// ruleBody is a rule on the wire, both ways.
type ruleBody struct {
	Type        string     `json:"type"`
	ID          string     `json:"id,omitempty"`
	Status      string     `json:"status,omitempty"`
	Name        string     `json:"name"`
	Created     *string    `json:"created,omitempty"`
	LastUpdated *string    `json:"lastUpdated,omitempty"`
	Conditions  conditions `json:"conditions"`
	Actions     actions    `json:"actions"`
	AllValid    bool       `json:"allGroupsValid"`
	Embedded    any        `json:"_embedded,omitempty"`
}

type conditions struct {
	People struct {
		Users  excluded `json:"users"`
		Groups excluded `json:"groups"`
	} `json:"people"`
	Expression struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"expression"`
}

type excluded struct {
	Exclude []string `json:"exclude"`
}

type actions struct {
	Assign struct {
		GroupIDs []string `json:"groupIds"`
	} `json:"assignUserToGroups"`
}

func (c *call) ruleBody(r *rule) ruleBody {
	body := ruleBody{
		Type: "group_rule", ID: r.id, Status: r.status, Name: r.name, Created: when(r.created),
		LastUpdated: when(r.lastUpdated), AllValid: true,
	}
	body.Conditions.People.Users.Exclude = append([]string{}, r.exclude...)
	body.Conditions.People.Groups.Exclude = []string{}
	body.Conditions.Expression.Type = "urn:okta:expression:1.0"
	body.Conditions.Expression.Value = r.expression
	body.Actions.Assign.GroupIDs = append([]string{}, r.groups...)
	names := map[string]string{}
	for _, id := range r.groups {
		if g := c.t.group(id); g != nil {
			names[id] = g.name
		} else {
			body.AllValid, body.Status = false, "INVALID"
		}
	}
	if c.query.Get("expand") == "groupIdToGroupNameMap" {
		body.Embedded = map[string]any{"groupIdToGroupNameMap": names}
	}
	return body
}

func (t *Tenant) listRules(c *call) (reply, error) {
	limit, err := limitOf(c, 50, 1, 200)
	if err != nil {
		return fail(err)
	}
	words := strings.ToLower(c.query.Get("search"))
	var bodies []ruleBody
	for _, id := range t.ruleOrder {
		if r := t.rules[id]; r != nil && strings.Contains(strings.ToLower(r.name), words) {
			bodies = append(bodies, c.ruleBody(r))
		}
	}
	return slicePage(c, bodies, limit)
}

// rule finds the rule of the path.
func (c *call) rule() (*rule, error) {
	r := c.t.rules[c.params["rule"]]
	if r == nil {
		return nil, missing(c.params["rule"], "GroupRule")
	}
	c.about(r.id)
	return r, nil
}

func (t *Tenant) getRule(c *call) (reply, error) {
	r, err := c.rule()
	if err != nil {
		return fail(err)
	}
	return ok(c.ruleBody(r))
}

// read takes a rule from the request body.
func (r *rule) read(c *call) error {
	var body ruleBody
	if err := c.decode(&body); err != nil {
		return err
	}
	r.name, r.expression = body.Name, body.Conditions.Expression.Value
	r.groups, r.exclude = body.Actions.Assign.GroupIDs, body.Conditions.People.Users.Exclude
	if len(r.exclude) > maxExclusions {
		return invalid("exclude", "exclude: at most 100 users")
	}
	return c.t.prepareRule(r)
}

func (t *Tenant) createRule(c *call) (reply, error) {
	r := &rule{}
	if err := r.read(c); err != nil {
		return fail(err)
	}
	t.insertRule(r)
	c.did(r.id)
	return ok(c.ruleBody(r))
}

func (t *Tenant) replaceRule(c *call) (reply, error) {
	r, err := c.rule()
	if err != nil {
		return fail(err)
	}
	if r.status == "ACTIVE" {
		return fail(invalid("ruleUpdate", "Only inactive rules can be updated."))
	}
	next := *r
	if err := next.read(c); err != nil {
		return fail(err)
	}
	next.lastUpdated = t.now()
	*r = next
	c.did(r.id)
	return ok(c.ruleBody(r))
}

func (t *Tenant) deleteRule(c *call) (reply, error) {
	r, err := c.rule()
	if err != nil {
		return fail(err)
	}
	remove := c.flag("removeUsers", false)
	delete(t.rules, r.id)
	if remove {
		t.feeds = slices.DeleteFunc(t.feeds, func(f *feed) bool { return f.rule == r.id })
	}
	for _, f := range t.feeds {
		if f.rule == r.id {
			f.rule = ""
		}
	}
	for _, u := range t.users {
		for _, id := range r.groups {
			switch g := t.groups[id]; {
			case u == nil || g == nil || u.groups[id].rule != r.id:
			case remove:
				t.leaveGroup(c, u, g)
			default:
				u.groups[id] = membership{since: u.groups[id].since}
			}
		}
	}
	c.did(r.id)
	return reply{status: http.StatusAccepted}, nil
}

func (t *Tenant) activateRule(c *call) (reply, error) {
	r, err := c.rule()
	if err == nil && r.status != "ACTIVE" {
		err = t.prepareRule(r)
	}
	if err != nil {
		return fail(err)
	}
	if r.status != "ACTIVE" {
		t.startRule(c, r)
		r.lastUpdated = t.now()
		c.did(r.id)
	}
	return nothing()
}

func (t *Tenant) deactivateRule(c *call) (reply, error) {
	r, err := c.rule()
	if err != nil {
		return fail(err)
	}
	if r.status == "ACTIVE" {
		r.status, r.lastUpdated = "INACTIVE", t.now()
		c.did(r.id)
	}
	return nothing()
}

// Excluded lists the ids of the people whom a rule leaves alone.
func (t *Tenant) Excluded(ruleID string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rules[ruleID]
	if r == nil {
		return nil, errors.New("no such rule")
	}
	return slices.Clone(r.exclude), nil
}
