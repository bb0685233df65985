package agent

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"frontdesk/playbooks"
)

// world answers what playbooks ask, live and by id. One world serves one look:
// what it has read it remembers, so that a guard, a list of approvers and a text
// of the same moment agree with each other; the second look makes a new one.
type world struct {
	a        *Agent
	users    map[string]User
	managers map[string][]User
	groupsOf map[string][]Group
	members  map[string][]User
}

func (a *Agent) newWorld() *world {
	return &world{a: a, users: map[string]User{}, managers: map[string][]User{}, groupsOf: map[string][]Group{}, members: map[string][]User{}}
}

var _ playbooks.World = (*world)(nil)

func (w *world) user(ctx context.Context, id string) (User, error) {
	if u, ok := w.users[id]; ok {
		return u, nil
	}
	u, err := w.a.Directory.User(ctx, id)
	if err != nil {
		return User{}, fmt.Errorf("read person %s: %w", id, err)
	}
	w.users[id] = u
	return u, nil
}

// managerOf gives nobody or one.
func (w *world) managerOf(ctx context.Context, id string) ([]User, error) {
	if m, ok := w.managers[id]; ok {
		return m, nil
	}
	u, err := w.user(ctx, id)
	if err != nil {
		return nil, err
	}
	m, err := w.a.Directory.Manager(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("find the manager of %s: %w", id, err)
	}
	var found []User
	if m != nil {
		found = []User{*m}
	}
	w.managers[id] = found
	return found, nil
}

func (w *world) memberships(ctx context.Context, id string) ([]Group, error) {
	if gs, ok := w.groupsOf[id]; ok {
		return gs, nil
	}
	gs, err := w.a.Directory.GroupsOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read the groups of %s: %w", id, err)
	}
	w.groupsOf[id] = gs
	return gs, nil
}

func (w *world) inGroup(ctx context.Context, id, group string) (bool, error) {
	gid, err := w.a.authority(ctx, group)
	if err != nil {
		return false, err
	}
	gs, err := w.memberships(ctx, id)
	return slices.ContainsFunc(gs, func(g Group) bool { return g.ID == gid }), err
}

func (w *world) membersOf(ctx context.Context, group string) ([]User, error) {
	if us, ok := w.members[group]; ok {
		return us, nil
	}
	us, err := w.a.membersNamed(ctx, group)
	if err == nil {
		w.members[group] = us
	}
	return us, err
}

func (w *world) agents(ctx context.Context) ([]User, error) {
	if w.a.Who.Agents == "" {
		return nil, noDesk()
	}
	return w.membersOf(ctx, w.a.Who.Agents)
}

func (w *world) isAgent(ctx context.Context, id string) (bool, error) {
	if w.a.Who.Agents == "" {
		return false, nil
	}
	return w.inGroup(ctx, id, w.a.Who.Agents)
}

func noDesk() *Problem {
	return &Problem{Code: "no_agents", Text: "Nobody is named as IT's desk yet. IT must set agents in frontdesk.yaml to an Okta group."}
}

// User implements playbooks.World.
func (w *world) User(ctx context.Context, id string) (playbooks.User, error) {
	u, err := w.user(ctx, id)
	return shown(u), err
}

// UserByEmail implements playbooks.World.
func (w *world) UserByEmail(ctx context.Context, email string) (playbooks.User, error) {
	u, err := w.a.named(ctx, email)
	if err != nil {
		return playbooks.User{}, err
	}
	w.users[u.ID] = u
	return shown(u), nil
}

// Manager implements playbooks.World.
func (w *world) Manager(ctx context.Context, id string) ([]playbooks.User, error) {
	us, err := w.managerOf(ctx, id)
	return w.shownAll(us), err
}

// MemberOf implements playbooks.World.
func (w *world) MemberOf(ctx context.Context, id, group string) (bool, error) {
	return w.inGroup(ctx, id, group)
}

// Members implements playbooks.World.
func (w *world) Members(ctx context.Context, group string) ([]playbooks.User, error) {
	us, err := w.membersOf(ctx, group)
	return w.shownAll(us), err
}

// Owners implements playbooks.World.
func (w *world) Owners(ctx context.Context, id string) ([]playbooks.User, error) {
	us, err := w.a.Directory.Owners(ctx, id)
	return w.shownAll(us), err
}

// Agents implements playbooks.World.
func (w *world) Agents(ctx context.Context) ([]playbooks.User, error) {
	us, err := w.agents(ctx)
	return w.shownAll(us), err
}

// IsAgent implements playbooks.World.
func (w *world) IsAgent(ctx context.Context, id string) (bool, error) { return w.isAgent(ctx, id) }

