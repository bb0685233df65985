package oktasim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Status is a user's status.
type Status string

// The statuses of a user.
const (
	Staged          Status = "STAGED"
	Provisioned     Status = "PROVISIONED"
	Active          Status = "ACTIVE"
	Recovery        Status = "RECOVERY"
	PasswordExpired Status = "PASSWORD_EXPIRED"
	LockedOut       Status = "LOCKED_OUT"
	Suspended       Status = "SUSPENDED"
	Deprovisioned   Status = "DEPROVISIONED"
)

// Okta is the provider of credentials that Okta itself holds.
const oktaProvider = "OKTA"

// User is a person: what AddUser takes and what User shows.
type User struct {
	ID       string         `json:"id,omitempty"`     // empty: the tenant chooses one
	Status   Status         `json:"status,omitempty"` // empty: ACTIVE
	Profile  map[string]any `json:"profile"`
	Provider string         `json:"provider,omitempty"` // of the credentials: OKTA, ACTIVE_DIRECTORY, FEDERATION …; empty: OKTA
	Password string         `json:"password,omitempty"` // what opens the account now; empty: none is set
	Question string         `json:"question,omitempty"`
	Answer   string         `json:"answer,omitempty"`
	Roles    []string       `json:"roles,omitempty"` // standard admin roles, or permissions that make a custom role
	Block    string         `json:"block,omitempty"` // ANY_DEVICES or UNKNOWN_DEVICES: a device block
	Created  time.Time      `json:"created,omitzero"`
	// What the person has open: counts that clearing sessions sets to zero.
	Sessions    int `json:"sessions"`
	OAuthTokens int `json:"oauthTokens"`
	Devices     int `json:"devices"`

	// The rest is shown only.
	Factors       []Factor          `json:"factors,omitempty"`
	Groups        []string          `json:"groups,omitempty"` // ids
	Apps          []string          `json:"apps,omitempty"`   // ids of assigned apps, directly or by group
	LinkedTo      map[string]string `json:"linkedTo,omitempty"`
	LastUpdated   time.Time         `json:"lastUpdated,omitzero"`
	StatusChanged time.Time         `json:"statusChanged,omitzero"`
}

// Login is the user's login.
func (u User) Login() string { return text(u.Profile, "login") }

// Name is the user's display name.
func (u User) Name() string {
	return strings.TrimSpace(text(u.Profile, "firstName") + " " + text(u.Profile, "lastName"))
}

func text(profile map[string]any, attribute string) string {
	value, _ := profile[attribute].(string)
	return value
}

// membership is how somebody came into a group.
type membership struct {
	since time.Time
	rule  string // the rule that did it; empty: by hand
}

// user is a person as the tenant keeps them. profile is never changed in place.
type user struct {
	id            string
	pos           int // place in lists
	status        Status
	becoming      Status // set while in transition
	becomes       time.Time
	created       time.Time
	activated     time.Time
	statusChanged time.Time
	lastLogin     time.Time
	lastUpdated   time.Time
	passwordSet   time.Time
	profile       map[string]any
	provider      string
	password      string
	question      string
	answer        string
	factors       []*factor
	groups        map[string]membership
	apps          map[string]*assignment
	linked        map[string]string // relation → primary's id
	roles         []*role
	block         string
	sessions      int
	oauthTokens   int
	devices       int

	before  *user     // the state that search still sees
	changed time.Time // when that state ended
}

func (u *user) login() string { return text(u.profile, "login") }

func (u *user) name() string {
	return strings.TrimSpace(text(u.profile, "firstName") + " " + text(u.profile, "lastName"))
}

// canSignIn tells whether the person is in a status that is not a dead end.
func (u *user) canSignIn() bool {
	return u.status != Staged && u.status != Deprovisioned && u.status != Suspended
}

