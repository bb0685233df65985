package oktasim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Crowd is how many people, groups and apps Generate makes.
type Crowd struct {
	People int `json:"people"`
	// Groups are teams of equal size; zero means one for every 50 people.
	Groups int `json:"groups,omitempty"`
	// PerPerson is how many of the groups each person is in; zero means 5.
	PerPerson int `json:"perPerson,omitempty"`
	// Apps are assigned to one group each; zero means none.
	Apps int `json:"apps,omitempty"`
}

// crowdStart is the place in lists where the computed people and groups begin.
const crowdStart = 1 << 40

const (
	crowdUser   = "00ugen"
	crowdGroup  = "00ggen"
	crowdDomain = "@people.acme.example"
)

// crowd computes people and groups from their number. Nothing of them is stored
// until it changes.
type crowd struct {
	people, groups, perPerson int
	deleted                   int
	newest                    time.Time // nobody untouched was updated later
}

// Generate adds a crowd of computed people, once. Their memory does not grow with
// their number; what changes about them is kept.
func (t *Tenant) Generate(size Crowd) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.crowd != nil {
		return errors.New("generate: there is a crowd already")
	}
	if size.People < 1 {
		return errors.New("generate: people are needed")
	}
	if size.Groups == 0 {
		size.Groups = max(1, size.People/50)
	}
	if size.PerPerson == 0 {
		size.PerPerson = 5
	}
	t.crowd = &crowd{
		people: size.People, groups: size.Groups, perPerson: min(size.PerPerson, size.Groups), newest: t.now().Truncate(time.Second),
	}
	for i := range size.Apps {
		a := &app{
			id: fmt.Sprintf("0oagen%014d", i), name: fmt.Sprintf("app_%04d", i), label: fmt.Sprintf("App %04d", i),
			status: "ACTIVE", signOnMode: []string{"SAML_2_0", "OPENID_CONNECT", "BROWSER_PLUGIN", "BOOKMARK"}[i%4],
		}
		t.insertApp(a)
		a.groups = []grant{{group: t.crowd.groupID(i % size.Groups), since: t.crowd.newest}}
	}
	t.touch()
	return nil
}

func (c *crowd) id(index int) string { return fmt.Sprintf("%s%014d", crowdUser, index) }

func (c *crowd) groupID(index int) string { return fmt.Sprintf("%s%014d", crowdGroup, index) }

// numbered reads the number at the end of a crowd's identifier.
func numbered(id, prefix string, below int) (int, bool) {
	digits, ours := strings.CutPrefix(id, prefix)
	index, err := strconv.Atoi(digits)
	return index, ours && len(digits) == 14 && err == nil && index >= 0 && index < below
}

func (c *crowd) index(id string) (int, bool) { return numbered(id, crowdUser, c.people) }

// byLogin finds the person whose generated login, in lower case, this is.
func (c *crowd) byLogin(login string) (int, bool) {
	local, ours := strings.CutSuffix(login, crowdDomain)
	index, err := strconv.Atoi(local[strings.LastIndexByte(local, '.')+1:])
	return index, ours && err == nil && index >= 0 && index < c.people && c.login(index) == login
}

func (c *crowd) login(index int) string {
	first, last := c.name(index)
	return strings.ToLower(first) + "." + strings.ToLower(last) + "." + strconv.Itoa(index) + crowdDomain
}

func (c *crowd) name(index int) (first, last string) {
	firsts := [...]string{
		"Amara", "Ben", "Chiara", "Dario", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Luca", "Mei",
		"Nora", "Omar", "Paula", "Quentin", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wanda", "Xenia", "Yusuf", "Zoe",
	}
	lasts := [...]string{
		"Adler", "Bauer", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Haddad", "Ito", "Jansen", "Kowalski",
		"Larsen", "Moreau", "Novak", "Okafor", "Patel", "Quinn", "Rossi", "Silva", "Tanaka", "Ueda", "Vargas", "Weber",
	}
	return firsts[index%len(firsts)], lasts[index/len(firsts)%len(lasts)]
}

// status spreads the statuses over the people: of a hundred, ninety-two are active.
func (c *crowd) status(index int) Status {
	switch part := mix(uint64(index)) % 100; { //nolint:gosec // an index is never negative
	case part < 92:
		return Active
	case part < 94:
		return Suspended
	case part < 96:
		return Staged
	case part < 97:
		return Provisioned
	default:
		return Deprovisioned
	}
}

func (c *crowd) updated(index int) time.Time {
	return c.newest.Add(-time.Duration(c.people-1-index) * time.Second)
}

