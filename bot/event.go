package bot

import (
	"context"
	"fmt"
	"time"

	"frontdesk/agent"
)

// happening answers an event: somebody wrote to us in plain words. Slack sends
// events again until they are acknowledged, so that comes first.
func (b *Bot) happening(ctx context.Context, e envelope, h happening) {
	b.ack(ctx, e, nil)
	ev := h.Event
	toUs := ev.Type == "app_mention" || (ev.Type == "message" && ev.ChannelType == "im")
	if !toUs || ev.Bot != "" || ev.Subtype != "" || ev.Hidden || !account(ev.User) || ev.User == b.Desk.me() {
		return
	}
	if h.ID == "" || !b.first("event/"+h.ID, time.Hour) {
		return
	}
	hello := agent.Message{Text: fmt.Sprintf(sayHello, b.Command, b.Command)}
	var err error
	switch {
	case ev.Type == "app_mention":
		err = b.Desk.Whisper(ctx, ev.Channel, ev.User, hello)
	case b.first("hello/"+ev.User, 10*time.Minute): // a conversation is not interrupted by the same words again
		_, err = b.Desk.Post(ctx, agent.Post{Channel: ev.Channel, Key: "hello/" + h.ID, Message: hello})
	}
	if err != nil {
		b.Logger.WarnContext(ctx, "a greeting was not delivered", "error", err)
	}
}
