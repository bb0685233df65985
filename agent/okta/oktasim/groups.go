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

// Kinds of groups.
const (
	OktaGroup = "OKTA_GROUP"
	AppGroup  = "APP_GROUP"
	BuiltIn   = "BUILT_IN"
)

// Group is a group: what AddGroup takes and what Groups shows.
type Group struct {
	ID          string   `json:"id,omitempty"` // empty: the tenant chooses one
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type,omitempty"`      // empty: OKTA_GROUP
	SourceApp   string   `json:"sourceApp,omitempty"` // of an APP_GROUP: the app it is imported from
	Members     []string `json:"members,omitempty"`   // ids or logins; shown as ids of kept people
	Roles       []string `json:"roles,omitempty"`     // admin roles that its members have
	Owners      []string `json:"owners,omitempty"`    // ids or logins of people, ids of groups
}

// group is a group as the tenant keeps it. Members are kept with the people.
type group struct {
	id, kind          string
	name, description string
	source            string
	created           time.Time
	lastUpdated       time.Time
	membersUpdated    time.Time
	roles             []*role
	owners            []*owner
}

// owner is a person or group that answers for a group.
type owner struct {
	id, kind string // kind: USER or GROUP
	since    string // as the wire has it: Okta sends three formats
}

// AddGroup puts a group with its members into the tenant.
func (t *Tenant) AddGroup(spec Group) (Group, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if spec.Name == "" {
		return Group{}, errors.New("add group: a name is needed")
	}
	if spec.ID != "" && t.groups[spec.ID] != nil {
		return Group{}, fmt.Errorf("add group: id %s is taken", spec.ID)
	}
	roles, err := t.newRoles(spec.Roles)
	if err != nil {
		return Group{}, fmt.Errorf("add group %s: %w", spec.Name, err)
	}
	g := t.insertGroup(&group{
		id: spec.ID, kind: cmp.Or(spec.Type, OktaGroup), name: spec.Name, description: spec.Description,
		source: spec.SourceApp, roles: roles,
	})
	for _, member := range spec.Members {
		u := t.find(member)
		if u == nil {
			return Group{}, fmt.Errorf("add group %s: no user %q", spec.Name, member)
		}
		t.keep(u).groups[g.id] = membership{since: t.now()}
	}
	for _, name := range spec.Owners {
		o := &owner{id: name, kind: "GROUP", since: t.now().Format(stamp)}
		if u := t.find(name); u != nil {
			o.id, o.kind = u.id, "USER"
		} else if t.groups[name] == nil {
			return Group{}, fmt.Errorf("add group %s: no owner %q", spec.Name, name)
		}
		g.owners = append(g.owners, o)
	}
	t.touch()
	return t.groupSnapshot(g), nil
}

func (t *Tenant) insertGroup(g *group) *group {
	if g.id == "" {
		g.id = t.newID("00g")
	}
	now := t.now()
	g.created, g.lastUpdated, g.membersUpdated = now, now, now
	t.groups[g.id] = g
	t.groupOrder = append(t.groupOrder, g.id)
	return g
}

// Groups shows the groups of that name, or all without one.
func (t *Tenant) Groups(name string) []Group {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []Group
	for _, id := range t.groupOrder {
		if g := t.groups[id]; g != nil && (name == "" || g.name == name) {
			found = append(found, t.groupSnapshot(g))
		}
	}
	return found
}

// Group shows one group by id.
func (t *Tenant) Group(id string) (Group, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(id)
	if g == nil {
		return Group{}, false
	}
	return t.groupSnapshot(g), true
}

// group finds a group, kept or computed.
func (t *Tenant) group(id string) *group {
	if g := t.groups[id]; g != nil || t.crowd == nil {
		return g
	}
	return t.crowd.group(id)
}

func (t *Tenant) groupSnapshot(g *group) Group {
	s := Group{ID: g.id, Name: g.name, Description: g.description, Type: g.kind, SourceApp: g.source}
	for _, id := range t.order {
		if u := t.users[id]; u != nil && isMember(u, g.id) {
			s.Members = append(s.Members, u.id)
		}
	}
	for _, index := range t.touched {
		if u := t.users[t.crowd.id(index)]; u != nil && isMember(u, g.id) {
			s.Members = append(s.Members, u.id)
		}
	}
	for _, r := range g.roles {
		s.Roles = append(s.Roles, r.kind)
	}
	for _, o := range g.owners {
		s.Owners = append(s.Owners, o.id)
	}
	return s
}

func isMember(u *user, group string) bool {
	_, member := u.groups[group]
	return member
}

type groupBody struct {
	ID             string         `json:"id"`
	Created        *string        `json:"created"`
	LastUpdated    *string        `json:"lastUpdated"`
	MembersUpdated *string        `json:"lastMembershipUpdated"`
	ObjectClass    []string       `json:"objectClass"`
	Type           string         `json:"type"`
	Profile        map[string]any `json:"profile"`
	Links          map[string]any `json:"_links"`
	Embedded       map[string]any `json:"_embedded,omitempty"`
}

