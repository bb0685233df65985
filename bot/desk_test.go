package bot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
)

// N1: each flag of a Slack account reaches the gate.
func TestAccountCarriesEveryFlag(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	for _, p := range []slacksim.Person{
		{ID: "U0GUEST", Name: "guest", Email: "guest@acme.example", Kind: slacksim.MultiChannelGuest},
		{ID: "U0SINGLE", Name: "single", Email: "single@acme.example", Kind: slacksim.SingleChannelGuest},
		{ID: "U0STRANGER", Name: "stranger", Email: "s@other.example", Kind: slacksim.Stranger},
		{ID: "U0BOT2", Name: "robot", Kind: slacksim.Bot},
		{ID: "U0GONE", Name: "gone", Email: "gone@acme.example", Deactivated: true},
		{ID: "U0NEW", Name: "new", Email: "new@acme.example", Invited: true},
		{ID: "U0UNSURE", Name: "unsure", Email: "unsure@acme.example", Unconfirmed: true},
	} {
		w.AddPerson(p)
	}
	got := map[string]agent.Account{}
	for _, id := range []string{"U0ADA", "U0GUEST", "U0SINGLE", "U0STRANGER", "U0BOT2", "U0GONE", "U0NEW", "U0UNSURE", "USLACKBOT"} {
		a, err := w.desk.Account(t.Context(), id)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		a.Name = ""
		got[id] = a
	}
	want := map[string]agent.Account{
		"U0ADA":      {Team: "T00SIM", ID: "U0ADA", Email: "ada@acme.example", EmailConfirmed: true},
		"U0GUEST":    {Team: "T00SIM", ID: "U0GUEST", Email: "guest@acme.example", EmailConfirmed: true, Restricted: true},
		"U0SINGLE":   {Team: "T00SIM", ID: "U0SINGLE", Email: "single@acme.example", EmailConfirmed: true, Restricted: true, UltraRestricted: true},
		"U0STRANGER": {Team: "T00OTHER", ID: "U0STRANGER", Stranger: true},
		"U0BOT2":     {Team: "T00SIM", ID: "U0BOT2", Bot: true, EmailConfirmed: true},
		"U0GONE":     {Team: "T00SIM", ID: "U0GONE", Email: "gone@acme.example", Deleted: true},
		"U0NEW":      {Team: "T00SIM", ID: "U0NEW", Email: "new@acme.example", Invited: true},
		"U0UNSURE":   {Team: "T00SIM", ID: "U0UNSURE", Email: "unsure@acme.example"},
		"USLACKBOT":  {Team: "T00SIM", ID: "USLACKBOT", Bot: true, EmailConfirmed: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func TestAccountIsReadAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	at := noon
	w.desk.now = func() time.Time { return at }
	read := func() string {
		a, err := w.desk.Account(t.Context(), "U0ADA")
		if err != nil {
			t.Fatal(err)
		}
		return a.Email
	}
	read()
	if err := w.ChangeEmail("ada", "other@acme.example"); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != "ada@acme.example" {
		t.Errorf("at once: %s", got)
	}
	at = at.Add(30 * time.Second)
	if got := read(); got != "other@acme.example" {
		t.Errorf("half a minute later: %s", got)
	}
}

func TestUnknownAccounts(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	if _, err := w.desk.Account(t.Context(), "U0NOBODY"); !errors.Is(err, agent.ErrNoAccount) {
		t.Errorf("by id: %v", err)
	}
	if _, err := w.desk.AccountByEmail(t.Context(), "nobody@acme.example"); !errors.Is(err, agent.ErrNoAccount) {
		t.Errorf("by email: %v", err)
	}
	if a, err := w.desk.AccountByEmail(t.Context(), "GRACE@acme.example"); err != nil || a.ID != "U0GRACE" {
		t.Errorf("by email: %+v, %v", a, err)
	}
}

// What a failure of Slack means for the engine.
func TestPostFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  slacksim.Fault
		want   agent.DeskError
		posted int
	}{
		"429":             {slacksim.Fault{Kind: slacksim.RateLimited, RetryAfter: 7 * time.Second}, agent.DeskError{Code: "ratelimited", RetryIn: 7 * time.Second}, 0},
		"refused":         {slacksim.Fault{Kind: slacksim.ErrorBefore, Error: "is_archived"}, agent.DeskError{Code: "is_archived", Permanent: true}, 0},
		"unsure, posted":  {slacksim.Fault{Kind: slacksim.ErrorAfter, Error: "internal_error"}, agent.DeskError{Code: "internal_error", Uncertain: true}, 1},
		"unsure":          {slacksim.Fault{Kind: slacksim.ErrorBefore, Error: "fatal_error"}, agent.DeskError{Code: "fatal_error", Uncertain: true}, 0},
		"503, posted":     {slacksim.Fault{Kind: slacksim.StatusAfter, Status: 503}, agent.DeskError{Code: "http_503", Uncertain: true}, 1},
		"reset, posted":   {slacksim.Fault{Kind: slacksim.ResetAfter}, agent.DeskError{Code: "no_answer", Uncertain: true}, 1},
		"an unknown code": {slacksim.Fault{Kind: slacksim.ErrorBefore, Error: "a_new_code"}, agent.DeskError{Code: "a_new_code"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t)
			test.fault.Method = "chat.postMessage"
			w.Fault(test.fault)
			_, err := w.desk.Post(t.Context(), agent.Post{User: "U0ADA", Key: "k", Message: agent.Message{Text: "hi"}})
			var got *agent.DeskError
			if !errors.As(err, &got) {
				t.Fatalf("err = %v", err)
			}
			flat := *got
			flat.Err = nil
			if diff := cmp.Diff(test.want, flat, cmp.Transformer("err", func(error) string { return "" })); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if n := len(w.ada.DM()); n != test.posted {
				t.Errorf("%d messages", n)
			}
		})
	}
}

