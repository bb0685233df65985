package slacksim

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

func TestSocketSaysHelloFirst(t *testing.T) {
	t.Parallel()
	w := setup(t)
	want := object{
		"type": "hello", "num_connections": 1.0, "connection_info": object{"app_id": "A00SIM"},
		"debug_info": object{"host": "applink-1", "build_number": 14.0, "approximate_connection_time": 18060.0},
	}
	if diff := cmp.Diff(want, w.dial(t).next()); diff != "" {
		t.Error(diff)
	}
	if second := w.dial(t).next(); second["num_connections"] != 2.0 {
		t.Errorf("second hello: %v", second)
	}
}

func TestTicketWorksOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	dial := func(address string) int {
		conn, res, err := websocket.Dial(deadline(t), address, nil)
		if err == nil {
			defer conn.CloseNow()
		}
		if res.Body != nil {
			defer res.Body.Close()
		}
		return res.StatusCode
	}
	address := w.open(t)
	if got := dial(address); got != http.StatusSwitchingProtocols {
		t.Errorf("first use: %d", got)
	}
	if got := dial(address); got != http.StatusForbidden {
		t.Errorf("second use: %d", got)
	}
	stale := w.open(t)
	w.clock.Advance(time.Minute)
	if got := dial(stale); got != http.StatusForbidden {
		t.Errorf("after a minute: %d", got)
	}
}

func TestSocketIsPingedAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.PingEvery = 5 * time.Millisecond })
	pings := make(chan struct{}, 100)
	conn, res, err := websocket.Dial(deadline(t), w.open(t), &websocket.DialOptions{
		OnPingReceived: func(_ context.Context, _ []byte) bool {
			pings <- struct{}{}
			return true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		defer res.Body.Close()
	}
	(&link{t, conn}).next() // hello
	conn.CloseRead(deadline(t))
	for range 3 {
		select {
		case <-pings:
		case <-deadline(t).Done():
			t.Fatal("no ping")
		}
	}
}

func TestSocketThatDoesNotPongIsDropped(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.PongTimeout = 200 * time.Millisecond })
	w.dial(t) // never reads, so never pongs
	w.wait(t, "attached", func() bool { return w.Sockets() == 1 })
	w.wait(t, "dropped", func() bool { return w.Sockets() == 0 })
}

func TestEnvelopeIDIsAVersion4UUID(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	w.Emit(object{"type": "user_change"})
	id := str(l.next(), "envelope_id")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("envelope_id %q", id)
	}
}

