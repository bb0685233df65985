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

// App is an application: what AddApp takes and what Apps shows.
type App struct {
	ID          string   `json:"id,omitempty"`   // empty: the tenant chooses one
	Name        string   `json:"name,omitempty"` // the kind of app, such as figma; empty: made from the label
	Label       string   `json:"label"`
	SignOnMode  string   `json:"signOnMode,omitempty"` // empty: SAML_2_0
	Scheme      string   `json:"scheme,omitempty"`     // SWA credential scheme
	Inactive    bool     `json:"inactive,omitempty"`
	Provisioned bool     `json:"provisioned,omitempty"` // accounts are pushed to the app
	Required    []string `json:"required,omitempty"`    // app-profile attributes that an assignment must bring
	Groups      []string `json:"groups,omitempty"`      // ids of the groups it is assigned to
	Users       []string `json:"users,omitempty"`       // ids or logins it is assigned to directly
}

// app is an application as the tenant keeps it.
type app struct {
	id, name, label string
	status          string // ACTIVE, INACTIVE
	signOnMode      string
	scheme          string
	provisioned     bool
	required        []string
	created         time.Time
	lastUpdated     time.Time
	groups          []grant
}

// grant is the assignment of an app to a group.
type grant struct {
	group string
	since time.Time
}

// AddApp puts an application with its assignments into the tenant.
func (t *Tenant) AddApp(spec App) (App, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if spec.Label == "" {
		return App{}, errors.New("add app: a label is needed")
	}
	if t.apps[spec.ID] != nil {
		return App{}, fmt.Errorf("add app: id %s is taken", spec.ID)
	}
	a := &app{
		id: spec.ID, label: spec.Label, status: "ACTIVE", signOnMode: cmp.Or(spec.SignOnMode, "SAML_2_0"),
		name:   cmp.Or(spec.Name, strings.ToLower(strings.ReplaceAll(spec.Label, " ", "_"))),
		scheme: spec.Scheme, provisioned: spec.Provisioned, required: spec.Required,
	}
	if spec.Inactive {
		a.status = "INACTIVE"
	}
	t.insertApp(a)
	for _, id := range spec.Groups {
		if t.group(id) == nil {
			return App{}, fmt.Errorf("add app %s: no group %q", spec.Label, id)
		}
		a.groups = append(a.groups, grant{id, t.now()})
	}
	for _, name := range spec.Users {
		u := t.find(name)
		if u == nil {
			return App{}, fmt.Errorf("add app %s: no user %q", spec.Label, name)
		}
		t.keep(u).apps[a.id] = &assignment{since: t.now(), changed: t.now()}
	}
	t.touch()
	return a.snapshot(), nil
}

func (t *Tenant) insertApp(a *app) {
	a.id = cmp.Or(a.id, t.newID("0oa"))
	a.created, a.lastUpdated = t.now(), t.now()
	t.apps[a.id] = a
	t.appOrder = append(t.appOrder, a.id)
}

// Apps shows the applications of that label, or all without one.
func (t *Tenant) Apps(label string) []App {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []App
	for _, id := range t.appOrder {
		if a := t.apps[id]; a != nil && (label == "" || a.label == label) {
			found = append(found, a.snapshot())
		}
	}
	return found
}

func (a *app) snapshot() App {
	s := App{
		ID: a.id, Name: a.name, Label: a.label, SignOnMode: a.signOnMode, Scheme: a.scheme,
		Inactive: a.status != "ACTIVE", Provisioned: a.provisioned, Required: a.required,
	}
	for _, g := range a.groups {
		s.Groups = append(s.Groups, g.group)
	}
	return s
}

// granted tells whether the app is assigned to a group.
func (a *app) granted(group string) bool {
	return slices.ContainsFunc(a.groups, func(g grant) bool { return g.group == group })
}

// ungrant takes the app from a group and tells whether it had it.
func (a *app) ungrant(group string) bool {
	before := len(a.groups)
	a.groups = slices.DeleteFunc(a.groups, func(g grant) bool { return g.group == group })
	return len(a.groups) < before
}

func (c *call) appURL(a *app) string { return c.base + "/api/v1/apps/" + a.id }

func (c *call) appBody(a *app) map[string]any {
	self := c.appURL(a)
	features := []string{}
	if a.provisioned {
		features = []string{"PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"}
	}
	credentials := map[string]any{
		"userNameTemplate": map[string]any{"template": "${source.login}", "type": "BUILT_IN"},
		"signing":          map[string]any{},
	}
	if a.scheme != "" {
		credentials["scheme"] = a.scheme
	}
	settings := map[string]any{
		"app": map[string]any{}, "notifications": map[string]any{"vpn": map[string]any{"network": map[string]any{"connection": "DISABLED"}}},
		"manualProvisioning": false, "implicitAssignment": false,
	}
	if cl := c.t.clients[a.id]; cl != nil {
		c.clientParts(cl, credentials, settings)
	}
	return map[string]any{
		"id": a.id, "orn": "orn:okta:idp:00osim:apps:" + a.name + ":" + a.id, "name": a.name, "label": a.label,
		"status": a.status, "lastUpdated": when(a.lastUpdated), "created": when(a.created),
		"accessibility": map[string]any{"selfService": false, "errorRedirectUrl": nil, "loginRedirectUrl": nil},
		"visibility": map[string]any{
			"autoSubmitToolbar": false, "hide": map[string]any{"iOS": false, "web": false}, "appLinks": map[string]any{a.name + "_link": true},
		},
		"features": features, "signOnMode": a.signOnMode, "credentials": credentials, "settings": settings,
		"_links": map[string]any{
			"self": href(self), "users": href(self + "/users"), "groups": href(self + "/groups"),
			"logo":       []any{map[string]any{"name": "medium", "href": c.base + "/img/logos/" + a.name + ".png", "type": "image/png"}},
			"appLinks":   []any{map[string]any{"name": a.name + "_link", "href": c.base + "/home/" + a.name + "/" + a.id, "type": "text/html"}},
			"deactivate": act(self+"/lifecycle/deactivate", http.MethodPost),
		},
	}
}

