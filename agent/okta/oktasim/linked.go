package oktasim

import (
	"fmt"
	"net/http"
)

// Relation is a linked-object definition, such as manager and subordinate.
type Relation struct {
	Primary, PrimaryTitle       string
	Associated, AssociatedTitle string
}

type relation struct{ Relation }

// AddRelation defines a linked object.
func (t *Tenant) AddRelation(r Relation) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Primary == "" || r.Associated == "" || t.relation(r.Primary) != nil || t.relation(r.Associated) != nil {
		return fmt.Errorf("add relation %s: both names are needed, and new", r.Primary)
	}
	t.relations = append(t.relations, &relation{r})
	return nil
}

// Link makes one person another's primary, such as their manager.
func (t *Tenant) Link(user, primaryName, primaryUser string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, p, r := t.find(user), t.find(primaryUser), t.relation(primaryName)
	if u == nil || p == nil || r == nil || r.Primary != primaryName {
		return fmt.Errorf("link %s to %s as %s: one of them is unknown", user, primaryUser, primaryName)
	}
	t.keep(u).linked[primaryName] = p.id
	return nil
}

// relation finds a definition by either of its names.
func (t *Tenant) relation(name string) *relation {
	for _, r := range t.relations {
		if r.Primary == name || r.Associated == name {
			return r
		}
	}
	return nil
}

func (c *call) relationBody(r *relation) map[string]any {
	side := func(name, title string) map[string]any {
		return map[string]any{"name": name, "title": title, "description": title, "type": "USER"}
	}
	return map[string]any{
		"primary": side(r.Primary, r.PrimaryTitle), "associated": side(r.Associated, r.AssociatedTitle),
		"_links": map[string]any{"self": href(c.base + "/api/v1/meta/schemas/user/linkedObjects/" + r.Primary)},
	}
}

func (t *Tenant) listRelations(c *call) (reply, error) {
	bodies := []any{}
	for _, r := range t.relations {
		bodies = append(bodies, c.relationBody(r))
	}
	return ok(bodies)
}

func (t *Tenant) getRelation(c *call) (reply, error) {
	r := t.relation(c.params["name"])
	if r == nil {
		return fail(missing(c.params["name"], "LinkedObject"))
	}
	return ok(c.relationBody(r))
}

// linkedUsers answers GET /users/{id}/linkedObjects/{name}: the primary, or
// everybody whose primary this user is.
func (t *Tenant) linkedUsers(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	name := c.params["name"]
	r := t.relation(name)
	if r == nil {
		return fail(missing(name, "LinkedObject"))
	}
	found := []any{}
	add := func(other *user) {
		found = append(found, map[string]any{"_links": map[string]any{"self": href(c.userURL(other))}})
	}
	if r.Primary == name {
		if primary := t.user(u.linked[name]); primary != nil {
			add(primary)
		}
		return ok(found)
	}
	others, _ := t.collect(0, int(^uint(0)>>1), func(o *user) bool { return o.linked[r.Primary] == u.id }, t.nobody())
	for _, other := range others {
		add(other)
	}
	return ok(found)
}

// nobody is the leap for what only kept people can have.
func (t *Tenant) nobody() func(int) int {
	return func(int) int { return t.crowd.people }
}

// linkUser sets a primary; there is at most one, and it may be the user.
func (t *Tenant) linkUser(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	r := t.relation(c.params["name"])
	if r == nil || r.Primary != c.params["name"] {
		return fail(missing(c.params["name"], "LinkedObject"))
	}
	primary := t.find(c.params["primary"])
	if primary == nil {
		return fail(missing(c.params["primary"], "User"))
	}
	t.keep(u).linked[r.Primary] = primary.id
	c.did(u.id, primary.id)
	return nothing()
}

func (t *Tenant) unlinkUser(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	if t.relation(c.params["name"]) == nil {
		return fail(missing(c.params["name"], "LinkedObject"))
	}
	if _, linked := u.linked[c.params["name"]]; linked {
		delete(t.keep(u).linked, c.params["name"])
		c.did(u.id)
	}
	return reply{status: http.StatusNoContent}, nil
}
