package okta

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/playbooks/action"
)

// reset is an act whose call is worth watching, with what Look saw.
func (w *world) reset() (agent.Act, agent.Sight) {
	w.t.Helper()
	act := agent.Act{Kind: action.ResetMultifactor, Target: w.person("target")}
	w.factor(act.Target, oktasim.Push)
	return act, w.look(act)
}

// N4: whatever happens to a write, it is sent once, and its error says what is known.
func TestWriteIsSentAtMostOnce(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault    oktasim.FaultKind
		effects  int
		status   int
		definite bool // definitely not executed
	}{
		{oktasim.TooMany, 0, 429, true},
		{oktasim.TooManyConcurrent, 0, 429, true},
		{oktasim.ErrorBefore, 0, 500, false},
		{oktasim.ErrorAfter, 1, 500, false},
		{oktasim.ResetBefore, 0, 0, false},
		{oktasim.ResetAfter, 1, 0, false},
	}
	for _, c := range cases {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			act, sight := w.reset()
			w.fault(oktasim.Fault{Kind: c.fault, Operation: "reset_factors"})
			_, err := w.Do(t.Context(), act, sight)
			e := asOktaError(t, err)
			if e.Status != c.status || e.NotExecuted() != c.definite || e.NotSent {
				t.Errorf("error %+v", e)
			}
			if w.sent("reset_factors") != 1 || w.had("reset_factors") != c.effects {
				t.Errorf("sent %d, effects %d", w.sent("reset_factors"), w.had("reset_factors"))
			}
			if c.status != 0 && e.RequestID == "" {
				t.Error("the request id is lost")
			}
		})
	}
}

// A 429 says when to come back, and until then nothing of that bucket is sent.
func TestRateLimitClosesTheBucket(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act, sight := w.reset()
	w.fault(oktasim.Fault{Kind: oktasim.TooMany, Operation: "reset_factors", Count: 1})
	_, err := w.Do(t.Context(), act, sight)
	e := asOktaError(t, err)
	if wait := e.RetryAt.Sub(w.clock.now()); wait < 50*time.Second || wait > 65*time.Second {
		t.Errorf("come back in %s", wait)
	}
	// Held back beyond its deadline, a write is not sent at all.
	w.clock.advance(100 * 365 * 24 * time.Hour) // any real deadline is before
	if err := w.tenant.AllowToken(simToken, "root@acme.example"); err != nil {
		t.Fatal(err)
	}
	w.wire.gate.hold(t.Context(), "other", w.clock.now().Add(time.Minute))
	_, err = w.Do(t.Context(), act, sight)
	held := asOktaError(t, err)
	if !held.NotSent || !held.NotExecuted() || !held.RateLimited() || held.RetryAt.IsZero() {
		t.Errorf("held back: %+v", held)
	}
	if w.sent("reset_factors") != 1 {
		t.Errorf("sent %d times", w.sent("reset_factors"))
	}
	w.clock.advance(2 * time.Minute)
	if _, err := w.Do(t.Context(), act, sight); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

// C3: a read waits for the limit to end and goes on by itself.
func TestReadWaitsForTheRateLimit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	w.fault(oktasim.Fault{Kind: oktasim.TooMany, Operation: "get_user", Count: 1})
	if _, err := w.User(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if waited := w.clock.waited(); waited < 50*time.Second || waited > 65*time.Second {
		t.Errorf("waited %s", waited)
	}
}

// Too many calls at once: a short pause, not the whole minute.
func TestConcurrencyLimitIsAShortPause(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	w.fault(oktasim.Fault{Kind: oktasim.TooManyConcurrent, Operation: "get_user", Count: 2})
	if _, err := w.User(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if waited := w.clock.waited(); waited == 0 || waited > 5*time.Second {
		t.Errorf("waited %s", waited)
	}
}

// The limit of a single phone does not close the whole bucket.
func TestLimitOfAnotherKindLeavesTheBucketOpen(t *testing.T) {
	t.Parallel()
	w := setup(t)
	header := http.Header{
		"Date": {w.clock.now().Format(http.TimeFormat)}, "X-Rate-Limit-Limit": {"600"},
		"X-Rate-Limit-Remaining": {"500"}, "X-Rate-Limit-Reset": {"1767604860"},
	}
	if at := w.wire.gate.learn(t.Context(), "other", &answer{status: 429, header: header}); !at.IsZero() {
		t.Errorf("closed until %s", at)
	}
}

// Reads are tried again; not for ever.
func TestReadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []oktasim.FaultKind{oktasim.ErrorBefore, oktasim.ErrorAfter, oktasim.ResetBefore, oktasim.ResetAfter} {
		w := setup(t)
		ada := w.person("ada")
		w.fault(oktasim.Fault{Kind: kind, Operation: "get_user", Count: tries - 1})
		if _, err := w.User(t.Context(), ada); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		w.fault(oktasim.Fault{Kind: kind, Operation: "get_user"})
		if _, err := w.User(t.Context(), ada); err == nil || !asOktaError(t, err).Temporary() {
			t.Errorf("%s for good: %v", kind, err)
		}
		if waited := w.clock.waited(); waited > 40*time.Second {
			t.Errorf("%s: waited %s", kind, waited)
		}
	}
}

// A call that hangs ends with its context, and a write is then open.
func TestHangEndsWithTheContext(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act, sight := w.reset()
	w.fault(oktasim.Fault{Kind: oktasim.Hang})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.Do(ctx, act, sight)
	if e := asOktaError(t, err); e.NotExecuted() || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
	ctx2, cancel2 := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel2()
	if _, err := w.User(ctx2, act.Target); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
}

// N4: what is late is not sent.
func TestNothingIsSentAfterTheDeadline(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act, sight := w.reset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Do(ctx, act, sight)
	if e := asOktaError(t, err); !e.NotSent || !e.NotExecuted() {
		t.Errorf("error %v", err)
	}
	if w.sent("reset_factors") != 0 {
		t.Error("sent")
	}
}

// Without a connection nothing has left.
func TestUnreachableMeansNotSent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act, sight := w.reset()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := w.connectAs(func(c *Config) { c.OrgURL, c.APIToken = dead, simToken })
	_, err = c.Do(t.Context(), act, sight)
	if e := asOktaError(t, err); !e.NotSent || !e.Temporary() {
		t.Errorf("error %+v", e)
	}
}