func TestUnreachableSlackIsNotUncertain(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	d := NewDesk(DeskConfig{Token: "xoxb-sim", APIURL: gone.URL, Logger: logger(t), Now: clock})
	_, err := d.Post(t.Context(), agent.Post{Channel: "C1", Message: agent.Message{Text: "hi"}})
	var got *agent.DeskError
	if !errors.As(err, &got) || got.Uncertain || got.Permanent || got.Code != "unreachable" {
		t.Errorf("err = %#v", err)
	}
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client has gone
		<-r.Context().Done()
	}))
	t.Cleanup(hangs.Close)
	d = NewDesk(DeskConfig{Token: "xoxb-sim", APIURL: hangs.URL, Logger: logger(t), Now: clock, HTTP: hangs.Client()})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = d.Post(ctx, agent.Post{Channel: "C1", Message: agent.Message{Text: "hi"}})
	if !errors.As(err, &got) || !got.Uncertain || got.Code != "timeout" {
		t.Errorf("err = %#v", err)
	}
}

// A post whose answer never came is found again by its key, in a conversation
// and in a thread, over pages.
func TestFindAfterUncertainPost(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	root, err := w.desk.Post(t.Context(), agent.Post{User: "U0ADA", Key: "root", Message: agent.Message{Text: "root"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 250 {
		if _, err := w.ada.Say(t.Context(), "", "chatter"); err != nil {
			t.Fatal(err)
		}
	}
	for name, p := range map[string]agent.Post{
		"direct":   {User: "U0ADA", Key: "lost/1", Message: agent.Message{Text: "lost"}},
		"threaded": {Channel: root.Channel, Thread: root.TS, Key: "lost/2", Message: agent.Message{Text: "lost too"}},
	} {
		if _, found, err := w.desk.Find(t.Context(), p, noon.Add(-time.Minute)); err != nil || found {
			t.Errorf("%s: found before it was posted: %v, %v", name, found, err)
		}
		remove := w.Fault(slacksim.Fault{Method: "chat.postMessage", Kind: slacksim.ResetAfter, Times: 1})
		if _, err := w.desk.Post(t.Context(), p); err == nil {
			t.Fatal("the fault did not strike")
		}
		remove()
		at, found, err := w.desk.Find(t.Context(), p, noon.Add(-time.Minute))
		if err != nil || !found {
			t.Fatalf("%s: found %v, %v", name, found, err)
		}
		if err := w.desk.Update(t.Context(), at, agent.Message{Text: "a new face"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// The key outlives the new face.
		if _, found, err := w.desk.Find(t.Context(), p, noon.Add(-time.Minute)); err != nil || !found {
			t.Errorf("%s: after the update: %v, %v", name, found, err)
		}
	}
	if got, found, err := w.desk.Find(t.Context(), agent.Post{User: "U0ADA", Key: "root"}, noon.Add(-time.Minute)); err != nil || !found || got != root {
		t.Errorf("the root: %+v, %v, %v", got, found, err)
	}
}

// Where Slack won't let us look, that is said for good.
func TestFindWithoutLeave(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	for code, permanent := range map[string]bool{"missing_scope": true, "unknown_method": true, "internal_error": false} {
		remove := w.Fault(slacksim.Fault{Method: "conversations.history", Kind: slacksim.ErrorBefore, Error: code})
		_, found, err := w.desk.Find(t.Context(), agent.Post{User: "U0ADA", Key: "k"}, noon)
		remove()
		var got *agent.DeskError
		if found || !errors.As(err, &got) || got.Permanent != permanent || got.Uncertain {
			t.Errorf("%s: %v, %#v", code, found, err)
		}
	}
}

// A message carries its key, unfurls nothing, and is whispered to one person.
func TestPostAndWhisper(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	if _, err := w.AddChannel(slacksim.Channel{ID: "C0HELP", Name: "help", Members: []string{"ada", "grace", "frontdesk"}}); err != nil {
		t.Fatal(err)
	}
	at, err := w.desk.Post(t.Context(), agent.Post{Channel: "C0HELP", Key: "notice/1", Message: agent.Message{Text: "For " + agent.Mention("U0ADA")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.desk.Whisper(t.Context(), at.Channel, "U0GRACE", agent.Message{Title: "A <password>", Text: "only you"}); err != nil {
		t.Fatal(err)
	}
	posted := w.Messages("help")
	if len(posted) != 1 || len(w.grace.Ephemerals()) != 1 || len(w.ada.Ephemerals()) != 0 {
		t.Fatalf("posted %d, whispered %d", len(posted), len(w.grace.Ephemerals()))
	}
	if got := w.grace.Ephemerals()[0]; got.Text != "A &lt;password&gt;" || !strings.Contains(slacksim.Render(got), "only you") {
		t.Errorf("whispered %q and showed %q", got.Text, slacksim.Render(got)) // N6: no secret in a notification
	}
	var meta struct {
		Type    string            `json:"event_type"`
		Payload map[string]string `json:"event_payload"`
	}
	if err := json.Unmarshal(posted[0].Metadata, &meta); err != nil || meta.Type != "frontdesk_notice" || meta.Payload["key"] != "notice/1" {
		t.Errorf("metadata = %s, %v", posted[0].Metadata, err)
	}
	if got := w.Render(posted[0]); got != "For @Ada Lovelace" {
		t.Errorf("rendered %q", got)
	}
}

// The direct message channel is asked for once.
func TestDirectMessageChannelIsRemembered(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	for range 3 {
		if _, err := w.desk.Post(t.Context(), agent.Post{User: "U0ADA", Key: "k", Message: agent.Message{Text: "hi"}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.CallsOf("conversations.open")); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestConnect(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	got, err := w.desk.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Team != "T00SIM" || got.BotUser != "U00BOT" || got.TeamName != "Acme" || len(got.Missing) > 0 {
		t.Errorf("workspace = %+v", got)
	}
	for name, test := range map[string]struct {
		token, want string
		scopes      []string
	}{
		"unknown":   {token: "xoxb-other", want: "Slack does not know SLACK_BOT_TOKEN"},
		"app-level": {token: "xapp-sim", want: "SLACK_BOT_TOKEN"},
		"scopes":    {token: "xoxb-sim", scopes: []string{"commands", "chat:write", "users:read"}, want: "lacks im:write, users:read.email"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t)
			if test.scopes != nil {
				w.SetScopes(test.scopes...)
			}
			d := NewDesk(DeskConfig{Token: test.token, APIURL: w.desk.url, HTTP: w.desk.http, Logger: logger(t), Now: clock})
			if _, err := d.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
	down := NewDesk(DeskConfig{Token: "xoxb-sim", APIURL: "http://127.0.0.1:1/api/", Logger: logger(t), Now: clock})
	if _, err := down.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be reached at http://127.0.0.1:1/api/") {
		t.Errorf("err = %v", err)
	}
}

// A response_url is a secret: no error names it.
func TestResponseURLStaysOutOfErrors(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	b, err := New(Config{Agent: w.engine, Desk: w.desk, AppToken: "xapp-sim", Logger: logger(t), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"http://127.0.0.1:1/response/s3cret", strings.TrimSuffix(w.desk.url, "api/") + "response/s3cret"} {
		if err := b.respond(t.Context(), url, agent.Message{Text: "hi"}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("err = %v", err)
		}
	}
}
