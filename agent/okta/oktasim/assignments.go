package oktasim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// assignment is how somebody has an app.
type assignment struct {
	group    string // the group that grants it; empty: directly
	since    time.Time
	changed  time.Time
	userName string
	profile  map[string]any
}

func (a *assignment) scope() string {
	if a.group != "" {
		return "GROUP"
	}
	return "USER"
}

// assigned is how a person has an app; nil means not at all. A direct assignment
// hides those by group.
func (t *Tenant) assigned(a *app, u *user) *assignment {
	if u.status == Deprovisioned {
		return nil
	}
	if direct := u.apps[a.id]; direct != nil {
		return direct
	}
	return t.byGroup(a, u)
}

// byGroup is the assignment that a person has through a group.
func (t *Tenant) byGroup(a *app, u *user) *assignment {
	for _, g := range a.groups {
		if m, member := u.groups[g.group]; member {
			since := m.since
			if g.since.After(since) {
				since = g.since
			}
			return &assignment{group: g.group, since: since, changed: since}
		}
	}
	return nil
}

// appsOf is the set of apps a person has.
func (t *Tenant) appsOf(u *user) map[string]bool {
	apps := map[string]bool{}
	for id, a := range t.apps {
		if t.assigned(a, u) != nil {
			apps[id] = true
		}
	}
	return apps
}

// appsChanged writes into the System Log which apps came and went.
func (t *Tenant) appsChanged(c *call, u *user, before map[string]bool) {
	if c == nil {
		return
	}
	after := t.appsOf(u)
	for _, id := range t.appOrder {
		a := t.apps[id]
		switch {
		case a == nil:
		case after[id] && !before[id]:
			t.appEvent(c, a, u, "application.user_membership.add")
		case before[id] && !after[id]:
			t.appEvent(c, a, u, "application.user_membership.remove")
		}
	}
}

func (t *Tenant) appEvent(c *call, a *app, u *user, kind string) {
	t.emit(c, eventSpec{kind: kind, targets: []eventTarget{u.target(), a.target(), a.userTarget(u)}})
}

type appUserBody struct {
	ID              string         `json:"id"`
	ExternalID      *string        `json:"externalId"`
	Created         *string        `json:"created"`
	LastUpdated     *string        `json:"lastUpdated"`
	Scope           string         `json:"scope"`
	Status          string         `json:"status"`
	StatusChanged   *string        `json:"statusChanged"`
	PasswordChanged *string        `json:"passwordChanged"`
	SyncState       string         `json:"syncState"`
	LastSync        *string        `json:"lastSync,omitempty"`
	Credentials     map[string]any `json:"credentials"`
	Profile         map[string]any `json:"profile"`
	Links           map[string]any `json:"_links"`
	Embedded        map[string]any `json:"_embedded,omitempty"`
}

func (c *call) appUserBody(a *app, u *user, given *assignment) appUserBody {
	profile := maps.Clone(given.profile)
	if profile == nil {
		profile = map[string]any{}
	}
	links := map[string]any{"app": href(c.appURL(a)), "user": href(c.userURL(u))}
	if given.group != "" {
		links["group"] = map[string]any{"name": "Group", "href": c.base + "/api/v1/groups/" + given.group}
	}
	body := appUserBody{
		ID: u.id, Created: when(given.since), LastUpdated: when(given.changed), Scope: given.scope(), Status: "ACTIVE",
		StatusChanged: when(given.since), SyncState: "DISABLED", Profile: profile, Links: links,
		Credentials: map[string]any{"userName": cmp.Or(given.userName, u.login())},
	}
	if a.provisioned {
		body.Status, body.SyncState = "PROVISIONED", "SYNCHRONIZED"
		body.ExternalID = new("ext-" + u.id)
		body.LastSync = when(given.changed)
		if c.at.Sub(given.changed) < c.t.cfg.Quirks.ProvisioningTime {
			body.Status, body.SyncState, body.ExternalID, body.LastSync = "STAGED", "SYNCING", nil, nil
		}
	}
	if c.query.Get("expand") == "user" {
		body.Embedded = map[string]any{"user": c.userBody(u)}
	}
	return body
}

