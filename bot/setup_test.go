package bot

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
	"frontdesk/playbooks/action"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the tests' clock stands.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// engine records what the bot asks of it and answers as a test says.
type engine struct {
	submit func(context.Context, agent.Submission) (agent.Ticket, error)
	decide func(context.Context, agent.Click) (agent.Message, error)
	answer func(context.Context, action.Verb, string) (agent.Message, error)
	code   func(context.Context, string) error
	push   func(context.Context) error
	number string

	mu      sync.Mutex
	changed chan struct{}
	log     []string
	asked   []agent.Submission
	clicks  []agent.Click
	tickets map[string]agent.Ticket
	shelf   map[string]string
}

func newEngine() *engine {
	return &engine{changed: make(chan struct{}), tickets: map[string]agent.Ticket{}, shelf: map[string]string{}}
}

func (e *engine) note(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = append(e.log, fmt.Sprintf(format, args...))
	close(e.changed)
	e.changed = make(chan struct{})
}

// did lists what happened, in order.
func (e *engine) did() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.log)
}

func (e *engine) count(line string) int {
	n := 0
	for _, l := range e.did() {
		if l == line {
			n++
		}
	}
	return n
}

// wait returns when cond holds of what the engine was asked.
func (e *engine) wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	ctx := deadline(t)
	for {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%s: never; the engine was asked %q", what, e.did())
		}
	}
}

func (e *engine) Submit(ctx context.Context, s agent.Submission) (agent.Ticket, error) {
	e.mu.Lock()
	e.asked = append(e.asked, s)
	known, again := e.tickets[s.Delivery]
	n := int64(len(e.tickets) + 12)
	e.mu.Unlock()
	if again {
		known.Again = true
		return known, nil
	}
	t, err := agent.Ticket{RequestID: fmt.Sprintf("req%d", n), Number: n}, error(nil)
	if e.submit != nil {
		t, err = e.submit(ctx, s)
	}
	e.mu.Lock()
	if err == nil {
		e.tickets[s.Delivery] = t
	}
	e.mu.Unlock()
	e.note("submit %s", s.Command)
	return t, err
}

func (e *engine) Begin(requestID string) { e.note("begin %s", requestID) }

func (e *engine) Withdraw(_ string, c agent.Caller) { e.note("withdraw of %s", c.User) }

func (e *engine) Cancel(_ context.Context, c agent.Caller, ref string) (agent.Message, error) {
	e.note("cancel %s by %s", ref, c.User)
	return agent.Message{Mood: agent.MoodOver, Text: "R-12 is withdrawn. Nothing was done."}, nil
}

func (e *engine) Decide(ctx context.Context, c agent.Click) (agent.Message, error) {
	e.mu.Lock()
	e.clicks = append(e.clicks, c)
	e.mu.Unlock()
	m, err := agent.Message{}, error(nil)
	if e.decide != nil {
		m, err = e.decide(ctx, c)
	}
	e.note("decide %s %s by %s", c.Verdict, c.AskID, c.Caller.User)
	return m, err
}

func (e *engine) say(ctx context.Context, verb action.Verb, ref string) (agent.Message, error) {
	e.note("%s %s", verb, ref)
	if e.answer != nil {
		return e.answer(ctx, verb, ref)
	}
	return agent.Message{Title: "About " + string(verb)}, nil
}

func (e *engine) Help(ctx context.Context, _ agent.Caller) (agent.Message, error) {
	return e.say(ctx, action.Help, "")
}

func (e *engine) Status(ctx context.Context, _ agent.Caller, ref string) (agent.Message, error) {
	return e.say(ctx, action.Status, ref)
}

func (e *engine) Requests(ctx context.Context, _ agent.Caller) (agent.Message, error) {
	return e.say(ctx, action.Requests, "")
}

func (e *engine) Timeline(ctx context.Context, _ agent.Caller, ref string) (agent.Message, error) {
	return e.say(ctx, action.Timeline, ref)
}

func (e *engine) ProveCode(ctx context.Context, c agent.Caller, code string) error {
	e.note("code %s of %s", code, c.User)
	if e.code != nil {
		return e.code(ctx, code)
	}
	return nil
}

func (e *engine) StartPush(context.Context, agent.Caller) (agent.PushStarted, error) {
	e.note("push")
	return agent.PushStarted{ID: "push1", Number: e.number, ExpiresAt: noon.Add(5 * time.Minute)}, nil
}

func (e *engine) AwaitPush(ctx context.Context, _ agent.Caller, id string) error {
	e.note("await %s", id)
	if e.push != nil {
		return e.push(ctx)
	}
	return nil
}

func (e *engine) Offered() []action.Kind {
	var kinds []action.Kind
	for _, s := range action.Catalogue() {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

func (e *engine) Stash(_ context.Context, value []byte) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := fmt.Sprintf("stash%d", len(e.shelf)+1)
	e.shelf[key] = string(value)
	return key, nil
}

func (e *engine) Unstash(_ context.Context, key string) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	value, ok := e.shelf[key]
	if !ok {
		return nil, fmt.Errorf("nothing kept as %s", key)
	}
	return []byte(value), nil
}

func (e *engine) submissions() []agent.Submission {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked)
}

func (e *engine) decisions() []agent.Click {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.clicks)
}

