package oktasim

import (
	"slices"
)

const maxOwners = 10

type ownerBody struct {
	ID          string  `json:"id"`
	Type        string  `json:"type"`
	Resolved    bool    `json:"resolved"`
	OriginID    *string `json:"originId"`
	OriginType  string  `json:"originType"`
	DisplayName string  `json:"displayName"`
	LastUpdated string  `json:"lastUpdated"`
}

// ownedGroup finds the group of the path; without the licence nobody has owners.
func (c *call) ownedGroup() (*group, error) {
	if c.t.cfg.Quirks.NoOwnersLicence {
		return nil, forbidden()
	}
	return c.group()
}

func (t *Tenant) ownerBody(o *owner) ownerBody {
	body := ownerBody{ID: o.id, Type: o.kind, Resolved: true, OriginType: "OKTA_DIRECTORY", LastUpdated: o.since}
	if u := t.user(o.id); u != nil {
		body.DisplayName = u.name()
	} else if g := t.group(o.id); g != nil {
		body.DisplayName = g.name
	}
	return body
}

func (t *Tenant) listOwners(c *call) (reply, error) {
	g, err := c.ownedGroup()
	if err != nil {
		return fail(err)
	}
	limit, err := limitOf(c, 1000, 1, 1000)
	if err != nil {
		return fail(err)
	}
	var bodies []ownerBody
	for _, o := range g.owners {
		bodies = append(bodies, t.ownerBody(o))
	}
	return slicePage(c, bodies, limit)
}

func (t *Tenant) addOwner(c *call) (reply, error) {
	var request struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	g, err := c.ownedGroup()
	if err == nil {
		err = c.decode(&request)
	}
	if err != nil {
		return fail(err)
	}
	known := request.Type == "USER" && t.user(request.ID) != nil || request.Type == "GROUP" && t.group(request.ID) != nil
	switch {
	case !known:
		return fail(missing(request.ID, "GroupOwner"))
	case slices.ContainsFunc(g.owners, func(o *owner) bool { return o.id == request.ID }):
		return fail(invalid("owner", "Provided owner is already assigned to this group"))
	case len(g.owners) >= maxOwners:
		return fail(invalid("owner", "The group has the greatest possible number of owners"))
	}
	// Okta is known to send this date in three formats.
	formats := []string{stamp, "2006-01-02 15:04:05.0", "Mon Jan 02 15:04:05 MST 2006"}
	o := &owner{id: request.ID, kind: request.Type, since: t.now().Format(formats[len(g.owners)%len(formats)])}
	t.keepGroup(g).owners = append(g.owners, o)
	c.did(g.id, o.id)
	return created(t.ownerBody(o))
}

func (t *Tenant) removeOwner(c *call) (reply, error) {
	g, err := c.ownedGroup()
	if err != nil {
		return fail(err)
	}
	id := c.params["owner"]
	kept := slices.DeleteFunc(slices.Clone(g.owners), func(o *owner) bool { return o.id == id })
	if len(kept) == len(g.owners) {
		return fail(missing(id, "GroupOwner"))
	}
	g.owners = kept
	c.did(g.id, id)
	return nothing()
}