// Secrets are in no log and no error.
func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act, sight := w.reset()
	w.fault(oktasim.Fault{Kind: oktasim.ErrorBefore, Operation: "get_user", Count: 2})
	w.fault(oktasim.Fault{Kind: oktasim.ResetAfter, Operation: "reset_factors"})
	_, err := w.Do(t.Context(), act, sight)
	if err == nil {
		t.Fatal("the fault did not strike")
	}
	if _, err := w.UsersByEmail(t.Context(), "private@acme.example"); err != nil {
		t.Fatal(err)
	}
	said := w.log.String() + err.Error()
	for _, secret := range []string{simToken, "private@", "Authorization", "SSWS"} {
		if strings.Contains(said, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if !strings.Contains(said, "okta call") {
		t.Error("nothing is logged at all")
	}
}

// Near the end of a limit reads are spread over what is left of the minute.
func TestReadsSlowDownNearTheLimit(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) {
		c.RateLimits = oktasim.RateLimits{Buckets: map[string]int{"user": 40}} // of which one caller has half
	})
	ada := w.person("ada")
	for range 22 {
		if _, err := w.User(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
	}
	if w.clock.waited() == 0 {
		t.Error("never waited")
	}
	if strings.Contains(w.log.String(), "rate limit is reached") && w.clock.waited() > 2*time.Minute {
		t.Errorf("waited %s", w.clock.waited())
	}
}

// sharedNumbers is a shelf that replicas share.
type sharedNumbers map[string]int64

func (s sharedNumbers) Max(_ context.Context, key string, value int64, _ time.Duration) (int64, error) {
	s[key] = max(s[key], value)
	return s[key], nil
}

// One replica's 429 holds the others back.
func TestGateIsSharedByReplicas(t *testing.T) {
	t.Parallel()
	w := setup(t)
	gate := NewShelfGate(sharedNumbers{})
	replica := func() *Client {
		return w.connectAs(func(c *Config) { c.APIToken, c.Gate = simToken, gate })
	}
	first, second := replica(), replica()
	act, sight := w.reset()
	w.fault(oktasim.Fault{Kind: oktasim.TooMany, Operation: "reset_factors", Count: 1})
	if _, err := first.Do(t.Context(), act, sight); err == nil {
		t.Fatal("the fault did not strike")
	}
	if _, err := second.Do(t.Context(), act, sight); err != nil {
		t.Fatal(err)
	}
	if waited := w.clock.waited(); waited < 50*time.Second {
		t.Errorf("the second replica waited %s", waited)
	}
}

type brokenGate struct{}

var errGate = errors.New("gate is down")

func (brokenGate) Hold(context.Context, string, time.Time) error { return errGate }
func (brokenGate) Until(context.Context, string) (time.Time, error) {
	return time.Time{}, errGate
}

func TestBrokenGateStopsNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.connectAs(func(c *Config) { c.APIToken, c.Gate = simToken, brokenGate{} })
	ada := w.person("ada")
	w.fault(oktasim.Fault{Kind: oktasim.TooMany, Operation: "get_user", Count: 1})
	if _, err := c.User(t.Context(), ada); err != nil {
		t.Error(err)
	}
}

func TestMetricsAreCounted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	registry := prometheus.NewRegistry()
	c := w.connectAs(func(c *Config) { c.APIToken, c.Registerer = simToken, registry })
	if _, err := c.User(t.Context(), w.person("ada")); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var calls float64
	for _, f := range families {
		if f.GetName() == "frontdesk_okta_calls_total" {
			calls = f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	if calls != 1 {
		t.Errorf("%v calls counted", calls)
	}
}
