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
	s        *Store
	sql      *sql.Tx
	now      time.Time
	readOnly bool
	appended []appended
	wakes    []wake
	broken   error // the first statement that failed: PostgreSQL runs none after it
}

var _ store.Tx = (*tx)(nil)

// Write runs f in a transaction; see store.Store.
func (s *Store) Write(ctx context.Context, f func(store.Tx) error) error {
	if s.jobs == nil {
		return errReadOnly
	}
	for attempt := 1; ; attempt++ {
		err := s.write(ctx, f)
		if err == nil || attempt == maxAttempts || !s.engine.Retryable(err) {
			return err
		}
		s.o.Logger.DebugContext(ctx, "transaction runs again", "attempt", attempt, "error", err)
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (s *Store) write(ctx context.Context, f func(store.Tx) error) error {
	t := &tx{s: s, now: s.now()}
	err := t.run(ctx, s.engine.Writer, nil, func() error {
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
		return err
	}
	if len(t.wakes) > 0 && s.engine.Committed != nil {
		s.engine.Committed()
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
func (t *tx) run(ctx context.Context, db *sql.DB, o *sql.TxOptions, f func() error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", t.s.engine.Name, err)
	}
	defer conn.Close()
	outer, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxDuration)
	defer cancel()
	if t.sql, err = conn.BeginTx(outer, o); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		if rbErr := t.sql.Rollback(); rbErr != nil && !errors.Is(rbErr, sql.ErrTxDone) {
			t.s.o.Logger.WarnContext(ctx, "rollback failed", "error", rbErr)
		}
	}()
	if err := f(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if err := t.sql.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

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