func (c *call) groupBody(g *group) groupBody {
	self := c.base + "/api/v1/groups/" + g.id
	var description any
	if g.description != "" {
		description = g.description
	}
	body := groupBody{
		ID: g.id, Created: when(g.created), LastUpdated: when(g.lastUpdated), MembersUpdated: when(g.membersUpdated),
		ObjectClass: []string{"okta:user_group"}, Type: g.kind,
		Profile: map[string]any{"name": g.name, "description": description},
		Links: map[string]any{
			"logo": []any{
				map[string]any{"name": "medium", "href": c.base + "/img/logos/groups/okta-medium.png", "type": "image/png"},
				map[string]any{"name": "large", "href": c.base + "/img/logos/groups/okta-large.png", "type": "image/png"},
			},
			"users": href(self + "/users"), "apps": href(self + "/apps"), "owners": href(self + "/owners"),
		},
	}
	if g.kind == AppGroup {
		body.ObjectClass = []string{"okta:windows_security_principal"}
		body.Profile["samAccountName"] = g.name
		body.Profile["dn"] = "CN=" + g.name + ",OU=Groups,DC=acme,DC=example"
		body.Profile["groupType"] = "Security"
		if g.source != "" {
			body.Links["source"] = href(c.base + "/api/v1/apps/" + g.source)
		}
	}
	if strings.Contains(c.query.Get("expand"), "stats") {
		body.Embedded = map[string]any{"stats": c.t.groupStats(c, g)}
	}
	return body
}

func (t *Tenant) groupStats(c *call, g *group) map[string]any {
	members, _ := t.collect(0, int(^uint(0)>>1), func(u *user) bool { return isMember(u, g.id) }, t.leapGroup(g.id))
	apps := 0
	for _, a := range t.apps {
		if a != nil && a.granted(g.id) {
			apps++
		}
	}
	return map[string]any{
		"usersCount": len(members), "appsCount": apps, "groupPushMappingsCount": 0, "hasAdminPrivilege": len(g.roles) > 0,
		"_links": map[string]any{"self": href(c.base + "/api/v1/groups/" + g.id + "?expand=stats")},
	}
}

// listGroups answers GET /groups.
func (t *Tenant) listGroups(c *call) (reply, error) {
	search, filter, words := c.query.Get("search"), c.query.Get("filter"), strings.ToLower(c.query.Get("q"))
	limit, err := limitOf(c, 10_000, 1, 10_000)
	if err != nil {
		return fail(err)
	}
	if search != "" && filter != "" {
		return fail(refuse(http.StatusBadRequest, "E0000033", "Can't specify a search query and filter in the same request."))
	}
	has := func(g *group) bool { return strings.HasPrefix(strings.ToLower(g.name), words) }
	if text := search + filter; text != "" {
		e, err := groupQuery(text, search != "")
		if err != nil {
			return fail(err)
		}
		has = func(g *group) bool { return e.match(g.values, search != "") }
	}
	scoped := holds(c.caller.roles(t), UserAdmin, GroupMembershipAdmin) && !allowed(c.caller.roles(t), seeLogs)
	visible := func(g *group) bool { return has(g) && (!scoped || g.kind != BuiltIn) }
	if sortBy := c.query.Get("sortBy"); search != "" && sortBy != "" {
		return t.sortedGroups(c, sortBy, visible, limit)
	}
	from, err := afterOf(c)
	if err != nil {
		return fail(err)
	}
	found, next := t.collectGroups(from, limit, visible)
	if words != "" {
		next = 0
	}
	bodies := make([]groupBody, 0, len(found))
	for _, g := range found {
		bodies = append(bodies, c.groupBody(g))
	}
	return page(c, bodies, limit, next)
}

// collectGroups lists up to limit groups from a position on, and the position
// that follows them.
func (t *Tenant) collectGroups(from, limit int, has func(*group) bool) (found []*group, next int) {
	total := len(t.groupOrder)
	if t.crowd != nil {
		total = crowdStart + t.crowd.groups
	}
	for pos := from; pos < total; pos++ {
		if pos >= len(t.groupOrder) {
			pos = max(pos, crowdStart)
		}
		var g *group
		if pos < crowdStart {
			g = t.groups[t.groupOrder[pos]]
		} else {
			g = t.crowd.groupAt(pos - crowdStart)
			if kept := t.groups[g.id]; kept != nil {
				g = kept
			}
		}
		if g == nil || !has(g) {
			continue
		}
		if len(found) == limit {
			return found, pos
		}
		found = append(found, g)
	}
	return found, 0
}

func (t *Tenant) sortedGroups(c *call, sortBy string, has func(*group) bool, limit int) (reply, error) {
	found, _ := t.collectGroups(0, int(^uint(0)>>1), has)
	sortKey := func(g *group) string {
		switch sortBy {
		case "lastUpdated":
			return g.lastUpdated.Format(stamp)
		case "lastMembershipUpdated":
			return g.membersUpdated.Format(stamp)
		case "profile.name":
			return strings.ToLower(g.name)
		}
		return g.id
	}
	slices.SortStableFunc(found, func(a, b *group) int { return cmp.Compare(sortKey(a), sortKey(b)) })
	if strings.EqualFold(c.query.Get("sortOrder"), "desc") {
		slices.Reverse(found)
	}
	bodies := make([]groupBody, 0, len(found))
	for _, g := range found {
		bodies = append(bodies, c.groupBody(g))
	}
	return slicePage(c, bodies, limit)
}

