package oktasim

import (
	"fmt"
	"slices"
)

// AssignRole gives a person (id or login) or a group (id) admin roles, or
// permissions that make a custom one.
func (t *Tenant) AssignRole(holder string, roles ...string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	made, err := t.newRoles(roles)
	if err != nil {
		return fmt.Errorf("assign role: %w", err)
	}
	if g := t.groups[holder]; g != nil {
		g.roles = append(g.roles, made...)
		return nil
	}
	u := t.find(holder)
	if u == nil {
		return fmt.Errorf("assign role: no user or group %q", holder)
	}
	t.keep(u).roles = append(u.roles, made...)
	return nil
}

type roleBody struct {
	ID             string         `json:"id"`
	Label          string         `json:"label"`
	Type           string         `json:"type"`
	Status         string         `json:"status"`
	Created        *string        `json:"created"`
	LastUpdated    *string        `json:"lastUpdated"`
	AssignmentType string         `json:"assignmentType"`
	Links          map[string]any `json:"_links"`
}

func (c *call) roleBody(r *role, assignment, holder string) roleBody {
	return roleBody{
		ID: r.id, Label: r.label(), Type: r.kind, Status: "ACTIVE", Created: when(r.created), LastUpdated: when(r.created),
		AssignmentType: assignment, Links: map[string]any{"assignee": href(c.base + holder)},
	}
}

// userRoles answers GET /users/{id}/roles, those through groups included.
func (t *Tenant) userRoles(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	bodies := []roleBody{}
	for _, r := range u.roles {
		bodies = append(bodies, c.roleBody(r, "USER", "/api/v1/users/"+u.id))
	}
	for _, id := range t.groupOrder {
		if g := t.groups[id]; g != nil && isMember(u, id) {
			for _, r := range g.roles {
				bodies = append(bodies, c.roleBody(r, "GROUP", "/api/v1/groups/"+g.id))
			}
		}
	}
	return ok(bodies)
}

func (t *Tenant) groupRoles(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	bodies := []roleBody{}
	for _, r := range g.roles {
		bodies = append(bodies, c.roleBody(r, "GROUP", "/api/v1/groups/"+g.id))
	}
	return ok(bodies)
}

type roleRequest struct {
	Type string `json:"type"`
}

// newRole reads a role from the request that the holder does not have yet.
func (c *call) newRole(held []*role) (*role, error) {
	var request roleRequest
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	if request.Type == customRole {
		return nil, invalid("type", "Custom roles are given to service apps when they are registered.")
	}
	made, err := c.t.newRoles([]string{request.Type})
	if err != nil {
		return nil, err
	}
	if holds(held, request.Type) {
		return nil, refuse(409, "E0000090", "The role specified is already assigned to the user.")
	}
	return made[0], nil
}

func without(roles []*role, id string) []*role {
	return slices.DeleteFunc(slices.Clone(roles), func(r *role) bool { return r.id == id })
}

func (t *Tenant) assignUserRole(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	r, err := c.newRole(u.roles)
	if err != nil {
		return fail(err)
	}
	t.keep(u).roles = append(slices.Clone(u.roles), r)
	c.did(u.id)
	t.emit(c, eventSpec{kind: "user.account.privilege.grant", targets: []eventTarget{u.target()}})
	return created(c.roleBody(r, "USER", "/api/v1/users/"+u.id))
}

func (t *Tenant) unassignUserRole(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	kept := without(u.roles, c.params["role"])
	if len(kept) == len(u.roles) {
		return fail(missing(c.params["role"], "Role"))
	}
	t.keep(u).roles = kept
	c.did(u.id)
	t.emit(c, eventSpec{kind: "user.account.privilege.revoke", targets: []eventTarget{u.target()}})
	return nothing()
}

func (t *Tenant) assignGroupRole(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	r, err := c.newRole(g.roles)
	if err != nil {
		return fail(err)
	}
	g = t.keepGroup(g)
	g.roles = append(slices.Clone(g.roles), r)
	c.did(g.id)
	t.emit(c, eventSpec{kind: "group.privilege.grant", targets: []eventTarget{g.target()}})
	return created(c.roleBody(r, "GROUP", "/api/v1/groups/"+g.id))
}

func (t *Tenant) unassignGroupRole(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	kept := without(g.roles, c.params["role"])
	if len(kept) == len(g.roles) {
		return fail(missing(c.params["role"], "Role"))
	}
	g.roles = kept
	c.did(g.id)
	t.emit(c, eventSpec{kind: "group.privilege.revoke", targets: []eventTarget{g.target()}})
	return nothing()
}

// admins answers GET /iam/assignees/users: everybody who holds a role, by
// themselves or through a group.
func (t *Tenant) admins(c *call) (reply, error) {
	limit, err := limitOf(c, 100, 1, 100)
	if err != nil {
		return fail(err)
	}
	from, err := afterOf(c)
	if err != nil {
		return fail(err)
	}
	leap := t.nobody()
	for _, g := range t.groups {
		if len(g.roles) > 0 && t.crowd.owns(g.id) {
			leap = everybody
		}
	}
	found, next := t.collect(from, limit, func(u *user) bool { return len(t.rolesOf(u)) > 0 }, leap)
	value := []any{}
	for _, u := range found {
		value = append(value, map[string]any{
			"id": u.id, "orn": "orn:okta:directory:00osim:users:" + u.id,
			"_links": map[string]any{"self": href(c.userURL(u)), "roles": href(c.userURL(u) + "/roles")},
		})
	}
	links := map[string]any{"self": href(c.base + c.r.URL.RequestURI())}
	if next > 0 {
		links["next"] = href(c.nextURL(limit, next))
	}
	return ok(map[string]any{"value": value, "_links": links})
}