func (t *Tenant) listAppUsers(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	limit, err := limitOf(c, 50, 1, 500)
	if err != nil {
		return fail(err)
	}
	from, err := afterOf(c)
	if err != nil {
		return fail(err)
	}
	q := c.query.Get("q")
	has := func(u *user) bool {
		return t.assigned(a, u) != nil && (q == "" || hasPrefixFold(u.login(), q) || hasPrefixFold(text(u.profile, "firstName"), q) ||
			hasPrefixFold(text(u.profile, "lastName"), q) || hasPrefixFold(text(u.profile, "email"), q))
	}
	found, next := t.collect(from, limit, has, t.leapApp(a))
	bodies := make([]appUserBody, 0, len(found))
	for _, u := range found {
		bodies = append(bodies, c.appUserBody(a, u, t.assigned(a, u)))
	}
	return page(c, bodies, limit, next)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// leapApp is the quickest way through the crowd for the people of an app: those
// of its groups, as direct assignments are kept.
func (t *Tenant) leapApp(a *app) func(int) int {
	if t.crowd == nil {
		return everybody
	}
	var leaps []func(int) int
	for _, g := range a.groups {
		leaps = append(leaps, t.leapGroup(g.group))
	}
	return func(index int) int {
		next := t.crowd.people
		for _, leap := range leaps {
			next = min(next, leap(index))
		}
		return next
	}
}

// assignmentOf finds app, user and assignment of the path.
func (c *call) assignmentOf() (*app, *user, *assignment, error) {
	a, err := c.app()
	if err != nil {
		return nil, nil, nil, err
	}
	u := c.t.user(c.params["user"])
	if u == nil {
		return nil, nil, nil, missing(c.params["user"], "User")
	}
	c.about(u.id)
	given := c.t.assigned(a, u)
	if given == nil {
		return nil, nil, nil, missing(c.params["user"], "AppUser")
	}
	return a, u, given, nil
}

func (t *Tenant) getAppUser(c *call) (reply, error) {
	a, u, given, err := c.assignmentOf()
	if err != nil {
		return fail(err)
	}
	return ok(c.appUserBody(a, u, given))
}

type appUserRequest struct {
	ID          string         `json:"id"`
	Scope       string         `json:"scope"`
	Profile     map[string]any `json:"profile"`
	Credentials *struct {
		UserName string         `json:"userName"`
		Password *passwordValue `json:"password"`
	} `json:"credentials"`
}

// refusal checks an assignment before it is made or changed.
func (r *appUserRequest) refusal(a *app, u *user) error {
	shared := []string{"SHARED_USERNAME_AND_PASSWORD", "ADMIN_SETS_CREDENTIALS", "EXTERNAL_PASSWORD_SYNC"}
	_, mapped := r.Profile["firstName"]
	switch {
	case u.status == Deprovisioned || u.status == Suspended:
		return refuse(http.StatusForbidden, "E0000117", "Cannot assign apps or update app profiles for an inactive user.")
	case r.Credentials != nil && a.scheme == shared[0],
		r.Credentials != nil && r.Credentials.Password != nil && slices.Contains(shared[1:], a.scheme):
		return refuse(http.StatusBadRequest, "E0000041", "User level credentials should not be provided for this scheme.")
	case mapped && a.provisioned:
		return refuse(http.StatusForbidden, "E0000075",
			"Cannot modify the firstName attribute because it has a field mapping and profile push is enabled.")
	}
	for _, name := range a.required {
		if r.Profile[name] == nil {
			return invalid(name, name+": The field cannot be left blank")
		}
	}
	return nil
}

func (r *appUserRequest) assignment(now time.Time) *assignment {
	given := &assignment{since: now, changed: now, profile: r.Profile}
	if r.Credentials != nil {
		given.userName = r.Credentials.UserName
	}
	return given
}

// assignApp gives a person an app directly; a grant by group is flipped.
func (t *Tenant) assignApp(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	var request appUserRequest
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	u := t.user(request.ID)
	switch {
	case a.status != "ACTIVE":
		return fail(missing(a.id, "AppInstance"))
	case u == nil:
		return fail(missing(request.ID, "User"))
	}
	c.about(u.id)
	if err := request.refusal(a, u); err != nil {
		return fail(err)
	}
	if request.Scope == "GROUP" {
		return fail(invalid("scope", "scope: a group assignment is made by assigning the group"))
	}
	if u.apps[a.id] != nil {
		return fail(refuse(http.StatusConflict, "E0000062", "The user is already assigned to the application."))
	}
	before := t.appsOf(u)
	t.keep(u).apps[a.id] = request.assignment(c.at)
	c.did(a.id, u.id)
	if before[a.id] {
		t.appEvent(c, a, u, "application.user_membership.update")
	}
	t.appsChanged(c, u, before)
	return ok(c.appUserBody(a, u, u.apps[a.id]))
}

// updateAppUser changes the app profile, or flips the scope.
func (t *Tenant) updateAppUser(c *call) (reply, error) {
	a, u, given, err := c.assignmentOf()
	if err != nil {
		return fail(err)
	}
	var request appUserRequest
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	if err := request.refusal(a, u); err != nil {
		return fail(err)
	}
	t.keep(u)
	switch {
	case request.Scope == "GROUP" && t.byGroup(a, u) != nil:
		delete(u.apps, a.id)
	case given.group != "" && request.Scope != "USER":
		return fail(refuse(http.StatusForbidden, "E0000051", "Invalid scope: the assignment is managed by a group."))
	default:
		next := request.assignment(c.at)
		next.since = given.since
		next.userName = cmp.Or(next.userName, given.userName)
		if next.profile == nil {
			next.profile = given.profile
		}
		u.apps[a.id] = next
	}
	c.did(a.id, u.id)
	t.appEvent(c, a, u, "application.user_membership.update")
	return ok(c.appUserBody(a, u, t.assigned(a, u)))
}

// unassignApp takes a directly assigned app away.
func (t *Tenant) unassignApp(c *call) (reply, error) {
	a, u, given, err := c.assignmentOf()
	if err != nil {
		return fail(err)
	}
	if given.group != "" {
		return fail(refuse(http.StatusForbidden, "E0000046", "Deactivate application for user forbidden.",
			"The application cannot be unassigned from the user while their group memberships grant them access"))
	}
	before := t.appsOf(u)
	delete(t.keep(u).apps, a.id)
	c.did(a.id, u.id)
	t.appsChanged(c, u, before)
	return nothing()
}

type appGroupBody struct {
	ID          string         `json:"id"`
	Priority    int            `json:"priority"`
	LastUpdated *string        `json:"lastUpdated"`
	Profile     map[string]any `json:"profile"`
	Links       map[string]any `json:"_links"`
}

func (c *call) appGroupBody(a *app, g grant, priority int) appGroupBody {
	return appGroupBody{
		ID: g.group, Priority: priority, LastUpdated: when(g.since), Profile: map[string]any{},
		Links: map[string]any{
			"app": href(c.appURL(a)), "self": href(c.appURL(a) + "/groups/" + g.group),
			"group": href(c.base + "/api/v1/groups/" + g.group),
		},
	}
}

func (t *Tenant) listAppGroups(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	limit, err := limitOf(c, 20, 1, 200)
	if err != nil {
		return fail(err)
	}
	var bodies []appGroupBody
	for i, g := range a.groups {
		bodies = append(bodies, c.appGroupBody(a, g, i))
	}
	return slicePage(c, bodies, limit)
}

func (t *Tenant) getAppGroup(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	for i, g := range a.groups {
		if g.group == c.params["group"] {
			return ok(c.appGroupBody(a, g, i))
		}
	}
	return fail(missing(c.params["group"], "GroupAssignment"))
}

func (t *Tenant) assignAppGroup(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	if a.status != "ACTIVE" {
		return fail(missing(a.id, "AppInstance"))
	}
	if !a.granted(g.id) {
		a.groups = append(a.groups, grant{g.id, c.at})
		c.did(a.id, g.id)
		t.emit(c, eventSpec{kind: "group.application_assignment.add", targets: []eventTarget{g.target(), a.target()}})
	}
	at := slices.IndexFunc(a.groups, func(have grant) bool { return have.group == g.id })
	return ok(c.appGroupBody(a, a.groups[at], at))
}

func (t *Tenant) unassignAppGroup(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	if !a.ungrant(g.id) {
		return fail(missing(g.id, "GroupAssignment"))
	}
	c.did(a.id, g.id)
	t.emit(c, eventSpec{kind: "group.application_assignment.remove", targets: []eventTarget{g.target(), a.target()}})
	return nothing()
}
