package oktasim_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete

// B1: one user, found by id, login, short name, and me.
func TestOneUserIsFoundByEveryName(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, name := range []string{w.acme.People["ada"], "ada@acme.example", "ADA@acme.example", "ada", url.PathEscape("ada@acme.example")} {
		a := w.call(t, get, "/users/"+name).want(t, 200)
		if id := a.json(t)["id"]; id != w.acme.People["ada"] {
			t.Errorf("%s: got %v", name, id)
		}
	}
	if id := w.call(t, get, "/users/me").want(t, 200).json(t)["id"]; id != w.acme.People["susan"] {
		t.Errorf("me: got %v", id)
	}
	w.call(t, get, "/users/00uX").refused(t, 404, "E0000007", "Not found: Resource not found: 00uX (User)", "")
	w.call(t, get, "/users/ada%2Fx").refused(t, 404, "E0000007", "", "")
}

// B1: the links of a single GET state what can be done.
func TestLinksStateTheAllowedTransitions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for login, want := range map[string][]string{
		"stan":  {"activate"},
		"priya": {"deactivate", "reactivate", "resetPassword", "suspend"},
		"ada": {
			"changePassword", "changeRecoveryQuestion", "deactivate", "expirePassword", "forgotPassword", "resetFactors",
			"resetPassword", "suspend",
		},
		"dora": {"activate", "delete"},
		"sid":  {"deactivate", "unsuspend"},
		"lou":  {"deactivate", "resetPassword", "unlock"},
	} {
		links, _ := w.call(t, get, "/users/"+login).json(t)["_links"].(map[string]any)
		var got []string
		for name := range links {
			if name != "self" && name != "schema" && name != "type" {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", login, diff)
		}
	}
}

// B1, B3: lists leave out the deprovisioned unless a filter or search asks.
func TestUsersAreListedFilteredAndSearched(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"q is a prefix of a name", "q=ad", []string{"ada"}},
		{"q leaves out the deprovisioned", "q=dora", nil},
		{"email filter finds both twins", `filter=profile.email eq "twin@acme.example"`, []string{"twin.a", "twin.b"}},
		{"filter includes the deprovisioned", `filter=status eq "DEPROVISIONED"`, []string{"dora"}},
		{"filter by login", `filter=profile.login eq "ada@acme.example"`, []string{"ada"}},
		{"filter is case-sensitive", `filter=profile.login eq "ADA@acme.example"`, nil},
		{"filter with or", `filter=status eq "STAGED" or status eq "PROVISIONED"`, []string{"stan", "priya"}},
		{"filter by time", `filter=lastUpdated gt "2030-01-01T00:00:00.000Z"`, nil},
		{"search folds case", `search=profile.department eq "SECURITY"`, []string{"sam", "sofia"}},
		{"search starts with", `search=profile.lastName sw "contr" and profile.city eq "Lima"`, []string{"cora"}},
		{"search contains", `search=profile.firstName co "channel"`, []string{"bobby"}},
		{"search present and parentheses", `search=profile.skills pr and (status eq "ACTIVE" or status eq "STAGED")`, []string{"ada"}},
		{"search in a list", `search=profile.skills eq "poetry"`, []string{"ada"}},
		{"search by id", `search=id eq "` + w.acme.People["ken"] + `"`, []string{"ken"}},
	} {
		name, value, _ := strings.Cut(c.query, "=")
		var got []string
		for _, u := range w.call(t, get, "/users?"+name+"="+url.QueryEscape(value)).want(t, 200).list(t) {
			login, _ := at(u, "profile", "login").(string)
			got = append(got, strings.TrimSuffix(login, "@acme.example"))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	sorted := w.call(t, get, "/users?sortBy=profile.login&sortOrder=desc&limit=2&search="+url.QueryEscape(`profile.department eq "IT"`))
	if got := sorted.list(t); at(got[0], "profile", "login") != "tess@acme.example" || sorted.next() == "" {
		t.Errorf("sorted: %v", got)
	}
}

func TestBadListRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for query, code := range map[string]string{
		`filter=status eq "ACTIVE"&search=status eq "ACTIVE"`: "E0000033",
		`filter=status ne "ACTIVE"`:                           "E0000031",
		`filter=not status eq "ACTIVE"`:                       "E0000031",
		`filter=profile.city eq "London"`:                     "E0000031",
		`search=profile.city ne "London"`:                     "E0000031",
		`search=profile.city co "London"`:                     "E0000031",
		`search=profile.unheard eq "x"`:                       "E0000031",
		`search=status eq`:                                    "E0000031",
		`search=(status eq "A"`:                               "E0000031",
		`limit=x`:                                             "E0000029",
		`after=nonsense`:                                      "E0000029",
	} {
		values := url.Values{}
		for part := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(part, "=")
			values.Set(name, value)
		}
		w.call(t, get, "/users?"+values.Encode()).refused(t, 400, code, "", "")
	}
}

// B1: pages follow opaque cursors to the end, each person once.
func TestPagesAreFollowedToTheEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	seen := map[any]bool{}
	pages := 0
	for path := "/users?limit=7"; path != ""; pages++ {
		a := w.call(t, get, path).want(t, 200)
		if len(a.header.Values("Link")) == 0 || !strings.HasSuffix(a.header.Values("Link")[0], `; rel="self"`) {
			t.Fatalf("links: %v", a.header.Values("Link"))
		}
		for _, u := range a.list(t) {
			if seen[u["id"]] {
				t.Errorf("%v comes twice", u["id"])
			}
			seen[u["id"]] = true
		}
		path = a.next()
	}
	if want := w.UserCount() - 1; len(seen) != want || pages != (want+6)/7 {
		t.Errorf("%d people on %d pages, want %d people", len(seen), pages, want)
	}
	only := w.call(t, get, "/users?limit=1&fields="+url.QueryEscape("status,profile:(firstName,city)")).list(t)[0]
	delete(only, "_links")
	want := map[string]any{
		"id": w.acme.People["katherine"], "status": "ACTIVE", "profile": map[string]any{"firstName": "Katherine", "city": "London"},
	}
	if diff := cmp.Diff(want, only); diff != "" {
		t.Error(diff)
	}
}
