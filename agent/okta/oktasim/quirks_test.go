package oktasim_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
)

// What is not known of Okta can be chosen.
func TestQuirks(t *testing.T) {
	t.Parallel()
	with := func(q oktasim.Quirks) *world {
		return setup(t, func(c *oktasim.Config) { c.Quirks = q })
	}

	w := with(oktasim.Quirks{Classic: true, ResetRefusalCode: "E0000038", FactorsNeedActive: true})
	reset := w.call(t, post, "/users/"+w.acme.People["ada"]+"/lifecycle/reset_password?sendEmail=false").want(t, 200).json(t)
	if link, _ := reset["resetPasswordUrl"].(string); !strings.HasPrefix(link, w.url+"/reset_password/") {
		t.Errorf("link %q", link)
	}
	w.call(t, post, "/users/"+w.acme.People["sid"]+"/lifecycle/reset_password").refused(t, 403, "E0000038", "", "")
	w.call(t, post, "/users/"+w.acme.People["sid"]+"/lifecycle/reset_factors").refused(t, 403, "E0000038", "", "")
	w.call(t, del, "/users/"+w.acme.People["ken"]+"/sessions").want(t, 204)
	if u, _ := w.User("ken"); u.Devices != 1 {
		t.Error("the Classic Engine forgot the devices")
	}

	w = with(oktasim.Quirks{RepeatMemberStatus: 409, MembershipTouchesUser: true})
	before, _ := w.User("ada")
	w.clock.advance(time.Hour)
	w.call(t, put, "/groups/"+w.acme.Groups["Sales"]+"/users/"+before.ID).want(t, 204)
	w.call(t, put, "/groups/"+w.acme.Groups["Sales"]+"/users/"+before.ID).want(t, 409)
	if after, _ := w.User("ada"); !after.LastUpdated.After(before.LastUpdated) {
		t.Error("lastUpdated did not move")
	}

	for _, include := range []bool{false, true} {
		w = with(oktasim.Quirks{ManageIncludesRead: include})
		token := "Bearer " + register(t, w).token(t, "okta.users.manage")
		if got := w.as(t, token, get, "/users/ada").status; (got == 200) != include {
			t.Errorf("manage includes read %v: %d", include, got)
		}
	}
}

// B1: managers by linked objects, and what people may write themselves.
func TestLinkedObjectsAndSchema(t *testing.T) {
	t.Parallel()
	w := setup(t)
	self := func(login string) string { return w.url + "/api/v1/users/" + w.acme.People[login] }
	linked := func(login, name string) (found []any) {
		for _, one := range w.call(t, get, "/users/"+w.acme.People[login]+"/linkedObjects/"+name).want(t, 200).list(t) {
			found = append(found, at(one, "_links", "self", "href"))
		}
		return found
	}
	if got := linked("barbara", "manager"); len(got) != 1 || got[0] != self("grace") {
		t.Errorf("manager: %v", got)
	}
	if got := linked("grace", "subordinate"); len(got) != 1 || got[0] != self("barbara") {
		t.Errorf("subordinates: %v", got)
	}
	if got := linked("mel", "manager"); len(got) != 1 || got[0] != self("mel") {
		t.Errorf("somebody can be their own manager: %v", got)
	}
	if got := linked("ada", "manager"); len(got) != 0 {
		t.Errorf("nobody: %v", got)
	}
	path := "/users/" + w.acme.People["ada"] + "/linkedObjects/manager"
	w.call(t, put, path+"/"+w.acme.People["grace"]).want(t, 204)
	if got := linked("grace", "subordinate"); len(got) != 2 {
		t.Errorf("subordinates: %v", got)
	}
	w.call(t, del, path).want(t, 204)
	w.call(t, get, "/users/"+w.acme.People["ada"]+"/linkedObjects/friend").want(t, 404)
	if got := w.call(t, get, "/meta/schemas/user/linkedObjects").list(t); len(got) != 1 || at(got[0], "associated", "name") != "subordinate" {
		t.Errorf("definitions: %v", got)
	}

	schema := w.call(t, get, "/meta/schemas/user/default").want(t, 200).json(t)
	for attribute, want := range map[string]string{"mobilePhone": "READ_WRITE", "department": "READ_ONLY"} {
		permissions, _ := at(schema, "definitions", "base", "properties", attribute, "permissions").([]any)
		one, _ := permissions[0].(map[string]any)
		if one["principal"] != "SELF" || one["action"] != want {
			t.Errorf("%s: %v", attribute, one)
		}
	}
	if at(schema, "definitions", "custom", "properties", "startDate", "type") != "string" {
		t.Error("the custom attributes are missing")
	}
	if got := w.call(t, get, "/meta/types/user").want(t, 200).list(t); len(got) != 1 || got[0]["default"] != true {
		t.Errorf("types: %v", got)
	}
}