// AddUser puts a person into the tenant. The profile needs login, email,
// firstName and lastName, and knows only attributes of the schema.
func (t *Tenant) AddUser(spec User) (User, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.checkProfile("newUser", spec.Profile); err != nil {
		return User{}, fmt.Errorf("add user: %w", err)
	}
	roles, err := t.newRoles(spec.Roles)
	if err != nil {
		return User{}, fmt.Errorf("add user: %w", err)
	}
	if spec.ID == "" {
		spec.ID = t.newID("00u")
	}
	if t.user(spec.ID) != nil {
		return User{}, fmt.Errorf("add user: id %s is taken", spec.ID)
	}
	if spec.Status == "" {
		spec.Status = Active
	}
	if spec.Provider == "" {
		spec.Provider = oktaProvider
	}
	if spec.Created.IsZero() {
		spec.Created = t.now()
	}
	u := &user{
		id: spec.ID, status: spec.Status, profile: maps.Clone(spec.Profile), provider: spec.Provider,
		password: spec.Password, question: spec.Question, answer: spec.Answer, roles: roles, block: spec.Block,
		sessions: spec.Sessions, oauthTokens: spec.OAuthTokens, devices: spec.Devices,
		created: spec.Created, statusChanged: spec.Created, lastUpdated: spec.Created,
	}
	if spec.Status != Staged {
		u.activated = spec.Created
	}
	if spec.Password != "" {
		u.passwordSet = spec.Created
	}
	t.insertUser(u)
	t.touch()
	return t.snapshot(u), nil
}

// insertUser gives a new person a place and everybody's group, and lets the group
// rules look at them. The caller holds mu.
func (t *Tenant) insertUser(u *user) {
	u.pos = len(t.order)
	u.groups = map[string]membership{t.everyone: {since: u.created}}
	u.apps = map[string]*assignment{}
	u.linked = map[string]string{}
	t.order = append(t.order, u.id)
	t.users[u.id] = u
	t.logins[strings.ToLower(u.login())] = u.id
	t.applyRules(nil, u)
}

// User shows one person, named by id or login.
func (t *Tenant) User(key string) (User, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.find(key)
	if u == nil {
		return User{}, false
	}
	return t.snapshot(u), true
}

// SetStatus puts a person into a status from outside the API: the directory locks
// them out, or they finish a reset on their own.
func (t *Tenant) SetStatus(key string, to Status) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.find(key)
	if u == nil {
		return fmt.Errorf("set status: no user %q", key)
	}
	if !slices.Contains([]Status{
		Staged, Provisioned, Active, Recovery, PasswordExpired, LockedOut, Suspended, Deprovisioned,
	}, to) {
		return fmt.Errorf("set status: no such status %q", to)
	}
	t.turn(u, to)
	t.touch()
	return nil
}

// UserCount is how many people there are.
func (t *Tenant) UserCount() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := 0
	for _, id := range t.order {
		if id != "" {
			count++
		}
	}
	if t.crowd == nil {
		return count
	}
	return count + t.crowd.people - t.crowd.deleted
}

// snapshot copies a person for the outside.
func (t *Tenant) snapshot(u *user) User {
	s := User{
		ID: u.id, Status: u.status, Profile: maps.Clone(u.profile), Provider: u.provider, Password: u.password,
		Question: u.question, Answer: u.answer, Block: u.block, Created: u.created,
		Sessions: u.sessions, OAuthTokens: u.oauthTokens, Devices: u.devices,
		Groups: slices.Sorted(maps.Keys(u.groups)), LinkedTo: maps.Clone(u.linked),
		LastUpdated: u.lastUpdated, StatusChanged: u.statusChanged,
	}
	for _, r := range u.roles {
		s.Roles = append(s.Roles, r.kind)
	}
	for _, f := range u.factors {
		s.Factors = append(s.Factors, f.Factor)
	}
	for _, id := range t.appOrder {
		if a := t.apps[id]; a != nil && t.assigned(a, u) != nil {
			s.Apps = append(s.Apps, id)
		}
	}
	return s
}

// user finds a person by id: one that is kept, or one of the crowd, computed.
func (t *Tenant) user(id string) *user {
	if u, kept := t.users[id]; kept {
		if u != nil {
			t.settle(u)
		}
		return u // nil: deleted for good
	}
	if t.crowd == nil {
		return nil
	}
	index, ours := t.crowd.index(id)
	if !ours {
		return nil
	}
	return t.crowd.enrolled(t.computed(index), index)
}

