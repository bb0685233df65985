package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
)

// command answers what somebody typed after the slash command.
func (b *Bot) command(ctx context.Context, e envelope, c command) {
	cmd, err := action.Parse(c.Text)
	var mistake *action.SyntaxError
	switch {
	case errors.As(err, &mistake) && mistake.Incomplete():
		b.ack(ctx, e, nil)
		b.openForm(ctx, c, mistake.Partial, mistake.Error())
	case err != nil:
		m := agent.Message{Mood: agent.MoodWarning, Text: err.Error()}
		if !strings.Contains(m.Text, "/okta help") { // the grammar points there itself when it understood nothing
			m.Footer = fmt.Sprintf(sayHelpHint, b.Command)
		}
		b.ack(ctx, e, b.answer(m))
	case cmd.Verb == action.Menu:
		b.ack(ctx, e, nil)
		b.openForm(ctx, c, cmd, "")
	case cmd.Verb == action.Act && cmd.Target.Kind == action.Handle:
		b.ack(ctx, e, nil)
		b.openForm(ctx, c, cmd, fmt.Sprintf(sayWhichPerson, "@"+strings.TrimPrefix(cmd.Target.Text, "@")))
	case cmd.Verb == action.Act:
		b.submit(ctx, e, c, cmd)
	case cmd.Verb == action.Verify:
		b.ack(ctx, e, nil)
		b.openView(ctx, c.caller(), c.Trigger, c.ResponseURL, proofForm(pending{}, proofAsk{}), sayTooSlow)
	default:
		b.desk(ctx, e, c, cmd)
	}
}

// submit stores a command, acknowledges it, and only then lets it begin. If
// either fails or takes too long, it is withdrawn: what people read is true.
func (b *Bot) submit(ctx context.Context, e envelope, c command, cmd action.Command) {
	ticket, err := b.store(ctx, e, agent.Submission{Delivery: e.id, Caller: c.caller(), Text: c.Text, Command: cmd})
	if err != nil {
		b.ack(ctx, e, b.answer(b.apology(ctx, e, c.caller(), err)))
		return
	}
	if b.ack(ctx, e, b.whisper(gotIt(ticket, cmd, c.User))) {
		b.Agent.Begin(ticket.RequestID)
		return
	}
	b.Agent.Withdraw(e.id, c.caller())
}

var errLate = errors.New("the engine took too long")

// store submits, and fails when that is not done in time for the answer.
func (b *Bot) store(ctx context.Context, e envelope, s agent.Submission) (agent.Ticket, error) {
	limit := b.left(e, storeWithin)
	if limit <= 0 {
		return agent.Ticket{}, errLate
	}
	o, inTime := within(b, limit, func() (agent.Ticket, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return b.Agent.Submit(ctx, s)
	}, func(outcome[agent.Ticket]) {})
	if !inTime {
		return agent.Ticket{}, errLate
	}
	return o.value, o.err
}

// apology withdraws a submission that failed and says so. A Problem is an answer,
// not a failure: it was refused with nothing kept.
func (b *Bot) apology(ctx context.Context, e envelope, c agent.Caller, err error) agent.Message {
	if p, ok := agent.AsProblem(err); ok {
		return agent.Message{Mood: agent.MoodBad, Text: p.Text}
	}
	b.Agent.Withdraw(e.id, c)
	b.Logger.ErrorContext(ctx, "a request could not be kept", "envelope_id", e.id, "error", err)
	return agent.Message{Mood: agent.MoodWarning, Text: sayNotKept}
}

// desk answers a word to the desk itself: in the acknowledgement if the answer
// is there in time and fits, else a moment later.
func (b *Bot) desk(ctx context.Context, e envelope, c command, cmd action.Command) {
	later := func(m agent.Message) {
		if b.first("later/"+e.id, 10*time.Minute) {
			b.tell(ctx, c.caller(), c.ResponseURL, m)
		}
	}
	say := func(o outcome[agent.Message]) agent.Message {
		if o.err != nil {
			return b.problem(ctx, string(cmd.Verb), o.err)
		}
		return o.value
	}
	o, inTime := within(b, b.left(e, answerWithin), func() (agent.Message, error) {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		return b.ask(ctx, c.caller(), cmd)
	}, func(o outcome[agent.Message]) { later(say(o)) })
	if !inTime {
		b.ack(ctx, e, nil)
		return
	}
	m := say(o)
	if a := b.answer(m); a.fits() {
		b.ack(ctx, e, a)
		return
	}
	b.ack(ctx, e, nil)
	later(m)
}

func (b *Bot) ask(ctx context.Context, c agent.Caller, cmd action.Command) (agent.Message, error) {
	switch cmd.Verb {
	case action.Help:
		return b.Agent.Help(ctx, c)
	case action.Status:
		return b.Agent.Status(ctx, c, cmd.Request)
	case action.Requests:
		return b.Agent.Requests(ctx, c)
	case action.Timeline:
		return b.Agent.Timeline(ctx, c, cmd.Request)
	case action.Cancel:
		return b.Agent.Cancel(ctx, c, cmd.Request)
	case action.Menu, action.Act, action.Verify:
	}
	return agent.Message{}, fmt.Errorf("no answer to the word %q", cmd.Verb)
}

// gotIt confirms a request in a sentence.
func gotIt(t agent.Ticket, cmd action.Command, user string) string {
	who := "you"
	switch cmd.Target.Kind {
	case action.Mention:
		if cmd.Target.Text != user {
			who = agent.Mention(cmd.Target.Text)
		}
	case action.Email, action.Handle, action.Name, action.Hole:
		who = cmd.Target.Text
	case action.Missing:
	}
	var objects []string
	for _, o := range cmd.Objects {
		objects = append(objects, o.Text)
	}
	return fmt.Sprintf(sayGotIt, t.Number, lowerFirst(action.Sentence(cmd.Kind, who, objects, cmd.Options())))
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
