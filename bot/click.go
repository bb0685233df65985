package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// pressed answers a button on a card.
func (b *Bot) pressed(ctx context.Context, e envelope, i interaction, verb agent.ButtonVerb, value string) {
	if !opaque(value) && (verb != agent.ButtonProve || value != "") {
		b.Logger.WarnContext(ctx, "a button without an id of ours", "verb", verb, "slack_user", i.User.ID)
		b.ack(ctx, e, nil)
		return
	}
	click := agent.Click{Delivery: e.id, Caller: i.caller(), AskID: value}
	switch verb {
	case agent.ButtonApprove:
		click.Verdict = agent.Approve
		b.decideNow(ctx, e, i, click)
	case agent.ButtonHappened:
		click.Verdict = agent.Happened
		b.decideNow(ctx, e, i, click)
	case agent.ButtonNotHappened:
		click.Verdict = agent.NotHappened
		b.decideNow(ctx, e, i, click)
	case agent.ButtonDeny:
		b.ack(ctx, e, nil)
		b.openView(ctx, i.caller(), i.Trigger, i.ResponseURL, denyForm(pending{Ask: value, Verdict: agent.Deny}, ""), sayTooSlow)
	case agent.ButtonProve:
		b.ack(ctx, e, nil)
		b.openView(ctx, i.caller(), i.Trigger, i.ResponseURL, proofForm(pending{}, proofAsk{}), sayTooSlow)
	case agent.ButtonCancel:
		b.cancelNow(ctx, e, i, value)
	}
}

// decideNow stores the decision and then acknowledges the click. Whatever there
// is to say goes to the clicker alone.
func (b *Bot) decideNow(ctx context.Context, e envelope, i interaction, click agent.Click) {
	o, inTime := b.decide(ctx, b.left(e, storeWithin), click, func(o outcome[agent.Message]) {
		if o.err != nil {
			b.tell(ctx, click.Caller, i.ResponseURL, b.problem(ctx, "decide", o.err))
		}
	})
	b.ack(ctx, e, nil)
	var unproven *agent.ProofNeeded
	switch {
	case !inTime:
	case errors.As(o.err, &unproven):
		b.openView(ctx, click.Caller, i.Trigger, i.ResponseURL, proofForm(waitingFor(click), askOf(unproven)), sayTooSlow)
	case o.err != nil:
		b.tell(ctx, click.Caller, i.ResponseURL, b.problem(ctx, "decide", o.err))
	case o.value.Text != "" || o.value.Title != "":
		b.tell(ctx, click.Caller, i.ResponseURL, o.value)
	}
}

func (b *Bot) decide(ctx context.Context, limit time.Duration, click agent.Click, late func(outcome[agent.Message])) (outcome[agent.Message], bool) {
	return within(b, limit, func() (agent.Message, error) {
		ctx, cancel := context.WithTimeout(ctx, callWithin)
		defer cancel()
		return b.Agent.Decide(ctx, click)
	}, late)
}

func (b *Bot) cancelNow(ctx context.Context, e envelope, i interaction, request string) {
	say := func(o outcome[agent.Message]) {
		m := o.value
		if o.err != nil {
			m = b.problem(ctx, "cancel", o.err)
		}
		b.tell(ctx, i.caller(), i.ResponseURL, m)
	}
	o, inTime := within(b, b.left(e, storeWithin), func() (agent.Message, error) {
		ctx, cancel := context.WithTimeout(ctx, callWithin)
		defer cancel()
		return b.Agent.Cancel(ctx, i.caller(), request)
	}, say)
	b.ack(ctx, e, nil)
	if inTime {
		say(o)
	}
}

// denied takes the reason form.
func (b *Bot) denied(ctx context.Context, e envelope, i interaction) {
	p, ok := readPending(i.View.Private)
	if !ok || p.Verdict != agent.Deny || !opaque(p.Ask) {
		b.ack(ctx, e, becomes(noticeForm(sayDenyTitle, agent.Message{Mood: agent.MoodWarning, Text: sayStaleForm})))
		return
	}
	reason := strings.TrimSpace(i.View.field(reasonBlock).Value)
	if problem := checkReason(reason); problem != "" {
		b.ack(ctx, e, slack.NewErrorsViewSubmissionResponse(map[string]string{reasonBlock: problem}))
		return
	}
	click := agent.Click{Delivery: e.id, Caller: i.caller(), AskID: p.Ask, Verdict: agent.Deny, Reason: reason}
	o, inTime := b.decide(ctx, b.left(e, storeWithin), click, func(o outcome[agent.Message]) {
		m := agent.Message{Mood: agent.MoodGood, Text: sayDecided}
		if o.err != nil {
			m = b.problem(ctx, "deny", o.err)
		}
		b.tell(ctx, click.Caller, "", m)
	})
	var unproven *agent.ProofNeeded
	switch {
	case !inTime:
		b.ack(ctx, e, becomes(noticeForm(sayDenyTitle, agent.Message{Mood: agent.MoodWaiting, Text: sayStillAtIt})))
	case errors.As(o.err, &unproven):
		b.proveFirst(ctx, e, click, unproven)
	case o.err != nil:
		b.ack(ctx, e, becomes(noticeForm(sayDenyTitle, b.problem(ctx, "deny", o.err))))
	default:
		b.ack(ctx, e, slack.NewClearViewSubmissionResponse())
	}
}

// proveFirst turns the reason form into the proof form. The reason waits on the
// engine's shelf: a form's private part is no place for people's words.
func (b *Bot) proveFirst(ctx context.Context, e envelope, click agent.Click, unproven *agent.ProofNeeded) {
	brief, cancel := context.WithTimeout(ctx, b.left(e, ackWithin)-200*time.Millisecond)
	defer cancel()
	key, err := b.Agent.Stash(brief, []byte(click.Reason))
	if err != nil {
		b.ack(ctx, e, becomes(noticeForm(sayDenyTitle, b.problem(ctx, "keep the reason", err))))
		return
	}
	p := waitingFor(click)
	p.Reason = key
	b.ack(ctx, e, becomes(proofForm(p, askOf(unproven))))
}

const maxReason = 1000 // of a denial

func checkReason(reason string) string {
	switch {
	case reason == "":
		return sayReasonNeeded
	case size(reason) > maxReason:
		return sayReasonTooLong
	}
	return ""
}

const (
	denyCallback = "fd:deny"
	reasonBlock  = "reason"
)

// denyForm asks why not.
func denyForm(p pending, typed string) slack.ModalViewRequest {
	input := slack.NewPlainTextInputBlockElement(plainText(sayReasonHint), "reason")
	input.Multiline, input.MaxLength, input.InitialValue = true, maxReason, typed
	input.FocusOnLoad = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: denyCallback, PrivateMetadata: p.encode(),
		Title: plainText(sayDenyTitle), Submit: plainText(sayDenySubmit), Close: plainText(sayBack),
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewInputBlock(reasonBlock, plainText(sayReasonLabel), nil, input)}},
	}
}

// noticeForm is a form with nothing to fill in.
func noticeForm(title string, m agent.Message) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText(title), Close: plainText(sayClose),
		Blocks: slack.Blocks{BlockSet: Render(m).Blocks},
	}
}

// becomes answers a form that was sent with another in its place.
func becomes(v slack.ModalViewRequest) *slack.ViewSubmissionResponse {
	return slack.NewUpdateViewSubmissionResponse(&v)
}
