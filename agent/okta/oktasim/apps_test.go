package oktasim_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent/okta/oktasim"
)

func assign(user string) string { return `{"id":"` + user + `","scope":"USER"}` }

// A2: an app is given and taken.
func TestAppsAreAssignedAndTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/apps/" + w.acme.Apps["Figma"] + "/users"
	given := w.call(t, post, path, assign(w.acme.People["ada"])).want(t, 200).json(t)
	if given["scope"] != "USER" || given["status"] != "ACTIVE" || given["syncState"] != "DISABLED" ||
		at(given, "credentials", "userName") != "ada@acme.example" {
		t.Errorf("given: %v", given)
	}
	w.call(t, post, path, assign(w.acme.People["ada"])).refused(t, 409, "E0000062", "", "")
	w.call(t, del, path+"/"+w.acme.People["ada"]).want(t, 204)
	w.call(t, get, path+"/"+w.acme.People["ada"]).refused(t, 404, "E0000007", "", "")
	w.call(t, del, path+"/"+w.acme.People["ada"]).refused(t, 404, "E0000007", "", "")
	if len(w.Logs("application.user_membership.add")) != 1 || len(w.Logs("application.user_membership.remove")) != 1 {
		t.Error("the System Log has not each change once")
	}
}

// N7: what a group grants is taken by leaving the group only.
func TestAppsByGroupGoWithTheGroup(t *testing.T) {
	t.Parallel()
	w := setup(t)
	maya, path := w.acme.People["maya"], "/apps/"+w.acme.Apps["Figma"]+"/users"
	one := path + "/" + maya
	w.call(t, del, one).refused(t, 403, "E0000046", "Deactivate application for user forbidden.",
		"The application cannot be unassigned from the user while their group memberships grant them access")
	if got := w.call(t, get, one).json(t)["scope"]; got != "GROUP" {
		t.Errorf("scope %v", got)
	}
	if got := w.call(t, post, path, assign(maya)).want(t, 200).json(t)["scope"]; got != "USER" {
		t.Errorf("scope %v", got)
	}
	w.call(t, del, one).want(t, 204)
	if got := w.call(t, get, one).want(t, 200).json(t)["scope"]; got != "GROUP" {
		t.Errorf("scope %v", got)
	}
	w.call(t, del, "/groups/"+w.acme.Groups["Figma Editors"]+"/users/"+maya).want(t, 204)
	w.call(t, get, one).want(t, 404)
}

func TestAssignmentsAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.acme.People["ada"]
	for name, c := range map[string]struct {
		app, body string
		status    int
		code      string
	}{
		"deprovisioned":  {"Figma", assign(w.acme.People["dora"]), 403, "E0000117"},
		"suspended":      {"Figma", assign(w.acme.People["sid"]), 403, "E0000117"},
		"inactive app":   {"Datadog", assign(ada), 404, "E0000007"},
		"unknown user":   {"Figma", assign("00uX"), 404, "E0000007"},
		"missing role":   {"AWS", assign(ada), 400, "E0000001"},
		"mapped":         {"Salesforce", `{"id":"` + ada + `","scope":"USER","profile":{"firstName":"A"}}`, 403, "E0000075"},
		"shared account": {"1Password", `{"id":"` + ada + `","scope":"USER","credentials":{"userName":"a"}}`, 400, "E0000041"},
	} {
		w.call(t, post, "/apps/"+w.acme.Apps[c.app]+"/users", c.body).refused(t, c.status, c.code, "", "")
		if calls := w.Effects(); len(calls) != 0 {
			t.Fatalf("%s: %+v", name, calls)
		}
	}
	w.call(t, post, "/apps/"+w.acme.Apps["AWS"]+"/users", `{"id":"`+ada+`","scope":"USER","profile":{"role":"dev"}}`).want(t, 200)
	schema := w.call(t, get, "/meta/schemas/apps/"+w.acme.Apps["AWS"]+"/default").want(t, 200).json(t)
	if diff := cmp.Diff([]any{"role"}, at(schema, "definitions", "custom", "required")); diff != "" {
		t.Error(diff)
	}
}

func TestProvisioningTakesItsTime(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) { c.Quirks.ProvisioningTime = time.Minute })
	path := "/apps/" + w.acme.Apps["Salesforce"] + "/users"
	if got := w.call(t, post, path, assign(w.acme.People["ada"])).want(t, 200).json(t); got["syncState"] != "SYNCING" {
		t.Errorf("at first: %v", got)
	}
	w.clock.advance(time.Minute)
	if got := w.call(t, get, path+"/"+w.acme.People["ada"]).json(t); got["syncState"] != "SYNCHRONIZED" || got["status"] != "PROVISIONED" {
		t.Errorf("later: %v", got)
	}
}

// B1: which apps somebody has, asked in each of the ways there are.
func TestAppsOfAPerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	want := []any{"GitHub", "Slack", "Jira", "Confluence", "Zoom", "Notion", "Google Workspace"}
	var byFilter, byLink []any
	filter := url.QueryEscape(`user.id eq "` + w.acme.People["ada"] + `"`)
	for path := "/apps?limit=3&expand=user/" + w.acme.People["ada"] + "&filter=" + filter; path != ""; {
		a := w.call(t, get, path).want(t, 200)
		for _, app := range a.list(t) {
			byFilter = append(byFilter, app["label"])
			if scope := at(app, "_embedded", "user", "scope"); (scope == "USER") != (app["label"] == "Notion") {
				t.Errorf("%v: scope %v", app["label"], scope)
			}
		}
		path = a.next()
	}
	for _, link := range w.call(t, get, "/users/"+w.acme.People["ada"]+"/appLinks").list(t) {
		byLink = append(byLink, link["label"])
	}
	if diff := cmp.Diff(want, byFilter); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, byLink); diff != "" {
		t.Error(diff)
	}
	if got := w.call(t, get, "/apps?q=bo").list(t); len(got) != 2 {
		t.Errorf("two apps are called Box: %v", got)
	}
	if got := w.call(t, get, "/groups/"+w.acme.Groups["Engineering"]+"/apps").list(t); len(got) != 2 {
		t.Errorf("apps of Engineering: %v", got)
	}
	if got := w.call(t, get, "/apps/"+w.acme.Apps["Notion"]+"/users?limit=2"); len(got.list(t)) != 2 || got.next() == "" {
		t.Errorf("people of Notion: %s", got.body)
	}
}

func TestAppsAreAssignedToGroups(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/apps/" + w.acme.Apps["Notion"] + "/groups/" + w.acme.Groups["Sales"]
	w.call(t, put, path).want(t, 200)
	if got := w.call(t, get, "/apps/"+w.acme.Apps["Notion"]+"/users/"+w.acme.People["wendy"]).want(t, 200).json(t)["scope"]; got != "GROUP" {
		t.Errorf("scope %v", got)
	}
	w.call(t, get, path).want(t, 200)
	w.call(t, del, path).want(t, 204)
	w.call(t, get, path).want(t, 404)
	w.call(t, get, "/apps/"+w.acme.Apps["Notion"]+"/users/"+w.acme.People["wendy"]).want(t, 404)
}
