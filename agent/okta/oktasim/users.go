package oktasim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// userBody is a user on the wire.
type userBody struct {
	ID              string         `json:"id"`
	Status          Status         `json:"status"`
	Created         *string        `json:"created"`
	Activated       *string        `json:"activated"`
	StatusChanged   *string        `json:"statusChanged"`
	LastLogin       *string        `json:"lastLogin"`
	LastUpdated     *string        `json:"lastUpdated"`
	PasswordChanged *string        `json:"passwordChanged"`
	Transitioning   Status         `json:"transitioningToStatus,omitempty"`
	Type            map[string]any `json:"type"`
	Profile         map[string]any `json:"profile"`
	Credentials     map[string]any `json:"credentials"`
	Links           map[string]any `json:"_links"`
}

// when is a time on the wire; the zero time is null.
func when(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := at.UTC().Format(stamp)
	return &text
}

// userBody shows a user as lists do, with the self link only.
func (c *call) userBody(u *user) userBody {
	profile := maps.Clone(u.profile)
	for _, always := range []string{"secondEmail", "mobilePhone"} {
		if _, set := profile[always]; !set {
			profile[always] = nil
		}
	}
	credentials := map[string]any{"provider": map[string]any{"type": u.provider, "name": u.provider}}
	if u.password != "" {
		credentials["password"] = empty{}
	}
	if u.question != "" {
		credentials["recovery_question"] = map[string]any{"question": u.question}
	}
	return userBody{
		ID: u.id, Status: u.status, Created: when(u.created), Activated: when(u.activated),
		StatusChanged: when(u.statusChanged), LastLogin: when(u.lastLogin), LastUpdated: when(u.lastUpdated),
		PasswordChanged: when(u.passwordSet), Transitioning: u.becoming,
		Type: map[string]any{"id": userTypeID}, Profile: profile, Credentials: credentials,
		Links: map[string]any{"self": href(c.userURL(u))},
	}
}

func (c *call) userURL(u *user) string { return c.base + "/api/v1/users/" + u.id }

// fullUserBody shows a user as a single GET does, with the links that say what
// can be done now.
func (c *call) fullUserBody(u *user) userBody {
	body := c.userBody(u)
	self := c.userURL(u)
	body.Links["schema"] = href(c.base + "/api/v1/meta/schemas/user/" + userSchemaID)
	body.Links["type"] = href(c.base + "/api/v1/meta/types/user/" + userTypeID)
	paths := map[string]string{ //nolint:gosec // paths, one of which has password in it
		"activate": "/lifecycle/activate", "reactivate": "/lifecycle/reactivate", "deactivate": "/lifecycle/deactivate",
		"suspend": "/lifecycle/suspend", "unsuspend": "/lifecycle/unsuspend", "unlock": "/lifecycle/unlock",
		"resetPassword": "/lifecycle/reset_password", "expirePassword": "/lifecycle/expire_password",
		"resetFactors": "/lifecycle/reset_factors", "forgotPassword": "/credentials/forgot_password",
		"changePassword":         "/credentials/change_password",
		"changeRecoveryQuestion": "/credentials/change_recovery_question",
	}
	for _, name := range offers(u.status) {
		body.Links[name] = act(self+paths[name], http.MethodPost)
	}
	if u.status == Deprovisioned {
		body.Links["delete"] = act(self, http.MethodDelete)
	}
	return body
}

// offers names the links of a status.
func offers(s Status) []string {
	switch s {
	case Staged, Deprovisioned:
		return []string{"activate"}
	case Provisioned:
		return []string{"reactivate", "deactivate", "resetPassword", "suspend"}
	case Active:
		return []string{
			"suspend", "deactivate", "resetPassword", "expirePassword", "forgotPassword", "changePassword",
			"changeRecoveryQuestion", "resetFactors",
		}
	case LockedOut:
		return []string{"unlock", "deactivate", "resetPassword"}
	case Suspended:
		return []string{"unsuspend", "deactivate"}
	case Recovery:
		return []string{"reactivate", "deactivate", "resetPassword"}
	case PasswordExpired:
		return []string{"deactivate", "resetPassword"}
	}
	return nil
}