// Acme has everybody that tests and the demo count on.
func TestAcmeIsComplete(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if people, apps := len(w.acme.People), len(w.acme.Apps); people < 55 || people > 65 || apps != 15 {
		t.Errorf("%d people, %d apps", people, apps)
	}
	for login, want := range map[string]oktasim.Status{
		"sid": oktasim.Suspended, "lou": oktasim.LockedOut, "stan": oktasim.Staged, "priya": oktasim.Provisioned,
		"dora": oktasim.Deprovisioned, "pax": oktasim.PasswordExpired, "ray": oktasim.Recovery, "ada": oktasim.Active,
	} {
		if u, found := w.User(login + "@acme.example"); !found || u.Status != want {
			t.Errorf("%s: %+v", login, u)
		}
	}
	for login, want := range map[string]any{
		"ada": "grace@acme.example", "linus": w.acme.People["grace"], "edsger": "A1003", "mel": "mel@acme.example",
		"nils": "dora@acme.example", "katherine": nil, "barbara": nil,
	} {
		if u, _ := w.User(login); u.Profile["managerId"] != want {
			t.Errorf("%s's manager is %v", login, u.Profile["managerId"])
		}
	}
	for login, want := range map[string]int{"norma": 0, "otto": 1, "quinn": 1, "ada": 2, "stan": 0} {
		if u, _ := w.User(login); len(u.Factors) != want {
			t.Errorf("%s has %d factors", login, len(u.Factors))
		}
	}
	if same := w.Groups("IT Support"); len(same) != 2 || same[0].Type == same[1].Type {
		t.Errorf("IT Support: %+v", same)
	}
	if len(w.Groups("Contractors")) != 2 || len(w.Apps("Box")) != 2 {
		t.Error("the namesakes are missing")
	}
}

// Whatever a stranger writes into a filter or a rule is answered.
func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{
		`status eq "ACTIVE"`, `not (a pr and b ne 1)`, `user.city=="x" || !isMemberOfGroup("y")`, `((`, `String.len(`, `"`, `a eq`, `,`,
		`Arrays.contains(user.skills, user.city)`, `user.a==user.b`, `not`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tenant := oktasim.New(oktasim.Config{RateLimits: oktasim.RateLimits{Unlimited: true}})
		profile := map[string]any{
			"login": "a@x", "email": "a@x", "firstName": "A", "lastName": "B", "city": "x",
		}
		if _, err := tenant.AddUser(oktasim.User{Profile: profile, Roles: []string{oktasim.SuperAdmin}}); err != nil {
			t.Fatal(err)
		}
		if err := tenant.AllowToken("super", "a@x"); err != nil {
			t.Fatal(err)
		}
		group, err := tenant.AddGroup(oktasim.Group{Name: "g"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tenant.AddRule(oktasim.Rule{Name: "r", Expression: text, Groups: []string{group.ID}})
		if err != nil && !strings.Contains(err.Error(), "E0000001") {
			t.Error(err)
		}
		for _, path := range []string{"/api/v1/users?search=", "/api/v1/users?filter=", "/api/v1/logs?filter=", "/api/v1/groups?search="} {
			if status := ask(t, tenant, path+url.QueryEscape(text)); status != 200 && status != 400 {
				t.Errorf("%s: %d", path, status)
			}
		}
	})
}