func TestPersonSeesWhyACommandFailed(t *testing.T) {
	t.Parallel()
	t.Run("no socket", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		got, err := w.As("ada").Slash(t.Context(), "", "/okta help")
		if err != nil || got.Failure != FailedDispatch || got.Error != `/okta failed with the error "dispatch_failed"` {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("no ack", func(t *testing.T) {
		t.Parallel()
		w := setup(t, quickAcks)
		l := w.connect(t)
		got, err := w.As("ada").Slash(t.Context(), "", "/okta help")
		if err != nil || got.Acked || got.Error != `/okta failed with the error "operation_timeout"` {
			t.Errorf("%+v %v", got, err)
		}
		l.ack(l.next(), object{"text": "too late"})
		w.wait(t, "late ack noticed", func() bool { return len(w.Problems()) == 1 })
		if kind := w.Problems()[0].Kind; kind != "ack_late_or_unknown" {
			t.Error(kind)
		}
		if got := w.As("ada").Ephemerals(); len(got) != 0 {
			t.Errorf("a late ack was shown: %v", got)
		}
	})
	t.Run("ack of 20 KB", func(t *testing.T) {
		t.Parallel()
		w := setup(t, quickAcks)
		w.answer(t, func(object) any { return object{"text": strings.Repeat("x", maxAck)} })
		got, err := w.As("ada").Slash(t.Context(), "", "/okta help")
		if err != nil || got.Failure != FailedTimeout {
			t.Errorf("%+v %v", got, err)
		}
		if kind := w.Problems()[0].Kind; kind != "ack_dropped" {
			t.Error(kind)
		}
	})
	t.Run("ack with invalid blocks", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.answer(t, func(object) any { return object{"text": "x", "blocks": []any{object{"type": "section"}}} })
		got, err := w.As("ada").Slash(t.Context(), "", "/okta help")
		if err != nil || got.Failure != FailedResponse || got.Message != nil {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestSlashCommandIsNeverRepeated(t *testing.T) {
	t.Parallel()
	w := setup(t, quickAcks, func(c *Config) { c.EventRetries = []time.Duration{0, 0, 0} })
	l := w.connect(t)
	if _, err := w.As("ada").Slash(t.Context(), "", "/okta help"); err != nil {
		t.Fatal(err)
	}
	l.next() // the one and only, not acknowledged
	w.Emit(object{"type": "marker"})
	if e := l.next(); e["type"] != "events_api" {
		t.Errorf("after the slash command came %v", e)
	}
}

func TestEventIsRepeatedUntilAcknowledged(t *testing.T) {
	t.Parallel()
	w := setup(t, quickAcks, func(c *Config) { c.EventRetries = []time.Duration{0, time.Millisecond, time.Millisecond} })
	l := w.connect(t)
	id := w.Emit(object{"type": "user_change"})
	seen := map[any]bool{}
	for attempt := range 3 {
		e := l.next()
		reason := "timeout"
		if attempt == 0 {
			reason = ""
		}
		if e["retry_attempt"] != float64(attempt) || e["retry_reason"] != reason || e["accepts_response_payload"] != false {
			t.Errorf("attempt %d: %v", attempt, e)
		}
		if got := obj(e, "payload")["event_id"]; got != id {
			t.Errorf("event_id %v, want %s", got, id)
		}
		if seen[e["envelope_id"]] {
			t.Error("envelope id repeated")
		}
		seen[e["envelope_id"]] = true
		if attempt == 2 {
			l.ack(e, nil)
		}
	}
	w.wait(t, "acknowledged", func() bool { return len(w.CallsOf("ack")) == 1 })
	next := w.Emit(object{"type": "marker"})
	if e := l.next(); obj(e, "payload")["event_id"] != next {
		t.Errorf("repeated after the ack: %v", e)
	}
}

func TestEventWaitsForASocketWithinItsRetries(t *testing.T) {
	t.Parallel()
	retry := 200 * time.Millisecond
	w := setup(t, func(c *Config) { c.EventRetries = []time.Duration{retry, retry, retry, retry} })
	id := w.Emit(object{"type": "user_change"})
	l := w.connect(t)
	if e := l.next(); obj(e, "payload")["event_id"] != id || e["retry_attempt"] == 0.0 {
		t.Errorf("%v", e)
	}
}

func TestPayloadsSpreadOverTenSocketsAndTheEleventhIsSentAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var links []*link
	for range maxSockets {
		links = append(links, w.connect(t))
	}
	if e := w.dial(t).next(); e["type"] != "disconnect" || e["reason"] != "too_many_websockets" {
		t.Errorf("eleventh: %v", e)
	}
	for range maxSockets {
		w.Emit(object{"type": "user_change"})
	}
	for _, l := range links {
		l.ack(l.next(), nil) // each got exactly one
	}
}

func TestDisconnectNamesItsReasonAndCloses(t *testing.T) {
	t.Parallel()
	for _, reason := range []DisconnectReason{Warning, RefreshRequested, LinkDisabled} {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			l := w.connect(t)
			w.Disconnect(reason)
			e := l.next()
			if e["type"] != "disconnect" || e["reason"] != string(reason) {
				t.Errorf("%v", e)
			}
			if _, _, err := l.conn.Read(deadline(t)); err == nil {
				t.Error("still open")
			}
			w.wait(t, "gone", func() bool { return w.Sockets() == 0 })
		})
	}
}

func TestDisconnectingSocketGetsNothingWhileAnotherIsOpen(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.DisconnectGrace = time.Minute })
	old := w.connect(t)
	w.Disconnect(Warning)
	old.next()
	w.Emit(object{"type": "first"})
	if e := old.next(); e["type"] != "events_api" {
		t.Errorf("the warned socket is still the only one: %v", e)
	}
	fresh := w.connect(t)
	for range 3 {
		w.Emit(object{"type": "more"})
		fresh.ack(fresh.next(), nil)
	}
}

func TestSocketModeSwitchedOffSendsEverybodyAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Disconnect(LinkDisabled)
	if e := w.dial(t).next(); e["reason"] != "link_disabled" {
		t.Errorf("%v", e)
	}
	w.EnableSocketMode()
	w.connect(t)
}

func TestDoubleDeliveryRepeatsTheSameEnvelope(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.DoubleDelivery(true)
	l := w.connect(t)
	reply := later(func() (Reply, error) { return w.As("ada").Slash(t.Context(), "", "/okta help") })
	first, second := l.next(), l.next()
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	l.ack(first, object{"text": "once"})
	l.ack(second, object{"text": "twice"})
	if got := <-reply; !got.Acked || got.Message.Text != "once" {
		t.Errorf("%+v", got)
	}
	w.wait(t, "both acks", func() bool { return len(w.CallsOf("ack")) == 2 })
	if got := w.As("ada").Ephemerals(); len(got) != 1 {
		t.Errorf("shown: %v", got)
	}
}

func TestCutSocketsDropsWithoutAWord(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	w.CutSockets()
	if _, data, err := l.conn.Read(deadline(t)); err == nil {
		t.Errorf("got %s", data)
	}
}

func TestSocketIsRefreshedAtTheEndOfItsLife(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.SocketLifetime, c.DisconnectGrace = 60*time.Millisecond, 30*time.Millisecond })
	l := w.connect(t)
	if e := l.next(); e["reason"] != "warning" {
		t.Errorf("%v", e)
	}
	if _, _, err := l.conn.Read(deadline(t)); err == nil {
		t.Error("still open")
	}
}