// target finds the user of the path.
func (c *call) target() (*user, error) {
	key := c.params["user"]
	var u *user
	switch {
	case key == "me" && c.caller != nil && c.caller.owner != nil:
		u = c.caller.owner
	case !strings.Contains(key, "/"):
		u = c.t.find(key)
	}
	if u == nil {
		return nil, missing(key, "User")
	}
	c.about(u.id)
	return u, nil
}

func (t *Tenant) getUser(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	tag := fmt.Sprintf(`W/"%x"`, u.lastUpdated.UnixNano())
	return reply{status: http.StatusOK, body: c.fullUserBody(u), header: http.Header{"Etag": {tag}}}, nil
}

// listUsers answers GET /users.
func (t *Tenant) listUsers(c *call) (reply, error) {
	filter, search, words := c.query.Get("filter"), c.query.Get("search"), c.query.Get("q")
	if filter != "" && search != "" {
		return fail(refuse(http.StatusBadRequest, "E0000033", "Can't specify a search query and filter in the same request."))
	}
	standard := 200
	if words != "" {
		standard = 10
	}
	limit, err := limitOf(c, standard, 1, 200)
	if err != nil {
		return fail(err)
	}
	from, err := afterOf(c)
	if err != nil {
		return fail(err)
	}
	query := strings.ToLower(words)
	has := func(u *user) bool {
		return u.status != Deprovisioned && (query == "" || slices.ContainsFunc(
			[]string{"firstName", "lastName", "email"}, func(attribute string) bool {
				return strings.HasPrefix(strings.ToLower(text(u.profile, attribute)), query)
			}))
	}
	leap := everybody
	if expression := filter + search; expression != "" {
		e, err := t.userQuery(expression, search != "")
		if err != nil {
			return fail(err)
		}
		has = t.userMatcher(e, search != "")
		if t.crowd != nil {
			leap = t.crowd.leap(e)
		}
		if keys, few := lookUp(e); few {
			return t.answerUsers(c, t.lookedUp(keys, has), limit, 0)
		}
	}
	if sortBy := c.query.Get("sortBy"); search != "" && sortBy != "" {
		return t.sortedUsers(c, sortBy, has, leap, limit)
	}
	found, next := t.collect(from, limit, has, leap)
	if words != "" {
		next = 0
	}
	return t.answerUsers(c, found, limit, next)
}

// userQuery parses a filter or a search and refuses what that one cannot do.
func (t *Tenant) userQuery(text string, search bool) (expr, error) {
	e, err := parseExpr(text)
	if err == nil && negates(e) {
		err = fmt.Errorf("not is not supported")
	}
	if err == nil {
		supports := filterSupports
		if search {
			supports = t.searchSupports
		}
		err = check(e, supports)
	}
	if err != nil {
		return nil, badSearch(text, err)
	}
	return e, nil
}

func filterSupports(attribute, op string) bool {
	switch attribute {
	case "lastUpdated":
		return slices.Contains([]string{"eq", "gt", "ge", "lt", "le"}, op)
	case "status", "id", "profile.login", "profile.email", "profile.firstName", "profile.lastName":
		return op == "eq"
	}
	return false
}

func (t *Tenant) searchSupports(attribute, op string) bool {
	profile, isProfile := strings.CutPrefix(attribute, "profile.")
	switch {
	case isProfile && !t.schema.knows(profile):
		return false
	case op == "co":
		return slices.Contains([]string{"firstName", "lastName", "email", "login"}, profile)
	case !slices.Contains([]string{"eq", "sw", "pr", "gt", "ge", "lt", "le"}, op):
		return false
	}
	return isProfile || slices.Contains(
		[]string{"id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id"}, attribute)
}

// userMatcher evaluates an expression; a search looks at the index, which may lag.
func (t *Tenant) userMatcher(e expr, search bool) func(*user) bool {
	return func(u *user) bool {
		if search && u.before != nil && t.now().Sub(u.changed) < t.cfg.Quirks.SearchDelay {
			u = u.before
		}
		return e.match(u.values, search)
	}
}

