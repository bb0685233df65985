package oktasim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config is what a tenant is made with. The zero value is a working tenant.
type Config struct {
	// Now is the tenant's clock; nil means the machine's.
	Now func() time.Time
	// Seed makes identifiers, faults and log delays repeatable.
	Seed uint64
	// Logger hears about requests at debug level; nil means silence.
	Logger *slog.Logger
	// RateLimits are generous by default.
	RateLimits RateLimits
	// Quirks choose between behaviours where Okta's is not known.
	Quirks Quirks
	// LogCapacity is how many System Log events are kept; the oldest go first.
	// Zero means 100,000.
	LogCapacity int
}

// Quirks are choices where the real behaviour is undocumented, differs between
// organisations, or takes time. The zero value is what most organisations show.
type Quirks struct {
	// Classic makes the tenant answer as the Classic Engine does: reset links
	// end in /reset_password/ and clearing sessions spares remembered devices.
	Classic bool
	// TransitionTime is how long activate and deactivate stay in transition.
	TransitionTime time.Duration
	// SearchDelay is how long `search` keeps seeing the former state of a
	// changed user.
	SearchDelay time.Duration
	// MembershipTouchesUser moves user.lastUpdated when a membership changes.
	MembershipTouchesUser bool
	// ResetRefusalCode is the error code of a password reset in the wrong
	// status; empty means E0000017.
	ResetRefusalCode string
	// FactorsNeedActive refuses reset_factors unless the user can sign in.
	FactorsNeedActive bool
	// RepeatMemberStatus is the status of adding a member twice or removing
	// one who is none; zero means 204.
	RepeatMemberStatus int
	// ManageIncludesRead lets a .manage scope stand for the .read scope.
	ManageIncludesRead bool
	// NoOwnersLicence makes every group owner call answer 403.
	NoOwnersLicence bool
	// ProvisioningTime is how long an app with provisioning stays SYNCING.
	ProvisioningTime time.Duration
}

// Tenant is one pretended Okta organisation. It is an http.Handler and safe for
// concurrent use.
type Tenant struct {
	cfg      Config
	now      func() time.Time
	log      *slog.Logger
	routes   *router
	controls http.Handler

	mu      sync.Mutex
	rand    *rand.Rand
	ids     uint64
	changed chan struct{}
	closed  chan struct{}

	users   map[string]*user  // by id: added people, and generated ones once changed
	order   []string          // ids of added people, oldest first; "" where one was deleted
	logins  map[string]string // lower-case login → id
	touched []int             // sorted indexes of generated people that are in users
	crowd   *crowd            // computed people; nil without Generate

	groups     map[string]*group
	groupOrder []string
	everyone   string
	rules      map[string]*rule
	ruleOrder  []string
	feeds      []*feed // what rules did to the crowd

	apps     map[string]*app
	appOrder []string

	relations []*relation
	schema    *schema

	tokens  map[string]*apiToken
	clients map[string]*client
	bearers map[string]*bearer
	used    map[string]time.Time // assertion and proof ids → when they may be forgotten
	nonce   string

	pushes map[string]*transaction

	events   []*event // by seq; trimmed from the front
	eventSeq int64
	delay    time.Duration
	reorder  time.Duration

	buckets  map[string]*window
	inFlight int
	held     int // calls that a fault keeps waiting

	ledger []Call
	faults []*fault
	faultN int
}

// New makes an empty tenant: the group Everyone, the base schema, nobody in it.
func New(cfg Config) *Tenant {
	now := cfg.Now
	if now == nil {
		now = time.Now //nolint:forbidigo // the simulator is a process of its own when nobody hands it a clock
	}
	logger := cfg.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if cfg.LogCapacity == 0 {
		cfg.LogCapacity = 100_000
	}
	t := &Tenant{
		cfg:     cfg,
		now:     func() time.Time { return now().UTC() },
		log:     logger,
		rand:    rand.New(rand.NewPCG(cfg.Seed, 0x0c7a)), //nolint:gosec // repeatable on purpose; nothing here is a secret
		changed: make(chan struct{}),
		closed:  make(chan struct{}),
		users:   map[string]*user{},
		logins:  map[string]string{},
		groups:  map[string]*group{},
		rules:   map[string]*rule{},
		apps:    map[string]*app{},
		schema:  newSchema(),
		tokens:  map[string]*apiToken{},
		clients: map[string]*client{},
		bearers: map[string]*bearer{},
		used:    map[string]time.Time{},
		pushes:  map[string]*transaction{},
		buckets: map[string]*window{},
	}
	t.routes = newRouter(operations())
	t.controls = t.control()
	t.everyone = t.insertGroup(&group{
		kind: BuiltIn, name: "Everyone", description: "All users in your organization",
	}).id
	return t
}

// Server is a tenant that listens.
type Server struct {
	// URL is the organisation's address, such as http://127.0.0.1:4711.
	URL    string
	tenant *Tenant
	http   *http.Server
	done   chan error
}

// Start serves the tenant on a free loopback port until Close.
func (t *Tenant) Start() (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return t.Serve(listener), nil
}

// Serve serves the tenant on a listener until Close.
func (t *Tenant) Serve(listener net.Listener) *Server {
	s := &Server{
		URL:    "http://" + listener.Addr().String(),
		tenant: t,
		http:   &http.Server{Handler: t, ReadHeaderTimeout: 30 * time.Second},
		done:   make(chan error, 1),
	}
	go func() { s.done <- s.http.Serve(listener) }()
	return s
}

// Close stops listening, lets go of hanging calls and waits for the server's end.
func (s *Server) Close() error {
	s.tenant.release()
	err := s.http.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// release frees the calls that hang by order of a fault.
func (t *Tenant) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.closed)
	t.closed = make(chan struct{})
}

// Changed returns a channel that is closed at the next change of the tenant:
// a ledger entry, a System Log event, a push that waits for an answer.
func (t *Tenant) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// WaitFor returns nil as soon as the condition holds. It looks again after every
// change and gives up with the context. The condition may ask the tenant.
func (t *Tenant) WaitFor(ctx context.Context, condition func() bool) error {
	for {
		changed := t.Changed()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the tenant: %w", ctx.Err())
		}
	}
}

// touch wakes whoever waits for a change. The caller holds mu.
func (t *Tenant) touch() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// newID makes an identifier of twenty characters, or more if the prefix is long. The
// caller holds mu.
func (t *Tenant) newID(prefix string) string {
	t.ids++
	return prefix + base62(mix(t.ids+t.cfg.Seed<<32), max(11, 20-len(prefix)))
}

// mix spreads consecutive numbers over the whole range; it is a bijection.
func mix(n uint64) uint64 {
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9
	n = (n ^ (n >> 27)) * 0x94d049bb133111eb
	return n ^ (n >> 31)
}

// base62 writes n with the given width. Eleven digits hold any number; wider
// identifiers are filled up in front.
func base62(n uint64, width int) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	out := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		out[i] = digits[n%62]
		n /= 62
	}
	return string(out)
}
