package agent

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"frontdesk/playbooks"
	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// Identity says what a first match by email is worth.
type Identity string

// The identity modes (FRONTDESK_IDENTITY).
const (
	// IdentityProof asks a person for one proof before they decide, or act on
	// somebody else.
	IdentityProof Identity = "proof"
	// IdentityEmail trusts a confirmed Slack email: for workspaces whose
	// sign-in Okta enforces.
	IdentityEmail Identity = "email"
)

// Who names, by Okta group, who is who. Empty means nobody.
type Who struct {
	Admins     string
	Agents     string
	Fallback   string
	BreakGlass string
}

// Config is what an Agent is made of. All fields without a default named are
// required.
type Config struct {
	Store     store.Store
	Shelf     store.Shelf
	Directory Directory
	Actor     Actor
	Prover    Prover
	Desk      Desk
	Library   *playbooks.Library
	Logger    *slog.Logger
	Now       func() time.Time

	Who        Who
	Identity   Identity // default: IdentityProof
	Teams      []string // Slack team (or enterprise) ids whose people are ours
	Command    string   // default: /okta
	OktaURL    string   // where people sign in
	NewID      func() string
	Workers    int           // runs at work at once; default 8
	Expires    time.Duration // of an approval that says nothing; default 24h
	CallWithin time.Duration // bound on one Okta write; default 15s
	// SettleAfter is how old an unanswered call must be before its absence in
	// Okta is taken for "did not happen". Default 30s; must exceed CallWithin.
	SettleAfter time.Duration
	// BeginAfter is how long a request whose acknowledgement is not known to
	// have gone out waits before it is run all the same. Default 5s.
	BeginAfter time.Duration
}

// Agent is the engine. Make one with New, let it work with Run.
type Agent struct {
	Config
	owner  string // of claims
	kicks  chan string
	log    *slog.Logger
	groups groupNames

	mu        sync.Mutex
	withdrawn map[string]bool // deliveries that must not begin, until the store knows
	begun     map[string]bool // received runs whose acknowledgement went out
	pending   sync.WaitGroup  // work that outlives its caller: withdrawals, whispers
}

// New builds an agent and reads nothing yet.
func New(c Config) (*Agent, error) {
	for name, missing := range map[string]bool{
		"Store": c.Store == nil, "Shelf": c.Shelf == nil, "Directory": c.Directory == nil, "Actor": c.Actor == nil,
		"Prover": c.Prover == nil, "Desk": c.Desk == nil, "Library": c.Library == nil, "Logger": c.Logger == nil, "Now": c.Now == nil,
	} {
		if missing {
			return nil, fmt.Errorf("agent: %s is missing", name)
		}
	}
	if len(c.Teams) == 0 || c.Teams[0] == "" {
		return nil, errors.New("agent: Teams must name the Slack workspace")
	}
	setDefault(&c.Identity, IdentityProof)
	setDefault(&c.Command, "/okta")
	setDefault(&c.Workers, 8)
	setDefault(&c.Expires, 24*time.Hour)
	setDefault(&c.CallWithin, 15*time.Second)
	setDefault(&c.SettleAfter, 30*time.Second)
	setDefault(&c.BeginAfter, 5*time.Second)
	if c.NewID == nil {
		c.NewID = newID
	}
	if c.SettleAfter <= c.CallWithin {
		return nil, fmt.Errorf("agent: a call may take %s, so it cannot be settled after %s", c.CallWithin, c.SettleAfter)
	}
	return &Agent{
		Config: c, owner: c.NewID(), log: c.Logger,
		kicks:     make(chan string, 1024),
		withdrawn: map[string]bool{},
		begun:     map[string]bool{},
		groups:    groupNames{now: c.Now, ids: map[string]groupName{}},
	}, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// newID draws 128 bits, in lower-case letters and digits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// claimFor bounds how long a crashed worker's subject stays taken; a living worker
// renews its claim every renewAfter. Work on one subject is bounded by workFor.
const (
	claimFor   = 10 * time.Second
	renewAfter = 3 * time.Second
	workFor    = 45 * time.Second
)

// Run works until ctx is done: it drains the queue, takes the short way for what
// was committed in this process, and waits for all it started.
func (a *Agent) Run(ctx context.Context) error {
	if a.Store.Exclusive() {
		// Nobody else can be at work: what is claimed was interrupted.
		if err := a.Store.ReleaseAll(ctx); err != nil {
			return fmt.Errorf("take over from the last process: %w", err)
		}
		a.sweep(ctx, a.Now().AddDate(100, 0, 0))
	}
	var workers sync.WaitGroup
	for range a.Workers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case subject := <-a.kicks:
					if err := a.handle(ctx, subject); err != nil && ctx.Err() == nil {
						a.log.WarnContext(ctx, "work put off", "subject", subject, "error", err)
					}
				}
			}
		})
	}
	err := a.Store.Work(ctx, a.handle)
	workers.Wait()
	a.pending.Wait()
	return err
}