// values finds what an attribute stands for.
func (u *user) values(attribute string) []any {
	if name, isProfile := strings.CutPrefix(attribute, "profile."); isProfile {
		if value := u.profile[name]; value != nil {
			return []any{value}
		}
		return nil
	}
	var at time.Time
	switch attribute {
	case "id":
		return []any{u.id}
	case "status":
		return []any{string(u.status)}
	case "type.id":
		return []any{userTypeID}
	case "created":
		at = u.created
	case "activated":
		at = u.activated
	case "statusChanged":
		at = u.statusChanged
	case "lastUpdated":
		at = u.lastUpdated
	}
	if at.IsZero() {
		return nil
	}
	return []any{at}
}

// key is a way to somebody without looking at everybody.
type key struct{ attribute, value string }

// lookUp finds the keys of an expression that can only match a few people.
func lookUp(e expr) ([]key, bool) {
	if any, isAny := e.(either); isAny {
		left, few := lookUp(any.left)
		right, fewer := lookUp(any.right)
		return append(left, right...), few && fewer
	}
	for _, attribute := range []string{"id", "profile.login", "profile.email"} {
		if value, found := required(e, attribute); found {
			return []key{{attribute, value}}, true
		}
	}
	return nil, false
}

// lookedUp finds the people of some keys, each once, in the order of lists.
func (t *Tenant) lookedUp(keys []key, has func(*user) bool) []*user {
	found := map[string]*user{}
	add := func(u *user) {
		if u != nil && has(u) {
			found[u.id] = u
		}
	}
	for _, k := range keys {
		if k.attribute == "id" {
			add(t.user(k.value))
			continue
		}
		for id := range t.users {
			add(t.user(id)) // kept people are few
		}
		if t.crowd != nil {
			if index, ours := t.crowd.byLogin(strings.ToLower(k.value)); ours {
				add(t.user(t.crowd.id(index)))
			}
		}
	}
	people := slices.Collect(maps.Values(found))
	slices.SortFunc(people, func(a, b *user) int { return a.pos - b.pos })
	return people
}

// sortedUsers answers a search in an order of its own.
func (t *Tenant) sortedUsers(
	c *call, sortBy string, has func(*user) bool, leap func(int) int, limit int,
) (reply, error) {
	found, _ := t.collect(0, int(^uint(0)>>1), has, leap)
	sortKey := func(u *user) string {
		values := u.values(sortBy)
		if len(values) == 0 {
			return ""
		}
		if at, isTime := values[0].(time.Time); isTime {
			return at.Format(stamp)
		}
		return strings.ToLower(fmt.Sprint(values[0]))
	}
	slices.SortStableFunc(found, func(a, b *user) int { return cmp.Compare(sortKey(a), sortKey(b)) })
	if strings.EqualFold(c.query.Get("sortOrder"), "desc") {
		slices.Reverse(found)
	}
	bodies := make([]any, 0, len(found))
	for _, u := range found {
		bodies = append(bodies, c.userBody(u))
	}
	return slicePage(c, bodies, limit)
}

func (t *Tenant) answerUsers(c *call, found []*user, limit, next int) (reply, error) {
	bodies := make([]any, 0, len(found))
	for _, u := range found {
		body, err := onlyFields(c.userBody(u), c.query.Get("fields"))
		if err != nil {
			return fail(err)
		}
		bodies = append(bodies, body)
	}
	return page(c, bodies, limit, next)
}

// onlyFields leaves what `fields=status,profile:(firstName,city)` asks for, and
// the id.
func onlyFields(body userBody, fields string) (any, error) {
	if fields == "" {
		return body, nil
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	var whole map[string]any
	if err := json.Unmarshal(encoded, &whole); err != nil {
		return nil, err
	}
	out := map[string]any{"id": body.ID, "_links": whole["_links"]}
	for fields != "" {
		if inner, found := strings.CutPrefix(fields, "profile:("); found {
			names, rest, closed := strings.Cut(inner, ")")
			if !closed {
				return nil, invalid("fields", "fields: a closing parenthesis is missing")
			}
			profile := map[string]any{}
			for name := range strings.SplitSeq(names, ",") {
				if value, set := body.Profile[strings.TrimSpace(name)]; set {
					profile[strings.TrimSpace(name)] = value
				}
			}
			out["profile"] = profile
			fields = strings.TrimPrefix(rest, ",")
			continue
		}
		var name string
		name, fields, _ = strings.Cut(fields, ",")
		if value, set := whole[strings.TrimSpace(name)]; set {
			out[strings.TrimSpace(name)] = value
		}
	}
	return out, nil
}