// world is a Slack workspace with a bot in it and a recording engine behind.
type world struct {
	*slacksim.Workspace
	engine *engine
	desk   *Desk
	bot    *Bot
	stop   func() error // ends the bot and gives Run's error
	over   chan error   // Run's error, once it returns by itself or was stopped
	ada    *slacksim.User
	grace  *slacksim.User
}

// setup starts a workspace and a bot, and waits until it is connected.
func setup(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := workspace(t)
	w.start(t, change...)
	w.until(t, "the bot connects", func() bool { return w.bot.Connected() == w.bot.Connections })
	return w
}

// workspace starts a workspace and a desk in it, with no bot yet.
func workspace(t *testing.T) *world {
	t.Helper()
	var scopes []string
	for _, s := range BotScopes() {
		scopes = append(scopes, s.Name)
	}
	sim := slacksim.New(slacksim.Config{
		Now: clock, DisconnectGrace: 20 * time.Millisecond, PingEvery: time.Second,
		Scopes: scopes, Events: Events(), Commands: []slacksim.Command{{Name: DefaultCommand}},
	})
	base, err := sim.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	t.Cleanup(func() {
		for _, c := range sim.Calls() { // what the manifest's test goes by is what is called
			if c.Method != "ack" && c.Method != "response_url" && !slices.Contains(Methods(), c.Method) {
				t.Errorf("%s is called and not listed", c.Method)
			}
		}
	})
	sim.AddPerson(slacksim.Person{ID: "U0ADA", Name: "ada", RealName: "Ada Lovelace", Email: "ada@acme.example"})
	sim.AddPerson(slacksim.Person{ID: "U0GRACE", Name: "grace", RealName: "Grace Hopper", Email: "grace@acme.example"})
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	w := &world{Workspace: sim, engine: newEngine(), ada: sim.As("ada"), grace: sim.As("grace")}
	w.desk = NewDesk(DeskConfig{
		Token: "xoxb-sim", APIURL: base + "/api", HTTP: client, Logger: logger(t), Now: clock, Links: []string{"https://acme.okta.example"},
	})
	return w
}

// start runs a bot until the test ends.
func (w *world) start(t *testing.T, change ...func(*Config)) {
	t.Helper()
	c := Config{Agent: w.engine, Desk: w.desk, AppToken: "xapp-sim", Connections: 1, Workers: 4, Logger: logger(t), Now: clock}
	for _, f := range change {
		f(&c)
	}
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.bot = b
	ctx, cancel := context.WithCancel(t.Context())
	w.over = make(chan error, 1)
	go func() { w.over <- b.Run(ctx) }()
	w.stop = sync.OnceValue(func() error {
		cancel()
		return <-w.over
	})
	t.Cleanup(func() { _ = w.stop() })
}

// ended waits until Run returns by itself.
func (w *world) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-w.over:
		w.over <- err // for stop
		return err
	case <-deadline(t).Done():
		t.Fatal("Run goes on")
		return nil
	}
}

// until waits for a change in the workspace or the bot that makes cond true.
func (w *world) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	ctx := deadline(t)
	for !cond() {
		brief, cancel := context.WithTimeout(ctx, 20*time.Millisecond) // the bot's own state gives no signal
		_ = w.WaitFor(brief, cond)
		cancel()
		if ctx.Err() != nil {
			t.Fatalf("%s: never", what)
		}
	}
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// logger writes to the test's log, so that a failure shows what the bot saw.
func logger(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// card posts a message to Grace, as the engine would.
func (w *world) card(t *testing.T, m agent.Message) slacksim.Message {
	t.Helper()
	if _, err := w.desk.Post(t.Context(), agent.Post{User: "U0GRACE", Key: "card", Message: m}); err != nil {
		t.Fatal(err)
	}
	dm := w.grace.DM()
	return dm[len(dm)-1]
}

// whispered waits for an ephemeral message that contains text.
func (w *world) whispered(t *testing.T, who *slacksim.User, text string) {
	t.Helper()
	if err := w.WaitFor(deadline(t), func() bool {
		for _, m := range who.Ephemerals() {
			if strings.Contains(slacksim.Render(m), text) {
				return true
			}
		}
		return false
	}); err != nil {
		for _, m := range who.Ephemerals() {
			t.Logf("whispered: %s", slacksim.Render(m))
		}
		t.Fatalf("nobody whispered %q: %v", text, err)
	}
}

// open waits until somebody has a form open that contains text.
func (w *world) open(t *testing.T, who *slacksim.User, text string) slacksim.View {
	t.Helper()
	var seen slacksim.View
	if err := w.WaitFor(deadline(t), func() bool {
		v, ok := who.View()
		seen = v
		return ok && strings.Contains(slacksim.RenderView(v), text)
	}); err != nil {
		t.Fatalf("no form says %q but:\n%s", text, slacksim.RenderView(seen))
	}
	return seen
}

func approvalCard() agent.Message {
	return agent.Message{
		Mood: agent.MoodWaiting, Title: "Reset multi-factor for Ada Lovelace",
		Buttons: []agent.Button{
			{Verb: agent.ButtonApprove, ID: "ask1", Label: "Approve", Style: "primary"},
			{Verb: agent.ButtonDeny, ID: "ask1", Label: "Deny", Style: "danger"},
		},
	}
}
