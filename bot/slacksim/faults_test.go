package slacksim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"
)

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (w *world) say(t *testing.T) (*http.Response, object) {
	t.Helper()
	return w.postAs(t, "xoxb-sim", "chat.postMessage", object{"channel": "U0ADA", "text": "x"})
}

func (w *world) sayRaw(ctx context.Context, t *testing.T) error {
	t.Helper()
	body := mustJSON(t, object{"channel": "U0ADA", "text": "x"})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/api/chat.postMessage", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer xoxb-sim")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err == nil {
		res.Body.Close()
	}
	return err
}

func TestFaultsComeBeforeOrAfterTheEffect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault  Fault
		status int
		code   any
		posted int
	}{
		{Fault{Kind: RateLimited, RetryAfter: 7 * time.Second}, http.StatusTooManyRequests, "ratelimited", 0},
		{Fault{Kind: ErrorBefore}, http.StatusOK, "internal_error", 0},
		{Fault{Kind: ErrorAfter, Error: "fatal_error"}, http.StatusOK, "fatal_error", 1},
		{Fault{Kind: Slow, Delay: time.Millisecond}, http.StatusOK, nil, 1},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			c.fault.Method = "chat.postMessage"
			remove := w.Fault(c.fault)
			res, got := w.say(t)
			if res.StatusCode != c.status || got["error"] != c.code || len(w.As("ada").DM()) != c.posted {
				t.Errorf("%d %v, %d posted", res.StatusCode, got, len(w.As("ada").DM()))
			}
			if c.fault.Kind == RateLimited && res.Header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
			}
			remove()
			if _, got := w.say(t); got["ok"] != true {
				t.Errorf("after removal: %v", got)
			}
		})
	}
	for kind, posted := range map[FaultKind]int{ResetBefore: 0, ResetAfter: 1} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.Fault(Fault{Method: "*", Kind: kind})
			err := w.sayRaw(deadline(t), t)
			if !errors.Is(err, syscall.ECONNRESET) || len(w.As("ada").DM()) != posted {
				t.Errorf("%v, %d posted", err, len(w.As("ada").DM()))
			}
		})
	}
	for kind, posted := range map[FaultKind]int{StatusBefore: 0, StatusAfter: 1} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.Fault(Fault{Method: "*", Kind: kind, Status: http.StatusBadGateway})
			if err := w.sayRaw(deadline(t), t); err != nil || len(w.As("ada").DM()) != posted {
				t.Errorf("%v, %d posted", err, len(w.As("ada").DM()))
			}
		})
	}
}

func TestHangLastsUntilTheClientGivesUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Fault(Fault{Method: "chat.postMessage", Kind: Hang})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.sayRaw(ctx, t); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if got := w.As("ada").DM(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestFaultBefallsTheCallsItNames(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Fault(Fault{Method: "chat.postMessage", Kind: ErrorBefore, Match: "x", Skip: 1, Every: 2, Times: 2})
	var outcomes []bool
	for range 7 {
		_, got := w.say(t)
		outcomes = append(outcomes, got["ok"] == true)
	}
	want := []bool{true, true, false, true, false, true, true}
	for i := range want {
		if outcomes[i] != want[i] {
			t.Fatalf("%v, want %v", outcomes, want)
		}
	}
	if got := w.post(t, "auth.test", nil); got["ok"] != true {
		t.Errorf("another method: %v", got)
	}
	w.Fault(Fault{Method: "chat.postMessage", Kind: ErrorBefore, Match: "other"})
	if _, got := w.say(t); got["ok"] != true {
		t.Errorf("another argument: %v", got)
	}
}

func TestOpeningASocketCanFailToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Fault(Fault{Method: "apps.connections.open", Kind: ErrorBefore, Error: "internal_error", Times: 1})
	if _, got := w.postAs(t, "xapp-sim", "apps.connections.open", nil); got["error"] != "internal_error" {
		t.Errorf("%v", got)
	}
	w.Fault(Fault{Method: "socket", Kind: StatusBefore, Times: 1})
	address := "http" + w.open(t)[len("ws"):]
	res, _ := http.Get(address)
	if res != nil {
		defer res.Body.Close()
	}
	if res == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%v", res)
	}
	w.connect(t)
}
