package slacksim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// clock is the tests' time; it moves only when told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a started workspace with a few people and a raw client.
type world struct {
	*Workspace
	clock *clock
	base  string
	ada   Person
}

func setup(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	cfg := Config{Now: c.Now, AckTimeout: 5 * time.Second, DisconnectGrace: 20 * time.Millisecond}
	for _, f := range change {
		f(&cfg)
	}
	w := New(cfg)
	base, err := w.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	ada := w.AddPerson(Person{ID: "U0ADA", Name: "ada", RealName: "Ada Lovelace", Email: "ada@acme.example"})
	w.AddPerson(Person{ID: "U0BOB", Name: "bob", RealName: "Bob Kahn", Email: "bob@acme.example"})
	return &world{Workspace: w, clock: c, base: base, ada: ada}
}

func quickAcks(cfg *Config) { cfg.AckTimeout = 50 * time.Millisecond }

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (w *world) wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if err := w.WaitFor(deadline(t), cond); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// post calls a Web API method by JSON with the bot's token.
func (w *world) post(t *testing.T, method string, arguments object) object {
	t.Helper()
	_, result := w.postAs(t, w.cfg.BotToken, method, arguments)
	return result
}

func (w *world) postAs(t *testing.T, token, method string, arguments object) (*http.Response, object) {
	t.Helper()
	body, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	return w.send(t, http.MethodPost, "/api/"+method, "application/json; charset=utf-8", token, body)
}

// form calls a Web API method by form with the token in the body.
func (w *world) form(t *testing.T, method string, pairs ...string) object {
	t.Helper()
	values := url.Values{"token": {w.cfg.BotToken}}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	_, result := w.send(t, http.MethodPost, "/api/"+method, "application/x-www-form-urlencoded", "", []byte(values.Encode()))
	return result
}

func (w *world) send(t *testing.T, verb, path, kind, token string, body []byte) (*http.Response, object) {
	t.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = w.base + path
	}
	req, err := http.NewRequestWithContext(deadline(t), verb, target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var result object
	if err := json.Unmarshal(raw, &result); err != nil && len(raw) > 0 {
		t.Fatalf("%s %s: %d %q", verb, path, res.StatusCode, raw)
	}
	return res, result
}

// link is a raw Socket Mode client.
type link struct {
	t    *testing.T
	conn *websocket.Conn
}

func (w *world) open(t *testing.T) string {
	t.Helper()
	_, result := w.postAs(t, w.cfg.AppToken, "apps.connections.open", object{})
	if result["ok"] != true {
		t.Fatalf("apps.connections.open: %v", result)
	}
	return str(result, "url")
}

func (w *world) dial(t *testing.T) *link {
	t.Helper()
	conn, res, err := websocket.Dial(deadline(t), w.open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		res.Body.Close()
	}
	conn.SetReadLimit(maxBody)
	t.Cleanup(func() { conn.CloseNow() })
	return &link{t, conn}
}

// connect dials and takes the hello.
func (w *world) connect(t *testing.T) *link {
	t.Helper()
	l := w.dial(t)
	if hello := l.next(); hello["type"] != "hello" {
		t.Fatalf("first frame: %v", hello)
	}
	return l
}

func (l *link) next() object {
	l.t.Helper()
	_, data, err := l.conn.Read(deadline(l.t))
	if err != nil {
		l.t.Fatalf("read frame: %v", err)
	}
	var frame object
	if err := json.Unmarshal(data, &frame); err != nil {
		l.t.Fatal(err)
	}
	return frame
}

func (l *link) write(v any) {
	l.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.conn.Write(deadline(l.t), websocket.MessageText, data); err != nil {
		l.t.Fatal(err)
	}
}

func (l *link) ack(envelope object, payload any) {
	l.t.Helper()
	answer := object{"envelope_id": envelope["envelope_id"]}
	if payload != nil {
		answer["payload"] = payload
	}
	l.write(answer)
}

// answer connects and acknowledges every envelope with what decide returns,
// until the test ends.
func (w *world) answer(t *testing.T, decide func(envelope object) any) {
	t.Helper()
	l := w.connect(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, data, err := l.conn.Read(context.WithoutCancel(t.Context()))
			var e object
			if err != nil || json.Unmarshal(data, &e) != nil {
				return
			}
			if e["envelope_id"] == nil {
				continue
			}
			reply := object{"envelope_id": e["envelope_id"]}
			if payload := decide(e); payload != nil {
				reply["payload"] = payload
			}
			frame, err := json.Marshal(reply)
			if err != nil || l.conn.Write(context.WithoutCancel(t.Context()), websocket.MessageText, frame) != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		l.conn.CloseNow()
		<-done
	})
}

func ackOnly(object) any { return nil }

// later runs a gesture beside the test and hands over its result.
func later[T any](gesture func() (T, error)) <-chan T {
	out := make(chan T, 1)
	go func() {
		result, err := gesture()
		if err == nil {
			out <- result
		}
		close(out)
	}()
	return out
}

func plain(text string) object { return object{"type": "plain_text", "text": text} }

func mrkdwn(text string) object { return object{"type": "mrkdwn", "text": text} }

func button(actionID, text, value string) object {
	return object{"type": "button", "action_id": actionID, "text": plain(text), "value": value}
}

func section(text string) object { return object{"type": "section", "text": mrkdwn(text)} }

func actions(elements ...any) object {
	return object{"type": "actions", "block_id": "acts", "elements": append([]any{}, elements...)}
}
