package oktasim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent/okta/oktasim"
)

// A2: members come and go, each change once.
func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/groups/" + w.acme.Groups["VPN Users"] + "/users/" + w.acme.People["ada"]
	for i, step := range []struct {
		method string
		effect bool
	}{{put, true}, {put, false}, {del, true}, {del, false}} {
		a := w.call(t, step.method, path).want(t, 204)
		if len(a.body) != 0 || w.Ledger()[i].Effect != step.effect {
			t.Errorf("step %d: %+v", i, w.Ledger()[i])
		}
	}
	if len(w.Logs("group.user_membership.add")) != 1 || len(w.Logs("group.user_membership.remove")) != 1 {
		t.Error("the System Log has not each change once")
	}
	w.call(t, put, "/groups/"+w.acme.Groups["VPN Users"]+"/users/00uX").refused(t, 404, "E0000007", "", "")
	w.call(t, put, "/groups/00gX/users/"+w.acme.People["ada"]).refused(t, 404, "E0000007", "", "")
}

// A2: groups that nobody may change this way, each refused in its own way.
func TestMembershipIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		group, caller string
		status        int
		code          string
	}{
		{"Everyone", "super", 501, "E0000060"},
		{"IT Support (app)", "super", 403, "E0000006"},
		{"AD Domain Users", "super", 403, "E0000006"},
		{"Engineering Admins", "org", 403, "E0000006"},
		{"VPN Users", "helpdesk", 403, "E0000006"},
	} {
		for _, method := range []string{put, del} {
			w.as(t, "SSWS "+c.caller, method, "/groups/"+w.acme.Groups[c.group]+"/users/"+w.acme.People["ada"]).refused(t, c.status, c.code, "", "")
		}
	}
	w.call(t, put, "/groups/"+w.acme.Groups["Engineering Admins"]+"/users/"+w.acme.People["ada"]).want(t, 204)
	w.as(t, "SSWS org", put, "/groups/"+w.acme.Groups["VPN Users"]+"/users/"+w.acme.People["ada"]).want(t, 204)
}

func TestGroupsAreFound(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for query, want := range map[string][]string{
		"q=it su":                              {"IT Support", "IT Support"},
		`search=profile.name eq "contractors"`: {"Contractors", "Contractors"},
		`search=profile.name sw "Eng" and type eq "OKTA_GROUP"`:         {"Engineering", "Engineering Admins"},
		`search=profile.description co "workspace"`:                     {"IT Support"},
		`filter=type eq "BUILT_IN"`:                                     {"Everyone"},
		`filter=type eq "APP_GROUP"`:                                    {"IT Support", "AD Domain Users"},
		`filter=id eq "` + w.acme.Groups["Payroll"] + `"`:               {"Payroll"},
		`filter=lastMembershipUpdated gt "2030-01-01T00:00:00.000Z"`:    nil,
		`search=source.id eq "` + w.acme.Apps["Google Workspace"] + `"`: {"IT Support"},
		`search=type eq "OKTA_GROUP"&sortBy=profile.name&limit=1`:       {"Contractors"},
		`search=profile.name eq "Sales" or profile.name eq "Payroll" `:  {"Sales", "Payroll"},
	} {
		values := url.Values{}
		for part := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(part, "=")
			values.Set(name, value)
		}
		var got []string
		for _, g := range w.call(t, get, "/groups?"+values.Encode()).want(t, 200).list(t) {
			name, _ := at(g, "profile", "name").(string)
			got = append(got, name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	w.call(t, get, "/groups?filter="+url.QueryEscape(`profile.name eq "Sales"`)).refused(t, 400, "E0000031", "", "")
}

func TestGroupsAreListedInPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var names []any
	for path := "/groups?limit=5"; path != ""; {
		a := w.call(t, get, path).want(t, 200)
		for _, g := range a.list(t) {
			names = append(names, at(g, "profile", "name"))
		}
		path = a.next()
	}
	if len(names) != len(w.acme.Groups) {
		t.Errorf("%d groups, want %d", len(names), len(w.acme.Groups))
	}
	stats := w.call(t, get, "/groups/"+w.acme.Groups["Engineering Admins"]+"?expand=stats").json(t)
	if at(stats, "_embedded", "stats", "hasAdminPrivilege") != true || at(stats, "_embedded", "stats", "usersCount") != 1.0 {
		t.Errorf("stats: %v", stats["_embedded"])
	}
}

// A removal that undoes a rule's work sticks, by an exclusion.
func TestRemovingARulesMemberExcludesThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	group, ada := w.acme.Groups["Engineering"], w.acme.People["ada"]
	members := func() (ids []string) {
		for _, u := range w.call(t, get, "/groups/"+group+"/users").list(t) {
			id, _ := u["id"].(string)
			ids = append(ids, id)
		}
		return ids
	}
	if !slices.Contains(members(), ada) {
		t.Fatal("the rule did not feed the group")
	}
	w.call(t, del, "/groups/"+group+"/users/"+ada).want(t, 204)
	excluded, err := w.Excluded(w.acme.Rule)
	if err != nil || !slices.Contains(excluded, ada) || slices.Contains(members(), ada) {
		t.Errorf("excluded: %v", excluded)
	}
	added := w.Logs("group.user_membership.rule.add_exclusion")
	if len(added) != 1 || added[0].ActorType != "SystemPrincipal" {
		t.Errorf("events: %+v", added)
	}
	w.call(t, post, "/users/"+ada, `{"profile":{"department":"Sales"}}`).want(t, 200)
	w.call(t, post, "/users/"+ada, `{"profile":{"department":"Engineering"}}`).want(t, 200)
	if slices.Contains(members(), ada) {
		t.Error("the excluded came back")
	}
	w.call(t, post, "/users/"+w.acme.People["ken"], `{"profile":{"department":"Sales"}}`).want(t, 200)
	if slices.Contains(members(), w.acme.People["ken"]) {
		t.Error("the rule did not take back who left the department")
	}
}

