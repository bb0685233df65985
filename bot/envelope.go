package bot

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/slack-go/slack/socketmode"

	"frontdesk/agent"
)

// envelope is one delivery, undecoded. Payloads are decoded here, into what the
// bot reads and no more, so that an odd field elsewhere cannot lose a click.
type envelope struct {
	id      string
	kind    string
	payload json.RawMessage
	arrived time.Time
	from    *connection
}

// How long after its arrival an envelope's answer must be ready. Slack gives up
// after three seconds.
const (
	storeWithin  = 2 * time.Second
	answerWithin = 1500 * time.Millisecond
	ackWithin    = 2700 * time.Millisecond
)

// command is a slash command. Source: Slack, "Implementing slash commands".
type command struct {
	Team        string `json:"team_id"`
	Enterprise  string `json:"enterprise_id"`
	Channel     string `json:"channel_id"`
	User        string `json:"user_id"`
	Text        string `json:"text"`
	Trigger     string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
}

func (c command) caller() agent.Caller {
	return agent.Caller{Team: c.Team, Enterprise: c.Enterprise, User: c.User, Channel: c.Channel}
}

// interaction is a click, a choice in a form, or a form that was sent.
// Source: Slack, "Interaction payloads".
type interaction struct {
	Type       string `json:"type"`
	Team       id     `json:"team"`
	Enterprise id     `json:"enterprise"`
	User       struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	Channel   id `json:"channel"`
	Container struct {
		Channel string `json:"channel_id"`
	} `json:"container"`
	Trigger     string   `json:"trigger_id"`
	ResponseURL string   `json:"response_url"`
	Actions     []choice `json:"actions"`
	View        *view    `json:"view"`
}

type id struct {
	ID string `json:"id"`
}

// choice is an element's value, as a click or a form's state tells it.
type choice struct {
	Type     string `json:"type"`
	ActionID string `json:"action_id"`
	At       string `json:"action_ts"`
	Value    string `json:"value"`
	User     string `json:"selected_user"`
	Option   struct {
		Value string `json:"value"`
	} `json:"selected_option"`
	Options []struct {
		Value string `json:"value"`
	} `json:"selected_options"`
}

type view struct {
	ID       string `json:"id"`
	Callback string `json:"callback_id"`
	Hash     string `json:"hash"`
	Private  string `json:"private_metadata"`
	State    struct {
		Values map[string]map[string]choice `json:"values"`
	} `json:"state"`
}

// has tells whether the form as it was sent had that block.
func (v *view) has(block string) bool {
	_, ok := v.State.Values[block]
	return ok
}

// field is the value of the one element in a form's block.
func (v *view) field(block string) choice {
	for _, c := range v.State.Values[block] {
		return c
	}
	return choice{}
}

// caller names the account by its own team, so that somebody from another
// workspace in a shared channel is not taken for one of ours.
func (i interaction) caller() agent.Caller {
	c := agent.Caller{Team: i.User.Team, Enterprise: i.Enterprise.ID, User: i.User.ID, Channel: i.Channel.ID}
	if c.Team == "" {
		c.Team = i.Team.ID
	}
	if c.Channel == "" {
		c.Channel = i.Container.Channel
	}
	return c
}

// happening is an event. Source: Slack, "Events API".
type happening struct {
	ID    string `json:"event_id"`
	Team  string `json:"team_id"`
	Event struct {
		Type        string `json:"type"`
		Subtype     string `json:"subtype"`
		User        string `json:"user"`
		Bot         string `json:"bot_id"`
		Channel     string `json:"channel"`
		ChannelType string `json:"channel_type"`
		Hidden      bool   `json:"hidden"`
	} `json:"event"`
}

// handle works on one envelope. Whatever it is, it is acknowledged, so that
// nobody waits for what will not come.
func (b *Bot) handle(ctx context.Context, e envelope) {
	switch e.kind {
	case socketmode.RequestTypeSlashCommands:
		var c command
		if json.Unmarshal(e.payload, &c) == nil && account(c.User) {
			b.command(ctx, e, c)
			return
		}
	case socketmode.RequestTypeInteractive:
		var i interaction
		if json.Unmarshal(e.payload, &i) == nil && account(i.User.ID) {
			b.interaction(ctx, e, i)
			return
		}
	case socketmode.RequestTypeEventsAPI:
		var h happening
		if json.Unmarshal(e.payload, &h) == nil {
			b.happening(ctx, e, h)
			return
		}
	}
	b.Logger.WarnContext(ctx, "an envelope that nobody understands", "kind", e.kind, "envelope_id", e.id)
	b.ack(ctx, e, nil)
}

func (b *Bot) interaction(ctx context.Context, e envelope, i interaction) {
	switch {
	case i.Type == "block_actions" && len(i.Actions) > 0:
		b.chosen(ctx, e, i, i.Actions[0])
	case i.Type == "view_submission" && i.View != nil:
		b.submitted(ctx, e, i)
	default:
		b.ack(ctx, e, nil)
	}
}

// chosen goes by the action id, which is ours.
func (b *Bot) chosen(ctx context.Context, e envelope, i interaction, c choice) {
	if verb, ok := verbOf(c.ActionID); ok {
		b.pressed(ctx, e, i, verb, c.Value)
		return
	}
	switch {
	case i.View != nil && i.View.Callback == formCallback && c.ActionID == formAction:
		b.ack(ctx, e, nil)
		b.reshape(ctx, i, c)
	case i.View != nil && i.View.Callback == proofCallback && c.ActionID == proofPush:
		b.ack(ctx, e, nil)
		b.push(ctx, i)
	default:
		b.ack(ctx, e, nil)
	}
}

func (b *Bot) submitted(ctx context.Context, e envelope, i interaction) {
	switch i.View.Callback {
	case formCallback:
		b.formSent(ctx, e, i)
	case denyCallback:
		b.denied(ctx, e, i)
	case proofCallback:
		b.codeSent(ctx, e, i)
	default:
		b.ack(ctx, e, nil)
	}
}

// left is how much of limit remains for an envelope.
func (b *Bot) left(e envelope, limit time.Duration) time.Duration {
	return limit - b.Now().Sub(e.arrived)
}

// ack acknowledges, and waits until that has been written to the socket.
func (b *Bot) ack(ctx context.Context, e envelope, payload any) bool {
	ctx, cancel := context.WithTimeout(ctx, b.left(e, ackWithin))
	defer cancel()
	if err := e.from.ack(ctx, e.id, payload); err != nil {
		b.Logger.WarnContext(ctx, "acknowledgement failed", "envelope_id", e.id, "kind", e.kind, "error", err)
		return false
	}
	return true
}

// opaque tells whether s has the shape of the ids that we put into buttons.
func opaque(s string) bool {
	return s != "" && len(s) <= 128 && strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	}) < 0
}
