package playbooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// company is a small World: Ada and Linus work for Grace, Iris and Ivan are IT.
type company struct {
	users    map[string]User
	managers map[string]string
	groups   map[string]Group
	members  map[string][]string // by group id
	owners   map[string][]string
	apps     map[string]App
	assigned map[string][]string // by app id
	fails    map[string]error    // by method
	asked    []string            // every question, in order
}

func newCompany() *company {
	c := &company{
		users:    map[string]User{},
		managers: map[string]string{"ada": "grace", "linus": "grace", "iris": "ivan"},
		groups: map[string]Group{
			"g-it":  {ID: "g-it", Name: "IT Support", Type: "OKTA_GROUP"},
			"g-eng": {ID: "g-eng", Name: "Engineering", Type: "OKTA_GROUP"},
			"g-fig": {ID: "g-fig", Name: "Figma Editors", Type: "OKTA_GROUP"},
		},
		members: map[string][]string{"g-it": {"iris", "ivan"}, "g-eng": {"ada", "linus"}},
		owners:  map[string][]string{"g-fig": {"grace"}, "a-fig": {"linus"}},
		apps: map[string]App{
			"a-fig": {ID: "a-fig", Label: "Figma", SignOn: "SAML_2_0", Status: "ACTIVE"},
			"a-git": {ID: "a-git", Label: "GitHub", SignOn: "OPENID_CONNECT", Status: "ACTIVE"},
		},
		assigned: map[string][]string{"a-fig": {"ada"}},
		fails:    map[string]error{},
	}
	for id, name := range map[string]string{"ada": "Ada Lovelace", "linus": "Linus T", "grace": "Grace Hopper", "iris": "Iris IT", "ivan": "Ivan IT"} {
		c.users[id] = User{
			ID: id, Name: name, Email: id + "@acme.example", Login: id + "@acme.example", Status: "ACTIVE", Department: "Engineering",
			Attributes: map[string]string{"costCenter": "42"},
		}
	}
	return c
}

// with gives one person another status.
func (c *company) with(id, status string) *company {
	u := c.users[id]
	u.Status = status
	c.users[id] = u
	return c
}

var errUnknown = errors.New("no such thing")

func (c *company) question(method string, args ...string) error {
	c.asked = append(c.asked, fmt.Sprint(method, args))
	return c.fails[method]
}

func find[T any](all map[string]T, id string) (T, error) {
	one, ok := all[id]
	if !ok {
		return one, fmt.Errorf("%q: %w", id, errUnknown)
	}
	return one, nil
}

func (c *company) people(ids []string) []User {
	var us []User
	for _, id := range ids {
		us = append(us, c.users[id])
	}
	return us
}

func (c *company) User(_ context.Context, id string) (User, error) {
	if err := c.question("User", id); err != nil {
		return User{}, err
	}
	return find(c.users, id)
}

func (c *company) UserByEmail(_ context.Context, email string) (User, error) {
	err := c.question("UserByEmail", email)
	for _, u := range c.users {
		if u.Email == email {
			return u, err
		}
	}
	return User{}, fmt.Errorf("%q: %w", email, errUnknown)
}

func (c *company) Manager(_ context.Context, id string) ([]User, error) {
	err := c.question("Manager", id)
	if m, ok := c.managers[id]; ok {
		return c.people([]string{m}), err
	}
	return nil, err
}

func (c *company) named(name string) (Group, error) {
	for _, g := range c.groups {
		if g.Name == name {
			return g, nil
		}
	}
	return Group{}, fmt.Errorf("%q: %w", name, errUnknown)
}

func (c *company) MemberOf(_ context.Context, id, group string) (bool, error) {
	if err := c.question("MemberOf", id, group); err != nil {
		return false, err
	}
	g, err := c.named(group)
	return slices.Contains(c.members[g.ID], id), err
}

func (c *company) Members(_ context.Context, group string) ([]User, error) {
	if err := c.question("Members", group); err != nil {
		return nil, err
	}
	g, err := c.named(group)
	return c.people(c.members[g.ID]), err
}

func (c *company) Owners(_ context.Context, id string) ([]User, error) {
	return c.people(c.owners[id]), c.question("Owners", id)
}

func (c *company) Agents(context.Context) ([]User, error) {
	return c.people(c.members["g-it"]), c.question("Agents")
}

func (c *company) IsAgent(_ context.Context, id string) (bool, error) {
	return slices.Contains(c.members["g-it"], id), c.question("IsAgent", id)
}

func (c *company) Group(_ context.Context, id string) (Group, error) {
	if err := c.question("Group", id); err != nil {
		return Group{}, err
	}
	return find(c.groups, id)
}

func (c *company) GroupNamed(_ context.Context, name string) (Group, error) {
	if err := c.question("GroupNamed", name); err != nil {
		return Group{}, err
	}
	return c.named(name)
}

func (c *company) GroupsOf(_ context.Context, id string) ([]Group, error) {
	var all []Group
	for _, g := range []string{"g-eng", "g-fig", "g-it"} {
		if slices.Contains(c.members[g], id) {
			all = append(all, c.groups[g])
		}
	}
	return all, c.question("GroupsOf", id)
}

func (c *company) App(_ context.Context, id string) (App, error) {
	if err := c.question("App", id); err != nil {
		return App{}, err
	}
	return find(c.apps, id)
}

func (c *company) AppNamed(_ context.Context, label string) (App, error) {
	err := c.question("AppNamed", label)
	for _, a := range c.apps {
		if a.Label == label {
			return a, err
		}
	}
	return App{}, fmt.Errorf("%q: %w", label, errUnknown)
}

func (c *company) AppsOf(_ context.Context, id string) ([]App, error) {
	var all []App
	for _, a := range []string{"a-fig", "a-git"} {
		if slices.Contains(c.assigned[a], id) {
			all = append(all, c.apps[a])
		}
	}
	return all, c.question("AppsOf", id)
}

// noon is when every test happens.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// caseOf is a case in which somebody asks with these inputs.
func caseOf(requester string, inputs map[string]Value) Case {
	return Case{
		Requester: requester, Inputs: inputs, Now: noon(), OktaURL: "https://acme.okta.example",
		Request: Request{ID: "R-1", Channel: "#help", Text: "please", Source: "command", Opened: noon().Add(-48 * time.Hour)},
	}
}

// asked is the requester asking about a person.
func about(requester, person string) Case {
	return caseOf(requester, map[string]Value{"person": UserValue(person)})
}

// mustParse reads a playbook that is right.
func mustParse(t *testing.T, text string) *Playbook {
	t.Helper()
	p, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// small writes a playbook around some lines: inputs, guards and steps.
func small(inputs, guards, steps string) string {
	text := "playbook: test\ntitle: Test\non:\n  - command: /okta reset multi-factor\n"
	for _, part := range []struct{ key, lines string }{{"inputs", inputs}, {"guards", guards}, {"steps", steps}} {
		if part.lines != "" {
			text += part.key + ":\n" + part.lines + "\n"
		}
	}
	return text
}