// kick takes the short way to handle; where the way is full, the job that was
// stored with the change is enough.
func (a *Agent) kick(subject string) {
	select {
	case a.kicks <- subject:
	default:
	}
}

func runSubject(id string) string     { return "run/" + id }
func requestSubject(id string) string { return "request/" + id }

// handle works on one subject, alone among all workers, until nothing is left to
// do. If somebody else is at it, that somebody looks once more before leaving.
func (a *Agent) handle(ctx context.Context, subject string) error {
	if subject == store.SweepSubject {
		a.sweep(ctx, a.Now())
		return nil
	}
	kind, id, ok := strings.Cut(subject, "/")
	if !ok {
		a.log.ErrorContext(ctx, "unknown subject", "subject", subject)
		return nil
	}
	if kind == "begin" {
		return a.begin(ctx, id)
	}
	ctx, cancel := context.WithTimeout(ctx, workFor)
	defer cancel()
	for {
		owner := a.owner + "/" + a.NewID()
		mine, err := a.Store.Claim(ctx, subject, owner, claimFor)
		if err != nil || !mine {
			return err
		}
		working, lost := context.WithCancel(ctx)
		var renewal sync.WaitGroup
		renewal.Go(func() { a.renew(working, subject, owner, lost) })
		var settled func(context.Context) (bool, error)
		switch kind {
		case "run":
			settled, err = a.advance(working, id)
		case "request":
			settled, err = a.deliver(working, id)
		default:
			a.log.ErrorContext(ctx, "unknown subject", "subject", subject)
			settled = func(context.Context) (bool, error) { return true, nil }
		}
		lost()
		renewal.Wait()
		bye, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if e := a.Store.Release(bye, subject, owner); e != nil {
			err = errors.Join(err, e)
		}
		stop()
		if err != nil {
			return err
		}
		if rests, err := settled(ctx); err != nil || rests {
			return err
		}
	}
}

// renew keeps a claim until ctx is done, and tells when it was lost.
func (a *Agent) renew(ctx context.Context, subject, owner string, lost func()) {
	for rest(ctx, renewAfter) == nil {
		mine, err := a.Store.Claim(ctx, subject, owner, claimFor)
		if err == nil && !mine {
			a.log.WarnContext(ctx, "claim lost", "subject", subject)
			lost()
			return
		}
	}
}

// sweep wakes what is due: the net below jobs that were lost.
func (a *Agent) sweep(ctx context.Context, until time.Time) {
	const most = 500
	var runs, requests []string
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		if runs, err = tx.DueRuns(ctx, until, most); err != nil {
			return err
		}
		requests, err = tx.DueNotices(ctx, until, most)
		return err
	})
	if err != nil {
		a.log.WarnContext(ctx, "sweep failed", "error", err)
		return
	}
	for _, id := range runs {
		a.kick(runSubject(id))
	}
	for _, id := range requests {
		a.kick(requestSubject(id))
	}
}

// write runs f in a transaction and, after the commit, takes the short way to
// what f woke.
func (a *Agent) write(ctx context.Context, f func(tx *txn) error) error {
	var woken []string
	err := a.Store.Write(ctx, func(inner store.Tx) error {
		t := &txn{Tx: inner}
		err := f(t)
		woken = t.woken
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range woken {
		a.kick(s)
	}
	return nil
}

// txn is a store.Tx that remembers what it woke.
type txn struct {
	store.Tx
	woken []string
}

// wake enqueues subject and remembers it for the short way.
func (t *txn) wake(ctx context.Context, subject string) error {
	if slices.Contains(t.woken, subject) {
		return nil
	}
	t.woken = append(t.woken, subject)
	return t.Wake(ctx, subject, time.Time{})
}

// Offered lists the actions that a playbook answers to, for the form.
func (a *Agent) Offered() []action.Kind {
	var kinds []action.Kind
	for _, spec := range action.Catalogue() {
		if _, ok := a.Library.For(spec.Kind); ok {
			kinds = append(kinds, spec.Kind)
		}
	}
	return kinds
}

// Stash keeps a half-finished form's words for an hour and gives a key. They
// carry no authority.
func (a *Agent) Stash(ctx context.Context, value []byte) (string, error) {
	key := a.NewID()
	if err := a.Shelf.Put(ctx, "stash/"+key, value, time.Hour); err != nil {
		return "", fmt.Errorf("keep a half-finished form: %w", err)
	}
	return key, nil
}

// Unstash gives back what Stash kept; store.ErrNotFound after an hour.
func (a *Agent) Unstash(ctx context.Context, key string) ([]byte, error) {
	return a.Shelf.Get(ctx, "stash/"+key)
}
