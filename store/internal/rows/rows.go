// Package rows keeps every noun of package store as rows, with one hand-written
// SQL text for PostgreSQL and SQLite over database/sql, and hands River's jobs
// out to whoever works them.
//
// It owns the SQL, the transactions and the queue. It refuses to know how an
// engine is opened, locked or tuned: packages sqlite and postgres say that in an
// Engine.
package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"frontdesk/store"
)

// Engine is what differs between the engines.
type Engine struct {
	Name   string // also the folder of its migrations
	Writer *sql.DB
	Reader *sql.DB // may be Writer
	// Driver is River's, on Writer; nil for a store that is only read.
	Driver riverdriver.Driver[*sql.Tx]

	// ReadOptions give Read one consistent view.
	ReadOptions sql.TxOptions
	// LockHead reads the chain's head and keeps everybody else from it until
	// the transaction ends.
	LockHead string
	// Retryable tells whether a transaction that failed so may succeed when it
	// is run again.
	Retryable func(error) bool
	// Lost tells whether the connection was lost, and sees to it that others
	// lost with it are not used again; nil where there is none to lose.
	Lost func(error) bool
	// Duplicate tells whether a row was refused because it is there already.
	Duplicate func(error) bool

	// Committed is called after a commit that woke a subject at once; may be nil.
	Committed func()
	// BeforeWork runs before the queue starts; may be nil.
	BeforeWork func(context.Context) error
	// Tidy drops what only this engine keeps for a while; may be nil.
	Tidy func(context.Context) error

	FetchCooldown time.Duration
	FetchInterval time.Duration
	Exclusive     bool
}

// Store implements store.Store on an Engine.
type Store struct {
	engine Engine
	o      store.Options
	jobs   *river.Client[*sql.Tx] // inserts only
}

var _ store.Store = (*Store)(nil)

// New makes a store of an opened engine. Migrate comes before first use.
func New(e Engine, o store.Options) (*Store, error) {
	s := &Store{engine: e, o: o}
	if e.Driver == nil {
		return s, nil
	}
	jobs, err := river.NewClient(e.Driver, &river.Config{
		Logger: s.riverLogger(),
		// River leaves out a notification that follows another one within its
		// cooldown. The first may belong to a transaction that rolls back, so
		// the cooldown of whoever inserts is as short as it can be.
		FetchCooldown:       river.FetchCooldownMin,
		SkipUnknownJobCheck: true,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the queue: %w", err)
	}
	s.jobs = jobs
	return s, nil
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.engine.Writer.PingContext(ctx); err != nil {
		return fmt.Errorf("ping %s: %w", s.engine.Name, err)
	}
	return nil
}

// Exclusive tells whether nobody else can have the database open.
func (s *Store) Exclusive() bool { return s.engine.Exclusive }

// Close closes the pools. Work must have returned.
func (s *Store) Close() error {
	err := s.engine.Writer.Close()
	if s.engine.Reader != s.engine.Writer {
		err = errors.Join(s.engine.Reader.Close(), err)
	}
	return err
}

// riverLogger passes on what River warns of and drops its chatter.
func (s *Store) riverLogger() *slog.Logger {
	return slog.New(atLeastWarn{s.o.Logger.Handler()}).With("component", "river")
}

// atLeastWarn is a handler that is deaf below Warn.
type atLeastWarn struct{ slog.Handler }

func (h atLeastWarn) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

func (h atLeastWarn) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeastWarn{h.Handler.WithAttrs(attrs)}
}

func (h atLeastWarn) WithGroup(name string) slog.Handler {
	return atLeastWarn{h.Handler.WithGroup(name)}
}
