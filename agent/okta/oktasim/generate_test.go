package oktasim_test

import (
	"net/url"
	"runtime"
	"testing"

	"frontdesk/agent/okta/oktasim"
)

func generated(t *testing.T, size oktasim.Crowd) *world {
	t.Helper()
	w := setup(t)
	if err := w.Generate(size); err != nil {
		t.Fatal(err)
	}
	return w
}

// ids follows a list to its end.
func (w *world) ids(t *testing.T, path string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for path != "" {
		a := w.call(t, get, path).want(t, 200)
		for _, one := range a.list(t) {
			id, _ := one["id"].(string)
			if found[id] {
				t.Fatalf("%s comes twice", id)
			}
			found[id] = true
		}
		path = a.next()
	}
	return found
}

// B1: a computed crowd is as consistent as a kept one: everybody's groups and
// every group's members agree, also after changes.
func TestTheCrowdIsConsistent(t *testing.T) {
	t.Parallel()
	w := generated(t, oktasim.Crowd{People: 230, Groups: 7, PerPerson: 3, Apps: 4})
	active := `/users?limit=50&search=` + url.QueryEscape(`profile.login co "people.acme.example"`)
	people := w.ids(t, active)
	if len(people) != 230 {
		t.Fatalf("%d people", len(people))
	}
	var one string
	for id := range people {
		if u, _ := w.User(id); u.Status == oktasim.Active {
			one = id
		}
	}
	const team, other = "00ggen00000000000000", "00ggen00000000000001"
	w.call(t, put, "/groups/"+team+"/users/"+one).want(t, 204)
	w.call(t, put, "/groups/"+other+"/users/"+one).want(t, 204)
	w.call(t, del, "/groups/"+other+"/users/"+one).want(t, 204)
	w.call(t, put, "/groups/"+w.acme.Groups["Sales"]+"/users/"+one).want(t, 204)

	members := map[string]map[string]bool{}
	for group := range w.ids(t, "/groups?limit=4") {
		members[group] = w.ids(t, "/groups/"+group+"/users?limit=30")
	}
	if len(members) != len(w.acme.Groups)+7 {
		t.Errorf("%d groups", len(members))
	}
	if !members[team][one] || members[other][one] || !members[w.acme.Groups["Sales"]][one] {
		t.Error("a change of a membership is not seen")
	}
	for id := range people {
		groups := w.ids(t, "/users/"+id+"/groups?limit=3")
		for group, inside := range members {
			if inside[id] != groups[group] {
				t.Errorf("%s in %s: the group says %v, the user says %v", id, group, inside[id], groups[group])
			}
		}
	}
	for app := range w.ids(t, "/apps?q=app") {
		for id := range w.ids(t, "/apps/"+app+"/users?limit=40") {
			w.call(t, get, "/apps/"+app+"/users/"+id).want(t, 200)
		}
	}
	engineering := len(members[w.acme.Groups["Engineering"]])
	if engineering < 25 {
		t.Errorf("the rule does not reach the crowd: %d engineers", engineering)
	}
}

func TestTheCrowdIsFoundAndChanged(t *testing.T) {
	t.Parallel()
	w := generated(t, oktasim.Crowd{People: 1000})
	const id = "00ugen00000000000417"
	u := w.call(t, get, "/users/"+id).want(t, 200).json(t)
	login, _ := at(u, "profile", "login").(string)
	for _, path := range []string{
		"/users/" + login, "/users?filter=" + url.QueryEscape(`profile.email eq "`+login+`"`), "/users?search=" + url.QueryEscape(`id eq "`+id+`"`),
	} {
		a := w.call(t, get, path).want(t, 200)
		if got := a.body; len(got) < 10 {
			t.Errorf("%s: %s", path, got)
		}
	}
	if err := w.SetStatus(id, oktasim.Active); err != nil {
		t.Fatal(err)
	}
	w.call(t, post, "/users/"+id, `{"profile":{"login":"renamed@acme.example","city":"Ulm"}}`).want(t, 200)
	w.call(t, get, "/users/"+login).want(t, 404)
	w.call(t, get, "/users/renamed@acme.example").want(t, 200)
	if got := w.call(t, get, "/users?search="+url.QueryEscape(`profile.city eq "Ulm"`)).list(t); len(got) != 1 || got[0]["id"] != id {
		t.Errorf("search: %v", got)
	}
	w.call(t, del, "/users/"+id).want(t, 204)
	w.call(t, del, "/users/"+id).want(t, 204)
	w.call(t, get, "/users/"+id).want(t, 404)
	if got := len(w.ids(t, "/users?search="+url.QueryEscape(`id sw "00ugen"`))); got != 999 {
		t.Errorf("%d are left", got)
	}
}

// B1: a million people cost no memory until they change.
func TestAMillionPeopleCostNoMemory(t *testing.T) {
	t.Parallel()
	tenant := oktasim.New(oktasim.Config{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := tenant.Generate(oktasim.Crowd{People: 1_000_000}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.HeapAlloc - before.HeapAlloc; after.HeapAlloc > before.HeapAlloc && grown > 64<<20 {
		t.Errorf("%d bytes", grown)
	}
	if u, found := tenant.User("00ugen00000000999999"); !found || u.Login() == "" || tenant.UserCount() != 1_000_000 {
		t.Errorf("the last one: %+v", u)
	}
}