// Group implements playbooks.World.
func (w *world) Group(ctx context.Context, id string) (playbooks.Group, error) {
	g, err := w.a.Directory.Group(ctx, id)
	return shownGroup(g), err
}

// GroupNamed implements playbooks.World.
func (w *world) GroupNamed(ctx context.Context, name string) (playbooks.Group, error) {
	t, err := w.a.groupNamed(ctx, name)
	return playbooks.Group{ID: t.ID, Name: t.Name, Type: t.Type}, err
}

// GroupsOf implements playbooks.World.
func (w *world) GroupsOf(ctx context.Context, id string) ([]playbooks.Group, error) {
	gs, err := w.memberships(ctx, id)
	out := make([]playbooks.Group, len(gs))
	for i, g := range gs {
		out[i] = shownGroup(g)
	}
	return out, err
}

// App implements playbooks.World.
func (w *world) App(ctx context.Context, id string) (playbooks.App, error) {
	p, err := w.a.Directory.App(ctx, id)
	return shownApp(p), err
}

// AppNamed implements playbooks.World.
func (w *world) AppNamed(ctx context.Context, label string) (playbooks.App, error) {
	t, err := w.a.appNamed(ctx, label)
	return playbooks.App{ID: t.ID, Label: t.Name, SignOn: t.Type, Status: "ACTIVE"}, err
}

// AppsOf implements playbooks.World.
func (w *world) AppsOf(ctx context.Context, id string) ([]playbooks.App, error) {
	ps, err := w.a.Directory.AppsOf(ctx, id)
	out := make([]playbooks.App, len(ps))
	for i, p := range ps {
		out[i] = shownApp(p)
	}
	return out, err
}

// shownAll translates people and remembers them, so that they come back by id
// without another call.
func (w *world) shownAll(us []User) []playbooks.User {
	out := make([]playbooks.User, len(us))
	for i, u := range us {
		w.users[u.ID] = u
		out[i] = shown(u)
	}
	return out
}

func shown(u User) playbooks.User {
	return playbooks.User{
		ID: u.ID, Email: canonical(u.Email), Login: u.Login, Name: u.Name(), FirstName: u.FirstName, LastName: u.LastName,
		Status: u.Status, Title: u.Title, Department: u.Department, City: u.City, Country: u.Country,
		EmployeeNumber: u.EmployeeNumber, UserType: u.UserType, Attributes: u.Attributes,
	}
}

func shownGroup(g Group) playbooks.Group {
	return playbooks.Group{ID: g.ID, Name: g.Name, Type: g.Type, Description: g.Description}
}

func shownApp(p App) playbooks.App {
	return playbooks.App{ID: p.ID, Label: p.Label, SignOn: p.SignOn, Status: p.Status}
}

// groupNames remembers which id a name that carries authority stands for.
type groupNames struct {
	now func() time.Time
	mu  sync.Mutex
	ids map[string]groupName
}

type groupName struct {
	id    string
	until time.Time
}

// nameFor is how long a resolved name is believed.
const nameFor = 5 * time.Minute

// authority resolves a group's name to the one group of Okta's own kind that
// bears it: whoever can create an app group called "IT Support" must not become IT.
func (a *Agent) authority(ctx context.Context, name string) (string, error) {
	a.groups.mu.Lock()
	known, ok := a.groups.ids[name]
	a.groups.mu.Unlock()
	if ok && a.groups.now().Before(known.until) {
		return known.id, nil
	}
	exact, _, err := a.Directory.GroupsNamed(ctx, name)
	if err != nil {
		return "", fmt.Errorf("find group %q: %w", name, err)
	}
	own := slices.DeleteFunc(slices.Clone(exact), func(g Group) bool { return g.Type != GroupOkta })
	if len(own) != 1 {
		return "", &Problem{Code: "no_such_authority", Text: fmt.Sprintf("Okta has %d groups of its own called %q; for deciding who may do what there must be exactly one. IT must put that right.", len(own), name)}
	}
	a.groups.mu.Lock()
	a.groups.ids[name] = groupName{id: own[0].ID, until: a.groups.now().Add(nameFor)}
	a.groups.mu.Unlock()
	return own[0].ID, nil
}

// membersNamed lists the members of the one group of Okta's own kind with that name.
func (a *Agent) membersNamed(ctx context.Context, name string) ([]User, error) {
	id, err := a.authority(ctx, name)
	if err != nil {
		return nil, err
	}
	us, err := a.Directory.Members(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list the members of %q: %w", name, err)
	}
	return us, nil
}