func groupQuery(text string, search bool) (expr, error) {
	e, err := parseExpr(text)
	if err == nil && negates(e) {
		err = errors.New("not is not supported")
	}
	if err == nil {
		err = check(e, func(attribute, op string) bool {
			dated := attribute == "lastUpdated" || attribute == "lastMembershipUpdated" || search && attribute == "created"
			switch {
			case dated:
				return slices.Contains([]string{"eq", "gt", "ge", "lt", "le"}, op)
			case !search:
				return (attribute == "id" || attribute == "type") && op == "eq"
			case attribute == "profile.name" || attribute == "profile.description":
				return slices.Contains([]string{"eq", "sw", "pr", "co"}, op)
			}
			return slices.Contains([]string{"id", "type", "source.id"}, attribute) && slices.Contains([]string{"eq", "sw", "pr"}, op)
		})
	}
	if err != nil {
		return nil, badSearch(text, err)
	}
	return e, nil
}

func (g *group) values(attribute string) []any {
	switch attribute {
	case "id":
		return []any{g.id}
	case "type":
		return []any{g.kind}
	case "profile.name":
		return []any{g.name}
	case "profile.description":
		return []any{g.description}
	case "source.id":
		return []any{g.source}
	case "created":
		return []any{g.created}
	case "lastUpdated":
		return []any{g.lastUpdated}
	case "lastMembershipUpdated":
		return []any{g.membersUpdated}
	}
	return nil
}

// group finds the group of the path.
func (c *call) group() (*group, error) {
	g := c.t.group(c.params["group"])
	if g == nil {
		return nil, missing(c.params["group"], "UserGroup")
	}
	c.about(g.id)
	return g, nil
}

func (t *Tenant) getGroup(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	return ok(c.groupBody(g))
}

type groupRequest struct {
	Profile struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"profile"`
}

func (t *Tenant) createGroup(c *call) (reply, error) {
	var request groupRequest
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	if request.Profile.Name == "" {
		return fail(invalid("name", "name: The field cannot be left blank"))
	}
	for _, g := range t.groups {
		if g.kind == OktaGroup && g.name == request.Profile.Name {
			return fail(invalid("name", "name: An object with this field already exists in the current organization"))
		}
	}
	g := t.insertGroup(&group{kind: OktaGroup, name: request.Profile.Name, description: request.Profile.Description})
	c.did(g.id)
	t.emit(c, eventSpec{kind: "group.lifecycle.create", targets: []eventTarget{g.target()}})
	return ok(c.groupBody(g))
}

// ownGroup refuses to change a group that Okta or an app keeps.
func ownGroup(g *group) error {
	switch g.kind {
	case BuiltIn:
		return refuse(http.StatusNotImplemented, "E0000060", "Unsupported operation.")
	case AppGroup:
		return forbidden()
	}
	return nil
}

func (t *Tenant) replaceGroup(c *call) (reply, error) {
	g, err := c.group()
	if err == nil {
		err = ownGroup(g)
	}
	var request groupRequest
	if err == nil {
		err = c.decode(&request)
	}
	if err == nil && request.Profile.Name == "" {
		err = invalid("name", "name: The field cannot be left blank")
	}
	if err != nil {
		return fail(err)
	}
	g = t.keepGroup(g)
	g.name, g.description, g.lastUpdated = request.Profile.Name, request.Profile.Description, t.now()
	c.did(g.id)
	t.emit(c, eventSpec{kind: "group.profile.update", targets: []eventTarget{g.target()}})
	return ok(c.groupBody(g))
}

// keepGroup makes sure that a computed group is stored, so that it can change.
func (t *Tenant) keepGroup(g *group) *group {
	if t.groups[g.id] == nil {
		t.groups[g.id] = g
	}
	return t.groups[g.id]
}

func (t *Tenant) deleteGroup(c *call) (reply, error) {
	g, err := c.group()
	if err == nil {
		err = ownGroup(g)
	}
	if err == nil && len(g.roles) > 0 && !holds(c.caller.roles(t), SuperAdmin) {
		err = forbidden()
	}
	if err == nil && t.crowd.owns(g.id) {
		err = refuse(http.StatusNotImplemented, "E0000060", "Unsupported operation.")
	}
	if err != nil {
		return fail(err)
	}
	for _, u := range t.users {
		if u != nil {
			delete(u.groups, g.id)
		}
	}
	for _, a := range t.apps {
		a.ungrant(g.id)
	}
	delete(t.groups, g.id)
	c.did(g.id)
	t.emit(c, eventSpec{kind: "group.lifecycle.delete", targets: []eventTarget{g.target()}})
	return nothing()
}
