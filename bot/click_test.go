package bot

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
)

// One click decides, in one go, and changes nothing else.
func TestApproveDecides(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card(t, approvalCard())
	reply, err := w.grace.Press(t.Context(), card.Ref(), "Approve")
	if err != nil || !reply.Acked {
		t.Fatalf("reply = %+v, %v", reply, err)
	}
	clicks := w.engine.decisions()
	if len(clicks) != 1 {
		t.Fatalf("clicks = %+v", clicks)
	}
	got := clicks[0]
	if got.Delivery == "" {
		t.Error("a click without a delivery")
	}
	got.Delivery = ""
	want := agent.Click{AskID: "ask1", Verdict: agent.Approve, Caller: agent.Caller{Team: "T00SIM", User: "U0GRACE", Channel: card.Channel}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("click (-want +got):\n%s", diff)
	}
	if n := len(w.grace.Ephemerals()); n != 0 {
		t.Errorf("%d whispers", n)
	}
	if problems := w.Problems(); len(problems) > 0 {
		t.Errorf("slack complains: %+v", problems)
	}
}

// A stranger's click, a stale card, the loser of a race: the clicker alone reads
// why. So does whoever pressed when something broke.
func TestRefusedClicksAreExplainedToTheClicker(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"stranger": {&agent.Problem{Code: "not_yours", Text: "This is not yours to decide. Nothing has changed."}, "not yours to decide"},
		"race":     {&agent.Problem{Code: "decided", Text: "Barbara Liskov already approved this."}, "Barbara Liskov already approved"},
		"broken":   {errors.New("no database"), "Something broke"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.engine.decide = func(context.Context, agent.Click) (agent.Message, error) { return agent.Message{}, test.err }
			card := w.card(t, approvalCard())
			if reply, err := w.grace.Press(t.Context(), card.Ref(), "Approve"); err != nil || !reply.Acked {
				t.Fatalf("reply = %+v, %v", reply, err)
			}
			w.whispered(t, w.grace, test.want)
			if dm := w.grace.DM(); slacksim.Render(dm[0]) != slacksim.Render(card) {
				t.Errorf("the card changed:\n%s", slacksim.Render(dm[0]))
			}
		})
	}
}

// When the response address is no longer taken, the words still arrive.
func TestClickerIsToldWithoutResponseURL(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Fault(slacksim.Fault{Method: "response_url", Kind: slacksim.StatusBefore, Status: 404})
	w.engine.decide = func(context.Context, agent.Click) (agent.Message, error) {
		return agent.Message{}, &agent.Problem{Code: "stale_card", Text: "This card is out of date."}
	}
	card := w.card(t, approvalCard())
	if _, err := w.grace.Press(t.Context(), card.Ref(), "Approve"); err != nil {
		t.Fatal(err)
	}
	w.whispered(t, w.grace, "This card is out of date.")
}

// A denial needs a reason, and carries it.
func TestDenyAsksForAReason(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card(t, approvalCard())
	if _, err := w.grace.Press(t.Context(), card.Ref(), "Deny"); err != nil {
		t.Fatal(err)
	}
	form := w.open(t, w.grace, sayReasonLabel)
	if strings.Contains(form.PrivateMetadata, "Lovelace") {
		t.Errorf("the form's private part says %s", form.PrivateMetadata)
	}
	result, err := w.grace.Submit(t.Context(), form.ID, slacksim.Values{"reason": {"reason": "   \n "}})
	if err != nil || result.Errors["reason"] == "" {
		t.Fatalf("an empty reason: %+v, %v", result, err)
	}
	if len(w.engine.decisions()) > 0 {
		t.Fatal("decided without a reason")
	}
	result, err = w.grace.Submit(t.Context(), form.ID, slacksim.Values{"reason": {"reason": "  Not *before* <Friday>  "}})
	if err != nil || result.Action != "clear" || result.View != nil {
		t.Fatalf("a reason: %+v, %v", result, err)
	}
	click := w.engine.decisions()[0]
	if click.Verdict != agent.Deny || click.AskID != "ask1" || click.Reason != "Not *before* <Friday>" || click.Caller.User != "U0GRACE" {
		t.Errorf("click = %+v", click)
	}
}

