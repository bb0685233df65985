package slacksim

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func (w *world) card(t *testing.T) Message {
	t.Helper()
	got := w.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "card", "blocks": []any{
		section("Approve?"), actions(button("yes", "Approve", "ask_1"), button("no", "Deny", "ask_1")),
		object{"type": "section", "block_id": "menu", "text": mrkdwn("or"), "accessory": object{
			"type": "overflow", "action_id": "more", "options": []any{option("later"), option("never")},
		}},
		object{"type": "actions", "block_id": "pickers", "elements": []any{staticSelect(option("8h"), option("1d"))}},
	}})
	if got["ok"] != true {
		t.Fatalf("%v", got)
	}
	dm := w.As("ada").DM()
	return dm[len(dm)-1]
}

func TestButtonIsFoundByIDTextOrNumber(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Events = []string{"none"} })
	pressed := make(chan string, 1)
	w.answer(t, func(e object) any {
		pressed <- str(objects(obj(e, "payload")["actions"])[0], "action_id")
		return nil
	})
	m := w.card(t)
	for what, want := range map[string]string{"no": "no", "acts/no": "no", "Approve": "yes", "2": "no"} {
		if _, err := w.As("ada").Press(t.Context(), m.Ref(), what); err != nil {
			t.Fatal(err)
		}
		if got := <-pressed; got != want {
			t.Errorf("%q pressed %s, want %s", what, got, want)
		}
	}
	if _, err := w.As("ada").Press(t.Context(), m.Ref(), "3"); !errors.Is(err, ErrNoElement) {
		t.Errorf("%v", err)
	}
	if _, err := w.As("bob").Press(t.Context(), m.Ref(), "yes"); !errors.Is(err, ErrNotSeen) {
		t.Errorf("bob pressed in ada's messages: %v", err)
	}
}

func TestSelectTellsTheAppAndKeepsTheState(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Events = []string{"none"} })
	l := w.connect(t)
	m := w.card(t)
	done := later(func() (Reply, error) { return w.As("ada").Select(t.Context(), m.Ref(), "pick", "1d") })
	e := l.next()
	action := objects(obj(e, "payload")["actions"])[0]
	if str(obj(action, "selected_option"), "value") != "1d" || action["type"] != "static_select" || action["block_id"] != "pickers" {
		t.Errorf("%v", action)
	}
	values := obj(obj(obj(e, "payload"), "state"), "values")
	if got := str(obj(obj(obj(values, "pickers"), "pick"), "selected_option"), "value"); got != "1d" {
		t.Errorf("%v", values)
	}
	l.ack(e, nil)
	<-done
	done = later(func() (Reply, error) { return w.As("ada").Select(t.Context(), m.Ref(), "more", "never") })
	e = l.next()
	if got := str(obj(objects(obj(e, "payload")["actions"])[0], "selected_option"), "value"); got != "never" {
		t.Errorf("%v", e)
	}
	l.ack(e, nil)
	<-done
}

func TestStaleCardCanStillBePressedByASlowScreen(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Events = []string{"none"} })
	l := w.connect(t)
	m := w.card(t)
	w.post(t, "chat.update", object{"channel": m.Channel, "ts": m.TS, "text": "decided"})
	if _, err := w.As("ada").Press(t.Context(), m.Ref(), "yes"); !errors.Is(err, ErrNoElement) {
		t.Errorf("%v", err)
	}
	done := later(func() (Reply, error) { return w.As("ada").PressSeen(t.Context(), m, "yes") })
	e := l.next()
	if got := objects(obj(e, "payload")["actions"])[0]["value"]; got != "ask_1" {
		t.Errorf("%v", got)
	}
	l.ack(e, nil)
	if got := <-done; !got.Acked {
		t.Errorf("%+v", got)
	}
}

func TestEphemeralMessageIsPressedWithoutItsBody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	w.post(t, "chat.postEphemeral", object{
		"channel": generalID, "user": "U0ADA", "text": "x", "blocks": []any{actions(button("yes", "Yes", ""))},
	})
	m := w.As("ada").Ephemerals()[0]
	done := later(func() (Reply, error) { return w.As("ada").Press(t.Context(), m.Ref(), "yes") })
	e := l.next()
	payload := obj(e, "payload")
	if payload["message"] != nil || obj(payload, "container")["is_ephemeral"] != true || payload["response_url"] == nil {
		t.Errorf("%v", payload)
	}
	l.ack(e, nil)
	reply := <-done
	if status, _ := w.respondTo(t, reply.ResponseURL, object{"replace_original": true, "text": "thanks"}); status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if got := w.As("ada").Ephemerals(); len(got) != 1 || got[0].Text != "thanks" || got[0].Blocks != nil {
		t.Errorf("%+v", got)
	}
}

