package slacksim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Workspace is one Slack workspace with one app in it. It is an http.Handler
// that serves the Web API under /api/, Socket Mode, response URLs and the
// control surface under /sim/. All methods are safe for concurrent use.
type Workspace struct {
	cfg     Config
	mux     *http.ServeMux
	methods map[string]method
	scopes  []string
	closing chan struct{} // closed by Close
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	changed chan struct{} // closed and replaced at every change
	seq     uint64        // counts changes
	base    string        // scheme and host that clients reached us by
	serial  uint64        // the last number used in an id
	lastTS  int64         // the last message timestamp, in microseconds
	stop    func()        // stops the server that Start began

	people     map[string]*Person
	channels   map[string]*channel
	ephemerals []*Message
	groups     map[string]*usergroup
	views      map[string]*openView
	stacks     map[string][]string // person -> ids of their open modals, root first
	homes      map[string]string   // person -> id of their Home view
	inputs     map[inputKey]map[string]map[string]object
	suggested  map[string]map[string]object // person and action -> options by value
	triggers   map[string]*trigger
	responses  map[string]*responseURL
	threads    map[string]AssistantThread

	sockets      []*socket
	nextSocket   int
	tickets      map[string]ticket
	linkDisabled bool
	double       bool
	waiting      map[string]*delivery
	settled      ring

	faults   []*activeFault
	ledger   []APICall
	callSeq  int
	problems []Problem
}

// New builds a workspace with the app's bot user, Slackbot and #general. It
// panics if cfg.Now is nil.
func New(cfg Config) *Workspace {
	cfg = cfg.withDefaults()
	w := &Workspace{
		cfg:       cfg,
		methods:   methods(),
		closing:   make(chan struct{}),
		changed:   make(chan struct{}),
		base:      "http://slack.invalid",
		stop:      func() {},
		people:    map[string]*Person{},
		channels:  map[string]*channel{},
		groups:    map[string]*usergroup{},
		views:     map[string]*openView{},
		stacks:    map[string][]string{},
		homes:     map[string]string{},
		inputs:    map[inputKey]map[string]map[string]object{},
		suggested: map[string]map[string]object{},
		triggers:  map[string]*trigger{},
		responses: map[string]*responseURL{},
		threads:   map[string]AssistantThread{},
		tickets:   map[string]ticket{},
		waiting:   map[string]*delivery{},
		settled:   newRing(4096),
	}
	w.scopes = cfg.Scopes
	if w.scopes == nil {
		w.scopes = allScopes(w.methods)
	}
	w.channels[generalID] = &channel{Channel: Channel{ID: generalID, Name: "general"}}
	w.people["USLACKBOT"] = &Person{ID: "USLACKBOT", Name: "slackbot", RealName: "Slackbot", Kind: Member, TeamID: cfg.Team.ID}
	w.people[cfg.App.BotUser] = &Person{ID: cfg.App.BotUser, Name: cfg.App.Name, RealName: cfg.App.Name, Kind: Bot, TeamID: cfg.Team.ID}
	w.mux = w.routes()
	return w
}

func (w *Workspace) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", w.serveAPI)
	mux.HandleFunc("/link/", w.serveSocket)
	mux.HandleFunc("/response/{key}", w.serveResponseURL)
	mux.Handle("/sim/", w.control())
	return mux
}

// ServeHTTP makes the Workspace a handler for any server. A closed workspace
// answers 503.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !w.enter() {
		http.Error(rw, "workspace closed", http.StatusServiceUnavailable)
		return
	}
	defer w.running.Done()
	w.mux.ServeHTTP(rw, r)
}

func (w *Workspace) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.running.Add(1)
	}
	return !w.closed
}

// Start listens on a free loopback port and returns the base URL, without a
// trailing slash; the Web API is at base+"/api/". Close stops it.
func (w *Workspace) Start(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for slack: %w", err)
	}
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Serve(serving, ln); err != nil {
			w.cfg.Logger.ErrorContext(serving, "slack workspace stopped", "error", err)
		}
	}()
	base := "http://" + ln.Addr().String()
	w.mu.Lock()
	w.base = base
	w.stop = func() {
		cancel()
		<-done
	}
	w.mu.Unlock()
	return base, nil
}

// Serve answers requests on ln until ctx ends, then closes the workspace and
// waits for what it started. It returns nil after an orderly stop.
func (w *Workspace) Serve(ctx context.Context, ln net.Listener) error {
	w.setBase("http://" + ln.Addr().String())
	srv := &http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		failed <- err
	case <-ctx.Done():
	case <-w.closing:
	}
	w.shut()
	_ = srv.Close() // sockets are hijacked and closed by shut; the rest may fail as it likes
	err := <-failed
	w.running.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve slack: %w", err)
	}
	return nil
}

// Close ends every socket and pending delivery, stops a server begun by Start
// and waits for all of it. A closed workspace can still be read.
func (w *Workspace) Close() {
	w.shut()
	w.mu.Lock()
	stop := w.stop
	w.mu.Unlock()
	stop()
	w.running.Wait()
}

func (w *Workspace) shut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		close(w.closing)
		w.touch()
	}
}

// spawn runs f in a goroutine that Close waits for; after Close it does
// nothing. It needs mu.
func (w *Workspace) spawn(f func()) {
	if !w.closed {
		w.running.Go(f)
	}
}

func (w *Workspace) setBase(base string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base = base
}

// touch tells every waiter that something changed. It needs mu.
func (w *Workspace) touch() {
	w.seq++
	close(w.changed)
	w.changed = make(chan struct{})
}

// WaitFor returns once cond holds. It asks now and after every change of the
// workspace, never in between, and fails only when ctx ends first. cond may
// call any method of the workspace.
func (w *Workspace) WaitFor(ctx context.Context, cond func() bool) error {
	for {
		changed, _ := w.change()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for a change in slack: %w", ctx.Err())
		}
	}
}

// Changed returns a channel that is closed at the next change of the workspace.
func (w *Workspace) Changed() <-chan struct{} {
	changed, _ := w.change()
	return changed
}

func (w *Workspace) change() (<-chan struct{}, uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed, w.seq
}

// Problem is something the app did wrong and that no response tells it: an ack
// that was dropped, came late or could not be used.
type Problem struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Detail string    `json:"detail"`
}

// Problems lists what the app did wrong without being told, oldest first.
func (w *Workspace) Problems() []Problem {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.problems)
}

func (w *Workspace) problem(kind, detail string) {
	w.problems = append(trimmed(w.problems), Problem{At: w.cfg.Now(), Kind: kind, Detail: detail})
	w.touch()
}

// keep bounds every list that would otherwise grow for as long as the
// workspace lives.
const keep = 200_000

func trimmed[T any](list []T) []T {
	if len(list) < keep {
		return list
	}
	return slices.Clone(list[keep/2:])
}
