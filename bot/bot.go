package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
)

// Engine is what the bot needs of the agent, by subject.
type Engine interface {
	Requests
	Decisions
	Answers
	Proofs
	Forms
}

// Requests are made, begun when Slack has been answered, and withdrawn.
type Requests interface {
	Submit(ctx context.Context, s agent.Submission) (agent.Ticket, error)
	Begin(requestID string)
	Withdraw(delivery string, c agent.Caller)
	Cancel(ctx context.Context, c agent.Caller, ref string) (agent.Message, error)
}

// Decisions are taken by clicks.
type Decisions interface {
	Decide(ctx context.Context, c agent.Click) (agent.Message, error)
}

// Answers are what the desk says when asked.
type Answers interface {
	Help(ctx context.Context, c agent.Caller) (agent.Message, error)
	Status(ctx context.Context, c agent.Caller, ref string) (agent.Message, error)
	Requests(ctx context.Context, c agent.Caller) (agent.Message, error)
	Timeline(ctx context.Context, c agent.Caller, ref string) (agent.Message, error)
}

// Proofs show that a Slack account is the Okta person's.
type Proofs interface {
	ProveCode(ctx context.Context, c agent.Caller, code string) error
	StartPush(ctx context.Context, c agent.Caller) (agent.PushStarted, error)
	AwaitPush(ctx context.Context, c agent.Caller, id string) error
}

// Forms keep what does not fit into them.
type Forms interface {
	Offered() []action.Kind
	Stash(ctx context.Context, value []byte) (string, error)
	Unstash(ctx context.Context, key string) ([]byte, error)
}

// Config is what a Bot is made of. Agent, Desk, AppToken, Logger and Now are
// required.
type Config struct {
	Agent    Engine
	Desk     *Desk
	AppToken string // xapp-…, with the scope connections:write
	Command  string // default: /okta
	// Connections is how many sockets are held open: with two, one is there
	// while the other reconnects. Default 2, at most 10.
	Connections int
	Workers     int // envelopes at work at once; default 32
	Logger      *slog.Logger
	Now         func() time.Time
}

// Bot takes envelopes from Slack until it is told to stop.
type Bot struct {
	Config

	mu     sync.Mutex
	live   []*connection
	once   map[string]time.Time // what was answered lately: events, follow-ups
	latest map[string]string    // form → when the last choice in it was made
	after  *work                // what outlives its envelope's handler
}

// New builds a bot and connects to nothing yet.
func New(c Config) (*Bot, error) {
	for name, missing := range map[string]bool{
		"Agent": c.Agent == nil, "Desk": c.Desk == nil, "AppToken": c.AppToken == "", "Logger": c.Logger == nil, "Now": c.Now == nil,
	} {
		if missing {
			return nil, fmt.Errorf("bot: %s is missing", name)
		}
	}
	if c.Command == "" {
		c.Command = DefaultCommand
	}
	if c.Connections <= 0 {
		c.Connections = 2
	}
	if c.Workers <= 0 {
		c.Workers = 32
	}
	c.Connections = min(c.Connections, 10) // Slack's limit for one app
	return &Bot{Config: c, once: map[string]time.Time{}, latest: map[string]string{}, after: &work{}}, nil
}

// drainFor is how long envelopes at work may take to finish when the bot stops.
const drainFor = 5 * time.Second

// Run serves until ctx is done, then finishes what it has begun and returns nil.
// It returns an error, a sentence for the person who runs the program, when
// Slack will not have this app any more.
func (b *Bot) Run(ctx context.Context) error {
	sockets, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	working, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()

	in := newIntake(4 * b.Workers)
	var workers, connections sync.WaitGroup
	for range b.Workers {
		workers.Go(func() {
			for e := range in.envelopes {
				b.handle(working, e)
			}
		})
	}
	ended := make(chan error, b.Connections)
	for i := range b.Connections {
		connections.Go(func() { ended <- b.connect(sockets, i+1, in) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended: // final for one is final for all
	}
	in.close()
	giveUp := time.AfterFunc(drainFor, abandon)
	workers.Wait()
	b.after.stop(abandon)
	giveUp.Stop()
	hangUp()
	connections.Wait()
	return err
}

// Healthy tells whether at least one connection to Slack is up.
func (b *Bot) Healthy() bool { return b.Connected() > 0 }

// Connected is the number of connections that are up.
func (b *Bot) Connected() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.live {
		if c.up.Load() {
			n++
		}
	}
	return n
}

func (b *Bot) join(c *connection) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = append(b.live, c)
}

func (b *Bot) leave(c *connection) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = slices.DeleteFunc(b.live, func(other *connection) bool { return other == c })
}

// first is true once per key within a while. It spares people second copies; it
// protects nothing that matters.
func (b *Bot) first(key string, within time.Duration) bool {
	const most = 10_000
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.Now()
	if until, ok := b.once[key]; ok && now.Before(until) {
		return false
	}
	if len(b.once) >= most {
		clear(b.once)
	}
	b.once[key] = now.Add(within)
	return true
}

// newest tells whether no later choice in that form is known.
func (b *Bot) newest(form, at string) bool {
	const most = 1_000
	b.mu.Lock()
	defer b.mu.Unlock()
	if last, ok := b.latest[form]; ok && last > at {
		return false
	}
	if len(b.latest) >= most {
		clear(b.latest)
	}
	b.latest[form] = at
	return true
}

// intake holds envelopes until a worker takes them.
type intake struct {
	envelopes chan envelope

	mu     sync.Mutex
	closed bool
}

func newIntake(size int) *intake { return &intake{envelopes: make(chan envelope, size)} }

// offer takes an envelope if there is room. It never waits.
func (in *intake) offer(e envelope) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return false
	}
	select {
	case in.envelopes <- e:
		return true
	default:
		return false
	}
}

func (in *intake) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	close(in.envelopes)
}

// work is what goes on after an envelope was acknowledged: a slow answer, a push
// that somebody has to find their phone for. It is bounded and waited for.
type work struct {
	running sync.WaitGroup

	mu   sync.Mutex
	busy int
}

const maxAfter = 256

// start runs f on its own, unless too much is going on already.
func (w *work) start(f func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy >= maxAfter {
		return false
	}
	w.busy++
	w.running.Go(func() {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.busy--
		}()
		f()
	})
	return true
}

// stop gives what is going on a moment, then ends it.
func (w *work) stop(abandon func()) {
	t := time.AfterFunc(time.Second, abandon)
	defer t.Stop()
	w.running.Wait()
}

// outcome is what came of a call.
type outcome[T any] struct {
	value T
	err   error
}

// within answers f's outcome if it comes in time. Otherwise it answers false, f
// goes on in the background, and late gets its outcome.
func within[T any](b *Bot, d time.Duration, f func() (T, error), late func(outcome[T])) (outcome[T], bool) {
	inTime, tooLate := make(chan outcome[T]), make(chan struct{})
	started := b.after.start(func() {
		value, err := f()
		o := outcome[T]{value, err}
		select {
		case inTime <- o:
		case <-tooLate:
			late(o)
		}
	})
	if !started {
		return outcome[T]{err: errBusy}, true
	}
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case o := <-inTime:
		return o, true
	case <-t.C:
		close(tooLate)
		return outcome[T]{}, false
	}
}

var errBusy = errors.New("too much going on")