// A denial that comes too late says so in the form.
func TestLateDenialIsExplainedInTheForm(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.engine.decide = func(context.Context, agent.Click) (agent.Message, error) {
		return agent.Message{}, &agent.Problem{Code: "decided", Text: "Barbara Liskov already approved this."}
	}
	card := w.card(t, approvalCard())
	if _, err := w.grace.Press(t.Context(), card.Ref(), "Deny"); err != nil {
		t.Fatal(err)
	}
	form := w.open(t, w.grace, sayReasonLabel)
	result, err := w.grace.Submit(t.Context(), form.ID, slacksim.Values{"reason": {"reason": "no"}})
	if err != nil || result.View == nil || !strings.Contains(slacksim.RenderView(*result.View), "Barbara Liskov already approved") {
		t.Fatalf("result = %+v, %v", result, err)
	}
}

// A trigger that is no longer good ends in a sentence, not in silence.
func TestExpiredTriggerIsTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Fault(slacksim.Fault{Method: "views.open", Kind: slacksim.ErrorBefore, Error: "expired_trigger_id", Times: 2})
	card := w.card(t, approvalCard())
	if _, err := w.grace.Press(t.Context(), card.Ref(), "Deny"); err != nil {
		t.Fatal(err)
	}
	w.whispered(t, w.grace, "did not let me open the form in time")
	if _, err := w.ada.Slash(t.Context(), "", "/okta"); err != nil {
		t.Fatal(err)
	}
	w.whispered(t, w.ada, "type it all: /okta help")
}

// One click that arrives twice opens one form and says nothing odd.
func TestDoubleClickOpensOneForm(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card(t, approvalCard())
	w.DoubleDelivery(true)
	if _, err := w.grace.Press(t.Context(), card.Ref(), "Deny"); err != nil {
		t.Fatal(err)
	}
	if err := w.WaitFor(deadline(t), func() bool { return len(w.CallsOf("views.open")) == 2 }); err != nil {
		t.Fatal(err)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if n := len(w.grace.Ephemerals()); n != 0 {
		t.Errorf("%d whispers: %s", n, slacksim.Render(w.grace.Ephemerals()[0]))
	}
}

// The settling buttons and the withdrawal do what they say.
func TestOtherButtons(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card(t, agent.Message{Title: "Did this happen?", Buttons: []agent.Button{
		{Verb: agent.ButtonHappened, ID: "ask2", Label: "It happened", Confirm: "Have you looked?"},
		{Verb: agent.ButtonNotHappened, ID: "ask2", Label: "It did not"},
		{Verb: agent.ButtonCancel, ID: "req12", Label: "Withdraw"},
		{Verb: agent.ButtonCancel, ID: "req13", Label: "Withdraw the other"},
	}})
	for _, button := range []string{"It happened", "It did not", "Withdraw", "Withdraw the other"} {
		if reply, err := w.grace.Press(t.Context(), card.Ref(), button); err != nil || !reply.Acked {
			t.Fatalf("%s: %+v, %v", button, reply, err)
		}
	}
	w.whispered(t, w.grace, "R-12 is withdrawn")
	want := []string{
		"decide happened ask2 by U0GRACE", "decide not_happened ask2 by U0GRACE",
		"cancel req12 by U0GRACE", "cancel req13 by U0GRACE",
	}
	if diff := cmp.Diff(want, w.engine.did()); diff != "" {
		t.Errorf("the engine was asked (-want +got):\n%s", diff)
	}
}

// N2: what comes back from Slack is checked, step by step, before it is believed.
func TestTamperedClicksReachNobody(t *testing.T) {
	t.Parallel()
	for name, private := range map[string]string{
		"not json":     "{",
		"another verb": `{"a":"ask1","v":"overrule"}`,
		"an odd id":    `{"a":"ask1'; drop table","v":"approve"}`,
		"no id":        `{"v":"approve"}`,
		"an odd key":   `{"a":"ask1","v":"deny","r":"../../etc"}`,
	} {
		if p, ok := readPending(private); ok {
			t.Errorf("%s: believed %+v", name, p)
		}
	}
	for _, id := range []string{"approve", "fd:", "fd:overrule", "fd-proof:push", "xfd:approve"} {
		if v, ok := verbOf(id); ok {
			t.Errorf("%q is taken for %s", id, v)
		}
	}
}
