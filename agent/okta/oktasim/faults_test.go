package oktasim_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
)

// N4: what the caller sees and what happened are two things.
func TestFaultsBeforeAndAfterTheEffect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   oktasim.FaultKind
		status int // 0: the connection was cut
		code   string
		effect bool
	}{
		{oktasim.TooMany, 429, "E0000047", false},
		{oktasim.TooManyConcurrent, 429, "E0000047", false},
		{oktasim.ErrorBefore, 500, "E0000009", false},
		{oktasim.ErrorAfter, 500, "E0000009", true},
		{oktasim.ResetBefore, 0, "", false},
		{oktasim.ResetAfter, 0, "", true},
		{oktasim.Latency, 200, "", true},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			if _, err := w.Fault(oktasim.Fault{Kind: c.kind, Operation: "suspend_user", Count: 1, Latency: time.Millisecond}); err != nil {
				t.Fatal(err)
			}
			path := "/users/" + w.acme.People["ada"] + "/lifecycle/suspend"
			a, err := w.try(t, "SSWS super", post, path)
			if c.status == 0 && !errors.Is(err, syscall.ECONNRESET) || c.status != 0 && err != nil {
				t.Fatalf("got %v", err)
			}
			if a.status != c.status {
				t.Errorf("status %d: %s", a.status, a.body)
			}
			if c.kind == oktasim.TooManyConcurrent && (a.header.Get("X-Rate-Limit-Limit") != "0" || a.header.Get("X-Rate-Limit-Remaining") != "0") {
				t.Errorf("header: %v", a.header)
			}
			line := w.Ledger()[0]
			if line.Effect != c.effect || line.Status != c.status || line.ErrorCode != c.code || line.Fault != c.kind {
				t.Errorf("ledger: %+v", line)
			}
			if u, _ := w.User("ada"); (u.Status == oktasim.Suspended) != c.effect {
				t.Errorf("status %s", u.Status)
			}
			w.call(t, post, "/users/"+w.acme.People["ken"]+"/lifecycle/suspend").want(t, 200) // it struck once
		})
	}
}

func TestFaultsAreChosenBySelectors(t *testing.T) {
	t.Parallel()
	w := setup(t)
	remove, err := w.Fault(oktasim.Fault{Kind: oktasim.ErrorBefore, Method: "GET", Path: "/api/v1/users/*", Skip: 1, Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{200, 500, 500, 200} {
		if a := w.call(t, get, "/users/ada"); a.status != want {
			t.Errorf("call %d: %d", i, a.status)
		}
	}
	remove()
	for _, bad := range []oktasim.Fault{
		{Kind: "flood"}, {Kind: oktasim.Hang, Operation: "fly"}, {Kind: oktasim.Hang, Path: "["}, {Kind: oktasim.Hang, Probability: 2},
	} {
		if _, err := w.Fault(bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestFaultsByChanceAreRepeatable(t *testing.T) {
	t.Parallel()
	pattern := func() (out string) {
		w := setup(t)
		if _, err := w.Fault(oktasim.Fault{Kind: oktasim.ErrorBefore, Probability: 0.5}); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			out += strconv.Itoa(w.call(t, get, "/users/ada").status)
		}
		return out
	}
	first := pattern()
	if second := pattern(); first != second || !strings.Contains(first, "200") || !strings.Contains(first, "500") {
		t.Errorf("%s, then %s", first, second)
	}
}

// B1: a list that breaks in the middle.
func TestAPageCanFail(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if _, err := w.Fault(oktasim.Fault{Kind: oktasim.ErrorPage, Operation: "list_users"}); err != nil {
		t.Fatal(err)
	}
	first := w.call(t, get, "/users?limit=10").want(t, 200)
	w.call(t, get, first.next()).refused(t, 500, "E0000009", "", "")
}

func TestAHangEndsWithTheCallersPatience(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if _, err := w.Fault(oktasim.Fault{Kind: oktasim.Hang, Operation: "get_user", Count: 1}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := w.try(t, "SSWS super", get, "/users/ada")
		done <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := w.WaitFor(ctx, func() bool { return w.Waiting() == 1 }); err != nil {
		t.Fatal(err)
	}
	w.ClearFaults()
	if err := <-done; err == nil {
		t.Error("the call was answered")
	}
}

// C3: buckets, shares, headers and the way out of a 429.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) {
		c.RateLimits = oktasim.RateLimits{Scale: 1, Buckets: map[string]int{"logs": 6}}
	})
	for i := range 3 {
		a := w.call(t, get, "/logs").want(t, 200)
		if got := a.header.Get("X-Rate-Limit-Remaining"); got != strconv.Itoa(2-i) || a.header.Get("X-Rate-Limit-Limit") != "3" {
			t.Errorf("call %d: %v", i, a.header)
		}
	}
	over := w.call(t, get, "/logs")
	over.refused(t, 429, "E0000047", "API call exceeded rate limit due to too many requests.", "")
	reset, err := strconv.ParseInt(over.header.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || time.Unix(reset, 0).Sub(w.clock.now()) > time.Minute || over.header.Get("Date") == "" {
		t.Errorf("header: %v", over.header)
	}
	w.as(t, "SSWS reader", get, "/logs").want(t, 200) // another caller has a share of its own
	w.call(t, get, "/users/ada").want(t, 200)         // another bucket
	w.clock.advance(time.Minute)
	w.call(t, get, "/logs").want(t, 200)
	if len(w.Logs("system.org.rate_limit.violation")) != 1 || len(w.Logs("system.org.rate_limit.warning")) != 1 {
		t.Error("the System Log lacks warning or violation")
	}
}

func TestConcurrencyIsLimited(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) { c.RateLimits.Concurrent = 1 })
	if _, err := w.Fault(oktasim.Fault{Kind: oktasim.Hang, Operation: "get_user"}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = w.try(t, "SSWS super", get, "/users/ada") })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := w.WaitFor(ctx, func() bool { return w.Waiting() == 1 }); err != nil {
		t.Fatal(err)
	}
	a := w.call(t, get, "/groups")
	a.refused(t, 429, "E0000047", "", "")
	if a.header.Get("X-Rate-Limit-Limit") != "0" || a.header.Get("X-Rate-Limit-Remaining") != "0" {
		t.Errorf("header: %v", a.header)
	}
	w.ClearFaults()
	wg.Wait()
	w.call(t, get, "/groups").want(t, 200)
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.call(t, get, "/nowhere").refused(t, 404, "E0000008", "", "")
	w.call(t, get, "/users/"+w.acme.People["ada"]+"/lifecycle/suspend").refused(t, 405, "E0000022", "", "")
	w.call(t, "PATCH", "/users").refused(t, 405, "E0000022", "", "")
	if id := w.call(t, get, "/nowhere").header.Get("X-Okta-Request-Id"); id == "" {
		t.Error("no request id")
	}
}

