package okta

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
)

// B1: what Okta says of a person arrives whole; numbers keep their digits.
func TestUserArrivesWhole(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, a := range []oktasim.Attribute{{Name: "badge", Type: "number"}, {Name: "remote", Type: "boolean"}, {Name: "skills", Type: "array"}} {
		if err := w.tenant.AddAttribute(a); err != nil {
			t.Fatal(err)
		}
	}
	id := w.person("ada", func(u *oktasim.User) {
		maps.Copy(u.Profile, map[string]any{
			"displayName": "Ada ✨ <b>L</b>", "title": "Analyst", "department": "Maths", "city": "London", "countryCode": "GB",
			"employeeNumber": "0007", "userType": "employee", "managerId": "boss", "costCenter": "C1", "manager": "Free Text",
			"badge": int64(9007199254740993), "remote": true, "skills": []any{"go", "sql"}, "mobilePhone": "+44",
		})
	})
	got, err := w.User(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := agent.User{
		ID: id, Login: "ada@acme.example", Email: "ada@acme.example", FirstName: "Ada", LastName: "ada",
		DisplayName: "Ada ✨ <b>L</b>", Status: "ACTIVE", Title: "Analyst", Department: "Maths", City: "London", Country: "GB",
		EmployeeNumber: "0007", UserType: "employee", ManagerID: "boss", Provider: "OKTA", TypeID: got.TypeID,
		Attributes: map[string]string{"badge": "9007199254740993", "remote": "true", "skills": "go, sql", "costCenter": "C1"},
		Created:    got.Created, StatusChanged: got.StatusChanged, LastUpdated: got.LastUpdated, PasswordSet: got.PasswordSet,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Created.IsZero() || got.LastUpdated.IsZero() || got.TypeID == "" {
		t.Errorf("times or type missing: %+v", got)
	}
}

func TestUnknownAndImpossibleIDsAreNotFound(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.person("ada")
	for _, id := range []string{"00unobodynobodynobod", "", "me", "ada", "ada@acme.example", "../users", "00u?x=1aaaaaaaaaaaaa"} {
		if _, err := w.User(t.Context(), id); !asOktaError(t, err).NotFound() {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// B2: a work email finds everybody who has it, in any case and status, at once.
func TestUsersByEmail(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) { c.Quirks.SearchDelay = time.Hour })
	ada := w.person("ada", having("email", "Ada.L@Acme.Example"))
	twin := w.person("twin", in(oktasim.Deprovisioned), having("email", "ada.l@acme.example"))
	byLogin := w.person("Grace")
	quote := w.person("quote", having("email", `o"brien@acme.example`))
	cases := map[string][]string{
		"ADA.L@acme.example":      {ada, twin},
		"grace@acme.example":      {byLogin},
		"GRACE@ACME.EXAMPLE":      {byLogin},
		`o"brien@acme.example`:    {quote},
		"nobody@acme.example":     nil,
		"":                        nil,
		"a b@acme.example":        nil,
		`x" or status eq "ACTIVE`: nil,
	}
	for email, want := range cases {
		users, err := w.UsersByEmail(t.Context(), email)
		if err != nil {
			t.Errorf("%q: %v", email, err)
		}
		got := map[string]bool{}
		for _, u := range users {
			got[u.ID] = true
		}
		if len(users) != len(want) {
			t.Errorf("%q: found %d, want %d", email, len(users), len(want))
		}
		for _, id := range want {
			if !got[id] {
				t.Errorf("%q: %s is missing", email, id)
			}
		}
	}
}

// N11: a manager is somebody who can be trusted to be one, or nobody.
func TestManager(t *testing.T) {
	t.Parallel()
	const number = "E-77"
	cases := []struct {
		name      string
		managerID string // boss, login, number, self or free text
		want      bool
	}{
		{"by id", "id", true},
		{"by login", "boss@acme.example", true},
		{"by login in another case", "BOSS@acme.example", true},
		{"by employee number", number, true},
		{"free text", "Grace Hopper", false},
		{"a login's first part", "boss", false},
		{"two with that number", "E-2", false},
		{"nobody", "", false},
		{"an injected expression", `x" or status eq "ACTIVE`, false},
		{"the person themselves", "self", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			boss := w.person("boss", having("employeeNumber", number))
			w.person("one", having("employeeNumber", "E-2"))
			w.person("two", having("employeeNumber", "E-2"))
			value := c.managerID
			switch value {
			case "id":
				value = boss
			case "self":
				value = "ada@acme.example"
			}
			ada, err := w.User(t.Context(), w.person("ada", having("managerId", value)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Manager(t.Context(), ada)
			if err != nil {
				t.Fatal(err)
			}
			if (got != nil) != c.want || got != nil && got.ID != boss {
				t.Errorf("manager %+v", got)
			}
		})
	}
}

// N11: managerId counts for nothing where nobody can tell who may write it.
func TestManagerIDNeedsTheSchema(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.person("boss")
	ada := w.person("ada", having("managerId", "boss@acme.example"))
	scopes := []string{"okta.users.read", scopeLinked}
	c := w.service(oktasim.Client{Roles: []string{oktasim.ReadOnlyAdmin}, Scopes: scopes})
	u, err := c.User(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Manager(t.Context(), u); err != nil || got != nil {
		t.Errorf("manager %v, %v", got, err)
	}
}

// N14: admin roles, also those by a group; without the scope that is said.
func TestAdminRoles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	boss := w.person("boss", func(u *oktasim.User) { u.Roles = []string{oktasim.OrgAdmin} })
	byGroup, nobody := w.person("bygroup"), w.person("nobody")
	w.group(oktasim.Group{Name: "Help desk", Roles: []string{oktasim.HelpDeskAdmin}, Members: []string{byGroup}})
	for id, want := range map[string][]string{
		boss: {"Organization Administrator"}, byGroup: {"Help Desk Administrator"}, nobody: nil,
	} {
		got, err := w.AdminRoles(t.Context(), id)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
	c := w.service(oktasim.Client{Roles: []string{oktasim.ReadOnlyAdmin}, Scopes: []string{"okta.users.read"}})
	_, err := c.AdminRoles(t.Context(), boss)
	if e := asOktaError(t, err); !e.MissingScope() || e.Scope != scopeRoles {
		t.Errorf("without the scope: %v", err)
	}
}

// A list is complete, over many pages, or it is an error.
func TestListsAreCompleteOrAnError(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var ids []string
	for i := range 2*pageSize + 7 {
		ids = append(ids, w.person("p"+time.Duration(i).String()))
	}
	g := w.group(oktasim.Group{Name: "All", Members: ids})
	members, err := w.Members(t.Context(), g)
	if err != nil || len(members) != len(ids) {
		t.Fatalf("%d of %d members, %v", len(members), len(ids), err)
	}
	w.fault(oktasim.Fault{Kind: oktasim.ErrorPage})
	if members, err := w.Members(t.Context(), g); err == nil || members != nil {
		t.Errorf("a page failed: %d members, %v", len(members), err)
	}
	w.tenant.ClearFaults()
	w.fault(oktasim.Fault{Kind: oktasim.ErrorPage, Count: 2})
	if members, err := w.Members(t.Context(), g); err != nil || len(members) != len(ids) {
		t.Errorf("a page failed twice: %d members, %v", len(members), err)
	}
}
