package slacksim

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (w *world) sim(t *testing.T, verb, path string, body any) (int, object) {
	t.Helper()
	res, got := w.send(t, verb, "/sim/"+path, "application/json", "", mustJSON(t, body))
	return res.StatusCode, got
}

func TestAnotherProcessCanPlayThePeople(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer(t, func(e object) any {
		if e["type"] == "slash_commands" {
			return object{"text": "On it."}
		}
		return nil
	})
	status, got := w.sim(t, http.MethodPost, "slash", object{"as": "ada", "channel": "#general", "text": "/okta"})
	if status != http.StatusOK || got["acked"] != true || str(obj(got, "message"), "text") != "On it." {
		t.Fatalf("%d %v", status, got)
	}
	opened := w.post(t, "views.open", object{"trigger_id": got["trigger_id"], "view": modalView("Form", object{"blocks": []any{input(textInput())}})})
	id := str(obj(opened, "view"), "id")
	_, views := w.sim(t, http.MethodGet, "views?as=ada", nil)
	if got := str(obj(views, "modal"), "rendered"); got != "== Form ==\nLabel: <>\n(Back) (Go)" {
		t.Errorf("%q", got)
	}
	if status, got := w.sim(t, http.MethodPost, "submit", object{"as": "ada", "view": id, "values": object{"in": object{"text": "x"}}}); got["acked"] != true {
		t.Errorf("%d %v", status, got)
	}
	m := w.card(t)
	_, list := w.sim(t, http.MethodGet, "messages?as=ada", nil)
	if got := objects(list["messages"]); len(got) != 1 || str(obj(got[0], "message"), "ts") != m.TS {
		t.Errorf("%v", list)
	}
	if status, got := w.sim(t, http.MethodPost, "press", object{"as": "ada", "channel": m.Channel, "ts": m.TS, "action": "1"}); got["acked"] != true {
		t.Errorf("%d %v", status, got)
	}
	if status, got := w.sim(t, http.MethodPost, "select", object{"as": "ada", "channel": m.Channel, "ts": m.TS, "action": "pick", "value": "1d"}); got["acked"] != true {
		t.Errorf("%d %v", status, got)
	}
	if status, got := w.sim(t, http.MethodPost, "say", object{"as": "ada", "text": "hello"}); got["text"] != "hello" {
		t.Errorf("%d %v", status, got)
	}
	_, calls := w.sim(t, http.MethodGet, "calls?method=views.open", nil)
	if got := objects(calls["calls"]); len(got) != 1 {
		t.Errorf("%v", calls)
	}
}

func TestControlSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		path   string
		body   object
		status int
	}{
		{"slash", object{"as": "nobody", "text": "/okta"}, http.StatusNotFound},
		{"press", object{"as": "ada", "channel": "D0ADA", "ts": "1.000001", "action": "1"}, http.StatusNotFound},
		{"slash", object{"as": 7}, http.StatusBadRequest},
		{"faults", object{"method": "chat.postMessage", "kind": "nonsense"}, http.StatusBadRequest},
		{"disconnect", object{"reason": "boredom"}, http.StatusBadRequest},
	} {
		if status, got := w.sim(t, http.MethodPost, c.path, c.body); status != c.status || got["error"] == nil {
			t.Errorf("%s %v: %d %v", c.path, c.body, status, got)
		}
	}
	if status, _ := w.sim(t, http.MethodGet, "messages?as=nobody", nil); status != http.StatusNotFound {
		t.Errorf("%d", status)
	}
}

func TestControlSetsFaultsPeopleAndSockets(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, fault := w.sim(t, http.MethodPost, "faults", object{"method": "auth.test", "kind": "rate_limited", "retry_after": 2})
	if res, _ := w.postAs(t, "xoxb-sim", "auth.test", nil); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "2" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	w.sim(t, http.MethodDelete, fmt.Sprintf("faults?id=%v", fault["id"]), nil)
	if got := w.post(t, "auth.test", nil); got["ok"] != true {
		t.Errorf("%v", got)
	}
	l := w.connect(t)
	w.sim(t, http.MethodPost, "people", object{"id": "U0ZOE", "name": "zoe", "email": "zoe@acme.example", "kind": "admin"})
	w.sim(t, http.MethodPost, "people", object{"id": "U0ZOE", "name": "zoe", "email": "z@acme.example"})
	event := obj(obj(l.next(), "payload"), "event")
	if event["type"] != "user_change" || str(obj(obj(event, "user"), "profile"), "email") != "z@acme.example" {
		t.Errorf("%v", event)
	}
	w.sim(t, http.MethodPost, "double", object{"on": true})
	w.sim(t, http.MethodPost, "events", object{"type": "marker"})
	if diff := cmp.Diff(l.next(), l.next()); diff != "" {
		t.Error(diff)
	}
	w.sim(t, http.MethodPost, "disconnect", object{"reason": "warning"})
	if e := l.next(); e["reason"] != "warning" {
		t.Errorf("%v", e)
	}
}

func TestChangesAnswersWhenSomethingChanged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, first := w.sim(t, http.MethodGet, "changes?since=0", nil)
	done := later(func() (object, error) {
		_, got := w.sim(t, http.MethodGet, fmt.Sprintf("changes?since=%v", first["seq"]), nil)
		return got, nil
	})
	if _, err := w.As("ada").Say(t.Context(), "", "hello"); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got["seq"].(float64) <= first["seq"].(float64) {
		t.Errorf("%v after %v", got, first)
	}
}

func TestControlRefusesOtherOrigins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	req, err := http.NewRequestWithContext(deadline(t), http.MethodPost, w.base+"/sim/double", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://evil.example")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("%d", res.StatusCode)
	}
}
