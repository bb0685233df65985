package slacksim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSlashCommandReachesTheAppAndItsAckIsShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	reply := later(func() (Reply, error) {
		return w.As("ada").Slash(t.Context(), "#general", "/okta reset multi-factor for @bob & co")
	})
	e := l.next()
	if e["type"] != "slash_commands" || e["accepts_response_payload"] != true || e["retry_attempt"] != nil {
		t.Errorf("envelope: %v", e)
	}
	payload := obj(e, "payload")
	want := object{
		"command": "/okta", "text": "reset multi-factor for <@U0BOB|bob> &amp; co", "user_id": "U0ADA", "user_name": "ada",
		"channel_id": generalID, "channel_name": "general", "team_id": "T00SIM", "is_enterprise_install": "false", "api_app_id": "A00SIM",
	}
	for key, value := range want {
		if payload[key] != value {
			t.Errorf("payload %s: %v, want %v", key, payload[key], value)
		}
	}
	l.ack(e, object{"text": "On it."})
	got := <-reply
	if !got.Acked || got.Message == nil || got.Message.Text != "On it." || got.Message.OnlyFor != "U0ADA" {
		t.Errorf("reply: %+v", got)
	}
	if seen := w.As("bob").Messages("#general"); len(seen) != 0 {
		t.Errorf("bob sees an ephemeral message: %v", seen)
	}
	if got := w.Problems(); len(got) != 0 {
		t.Errorf("problems: %v", got)
	}
}

func TestCardIsPostedPressedAndUpdated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	posted := w.form(t, "chat.postMessage", "channel", "U0ADA", "text", "Approve?",
		"blocks", `[{"type":"section","text":{"type":"mrkdwn","text":"*Reset*"}},{"type":"actions","elements":[{"type":"button","action_id":"yes","value":"ask_1","text":{"type":"plain_text","text":"Approve"}}]}]`)
	if posted["ok"] != true || posted["channel"] != "D0ADA" {
		t.Fatalf("posted: %v", posted)
	}
	echo := l.next() // the bot hears its own message, marked as such
	if event := obj(obj(echo, "payload"), "event"); event["bot_id"] != "B00SIM" || event["channel_type"] != "im" {
		t.Errorf("echo: %v", echo)
	}
	l.ack(echo, nil)
	card := w.As("ada").DM()[0]
	pressed := later(func() (Reply, error) { return w.As("ada").Press(t.Context(), card.Ref(), "Approve") })
	e := l.next()
	payload := obj(e, "payload")
	action := objects(payload["actions"])[0]
	if payload["type"] != "block_actions" || action["value"] != "ask_1" || action["action_id"] != "yes" {
		t.Errorf("payload: %v", payload)
	}
	if diff := cmp.Diff(object{"type": "message", "message_ts": card.TS, "channel_id": "D0ADA", "is_ephemeral": false}, payload["container"]); diff != "" {
		t.Error(diff)
	}
	l.ack(e, nil)
	if got := <-pressed; !got.Acked || got.TriggerID == "" || got.ResponseURL == "" {
		t.Errorf("reply: %+v", got)
	}
	if got := w.post(t, "chat.update", object{"channel": "D0ADA", "ts": card.TS, "text": "Approved"}); got["ok"] != true {
		t.Errorf("update: %v", got)
	}
	if now := w.As("ada").DM()[0]; now.Text != "Approved" || len(now.Blocks) != 0 || now.TS != card.TS || now.Edited == "" {
		t.Errorf("after update: %+v", now)
	}
}

func TestModalOpensAndIsSubmitted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer(t, func(e object) any {
		if str(obj(e, "payload"), "type") != "view_submission" {
			return nil
		}
		values := obj(obj(obj(obj(e, "payload"), "view"), "state"), "values")
		if got := str(obj(obj(values, "why"), "reason"), "value"); got != "lost phone" {
			t.Errorf("submitted %q", got)
		}
		return nil
	})
	reply, err := w.As("ada").Slash(t.Context(), "", "/okta")
	if err != nil {
		t.Fatal(err)
	}
	opened := w.post(t, "views.open", object{"trigger_id": reply.TriggerID, "view": object{
		"type": "modal", "callback_id": "ask", "title": plain("Ask"), "submit": plain("Send"),
		"blocks": []any{object{
			"type": "input", "block_id": "why", "label": plain("Why"),
			"element": object{"type": "plain_text_input", "action_id": "reason"},
		}},
	}})
	if opened["ok"] != true {
		t.Fatalf("views.open: %v", opened)
	}
	v, ok := w.As("ada").View()
	if !ok || v.Title != "Ask" {
		t.Fatalf("view: %v %v", v, ok)
	}
	result, err := w.As("ada").Submit(t.Context(), v.ID, Values{"why": {"reason": "lost phone"}})
	if err != nil || !result.Acked || result.View != nil {
		t.Errorf("submit: %+v %v", result, err)
	}
}

func TestCloseEndsSocketsRetriesAndRequests(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.EventRetries = []time.Duration{time.Hour} })
	l := w.connect(t)
	w.Emit(object{"type": "never acknowledged"})
	l.next()
	w.Fault(Fault{Method: "auth.test", Kind: Hang})
	hanging := later(func() (object, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/api/auth.test", http.NoBody)
		if err != nil {
			return nil, err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
		}
		return object{}, nil
	})
	closed := make(chan struct{})
	go func() {
		w.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-deadline(t).Done():
		t.Fatal("still running")
	}
	<-hanging
	if _, _, err := l.conn.Read(deadline(t)); err == nil {
		t.Error("socket still open")
	}
	if reply, err := w.As("ada").Slash(t.Context(), "", "/okta"); err != nil || reply.Failure != FailedDispatch {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := New(Config{Now: (&clock{}).Now})
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Serve(ctx, ln); err != nil {
		t.Errorf("%v", err)
	}
}

func TestWaitForGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.WaitFor(ctx, func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
