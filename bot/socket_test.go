package bot

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/slack-go/slack/socketmode"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
)

// What nobody can decode is acknowledged, and not sent again.
func TestUndecodableEnvelopeIsAcknowledged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Emit(map[string]any{"type": "app_mention", "user": map[string]any{"from": "the future"}})
	if err := w.WaitFor(deadline(t), func() bool { return len(w.CallsOf("ack")) == 1 }); err != nil {
		t.Fatal("never acknowledged")
	}
	if reply, err := w.ada.Slash(t.Context(), "", "/okta help"); err != nil || !reply.Acked {
		t.Errorf("afterwards: %+v, %v", reply, err)
	}
	if n := len(w.CallsOf("ack")); n != 2 {
		t.Errorf("%d acknowledgements", n)
	}
}

// Slack switched Socket Mode off: stop and say what to do.
func TestLinkDisabledEndsRun(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Connections = 2 })
	w.Disconnect(slacksim.LinkDisabled)
	w.until(t, "the connections end", func() bool { return w.bot.Connected() == 0 })
	if err := w.ended(t); err == nil || !strings.Contains(err.Error(), "Socket Mode is switched off") {
		t.Errorf("Run returned %v", err)
	}
	if w.bot.Healthy() {
		t.Error("healthy without a connection")
	}
}

// A wrong token ends Run with a sentence that names the variable.
func TestWrongAppTokenEndsRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ token, want string }{
		"unknown":     {"xapp-other", "Slack does not know SLACK_APP_TOKEN"},
		"the bot's":   {"xoxb-sim", "wrong kind"},
		"not a token": {"nonsense", "Slack does not know SLACK_APP_TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t)
			w.start(t, func(c *Config) { c.AppToken = test.token })
			if err := w.ended(t); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Run returned %v, want %q", err, test.want)
			}
		})
	}
}

// A temporary failure to connect is survived.
func TestConnectsOnceSlackIsBack(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	w.Fault(slacksim.Fault{Method: "apps.connections.open", Kind: slacksim.ErrorBefore, Error: "internal_error", Times: 1})
	w.start(t)
	w.until(t, "the bot connects", func() bool { return w.bot.Healthy() })
}

// Commands under way while Slack refreshes the connection are not lost.
func TestRefreshKeepsCommandsInFlight(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"refresh", "cut"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *Config) { c.Connections = 2 })
			began, wait, release := gate(t)
			w.engine.submit = func(context.Context, agent.Submission) (agent.Ticket, error) {
				began <- struct{}{}
				<-wait
				return agent.Ticket{RequestID: "req12", Number: 12}, nil
			}
			replies := make(chan slacksim.Reply, 1)
			go func() {
				reply, err := w.ada.Slash(t.Context(), "", "/okta reset password")
				if err != nil {
					t.Error(err)
				}
				replies <- reply
			}()
			<-began
			if how == "refresh" {
				w.Disconnect(slacksim.RefreshRequested)
			} else {
				w.CutSockets()
				w.until(t, "the bot is back", func() bool { return w.Sockets() == 2 })
			}
			release()
			if reply := <-replies; !reply.Acked {
				t.Errorf("reply = %+v", reply)
			}
			w.engine.wait(t, "the run begins", func() bool { return w.engine.count("begin req12") == 1 })
		})
	}
}

// An acknowledgement that cannot be written withdraws the request.
func TestUnwrittenAcknowledgementWithdraws(t *testing.T) {
	t.Parallel()
	w := setup(t)
	began, wait, release := gate(t)
	w.engine.submit = func(context.Context, agent.Submission) (agent.Ticket, error) {
		began <- struct{}{}
		<-wait
		return agent.Ticket{RequestID: "req12", Number: 12}, nil
	}
	replies := make(chan slacksim.Reply, 1)
	go func() {
		reply, err := w.ada.Slash(t.Context(), "", "/okta reset password")
		if err != nil {
			t.Error(err)
		}
		replies <- reply
	}()
	<-began
	w.Fault(slacksim.Fault{Method: "apps.connections.open", Kind: slacksim.ErrorBefore, Error: "internal_error"})
	w.CutSockets()
	w.until(t, "the connection is down", func() bool { return !w.bot.Healthy() })
	release()
	if reply := <-replies; reply.Acked {
		t.Errorf("reply = %+v", reply)
	}
	w.engine.wait(t, "it is withdrawn", func() bool { return w.engine.count("withdraw of U0ADA") == 1 })
	if w.engine.count("begin req12") != 0 {
		t.Error("it began all the same")
	}
}

// More than the bot can take: people are told at once, and nothing is half done.
func TestTooManyCommandsAreTurnedAway(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Workers = 1 })
	_, wait, release := gate(t)
	w.engine.submit = func(context.Context, agent.Submission) (agent.Ticket, error) {
		<-wait
		return agent.Ticket{RequestID: "req12", Number: 12}, nil
	}
	const all, taken = 8, 1 + 4 // one at work, four waiting
	answers := make(chan string, all)
	for range all {
		go func() {
			reply, err := w.ada.Slash(t.Context(), "", "/okta reset password")
			if err != nil || reply.Message == nil {
				t.Errorf("reply = %+v, %v", reply, err)
				answers <- ""
				return
			}
			answers <- slacksim.Render(*reply.Message)
		}()
	}
	for range all - taken {
		if got := <-answers; got != sayBusy {
			t.Errorf("the answer is %q", got)
		}
	}
	release()
	for range taken {
		if got := <-answers; !strings.Contains(got, "R-12") {
			t.Errorf("the answer is %q", got)
		}
	}
}

// A failed write reaches whoever waits for it, before anybody believes that it went well.
func TestFailedWriteFailsTheAcknowledgement(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	b, err := New(Config{Agent: w.engine, Desk: w.desk, AppToken: "xapp-sim", Logger: logger(t), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	c := &connection{waiting: map[string][]chan error{}, client: socketmode.New(b.Desk.api)}
	done := make(chan error, 1)
	go func() { done <- c.ack(t.Context(), "e1", nil) }()
	w.until(t, "the acknowledgement is queued", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.waiting["e1"]) == 1
	})
	for _, e := range []socketmode.Event{
		{Type: socketmode.EventTypeErrorWriteFailed, Data: &socketmode.ErrorWriteFailed{Cause: io.ErrClosedPipe, Response: &socketmode.Response{EnvelopeID: "e1"}}},
		{Type: eventWritten, Data: "e1"},
	} {
		if err := b.listen(t.Context(), c, newIntake(1), e); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("err = %v", err)
	}
}

// Run finishes what it has begun.
func TestStopFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	began, wait, release := gate(t)
	w.engine.submit = func(context.Context, agent.Submission) (agent.Ticket, error) {
		began <- struct{}{}
		<-wait
		return agent.Ticket{RequestID: "req12", Number: 12}, nil
	}
	replies := make(chan slacksim.Reply, 1)
	go func() {
		reply, err := w.ada.Slash(t.Context(), "", "/okta reset password")
		if err != nil {
			t.Error(err)
		}
		replies <- reply
	}()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	release()
	if reply := <-replies; !reply.Acked {
		t.Errorf("reply = %+v", reply)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if w.engine.count("begin req12") != 1 {
		t.Errorf("the engine was asked %q", w.engine.did())
	}
}

// gate holds back what a test starts until it is released, at the latest when
// the test ends.
func gate(t *testing.T) (began, wait chan struct{}, release func()) {
	t.Helper()
	began, wait = make(chan struct{}, 4), make(chan struct{})
	release = sync.OnceFunc(func() { close(wait) })
	t.Cleanup(release)
	return began, wait, release
}
