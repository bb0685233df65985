package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// The proof form: once, a person shows with a factor of their Okta account that
// the Slack account is theirs. A click that waits behind it is then made by itself.

const (
	proofCallback = "fd:proof"
	proofPush     = "fd-proof:push"
	codeBlock     = "code"
)

// proofAsk is what the proof form says beside its fields.
type proofAsk struct {
	Email   string // of the Okta account; empty if the bot was not told
	Waiting bool   // a decision waits behind the form
	Problem string // what went wrong with the last attempt
}

func askOf(p *agent.ProofNeeded) proofAsk { return proofAsk{Email: p.Email, Waiting: true} }

func proofForm(p pending, ask proofAsk) slack.ModalViewRequest {
	text := sayProve
	if ask.Email != "" {
		text = fmt.Sprintf(sayProveAs, ask.Email)
	}
	if ask.Waiting || p.Verdict != "" {
		text += " " + sayProveThen
	}
	var blocks []slack.Block
	if ask.Problem != "" {
		blocks = append(blocks, Render(agent.Message{Mood: agent.MoodBad, Text: ask.Problem}).Blocks...)
	}
	blocks = append(blocks, Render(agent.Message{Text: text}).Blocks...)
	push := slack.NewButtonBlockElement(proofPush, "push", plainText(sayPushButton))
	push.Style = slack.StylePrimary
	code := slack.NewPlainTextInputBlockElement(plainText(sayCodeHint), "code")
	code.MaxLength = 16
	blocks = append(blocks,
		slack.NewActionBlock("push", push),
		slack.NewInputBlock(codeBlock, plainText(sayCodeLabel), plainText(sayCodeHelp), code))
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: proofCallback, PrivateMetadata: p.encode(),
		Title: plainText(sayProveTitle), Submit: plainText(sayCodeSubmit), Close: plainText(sayBack),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

// pushForm shows a push under way.
func pushForm(p pending, number string) slack.ModalViewRequest {
	m := agent.Message{Mood: agent.MoodWaiting, Text: sayPushSent}
	if number != "" {
		m = agent.Message{Title: number, Text: sayPushNumber}
	}
	v := noticeForm(sayProveTitle, m)
	v.PrivateMetadata = p.encode()
	return v
}

// codeSent takes a code that somebody typed.
func (b *Bot) codeSent(ctx context.Context, e envelope, i interaction) {
	p, ok := readPending(i.View.Private)
	if !ok {
		b.ack(ctx, e, becomes(noticeForm(sayProveTitle, agent.Message{Mood: agent.MoodWarning, Text: sayStaleForm})))
		return
	}
	code := strings.Join(strings.Fields(i.View.field(codeBlock).Value), "")
	if !isCode(code) {
		b.ack(ctx, e, slack.NewErrorsViewSubmissionResponse(map[string]string{codeBlock: sayNoCode}))
		return
	}
	o, inTime := within(b, b.left(e, storeWithin), func() (agent.Message, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		return b.prove(ctx, i, p, func() error { return b.Agent.ProveCode(ctx, i.caller(), code) })
	}, func(o outcome[agent.Message]) { b.proofEnded(ctx, i, p, o) })
	switch {
	case !inTime:
		b.ack(ctx, e, becomes(noticeForm(sayProveTitle, agent.Message{Mood: agent.MoodWaiting, Text: sayChecking})))
	case o.err != nil:
		b.ack(ctx, e, slack.NewErrorsViewSubmissionResponse(map[string]string{codeBlock: cut(b.problem(ctx, "check a code", o.err).Text, 2000)}))
	default:
		b.ack(ctx, e, becomes(noticeForm(sayProveTitle, o.value)))
	}
}

// isCode tells whether s looks like a one-time code, so that a typo costs no attempt.
func isCode(s string) bool {
	return len(s) >= 4 && len(s) <= 10 && strings.Trim(s, "0123456789") == ""
}

// push sends a push and waits for its answer, showing the number to pick.
func (b *Bot) push(ctx context.Context, i interaction) {
	p, ok := readPending(i.View.Private)
	if !ok {
		b.updateView(ctx, i.View.ID, "", noticeForm(sayProveTitle, agent.Message{Mood: agent.MoodWarning, Text: sayStaleForm}))
		return
	}
	// The form's hash lets one of two copies of this click go on.
	sending := noticeForm(sayProveTitle, agent.Message{Mood: agent.MoodWaiting, Text: sayPushSending})
	if b.updateView(ctx, i.View.ID, i.View.Hash, sending) == formChanged {
		return
	}
	started := b.after.start(func() {
		ctx, cancel := context.WithTimeout(ctx, pushWithin)
		defer cancel()
		m, err := b.prove(ctx, i, p, func() error {
			pushed, err := b.Agent.StartPush(ctx, i.caller())
			if err != nil {
				return err
			}
			b.updateView(ctx, i.View.ID, "", pushForm(p, pushed.Number))
			return b.Agent.AwaitPush(ctx, i.caller(), pushed.ID)
		})
		b.proofEnded(context.WithoutCancel(ctx), i, p, outcome[agent.Message]{m, err})
	})
	if !started {
		b.updateView(ctx, i.View.ID, "", proofForm(p, proofAsk{Problem: sayBusy}))
	}
}

// pushWithin bounds one push; Okta's own expire after five minutes.
const pushWithin = 6 * time.Minute

// prove runs a proof and, after it, makes the click that waited for it. Its
// error is the proof's; what became of the click is in the message.
func (b *Bot) prove(ctx context.Context, i interaction, p pending, proof func() error) (agent.Message, error) {
	if err := proof(); err != nil {
		return agent.Message{}, err
	}
	if p.Verdict == "" {
		return agent.Message{Mood: agent.MoodGood, Text: sayProven}, nil
	}
	click := agent.Click{Delivery: p.Delivery, Caller: i.caller(), AskID: p.Ask, Verdict: p.Verdict}
	if click.Caller.Channel == "" {
		click.Caller.Channel = p.Channel
	}
	if p.Reason != "" {
		reason, err := b.Agent.Unstash(ctx, p.Reason)
		if err != nil {
			b.Logger.WarnContext(ctx, "a kept reason is gone", "error", err)
			return agent.Message{Mood: agent.MoodWarning, Text: sayProvenNoReason}, nil
		}
		click.Reason = string(reason)
	}
	said, err := b.Agent.Decide(ctx, click)
	switch {
	case err != nil:
		m := b.problem(ctx, "decide after the proof", err)
		m.Text = sayProven + " " + m.Text
		return m, nil
	case said.Text != "" || said.Title != "":
		return said, nil
	}
	return agent.Message{Mood: agent.MoodGood, Text: sayProven + " " + sayDecided}, nil
}

// proofEnded shows the outcome of a proof in its form or, if that was closed, in
// our direct messages.
func (b *Bot) proofEnded(ctx context.Context, i interaction, p pending, o outcome[agent.Message]) {
	m, v := o.value, noticeForm(sayProveTitle, o.value)
	if o.err != nil {
		m = b.problem(ctx, "prove", o.err)
		v = proofForm(p, proofAsk{Problem: m.Text})
	}
	if b.updateView(ctx, i.View.ID, "", v) != formUpdated {
		b.tell(ctx, i.caller(), "", m)
	}
}