func (w *world) respondTo(t *testing.T, address string, body object) (int, object) {
	t.Helper()
	res, got := w.send(t, http.MethodPost, address, "application/json", "", mustJSON(t, body))
	return res.StatusCode, got
}

func TestResponseURLWorksFiveTimesWithin30Minutes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer(t, func(object) any { return object{"text": "one moment"} })
	reply, err := w.As("ada").Slash(t.Context(), "#general", "/okta help")
	if err != nil {
		t.Fatal(err)
	}
	if status, got := w.respondTo(t, reply.ResponseURL, object{}); status != http.StatusBadRequest || got["error"] != "no_text" {
		t.Errorf("%d %v", status, got)
	}
	for i, body := range []object{
		{"text": "done", "replace_original": true},
		{"text": "also"},
		{"text": "for all", "response_type": "in_channel"},
		{"delete_original": true},
		{"text": "last"},
	} {
		if status, got := w.respondTo(t, reply.ResponseURL, body); status != http.StatusOK || got["ok"] != true {
			t.Errorf("use %d: %d %v", i+1, status, got)
		}
		if i == 0 {
			if got := w.As("ada").Ephemerals(); len(got) != 1 || got[0].Text != "done" {
				t.Errorf("after replace_original: %+v", got)
			}
		}
	}
	if status, got := w.respondTo(t, reply.ResponseURL, object{"text": "x"}); status != http.StatusNotFound || got["error"] != "used_url" {
		t.Errorf("sixth use: %d %v", status, got)
	}
	if got := w.As("bob").Messages("#general"); len(got) != 1 || got[0].Text != "for all" {
		t.Errorf("bob sees %+v", got)
	}
	second, err := w.As("ada").Slash(t.Context(), "#general", "/okta help")
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(30*time.Minute + time.Second)
	if status, got := w.respondTo(t, second.ResponseURL, object{"text": "x"}); status != http.StatusNotFound || got["error"] != "expired_url" {
		t.Errorf("late: %d %v", status, got)
	}
}

func TestResponseURLChangesTheMessageThatWasPressed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer(t, ackOnly)
	m := w.card(t)
	reply, err := w.As("ada").Press(t.Context(), m.Ref(), "yes")
	if err != nil {
		t.Fatal(err)
	}
	w.respondTo(t, reply.ResponseURL, object{"replace_original": true, "text": "approved"})
	if got := w.As("ada").DM(); len(got) != 1 || got[0].Text != "approved" || got[0].TS != m.TS {
		t.Errorf("%+v", got)
	}
	w.respondTo(t, reply.ResponseURL, object{"delete_original": true})
	if got := w.As("ada").DM(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestShortcuts(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Events = []string{"none"} })
	l := w.connect(t)
	m := w.card(t)
	done := later(func() (Reply, error) { return w.As("ada").Shortcut(t.Context(), "new") })
	e := l.next()
	if p := obj(e, "payload"); p["type"] != "shortcut" || p["callback_id"] != "new" || p["channel"] != nil {
		t.Errorf("%v", p)
	}
	l.ack(e, nil)
	<-done
	done = later(func() (Reply, error) { return w.As("ada").MessageShortcut(t.Context(), m.Ref(), "file") })
	e = l.next()
	if p := obj(e, "payload"); p["type"] != "message_action" || str(obj(p, "message"), "ts") != m.TS || p["response_url"] == nil {
		t.Errorf("%v", p)
	}
	l.ack(e, nil)
	<-done
}

func TestAckPayloadOfAPressIsNoticedAsUseless(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Events = []string{"none"} })
	w.answer(t, func(object) any { return object{"text": "ignored"} })
	m := w.card(t)
	if _, err := w.As("ada").Press(t.Context(), m.Ref(), "yes"); err != nil {
		t.Fatal(err)
	}
	if got := w.Problems(); len(got) != 1 || got[0].Kind != "ack_payload_ignored" {
		t.Errorf("%+v", got)
	}
}