// glance is user for lists: people of the crowd come without their factors.
func (t *Tenant) glance(index int) *user {
	if u, kept := t.users[t.crowd.id(index)]; kept {
		if u != nil {
			t.settle(u)
		}
		return u
	}
	return t.computed(index)
}

// find finds a person by id, login or the login's local part.
func (t *Tenant) find(key string) *user {
	if u := t.user(key); u != nil {
		return u
	}
	login := strings.ToLower(key)
	if login == "" {
		return nil
	}
	if id, known := t.logins[login]; known {
		return t.user(id)
	}
	if t.crowd != nil {
		if index, ours := t.crowd.byLogin(login); ours {
			if u := t.user(t.crowd.id(index)); u != nil && strings.EqualFold(u.login(), t.crowd.login(index)) {
				return u
			}
		}
	}
	if strings.Contains(key, "@") {
		return nil
	}
	var found *user
	for known, id := range t.logins {
		if local, _, _ := strings.Cut(known, "@"); local == login {
			if found != nil {
				return nil // ambiguous
			}
			found = t.user(id)
		}
	}
	return found
}

// keep makes sure that a person is stored, so that they can be changed, and
// remembers for search what they were.
func (t *Tenant) keep(u *user) *user {
	if _, kept := t.users[u.id]; !kept {
		t.users[u.id] = u
		t.logins[strings.ToLower(u.login())] = u.id
		index, _ := t.crowd.index(u.id)
		at, _ := slices.BinarySearch(t.touched, index)
		t.touched = slices.Insert(t.touched, at, index)
	}
	if delay := t.cfg.Quirks.SearchDelay; delay > 0 && t.now().Sub(u.changed) >= delay {
		former := *u
		u.before, u.changed = &former, t.now()
	}
	return u
}

// edit is keep for changes that move lastUpdated.
func (t *Tenant) edit(u *user) {
	t.keep(u).lastUpdated = t.now()
}

// turn changes a person's status.
func (t *Tenant) turn(u *user, to Status) {
	t.edit(u)
	u.status, u.becoming = to, ""
	u.statusChanged = t.now()
}

// settle ends a transition whose time has come.
func (t *Tenant) settle(u *user) {
	if u.becoming == "" || t.now().Before(u.becomes) {
		return
	}
	u.status, u.becoming = u.becoming, ""
	u.statusChanged, u.lastUpdated = u.becomes, u.becomes
}

// remove forgets a person for good.
func (t *Tenant) remove(u *user) {
	t.keep(u)
	delete(t.logins, strings.ToLower(u.login()))
	if u.pos < crowdStart {
		t.order[u.pos] = ""
		delete(t.users, u.id)
		return
	}
	t.users[u.id] = nil
	t.crowd.deleted++
}

// collect lists up to limit people from a position on who satisfy has, and the
// position that follows them, zero at the end. leap may skip untouched people of
// the crowd: it names the first index, not before the given one, worth a look.
func (t *Tenant) collect(from, limit int, has func(*user) bool, leap func(int) int) (found []*user, next int) {
	take := func(u *user, pos int) bool {
		if u == nil || !has(u) {
			return true
		}
		if len(found) == limit {
			next = pos
			return false
		}
		found = append(found, u)
		return true
	}
	for pos := from; pos < len(t.order); pos++ {
		if t.order[pos] != "" && !take(t.user(t.order[pos]), pos) {
			return found, next
		}
	}
	if t.crowd == nil {
		return found, 0
	}
	index := max(0, from-crowdStart)
	changed, _ := slices.BinarySearch(t.touched, index)
	for {
		candidate := leap(index)
		for changed < len(t.touched) && t.touched[changed] < index {
			changed++
		}
		if changed < len(t.touched) {
			candidate = min(candidate, t.touched[changed])
		}
		if candidate >= t.crowd.people || !take(t.glance(candidate), crowdStart+candidate) {
			return found, next
		}
		index = candidate + 1
	}
}

// everybody is the leap that skips nobody.
func everybody(index int) int { return index }
