package bot

import (
	"strings"
	"testing"

	"frontdesk/bot/slacksim"
)

// Plain words are answered kindly, once, and never to bots.
func TestPlainWordsAreAnswered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.Join("general", "frontdesk"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ada.Say(t.Context(), "", "hello, anybody there?"); err != nil {
		t.Fatal(err)
	}
	if err := w.WaitFor(deadline(t), func() bool { return len(w.ada.DM()) == 2 }); err != nil {
		t.Fatal("no answer")
	}
	if got := slacksim.Render(w.ada.DM()[1]); !strings.Contains(got, "/okta help") {
		t.Errorf("the answer is %q", got)
	}
	if _, err := w.ada.Say(t.Context(), "", "thanks!"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ada.Mention(t.Context(), "general", "<@U00BOT> I lost my phone"); err != nil {
		t.Fatal(err)
	}
	w.whispered(t, w.ada, "/okta help")
	if n := len(w.ada.DM()); n != 3 {
		t.Errorf("%d messages in the conversation", n)
	}
	if n := len(w.Messages("general")); n != 1 {
		t.Errorf("%d messages in #general", n)
	}
}

// One event that arrives twice is answered once; a bot's is never.
func TestEventsAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.DoubleDelivery(true)
	if _, err := w.grace.Say(t.Context(), "", "hi"); err != nil {
		t.Fatal(err)
	}
	channel := w.grace.DM()[0].Channel
	w.Emit(map[string]any{"type": "message", "channel": channel, "channel_type": "im", "bot_id": "B0OTHER", "user": "U0ADA", "text": "beep"})
	w.Emit(map[string]any{"type": "app_home_opened", "channel": channel, "user": "U0ADA", "tab": "home"})
	if err := w.WaitFor(deadline(t), func() bool { return len(w.CallsOf("ack")) >= 6 && len(w.grace.DM()) > 1 }); err != nil {
		t.Fatal(err)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if n := len(w.grace.DM()); n != 2 {
		t.Errorf("%d messages", n)
	}
}
