// Package postgres opens the scaled profile's store: a PostgreSQL database that
// any number of replicas share.
//
// It owns the connection pools, what PostgreSQL's errors mean, and that replicas
// which start at once migrate one after the other. It refuses to print the
// database URL, which holds a password.
package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"frontdesk/store"
	"frontdesk/store/internal/rows"
)

// Options are the store's options.
type Options = store.Options

// spare connections serve what is not a worker: Slack's envelopes, River's own
// bookkeeping, health checks.
const spare = 8

// The SQLSTATEs that mean something to us.
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

// Store is a store.Store on PostgreSQL.
type Store struct {
	*rows.Store
	db   *sql.DB
	pool *pgxpool.Pool
}

// Open connects to the database that url names and migrates it.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	o, err := o.WithDefaults()
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// Neither the URL nor what the parser says of it: both may hold the password.
		return nil, errors.New("the database URL can't be parsed: it should read postgres://user:password@host:5432/database, with special characters in the password percent-encoded")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = int32(o.Workers) + spare //nolint:gosec // a small number
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "frontdesk"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("set up the PostgreSQL pool: %w", err)
	}
	s, err := open(ctx, pool, o)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

func open(ctx context.Context, pool *pgxpool.Pool, o Options) (*Store, error) {
	db := stdlib.OpenDBFromPool(pool)
	s := &Store{db: db, pool: pool}
	var err error
	s.Store, err = rows.New(rows.Engine{
		Name:   "postgres",
		Writer: db,
		Reader: db,
		Driver: riverdatabasesql.NewWithPgxListener(db, pool),
		// One snapshot for all that f reads; a reader never fails to serialise.
		ReadOptions: sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
		LockHead:    `select seq, hash from chain_head where id = 1 for update`,
		Retryable:   retryable,
		Duplicate:   duplicate,
		Lost:        s.lost,
		// Notifications wake the workers; the interval is for what was put off
		// for less than River's scheduler looks ahead.
		FetchCooldown: 5 * time.Millisecond,
		FetchInterval: 250 * time.Millisecond,
	}, o)
	if err != nil {
		return nil, err
	}
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Migrate brings the tables to this version. Replicas that do so at the same
// time wait for each other.
func (s *Store) Migrate(ctx context.Context) (err error) {
	locker, err := lock.NewPostgresSessionLocker(
		lock.WithLockTimeout(1, 300), // seconds, tries: a migration may take five minutes
		lock.WithUnlockTimeout(1, 10),
	)
	if err != nil {
		return fmt.Errorf("set up the migration lock: %w", err)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect for migration: %w", err)
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	if err := locker.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("wait for the migration lock: %w", err)
	}
	defer func() {
		unlockCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, locker.SessionUnlock(unlockCtx, conn))
	}()
	return s.Store.Migrate(ctx)
}

// Close closes the pools. Work must have returned.
func (s *Store) Close() error {
	err := s.Store.Close()
	s.pool.Close()
	return err
}

func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

func retryable(err error) bool {
	c := code(err)
	return c == serializationFailure || c == deadlockDetected
}

// lost tells whether err is a connection that broke, and drops those that lie
// idle: what broke one mostly broke them all.
func (s *Store) lost(err error) bool {
	if !broke(err) {
		return false
	}
	s.pool.Reset()
	return true
}

func broke(err error) bool {
	if c := code(err); c != "" {
		switch c {
		case "57P01", "57P02", "57P03": // the server is stopping, has crashed, or is starting
			return true
		}
		return strings.HasPrefix(c, "08")
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) ||
		pgconn.SafeToRetry(err)
}

func duplicate(err error) bool { return code(err) == uniqueViolation }
