package bot

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
)

// unproven makes the engine want a proof before the first decision.
func unproven(w *world) {
	var proven atomic.Bool
	w.engine.decide = func(_ context.Context, c agent.Click) (agent.Message, error) {
		if !proven.Load() {
			return agent.Message{}, &agent.ProofNeeded{Click: c, Name: "Grace Hopper", Email: "grace@acme.example"}
		}
		return agent.Message{}, nil
	}
	w.engine.code = func(_ context.Context, code string) error {
		if code != "123456" {
			return &agent.Problem{Code: "wrong_code", Text: "That code is not right. Please try the next one."}
		}
		proven.Store(true)
		return nil
	}
}

// N1: the first decision waits for a proof and is then made by itself.
func TestApproveAfterProofByCode(t *testing.T) {
	t.Parallel()
	w := setup(t)
	unproven(w)
	card := w.card(t, approvalCard())
	if reply, err := w.grace.Press(t.Context(), card.Ref(), "Approve"); err != nil || !reply.Acked {
		t.Fatalf("reply = %+v, %v", reply, err)
	}
	form := w.open(t, w.grace, "grace@acme.example")
	for code, want := range map[string]string{"hello": sayNoCode, "000 000": "That code is not right"} {
		result, err := w.grace.Submit(t.Context(), form.ID, slacksim.Values{"code": {"code": code}})
		if err != nil || !strings.Contains(result.Errors["code"], want) {
			t.Errorf("%q: %+v, %v", code, result, err)
		}
	}
	result, err := w.grace.Submit(t.Context(), form.ID, slacksim.Values{"code": {"code": "123 456"}})
	if err != nil || result.View == nil || !strings.Contains(slacksim.RenderView(*result.View), sayDecided) {
		t.Fatalf("result = %+v, %v", result, err)
	}
	clicks := w.engine.decisions()
	if len(clicks) != 2 || clicks[0] != clicks[1] {
		t.Errorf("clicks = %+v", clicks)
	}
}

// A denial's reason waits on the engine's shelf, not in Slack's private part.
func TestDenyAfterProofKeepsTheReason(t *testing.T) {
	t.Parallel()
	w := setup(t)
	unproven(w)
	card := w.card(t, approvalCard())
	if _, err := w.grace.Press(t.Context(), card.Ref(), "Deny"); err != nil {
		t.Fatal(err)
	}
	form := w.open(t, w.grace, sayReasonLabel)
	if _, err := w.grace.Submit(t.Context(), form.ID, slacksim.Values{"reason": {"reason": "quite private words"}}); err != nil {
		t.Fatal(err)
	}
	form = w.open(t, w.grace, sayCodeLabel)
	if strings.Contains(form.PrivateMetadata, "private words") {
		t.Errorf("the form's private part says %s", form.PrivateMetadata)
	}
	if _, err := w.grace.Submit(t.Context(), form.ID, slacksim.Values{"code": {"code": "123456"}}); err != nil {
		t.Fatal(err)
	}
	w.open(t, w.grace, sayDecided)
	clicks := w.engine.decisions()
	if last := clicks[len(clicks)-1]; last.Reason != "quite private words" || last.Verdict != agent.Deny {
		t.Errorf("click = %+v", last)
	}
}

// A push shows its number, and what came of it.
func TestProofByPush(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		number, shows, ends string
		err                 error
		closes              bool
	}{
		"with a number":     {number: "42", shows: "42", ends: sayProven},
		"without a number":  {shows: "approve it there", ends: sayProven},
		"rejected":          {number: "7", shows: "7", ends: "rejected on the phone", err: &agent.Problem{Code: "push_rejected", Text: "The push was rejected on the phone."}},
		"form closed early": {number: "42", shows: "42", ends: sayProven, closes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			_, wait, release := gate(t)
			w.engine.number = test.number
			w.engine.push = func(context.Context) error {
				<-wait
				return test.err
			}
			if reply, err := w.ada.Slash(t.Context(), "", "/okta verify"); err != nil || !reply.Acked {
				t.Fatalf("reply = %+v, %v", reply, err)
			}
			form := w.open(t, w.ada, sayPushButton)
			if reply, err := w.ada.Press(t.Context(), form.Ref(), sayPushButton); err != nil || !reply.Acked {
				t.Fatalf("reply = %+v, %v", reply, err)
			}
			form = w.open(t, w.ada, test.shows)
			w.engine.wait(t, "the push is awaited", func() bool { return w.engine.count("await push1") == 1 })
			if test.closes {
				if _, err := w.ada.CloseAll(t.Context(), form.ID); err != nil {
					t.Fatal(err)
				}
			}
			release()
			if test.closes {
				w.whispered(t, w.ada, test.ends)
			} else {
				w.open(t, w.ada, test.ends)
			}
		})
	}
}

// A second press while a push is on its way sends no second push.
func TestDoublePressSendsOnePush(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, wait, release := gate(t)
	w.engine.push = func(context.Context) error {
		<-wait
		return nil
	}
	if _, err := w.ada.Slash(t.Context(), "", "/okta verify"); err != nil {
		t.Fatal(err)
	}
	form := w.open(t, w.ada, sayPushButton)
	w.DoubleDelivery(true)
	if _, err := w.ada.Press(t.Context(), form.Ref(), sayPushButton); err != nil {
		t.Fatal(err)
	}
	if err := w.WaitFor(deadline(t), func() bool { return len(w.CallsOf("views.update")) >= 3 }); err != nil {
		t.Fatal(err)
	}
	release()
	w.open(t, w.ada, sayProven)
	if n := w.engine.count("push"); n != 1 {
		t.Errorf("%d pushes", n)
	}
}

// The proof button on a card opens the form with no click behind it.
func TestProveButton(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card(t, agent.Message{Title: "Is it really you?", Buttons: []agent.Button{{Verb: agent.ButtonProve, Label: "Prove it's me"}}})
	if _, err := w.grace.Press(t.Context(), card.Ref(), "Prove it's me"); err != nil {
		t.Fatal(err)
	}
	form := w.open(t, w.grace, sayCodeLabel)
	if _, err := w.grace.Submit(t.Context(), form.ID, slacksim.Values{"code": {"code": "123456"}}); err != nil {
		t.Fatal(err)
	}
	w.open(t, w.grace, sayProven)
	if n := len(w.engine.decisions()); n != 0 {
		t.Errorf("%d decisions", n)
	}
}