// appFilter is a filter on apps: the people and groups they are assigned to are
// attributes of their own.
func (t *Tenant) appFilter(text string) (func(*app) bool, *user, error) {
	e, err := parseExpr(text)
	if err == nil {
		err = check(e, func(attribute, op string) bool {
			return op == "eq" && slices.Contains([]string{"status", "name", "user.id", "group.id"}, attribute)
		})
	}
	if err != nil {
		return nil, nil, badSearch(text, err)
	}
	var of *user
	for _, c := range e.comparisons() {
		if id, _ := c.value.(string); c.attribute == "user.id" {
			if of = t.user(id); of == nil {
				return nil, nil, missing(id, "User")
			}
		}
	}
	return func(a *app) bool {
		return e.match(func(attribute string) []any {
			switch attribute {
			case "status":
				return []any{a.status}
			case "name":
				return []any{a.name}
			case "user.id":
				if t.assigned(a, of) != nil {
					return []any{of.id}
				}
				return nil
			}
			var groups []any
			for _, g := range a.groups {
				groups = append(groups, g.group)
			}
			return groups
		}, false)
	}, of, nil
}

func (t *Tenant) listApps(c *call) (reply, error) {
	limit, err := limitOf(c, 20, 1, 200)
	if err != nil {
		return fail(err)
	}
	words := strings.ToLower(c.query.Get("q"))
	has := func(a *app) bool {
		return strings.HasPrefix(strings.ToLower(a.label), words) || strings.HasPrefix(strings.ToLower(a.name), words)
	}
	var of *user
	if text := c.query.Get("filter"); text != "" {
		if has, of, err = t.appFilter(text); err != nil {
			return fail(err)
		}
	}
	var bodies []map[string]any
	for _, id := range t.appOrder {
		a := t.apps[id]
		if a == nil || !has(a) {
			continue
		}
		body := c.appBody(a)
		if of != nil && c.query.Get("expand") == "user/"+of.id {
			if given := t.assigned(a, of); given != nil {
				body["_embedded"] = map[string]any{"user": c.appUserBody(a, of, given)}
			}
		}
		bodies = append(bodies, body)
	}
	return slicePage(c, bodies, limit)
}

// app finds the app of the path.
func (c *call) app() (*app, error) {
	a := c.t.apps[c.params["app"]]
	if a == nil {
		return nil, missing(c.params["app"], "AppInstance")
	}
	c.about(a.id)
	return a, nil
}

func (t *Tenant) getApp(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	return ok(c.appBody(a))
}

// turnApp switches an app on or off.
func turnApp(status string) func(*Tenant, *call) (reply, error) {
	return func(t *Tenant, c *call) (reply, error) {
		a, err := c.app()
		if err != nil {
			return fail(err)
		}
		a.status, a.lastUpdated = status, t.now()
		if cl := t.clients[a.id]; cl != nil {
			cl.active = status == "ACTIVE"
		}
		c.did(a.id)
		return ok(empty{})
	}
}

// deleteApp removes an app that is switched off.
func (t *Tenant) deleteApp(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	if a.status == "ACTIVE" {
		return fail(refuse(http.StatusForbidden, "E0000056", "Delete application forbidden.", "The application must be deactivated first."))
	}
	for _, u := range t.users {
		if u != nil {
			delete(u.apps, a.id)
		}
	}
	delete(t.apps, a.id)
	delete(t.clients, a.id)
	c.did(a.id)
	return nothing()
}

// groupApps answers GET /groups/{id}/apps.
func (t *Tenant) groupApps(c *call) (reply, error) {
	g, err := c.group()
	if err != nil {
		return fail(err)
	}
	limit, err := limitOf(c, 20, 1, 200)
	if err != nil {
		return fail(err)
	}
	var bodies []map[string]any
	for _, id := range t.appOrder {
		if a := t.apps[id]; a != nil && a.granted(g.id) {
			bodies = append(bodies, c.appBody(a))
		}
	}
	return slicePage(c, bodies, limit)
}

type appLinkBody struct {
	ID              string `json:"id"`
	Label           string `json:"label"`
	LinkURL         string `json:"linkUrl"`
	LogoURL         string `json:"logoUrl"`
	AppName         string `json:"appName"`
	AppInstanceID   string `json:"appInstanceId"`
	AppAssignmentID string `json:"appAssignmentId"`
	CredentialsDone bool   `json:"credentialsSetup"`
	Hidden          bool   `json:"hidden"`
	SortOrder       int    `json:"sortOrder"`
}

// appLinks answers GET /users/{id}/appLinks: what the person's dashboard shows.
func (t *Tenant) appLinks(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	bodies := []appLinkBody{}
	for _, id := range t.appOrder {
		a := t.apps[id]
		if a == nil || a.status != "ACTIVE" || t.assigned(a, u) == nil {
			continue
		}
		bodies = append(bodies, appLinkBody{
			ID: "00u" + strings.TrimPrefix(a.id, "0oa"), Label: a.label, LinkURL: c.base + "/home/" + a.name + "/" + a.id,
			LogoURL: c.base + "/img/logos/" + a.name + ".png", AppName: a.name, AppInstanceID: a.id,
			AppAssignmentID: u.id, SortOrder: len(bodies),
		})
	}
	return ok(bodies)
}
