package okta

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
)

// clock is the time of the tenant and of the client alike. Waiting moves it, so
// that no test waits.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	waits []time.Duration
}

func newClock() *clock { return &clock{at: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) rest(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.waits = append(c.waits, d)
	c.at = c.at.Add(max(d, 0))
	c.mu.Unlock()
	return ctx.Err()
}

func (c *clock) waited() (total time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.waits {
		total += d
	}
	return total
}

// journal is a log that several goroutines may write.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

const simToken = "sim-token"

// world is a tenant of its own with a client that talks to it.
type world struct {
	*Client
	t      *testing.T
	clock  *clock
	tenant *oktasim.Tenant
	url    string
	log    *journal
	key    *ecdsa.PrivateKey // of the service app
}

// setup starts a tenant with a super admin, whose API token the client uses.
func setup(t *testing.T, changes ...func(*oktasim.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), log: &journal{}}
	cfg := oktasim.Config{Now: w.clock.now}
	for _, change := range changes {
		change(&cfg)
	}
	w.tenant = oktasim.New(cfg)
	server, err := w.tenant.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.url = server.URL
	w.person("root", func(u *oktasim.User) { u.Roles = []string{oktasim.SuperAdmin} })
	if err := w.tenant.AllowToken(simToken, "root@acme.example"); err != nil {
		t.Fatal(err)
	}
	w.Client = w.connectAs(func(c *Config) { c.APIToken = simToken })
	return w
}

// connectAs makes another client of the same tenant.
func (w *world) connectAs(change func(*Config)) *Client {
	w.t.Helper()
	cfg := Config{
		OrgURL: w.url, Now: w.clock.now,
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&cfg)
	c, err := New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	c.wire.rest = w.clock.rest
	return c
}

// person adds somebody called login@acme.example.
func (w *world) person(login string, changes ...func(*oktasim.User)) string {
	w.t.Helper()
	u := oktasim.User{
		Password: "sim-password",
		Profile: map[string]any{
			"login": login + "@acme.example", "email": login + "@acme.example",
			"firstName": "Ada", "lastName": login,
		},
	}
	for _, change := range changes {
		change(&u)
	}
	added, err := w.tenant.AddUser(u)
	if err != nil {
		w.t.Fatal(err)
	}
	return added.ID
}

func in(status oktasim.Status) func(*oktasim.User) {
	return func(u *oktasim.User) { u.Status = status }
}

func having(attribute string, value any) func(*oktasim.User) {
	return func(u *oktasim.User) { u.Profile[attribute] = value }
}

func (w *world) factor(user, kind string) {
	w.t.Helper()
	if _, err := w.tenant.AddFactor(user, oktasim.Factor{Kind: kind}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) group(g oktasim.Group) string {
	w.t.Helper()
	added, err := w.tenant.AddGroup(g)
	if err != nil {
		w.t.Fatal(err)
	}
	return added.ID
}

func (w *world) app(a oktasim.App) string {
	w.t.Helper()
	added, err := w.tenant.AddApp(a)
	if err != nil {
		w.t.Fatal(err)
	}
	return added.ID
}

func (w *world) fault(f oktasim.Fault) (remove func()) {
	w.t.Helper()
	remove, err := w.tenant.Fault(f)
	if err != nil {
		w.t.Fatal(err)
	}
	return remove
}

func (w *world) status(id string) oktasim.Status {
	w.t.Helper()
	u, ok := w.tenant.User(id)
	if !ok {
		w.t.Fatalf("no user %s", id)
	}
	return u.Status
}

// look is Look, which must not fail.
func (w *world) look(act agent.Act) agent.Sight {
	w.t.Helper()
	sight, err := w.Look(w.t.Context(), act)
	if err != nil {
		w.t.Fatalf("look: %v", err)
	}
	return sight
}

// service registers a service app, or changes it, and makes a client of it.
func (w *world) service(app oktasim.Client, changes ...func(*Config)) *Client {
	w.t.Helper()
	if w.key == nil {
		w.key = newKey(w.t)
	}
	app.ID = "0oasimservice0000001"
	if app.Keys == nil {
		app.Keys = []jose.JSONWebKey{{Key: w.key.Public(), KeyID: "k1", Use: "sig"}}
	}
	if app.Scopes == nil {
		app.Scopes = DefaultScopes()
	}
	if err := w.tenant.RegisterClient(app); err != nil {
		w.t.Fatal(err)
	}
	return w.connectAs(func(c *Config) {
		c.ClientID, c.PrivateKey, c.KeyID = app.ID, pemOf(w.t, w.key), "k1"
		for _, change := range changes {
			change(c)
		}
	})
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemOf(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func asOktaError(t *testing.T, err error) *agent.OktaError {
	t.Helper()
	var e *agent.OktaError
	if !errors.As(err, &e) {
		t.Fatalf("want an OktaError, got %v", err)
	}
	return e
}

func asProblem(t *testing.T, err error) *agent.Problem {
	t.Helper()
	p, ok := agent.AsProblem(err)
	if !ok {
		t.Fatalf("want a Problem, got %v", err)
	}
	return p
}

// sent counts the ledger's lines of an operation, whatever became of them.
func (w *world) sent(kind string) int { return len(w.tenant.Ledger(kind)) }

// had counts those that changed something.
func (w *world) had(kind string) int { return len(w.tenant.Effects(kind)) }

func names(groups []agent.Group) []string {
	var out []string
	for _, g := range groups {
		out = append(out, g.Name)
	}
	slices.Sort(out)
	return out
}
