package okta

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
)

// N5, N6: a push is approved, rejected, answered wrongly, or runs out.
func TestPush(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		answer func(w *world, id string, number int) error
		wait   time.Duration
		want   agent.PushAnswer
	}{
		{"approved", func(w *world, id string, n int) error { return w.tenant.AnswerNumber(id, n) }, 0, agent.PushApproved},
		{"wrong number", func(w *world, id string, n int) error { return w.tenant.AnswerNumber(id, n+1) }, 0, agent.PushRejected},
		{"rejected", func(w *world, id string, _ int) error { return w.tenant.AnswerPush(id, false) }, 0, agent.PushRejected},
		{"nobody there", nil, 10 * time.Minute, agent.PushTimedOut},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ada := w.person("ada")
			w.factor(ada, oktasim.Push)
			challenge, err := w.Push(t.Context(), ada)
			if err != nil {
				t.Fatal(err)
			}
			number, err := strconv.Atoi(challenge.Number)
			if err != nil || challenge.ExpiresAt.IsZero() {
				t.Fatalf("challenge %+v", challenge)
			}
			if got, err := w.PushResult(t.Context(), ada, challenge); err != nil || got != agent.PushWaiting {
				t.Errorf("at first %d, %v", got, err)
			}
			if c.answer != nil {
				if err := c.answer(w, ada, number); err != nil {
					t.Fatal(err)
				}
			}
			w.clock.advance(c.wait)
			if got, err := w.PushResult(t.Context(), ada, challenge); err != nil || got != c.want {
				t.Errorf("got %d, want %d: %v", got, c.want, err)
			}
		})
	}
}

// N5: only the result of a push to that very person counts.
func TestPushResultOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada, eve := w.person("ada"), w.person("eve")
	w.factor(eve, oktasim.Push)
	challenge, err := w.Push(t.Context(), eve)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tenant.AnswerPush(eve, true); err != nil {
		t.Fatal(err)
	}
	links := []string{
		challenge.Poll,
		strings.Replace(challenge.Poll, "127.0.0.1", "localhost", 1),
		strings.Replace(challenge.Poll, "http://", "https://", 1),
		strings.Replace(challenge.Poll, eve, ada+"/../"+eve, 1),
		strings.Replace(challenge.Poll, eve, ada+"%2f..%2f"+eve, 1),
		challenge.Poll + "?x=1",
		"", "/", "http://127.0.0.1/",
	}
	for _, link := range links {
		got, err := w.PushResult(t.Context(), ada, agent.Challenge{Poll: link, ExpiresAt: challenge.ExpiresAt})
		if err == nil || got == agent.PushApproved {
			t.Errorf("%s: %d, %v", link, got, err)
		}
	}
}

func TestPushWithoutAPhone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	w.factor(ada, oktasim.TOTP)
	_, err := w.Push(t.Context(), ada)
	if p := asProblem(t, err); p.Code != "no_push" {
		t.Errorf("problem %+v", p)
	}
}

// N6: codes of an authenticator app; each once.
func TestCode(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	problemIs := func(code, want string) {
		t.Helper()
		if p := asProblem(t, w.Code(t.Context(), ada, code)); p.Code != want {
			t.Errorf("%q: %+v, want %s", code, p, want)
		}
	}
	problemIs("123456", "no_code")
	w.factor(ada, oktasim.TOTP)
	for _, nonsense := range []string{"", "12345", "abcdef", "123456789"} {
		problemIs(nonsense, "wrong_code")
	}
	right := w.tenant.TOTP("ada@acme.example")
	wrong := "000000"
	if right == wrong {
		wrong = "000001"
	}
	problemIs(wrong, "wrong_code")
	if err := w.Code(t.Context(), ada, right[:3]+" "+right[3:]); err != nil {
		t.Errorf("the right code: %v", err)
	}
	problemIs(right, "used_code")
}