// The control surface does for another process what Go does here.
func TestControlOverHTTP(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sim := func(method, path, body string) answer { return w.as(t, "", method, "/sim"+path, body) }
	made := sim(post, "/users", `{"profile":{"login":"x@acme.example","email":"x@acme.example","firstName":"X","lastName":"Y"},"password":"sim-password"}`)
	id, _ := made.want(t, 200).json(t)["id"].(string)
	sim(post, "/users/"+id+"/factors", `{"kind":"token:software:totp"}`).want(t, 200)
	code, _ := sim(get, "/totp?user="+id, "").want(t, 200).json(t)["code"].(string)
	if code != w.TOTP(id) || code == "" {
		t.Errorf("code %q", code)
	}
	sim(post, "/users/"+id+"/status", `{"status":"LOCKED_OUT"}`).want(t, 200)
	group, _ := sim(post, "/groups", `{"name":"Night Shift","members":["x"]}`).want(t, 200).json(t)["id"].(string)
	sim(post, "/apps", fmt.Sprintf(`{"label":"Pager","groups":[%q]}`, group)).want(t, 200)
	sim(post, "/rules", fmt.Sprintf(`{"name":"all","expression":"user.lastName==\"Y\"","groups":[%q]}`, group)).want(t, 200)
	sim(post, "/roles", fmt.Sprintf(`{"holder":%q,"roles":["SUPER_ADMIN"]}`, id)).want(t, 200)
	sim(post, "/tokens", fmt.Sprintf(`{"token":"another","owner":%q}`, id)).want(t, 200)
	w.as(t, "SSWS another", get, "/users/ada").want(t, 200)
	sim(del, "/tokens", `{"token":"another"}`).want(t, 200)
	w.as(t, "SSWS another", get, "/users/ada").want(t, 401)

	sim(post, "/faults", `{"kind":"500_after","operation":"suspend_user","count":1}`).want(t, 200)
	if got := sim(get, "/faults", "").list(t); len(got) != 1 {
		t.Errorf("faults: %v", got)
	}
	w.call(t, post, "/users/"+w.acme.People["ada"]+"/lifecycle/suspend").want(t, 500)
	lines := sim(get, "/ledger?kind=suspend_user&effects=true&wait=5s", "").list(t)
	if len(lines) != 1 || lines[0]["status"] != 500.0 || lines[0]["effect"] != true {
		t.Errorf("ledger: %v", lines)
	}
	sim(post, "/faults", `{"kind":"latency","latencyMs":1}`).want(t, 200)
	sim(del, "/faults", "").want(t, 200)
	sim(post, "/logs", `{"delayMs":60000}`).want(t, 200)
	sim(post, "/generate", `{"people":10}`).want(t, 200)
	if got := sim(get, "/state", "").json(t); got["people"] != float64(w.UserCount()) || len(got["apps"].([]any)) != 16 {
		t.Errorf("state: %v people", got["people"])
	}
	if got := sim(get, "/users/x", "").json(t); got["status"] != "LOCKED_OUT" {
		t.Errorf("user: %v", got)
	}
	for _, bad := range []struct{ method, path, body string }{
		{post, "/faults", `{"kind":"x"}`}, {post, "/push", `{"user":"ada"}`}, {get, "/users/nobody", ""}, {post, "/users", `{"unknown":1}`},
	} {
		sim(bad.method, bad.path, bad.body).want(t, 400)
	}
	if got := sim(get, "/operations", "").list(t); len(got) < 60 {
		t.Errorf("%d operations", len(got))
	}
}
