package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// answer is a message as an acknowledgement or a response_url takes it: for the
// person who typed or clicked, and nobody else.
type answer struct {
	Type    string        `json:"response_type"`
	Text    string        `json:"text"`
	Blocks  []slack.Block `json:"blocks,omitempty"`
	Replace bool          `json:"replace_original"`
}

func (b *Bot) whisper(text string) answer { return b.answer(agent.Message{Text: text}) }

func (b *Bot) answer(m agent.Message) answer {
	face := Render(m, b.Desk.links...)
	return answer{Type: slack.ResponseTypeEphemeral, Text: face.Text, Blocks: face.Blocks}
}

// maxInAck is how large an answer may be inside an acknowledgement. Slack drops
// those of 20 KiB and more without a word.
const maxInAck = 18 << 10

func (a answer) fits() bool {
	raw, err := json.Marshal(a)
	return err == nil && len(raw) < maxInAck
}

// tell shows m to the caller only: where they clicked or typed if Slack still
// takes it there, else in our direct messages.
func (b *Bot) tell(ctx context.Context, c agent.Caller, responseURL string, m agent.Message) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	if responseURL != "" {
		err := b.respond(ctx, responseURL, m)
		if err == nil {
			return
		}
		b.Logger.WarnContext(ctx, "answer not taken where it was asked", "error", err)
	}
	channel, err := b.Desk.channel(ctx, agent.Post{User: c.User})
	if err == nil {
		err = b.Desk.Whisper(ctx, channel, c.User, m)
	}
	if err != nil {
		b.Logger.WarnContext(ctx, "somebody could not be told", "slack_user", c.User, "error", err)
	}
}

// respond posts to a response_url. It is a secret: it is neither kept nor named.
func (b *Bot) respond(ctx context.Context, responseURL string, m agent.Message) error {
	face := Render(m, b.Desk.links...)
	err := slack.PostWebhookCustomHTTPContext(ctx, responseURL, b.Desk.http, &slack.WebhookMessage{
		Text: face.Text, Blocks: &slack.Blocks{BlockSet: face.Blocks}, ResponseType: slack.ResponseTypeEphemeral,
	})
	if err != nil {
		return fmt.Errorf("post to the response address: %w", withoutURL(err))
	}
	return nil
}

// problem puts an error into words: a Problem's own, or that something broke.
// The cause goes to the log.
func (b *Bot) problem(ctx context.Context, doing string, err error) agent.Message {
	if p, ok := agent.AsProblem(err); ok {
		if p.Cause != nil {
			b.Logger.WarnContext(ctx, "refused", "doing", doing, "code", p.Code, "error", p.Cause)
		}
		return agent.Message{Mood: agent.MoodBad, Text: p.Text}
	}
	b.Logger.ErrorContext(ctx, "something broke", "doing", doing, "error", withoutURL(err))
	return agent.Message{Mood: agent.MoodWarning, Text: sayBroke}
}

// openView opens a form for whoever the trigger belongs to. What goes wrong is
// told to them; that an earlier copy of the delivery used the trigger is not wrong.
func (b *Bot) openView(ctx context.Context, c agent.Caller, trigger, responseURL string, v slack.ModalViewRequest, instead string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := b.Desk.api.OpenViewContext(ctx, trigger, v)
	if err == nil || slackCode(err) == "exchanged_trigger_id" {
		return
	}
	b.Logger.WarnContext(ctx, "form not opened", "form", v.CallbackID, "error", deskError("views.open", err))
	b.tell(ctx, c, responseURL, agent.Message{Mood: agent.MoodWarning, Text: instead})
}

// updateView gives an open form a new face, unless it was changed since it had
// that hash. An empty hash stands for whatever it looks like now.
func (b *Bot) updateView(ctx context.Context, id, hash string, v slack.ModalViewRequest) updated {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := b.Desk.api.UpdateViewContext(ctx, v, "", hash, id)
	switch {
	case err == nil:
		return formUpdated
	case slackCode(err) == "hash_conflict":
		return formChanged
	case slackCode(err) != "not_found": // somebody closed it
		b.Logger.WarnContext(ctx, "form not updated", "form", v.CallbackID, "error", deskError("views.update", err))
	}
	return formGone
}

// updated is what became of a form's update.
type updated int

const (
	formUpdated updated = iota
	formChanged
	formGone
)
