package bot

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
	"frontdesk/playbooks/action"
)

// A1: a command is stored, then acknowledged, and begins after that.
func TestCommandIsStoredThenAcknowledgedThenBegun(t *testing.T) {
	t.Parallel()
	w := setup(t)
	reply, err := w.ada.Slash(t.Context(), "general", "/okta reset multi-factor because <lost> my phone")
	if err != nil {
		t.Fatal(err)
	}
	if !reply.Acked || reply.Message == nil {
		t.Fatalf("reply = %+v", reply)
	}
	if got, want := slacksim.Render(*reply.Message), "Got it: R-12, reset multi-factor for you."; !strings.Contains(got, want) {
		t.Errorf("the answer is %q, want %q in it", got, want)
	}
	if reply.Message.OnlyFor != "U0ADA" {
		t.Error("the answer is seen by others")
	}
	w.engine.wait(t, "the run begins", func() bool { return w.engine.count("begin req12") == 1 })
	want := []string{"submit reset multi-factor because <lost> my phone", "begin req12"}
	if diff := cmp.Diff(want, w.engine.did()); diff != "" {
		t.Errorf("the engine was asked (-want +got):\n%s", diff)
	}
	s := w.engine.submissions()[0]
	if s.Delivery == "" || s.Caller != (agent.Caller{Team: "T00SIM", User: "U0ADA", Channel: "C00GENERAL"}) {
		t.Errorf("submitted %+v", s)
	}
}

// One delivery that arrives twice is one request with one number.
func TestDoubleDeliveryCarriesOneID(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Connections = 2 })
	w.DoubleDelivery(true)
	reply, err := w.ada.Slash(t.Context(), "", "/okta reset password")
	if err != nil || !reply.Acked {
		t.Fatalf("reply = %+v, %v", reply, err)
	}
	w.engine.wait(t, "both copies arrive", func() bool { return len(w.engine.submissions()) == 2 })
	all := w.engine.submissions()
	if all[0].Delivery != all[1].Delivery {
		t.Errorf("deliveries %s and %s", all[0].Delivery, all[1].Delivery)
	}
	if problems := w.Problems(); len(problems) > 0 {
		t.Errorf("slack complains: %+v", problems)
	}
}

// What could not be kept is withdrawn, and the person is told.
func TestFailedSubmissionIsApologisedForAndWithdrawn(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context, agent.Submission) (agent.Ticket, error){
		"store down": func(context.Context, agent.Submission) (agent.Ticket, error) {
			return agent.Ticket{}, errors.New("no database")
		},
		"late": func(ctx context.Context, _ agent.Submission) (agent.Ticket, error) {
			<-ctx.Done()
			return agent.Ticket{RequestID: "late", Number: 1}, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.engine.submit = fail
			reply, err := w.ada.Slash(t.Context(), "", "/okta reset password")
			if err != nil || !reply.Acked || reply.Message == nil {
				t.Fatalf("reply = %+v, %v", reply, err)
			}
			if got := slacksim.Render(*reply.Message); !strings.Contains(got, sayNotKept) {
				t.Errorf("the answer is %q", got)
			}
			w.engine.wait(t, "the request is withdrawn", func() bool { return w.engine.count("withdraw of U0ADA") == 1 })
			if strings.Contains(strings.Join(w.engine.did(), "\n"), "begin") {
				t.Errorf("it began: %q", w.engine.did())
			}
		})
	}
}

// A refusal in words is an answer, not a failure.
func TestRefusalIsShownAsItIs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.engine.submit = func(context.Context, agent.Submission) (agent.Ticket, error) {
		return agent.Ticket{}, &agent.Problem{Code: "frozen", Text: "IT has paused everything for an hour."}
	}
	reply, err := w.ada.Slash(t.Context(), "", "/okta reset password")
	if err != nil || reply.Message == nil {
		t.Fatalf("reply = %+v, %v", reply, err)
	}
	if got := slacksim.Render(*reply.Message); !strings.Contains(got, "IT has paused everything") {
		t.Errorf("the answer is %q", got)
	}
	if w.engine.count("withdraw of U0ADA") != 0 {
		t.Error("a refusal was withdrawn")
	}
}

// A person is confirmed as a mention; a mistake is named.
func TestAnswersInWords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for line, want := range map[string]string{
		"/okta reset multi-factor @grace":                     "reset multi-factor for @U0GRACE",
		"/okta add to group \"Figma <b> & *Co*\" for 8h @ada": "add you to Figma <b> & *Co* for 8 hours",
		"/okta revoke sessions grace@acme.example":            "sign grace@acme.example out everywhere",
		"/okta rezet pasword":                                 "reset password",
		"/okta add to group \"unclosed":                       "never closed",
		"/okta help":                                          "About help",
		"/okta status 12":                                     "About status",
		"/okta requests":                                      "About requests",
		"/okta timeline R-12":                                 "About timeline",
		"/okta cancel R-12":                                   "R-12 is withdrawn",
	} {
		reply, err := w.ada.Slash(t.Context(), "", line)
		if err != nil || reply.Message == nil {
			t.Errorf("%s: reply = %+v, %v", line, reply, err)
			continue
		}
		if got := slacksim.Render(*reply.Message); !strings.Contains(got, want) {
			t.Errorf("%s is answered %q, want %q in it", line, got, want)
		}
	}
	if got := w.engine.count("status R-12"); got != 1 {
		t.Errorf("the engine was asked %q", w.engine.did())
	}
}

// An answer that is slow or large comes a moment later, to the asker only.
func TestSlowOrLargeAnswersComeLater(t *testing.T) {
	t.Parallel()
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		_, wait, release := gate(t)
		w.engine.answer = func(context.Context, action.Verb, string) (agent.Message, error) {
			<-wait
			return agent.Message{Text: "At last."}, nil
		}
		reply, err := w.ada.Slash(t.Context(), "", "/okta help")
		if err != nil || !reply.Acked || reply.Message != nil {
			t.Fatalf("reply = %+v, %v", reply, err)
		}
		release()
		w.whispered(t, w.ada, "At last.")
	})
	t.Run("large", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.engine.answer = func(context.Context, action.Verb, string) (agent.Message, error) {
			m := agent.Message{Title: "Timeline"}
			for range 40 {
				m.Lines = append(m.Lines, strings.Repeat("äöü ", 90))
			}
			return m, nil
		}
		reply, err := w.ada.Slash(t.Context(), "", "/okta timeline")
		if err != nil || !reply.Acked || reply.Message != nil {
			t.Fatalf("reply = %+v, %v", reply, err)
		}
		w.whispered(t, w.ada, "Timeline")
		if problems := w.Problems(); len(problems) > 0 {
			t.Errorf("slack complains: %+v", problems)
		}
	})
	t.Run("broken", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.engine.answer = func(context.Context, action.Verb, string) (agent.Message, error) {
			return agent.Message{}, errors.New("secret internals")
		}
		reply, err := w.ada.Slash(t.Context(), "", "/okta timeline")
		if err != nil || reply.Message == nil {
			t.Fatalf("reply = %+v, %v", reply, err)
		}
		if got := slacksim.Render(*reply.Message); strings.Contains(got, "secret") || !strings.Contains(got, "Something broke") {
			t.Errorf("the answer is %q", got)
		}
	})
}
