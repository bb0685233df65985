package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
	"frontdesk/bot/slacksim"
)

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// configFile writes a frontdesk.yaml.
func configFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "frontdesk.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// nowhere is an address where nobody listens.
func nowhere(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// silent is an address where somebody listens and never answers.
func silent(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().String()
}

// Row C3: what is wrong at the start is said in a sentence with its cure; the
// program exits with 1 and does not hang.
func TestServeSaysWhatToFixAndExits(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	good := map[string]string{
		"SLACK_API_URL": acme.apiURL, "SLACK_BOT_TOKEN": simBotToken, "SLACK_APP_TOKEN": simAppToken,
		"OKTA_ORG_URL": acme.oktaURL, "OKTA_API_TOKEN": simOktaToken, "FRONTDESK_IDENTITY": "email", "FRONTDESK_ADDR": "127.0.0.1:0",
	}
	for name, c := range map[string]struct {
		change map[string]string
		want   []string
	}{
		"no bot token":      {map[string]string{"SLACK_BOT_TOKEN": ""}, []string{"SLACK_BOT_TOKEN is not set", "OAuth & Permissions"}},
		"no app token":      {map[string]string{"SLACK_APP_TOKEN": ""}, []string{"SLACK_APP_TOKEN is not set", "connections:write"}},
		"wrong bot token":   {map[string]string{"SLACK_BOT_TOKEN": "xoxb-wrong"}, []string{"SLACK_BOT_TOKEN", "copy the Bot User OAuth Token"}},
		"wrong app token":   {map[string]string{"SLACK_APP_TOKEN": "xapp-wrong"}, []string{"SLACK_APP_TOKEN"}},
		"tokens swapped":    {map[string]string{"SLACK_BOT_TOKEN": simAppToken, "SLACK_APP_TOKEN": simBotToken}, []string{"SLACK_BOT_TOKEN is an app-level token", "SLACK_APP_TOKEN is a bot token"}},
		"no Okta":           {map[string]string{"OKTA_ORG_URL": "", "OKTA_API_TOKEN": ""}, []string{"OKTA_ORG_URL", "OKTA_CLIENT_ID"}},
		"wrong Okta token":  {map[string]string{"OKTA_API_TOKEN": "wrong"}, []string{"Okta does not accept the API token", "Security, API, Tokens"}},
		"no Slack there":    {map[string]string{"SLACK_API_URL": "http://" + nowhere(t) + "/api/"}, []string{"Slack cannot be reached", "SLACK_API_URL"}},
		"Slack is silent":   {map[string]string{"SLACK_API_URL": "http://" + silent(t) + "/api/"}, []string{"Slack cannot be reached", "SLACK_API_URL"}},
		"no Okta there":     {map[string]string{"OKTA_ORG_URL": "http://" + nowhere(t)}, []string{"Okta at http://127.0.0.1", "Check"}},
		"Okta is silent":    {map[string]string{"OKTA_ORG_URL": "http://" + silent(t)}, []string{"Okta at http://127.0.0.1", "Check"}},
		"both are wrong":    {map[string]string{"SLACK_BOT_TOKEN": "xoxb-wrong", "OKTA_API_TOKEN": "wrong"}, []string{"SLACK_BOT_TOKEN", "Okta does not accept"}},
		"no PostgreSQL":     {map[string]string{"DATABASE_URL": "postgres://me@" + nowhere(t) + "/frontdesk", "REDIS_URL": "redis://" + nowhere(t)}, []string{"DATABASE_URL"}},
		"silent PostgreSQL": {map[string]string{"DATABASE_URL": "postgres://me@" + silent(t) + "/frontdesk", "REDIS_URL": "redis://" + nowhere(t)}, []string{"DATABASE_URL"}},
		"no folder":         {map[string]string{"DATABASE_URL": "sqlite:/nowhere/at/all/frontdesk.db"}, []string{"/nowhere/at/all"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db")}
			maps.Copy(env, good)
			maps.Copy(env, c.change)
			contains(t, refusesToServe(t, env), c.want...)
		})
	}
	t.Run("no Redis", func(t *testing.T) {
		t.Parallel()
		env := databaseEnv(t, "scaled")
		maps.Copy(env, good)
		env["REDIS_URL"] = "redis://" + nowhere(t)
		contains(t, refusesToServe(t, env), "REDIS_URL")
	})
}

// refusesToServe runs the verb and gives what it said when it exited with 1.
func refusesToServe(t *testing.T, env map[string]string) string {
	t.Helper()
	var said bytes.Buffer
	p := &program{
		stdout: &bytes.Buffer{}, stderr: &said, now: time.Now, log: slog.New(slog.DiscardHandler),
		source: configSource{getenv: func(k string) string { return env[k] }, readFile: os.ReadFile},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if code := p.run(ctx, []string{"serve"}); code != 1 || ctx.Err() != nil {
		t.Errorf("exit code %d (%v)", code, ctx.Err())
	}
	return said.String()
}

// Rows C3, E1, N4: what fails on the way is survived, and everybody is told the truth.
func TestAFlowSurvivesWhatFailsOnTheWay(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*company) error{
		"Slack limits":           slackFault(slacksim.Fault{Method: "chat.postMessage", Kind: slacksim.RateLimited, Times: 2}),
		"Slack resets":           slackFault(slacksim.Fault{Method: "chat.postMessage", Kind: slacksim.ResetBefore, Times: 2}),
		"Slack resets after":     slackFault(slacksim.Fault{Method: "chat.postMessage", Kind: slacksim.ResetAfter, Times: 2}),
		"Slack fails":            slackFault(slacksim.Fault{Method: "*", Kind: slacksim.StatusBefore, Times: 4}),
		"Slack knows nobody now": slackFault(slacksim.Fault{Method: "users.info", Kind: slacksim.ErrorBefore, Times: 2}),
		"Slack hangs":            slackFault(slacksim.Fault{Method: "chat.postMessage", Kind: slacksim.Hang, Times: 1}),
		"Okta hangs":             oktaFault(oktasim.Fault{Kind: oktasim.Hang, Method: "GET", Count: 1}),
		"Slack updates fail":     slackFault(slacksim.Fault{Method: "chat.update", Kind: slacksim.ResetBefore, Times: 2}),
		"Okta limits":            oktaFault(oktasim.Fault{Kind: oktasim.TooManyConcurrent, Count: 3}),
		"Okta resets reads":      oktaFault(oktasim.Fault{Kind: oktasim.ResetBefore, Method: "GET", Count: 3}),
		"Okta fails reads":       oktaFault(oktasim.Fault{Kind: oktasim.ErrorBefore, Method: "GET", Count: 3}),
		"Okta fails the write":   oktaFault(oktasim.Fault{Kind: oktasim.ErrorBefore, Operation: "reset_factors", Count: 1}),
		"Okta answers 500 after": oktaFault(oktasim.Fault{Kind: oktasim.ErrorAfter, Operation: "reset_factors", Count: 1}),
		"Okta resets after":      oktaFault(oktasim.Fault{Kind: oktasim.ResetAfter, Operation: "reset_factors", Count: 1}),
		"Okta is slow":           oktaFault(oktasim.Fault{Kind: oktasim.Latency, Latency: 300 * time.Millisecond, Count: 10}),
		"the sockets are cut":    func(c *company) error { c.slack.CutSockets(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acme := newCompany(t)
			startDesk(t, acme, "embedded", map[string]string{"FRONTDESK_CONFIG": configFile(t, "settle_after: 5s\n")})
			ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
			if err := spoil(acme); err != nil {
				t.Fatal(err)
			}
			within(t, attackWithin, func(ctx context.Context) error {
				return acme.slack.WaitFor(ctx, func() bool { return acme.slack.Sockets() > 0 })
			})
			number := types(t, ada, "/okta reset multi-factor")
			within(t, 2*attackWithin, func(ctx context.Context) error { // a read that hangs is given up after 30 s
				return acme.slack.WaitFor(ctx, func() bool { _, ok := cardWith(grace, number, "Approve"); return ok })
			})
			approves(t, acme, grace, number)
			contains(t, outcome(t, acme, ada, number), "✅")
			if n := len(acme.okta.Effects("reset_factors")); n != 1 {
				t.Errorf("%d resets", n)
			}
			if n := len(cardsOf(grace, number)); n != 1 {
				t.Errorf("%d cards", n)
			}
		})
	}
}

func slackFault(f slacksim.Fault) func(*company) error {
	return func(c *company) error { c.slack.Fault(f); return nil }
}

func oktaFault(f oktasim.Fault) func(*company) error {
	return func(c *company) error { _, err := c.okta.Fault(f); return err }
}

// heard keeps a log.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(b)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

var temporaryPassword = regexp.MustCompile(`"tempPassword"\s*:\s*"([^"]+)"`)

// Row N6: a temporary password is shown once, to the one who asked, and is in no
// other message, no row and no log.
func TestATemporaryPasswordIsShownOnceAndKeptNowhere(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	secret := overheard(t, acme)
	file := filepath.Join(t.TempDir(), "frontdesk.db")
	env := environment{variables: map[string]string{"DATABASE_URL": "sqlite:" + file, "FRONTDESK_IDENTITY": "email"}}
	cfg, err := env.load()
	if err != nil {
		t.Fatal(err)
	}
	var log heard
	p, err := build(t.Context(), acme.connect(cfg), slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.run(ctx) }()
	stop := sync.OnceValue(func() error { cancel(); return errors.Join(<-done, p.close()) })
	t.Cleanup(func() { _ = stop() })
	within(t, attackWithin, func(ctx context.Context) error {
		return acme.slack.WaitFor(ctx, func() bool { return acme.slack.Sockets() > 0 })
	})

	ivan := acme.slack.As("ivan")
	number := types(t, ivan, "/okta reset password edsger@acme.example with a temporary password because he is at the desk")
	approves(t, acme, acme.slack.As("grace"), number)
	contains(t, outcome(t, acme, ivan, number), "✅")
	password := secret()
	if password == "" {
		t.Fatal("Okta made no temporary password")
	}
	shown := 0
	for _, m := range ivan.Ephemerals() {
		if b, err := json.Marshal(m); err != nil || strings.Contains(string(b), password) {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("shown %d times", shown)
	}
	sent := 0
	for _, call := range acme.slack.Calls() {
		if !strings.Contains(string(call.Args), password) {
			continue
		}
		if sent++; call.Method != "chat.postEphemeral" {
			t.Errorf("the password was sent by %s", call.Method)
		}
	}
	if sent != 1 {
		t.Errorf("sent %d times", sent)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), password) {
		t.Error("the password is in the log")
	}
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no database: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil || bytes.Contains(b, []byte(password)) {
			t.Errorf("the password is in %s (%v)", filepath.Base(name), err)
		}
	}
}

// overheard listens to Okta's answers and gives the temporary password in them.
func overheard(t *testing.T, acme *company) func() string {
	t.Helper()
	var mu sync.Mutex
	var password string
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		acme.okta.ServeHTTP(answer, r)
		if found := temporaryPassword.FindSubmatch(answer.Body.Bytes()); found != nil {
			mu.Lock()
			password = string(found[1])
			mu.Unlock()
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(front.Close)
	acme.oktaURL = front.URL
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return password
	}
}