func TestRulesAreEvaluated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for expression, want := range map[string]bool{
		`user.department=="Engineering"`:                              true,
		`user.department == "Sales" or user.city=="London"`:           true,
		`user.department=="Sales" || user.city=="Leeds"`:              false,
		`user.department!="Sales" && user.title=="Senior Engineer"`:   true,
		`user.department=="Engineering" AND user.city=="Paris"`:       false,
		`!(user.city=="Paris")`:                                       true,
		`String.stringContains(user.title, "Engineer")`:               true,
		`String.startsWith(user.title, "Engineer")`:                   false,
		`String.toLowerCase(user.city)=="london"`:                     true,
		`Arrays.contains(user.skills, "poetry")`:                      true,
		`isMemberOfGroupName("Engineering")`:                          true,
		`isMemberOfAnyGroup("` + w.acme.Groups["Sales"] + `")`:        false,
		`user.skills==user.skills`:                                    true,
		`user.division==null`:                                         true,
		`user.employeeNumber=="A1004" and (user.city != "x" or true)`: true,
	} {
		target, err := w.AddGroup(oktasim.Group{Name: "Target of " + expression})
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"type":"group_rule","name":"r","conditions":{"expression":{"value":%q,"type":"urn:okta:expression:1.0"}},
			"actions":{"assignUserToGroups":{"groupIds":[%q]}}}`, expression, target.ID)
		rule := w.call(t, post, "/groups/rules", body).want(t, 200).json(t)
		if rule["status"] != "INACTIVE" {
			t.Errorf("a new rule is %v", rule["status"])
		}
		path := fmt.Sprintf("/groups/rules/%v", rule["id"])
		w.call(t, post, path+"/lifecycle/activate").want(t, 204)
		g, _ := w.Group(target.ID)
		if got := slices.Contains(g.Members, w.acme.People["ada"]); got != want {
			t.Errorf("%s: got %v", expression, got)
		}
		w.call(t, put, path, body).refused(t, 400, "E0000001", "", "")
		w.call(t, post, path+"/lifecycle/deactivate").want(t, 204)
		w.call(t, put, path, body).want(t, 200)
		w.call(t, del, path+"?removeUsers=true").want(t, 202)
		if g, _ := w.Group(target.ID); len(g.Members) != 0 {
			t.Errorf("%s: deleting the rule left %d members", expression, len(g.Members))
		}
	}
	bad := `{"name":"r","conditions":{"expression":{"value":"user.city==","type":"urn:okta:expression:1.0"}},"actions":{"assignUserToGroups":{"groupIds":["x"]}}}`
	w.call(t, post, "/groups/rules", bad).refused(t, 400, "E0000001", "", "")
	admin := fmt.Sprintf(`{"name":"r","conditions":{"expression":{"value":"true","type":"urn:okta:expression:1.0"}},
		"actions":{"assignUserToGroups":{"groupIds":[%q]}}}`, w.acme.Groups["Engineering Admins"])
	w.call(t, post, "/groups/rules", admin).refused(t, 403, "E0000192", "", "")
	if rules := w.call(t, get, "/groups/rules?search=depart&expand=groupIdToGroupNameMap").list(t); len(rules) != 1 {
		t.Errorf("rules: %v", rules)
	}
}

func TestOwnersAreKept(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/groups/" + w.acme.Groups["Finance"] + "/owners"
	if got := w.call(t, get, path).want(t, 200).list(t); len(got) != 2 || got[0]["displayName"] != "Fiona Frost" {
		t.Errorf("owners: %v", got)
	}
	w.call(t, post, path, `{"id":"`+w.acme.People["ada"]+`","type":"USER"}`).want(t, 201)
	w.call(t, post, path, `{"id":"`+w.acme.People["ada"]+`","type":"USER"}`).refused(t, 400, "E0000001", "Api validation failed: owner", "")
	w.call(t, del, path+"/"+w.acme.People["ada"]).want(t, 204)
	w.call(t, del, path+"/"+w.acme.People["ada"]).want(t, 404)

	without := setup(t, func(c *oktasim.Config) { c.Quirks.NoOwnersLicence = true })
	without.call(t, get, path).refused(t, 403, "E0000006", "", "")
}
