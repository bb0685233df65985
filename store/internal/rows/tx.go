package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"frontdesk/store"
)

const (
	// maxAttempts bounds how often a transaction is run again after the engine
	// gave it up for another one's sake.
	maxAttempts = 6
	// maxDuration ends a transaction that nobody ends: the embedded engine has
	// one writer, and everybody waits for it.
	maxDuration = 2 * time.Minute
)

var errReadOnly = errors.New("this is a read-only transaction")

// tx is one transaction. What is appended or woken waits until f has returned,
// because the chain's head is locked from then on: nobody else can write an
// event between that and the commit, so the lock is held as briefly as can be.
type tx struct {
	s          *Store
	sql        *sql.Tx
	now        time.Time
	readOnly   bool
	appended   []appended
	wakes      []wake
	committing bool
	broken     error    // the first statement that failed: PostgreSQL runs none after it
	swapped    []*int64 // versions increased in the caller's rows, put back if nothing is kept
}

var _ store.Tx = (*tx)(nil)

// Write runs f in a transaction; see store.Store.
func (s *Store) Write(ctx context.Context, f func(store.Tx) error) error {
	if s.jobs == nil {
		return errReadOnly
	}
	for attempt := 1; ; attempt++ {
		t := &tx{s: s, now: s.now()}
		err := t.write(ctx, f)
		if err == nil {
			return nil
		}
		// A connection that was lost while committing may have committed.
		again := s.engine.Retryable(err) || (!t.committing && s.lost(err))
		if !again || attempt == maxAttempts || ctx.Err() != nil {
			return err
		}
		s.o.Logger.DebugContext(ctx, "transaction runs again", "attempt", attempt, "error", err)
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (t *tx) write(ctx context.Context, f func(store.Tx) error) error {
	err := t.run(ctx, t.s.engine.Writer, nil, func() error {
		if err := f(t); err != nil {
			return err
		}
		if t.broken != nil {
			return t.broken
		}
		if err := t.enqueue(ctx); err != nil {
			return err
		}
		return t.seal(ctx)
	})
	if err != nil {
		for _, version := range t.swapped {
			*version--
		}
		return err
	}
	if len(t.wakes) > 0 && t.s.engine.Committed != nil {
		t.s.engine.Committed()
	}
	return nil
}

// Read runs f in a read-only transaction; see store.Store.
func (s *Store) Read(ctx context.Context, f func(store.Tx) error) error {
	t := &tx{s: s, now: s.now(), readOnly: true}
	return t.run(ctx, s.engine.Reader, &s.engine.ReadOptions, func() error { return f(t) })
}

// run begins, calls f, and commits or rolls back. Statements obey ctx; the
// transaction itself outlives it, so that giving up is an orderly rollback and
// not a broken connection.
func (t *tx) run(ctx context.Context, db *sql.DB, o *sql.TxOptions, f func() error) error {
	outer, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxDuration)
	defer cancel()
	conn, err := t.begin(ctx, outer, db, o)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	committed := false
	defer func() {
		if committed {
			return
		}
		if err := t.sql.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			// The engine rolls back by itself what it can't be told about.
			t.s.o.Logger.DebugContext(ctx, "rollback failed", "error", err)
		}
	}()
	if err := f(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	t.committing = true
	if err := t.sql.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

// begin starts the transaction, on another connection if the first was lost
// while it lay idle.
func (t *tx) begin(ctx, outer context.Context, db *sql.DB, o *sql.TxOptions) (*sql.Conn, error) {
	for attempt := 1; ; attempt++ {
		conn, err := db.Conn(ctx)
		if err == nil {
			if t.sql, err = conn.BeginTx(outer, o); err == nil {
				return conn, nil
			}
			_ = conn.Close()
		}
		if attempt == maxAttempts || ctx.Err() != nil || !t.s.lost(err) {
			return nil, fmt.Errorf("begin a transaction in %s: %w", t.s.engine.Name, err)
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

func (s *Store) lost(err error) bool { return s.engine.Lost != nil && s.engine.Lost(err) }

// pause waits a little longer each time, and never as long as the others who
// lost with us.
func pause(ctx context.Context, attempt int) error {
	most := 5 * time.Millisecond << attempt
	timer := time.NewTimer(time.Millisecond + rand.N(most)) //nolint:gosec // spreading load needs no secrecy
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// Now is the transaction's one time.
func (t *tx) Now() time.Time { return t.now }