// person computes everything about one person but their factors.
func (c *crowd) person(index int) *user {
	departments := [...]string{"Engineering", "Sales", "Marketing", "Finance", "HR", "IT", "Security", "Legal"}
	cities := [...][2]string{{"Berlin", "DE"}, {"Lisbon", "PT"}, {"Austin", "US"}, {"Osaka", "JP"}, {"Lagos", "NG"}}
	titles := [...]string{"Associate", "Specialist", "Analyst", "Lead", "Manager"}
	first, last := c.name(index)
	login := c.login(index)
	city := cities[index%len(cities)]
	department := departments[index%len(departments)]
	u := &user{
		id: c.id(index), pos: crowdStart + index, status: c.status(index), provider: oktaProvider, password: "sim-password",
		created: c.newest.AddDate(-2, 0, 0), lastUpdated: c.updated(index), sessions: 1,
		profile: map[string]any{
			"login": login, "email": login, "firstName": first, "lastName": last, "displayName": first + " " + last,
			"employeeNumber": fmt.Sprintf("G%07d", index), "department": department,
			"title": department + " " + titles[index%len(titles)], "city": city[0], "countryCode": city[1],
		},
		groups: make(map[string]membership, c.perPerson+1), apps: map[string]*assignment{}, linked: map[string]string{},
	}
	u.activated, u.statusChanged, u.passwordSet = u.created, u.created, u.created
	switch u.status {
	case Staged:
		u.activated, u.passwordSet, u.password, u.sessions = time.Time{}, time.Time{}, "", 0
	case Provisioned, Deprovisioned:
		u.passwordSet, u.password, u.sessions = time.Time{}, "", 0
	case Active, Recovery, PasswordExpired, LockedOut, Suspended:
	}
	if index > 0 {
		boss := (index - 1) / 8
		first, last := c.name(boss)
		u.profile["managerId"], u.profile["manager"] = c.login(boss), first+" "+last
	}
	for k := range c.perPerson {
		u.groups[c.groupID((index+k*c.stride())%c.groups)] = membership{since: u.created}
	}
	return u
}

// enrolled gives a computed person their factors.
func (c *crowd) enrolled(u *user, index int) *user {
	if u.status == Active || u.status == Suspended {
		for _, kind := range []string{Push, TOTP} {
			id := fmt.Sprintf("%sgen%014d", prefix(kind), index)
			u.factors = append(u.factors, newFactor(Factor{ID: id, Kind: kind, Created: u.created}, u.login()))
		}
	}
	return u
}

// stride is how far apart the groups of one person are.
func (c *crowd) stride() int { return max(1, c.groups/c.perPerson) }

// owns tells whether a group is one of the crowd's. A nil crowd owns none.
func (c *crowd) owns(group string) bool {
	return c != nil && strings.HasPrefix(group, crowdGroup)
}

func (c *crowd) group(id string) *group {
	index, ours := numbered(id, crowdGroup, c.groups)
	if !ours {
		return nil
	}
	return c.groupAt(index)
}

func (c *crowd) groupAt(index int) *group {
	made := c.newest.AddDate(-2, 0, 0)
	return &group{
		id: c.groupID(index), kind: OktaGroup, name: fmt.Sprintf("Team %05d", index),
		description: fmt.Sprintf("People of team %05d", index), created: made, lastUpdated: made, membersUpdated: made,
	}
}

// groupsAmong picks the crowd's groups of somebody's memberships.
func (c *crowd) groupsAmong(memberships map[string]membership) []*group {
	var indexes []int
	for id := range memberships {
		if index, ours := numbered(id, crowdGroup, c.groups); ours {
			indexes = append(indexes, index)
		}
	}
	slices.Sort(indexes)
	groups := make([]*group, 0, len(indexes))
	for _, index := range indexes {
		groups = append(groups, c.groupAt(index))
	}
	return groups
}

// leapGroup names the next member of a group that no rule feeds.
func (c *crowd) leapGroup(id string) func(int) int {
	g, ours := numbered(id, crowdGroup, c.groups)
	if !ours {
		return func(int) int { return c.people } // added by hand, so kept
	}
	return func(from int) int {
		next := c.people
		for k := range c.perPerson {
			residue := ((g-k*c.stride())%c.groups + c.groups) % c.groups
			next = min(next, from+((residue-from)%c.groups+c.groups)%c.groups)
		}
		return next
	}
}

// leap names the next person worth a look for an expression.
func (c *crowd) leap(e expr) func(int) int {
	if status, demanded := required(e, "status"); demanded {
		return func(index int) int {
			for index < c.people && !strings.EqualFold(string(c.status(index)), status) {
				index++
			}
			return index
		}
	}
	if since, demanded := updatedSince(e); demanded && since.After(c.newest) {
		return func(int) int { return c.people }
	}
	return everybody
}

// updatedSince finds the time after which an expression demands an update.
func updatedSince(e expr) (time.Time, bool) {
	switch e := e.(type) {
	case both:
		if since, found := updatedSince(e.left); found {
			return since, true
		}
		return updatedSince(e.right)
	case *comparison:
		value, _ := e.value.(string)
		since, err := time.Parse(time.RFC3339, value)
		return since, err == nil && e.attribute == "lastUpdated" && (e.op == "gt" || e.op == "ge")
	}
	return time.Time{}, false
}
