// Package sqlite opens the embedded profile's store: one file that holds the
// durable rows, River's jobs and the short-lived things.
//
// It owns the file: that nobody else works on it, how it is synced, and what
// only one process can promise, namely that whatever is found half-done at the
// start was interrupted. It refuses a second process, except one that only reads.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"frontdesk/store"
	"frontdesk/store/internal/rows"
)

// Options are the store's options.
type Options = store.Options

// readers bounds the connections that only read; they never wait for the writer.
const readers = 4

// Store is a store.Store on one SQLite file.
type Store struct {
	*rows.Store
	o      Options
	writer *sql.DB
	bell   chan struct{} // rung when a committed transaction woke somebody
	lock   *fileLock     // nil if read only
}

// Open opens the file at path, creating and migrating it as needed. The error
// wraps store.ErrLocked if another process has it open.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	o, err := o.WithDefaults()
	if err != nil {
		return nil, err
	}
	path, err = resolve(path)
	if err != nil {
		return nil, err
	}
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, path, o)
	if err != nil {
		lock.release()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s.lock = lock
	return s, nil
}

func open(ctx context.Context, path string, o Options) (*Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	// One connection writes, and everybody queues for it in Go: SQLite has one
	// writer anyway, and waiting inside it is a polling loop.
	writer, err := sql.Open("sqlite", dsn(path, "rw",
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"))
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", dsn(path, "ro", "busy_timeout(5000)"))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)

	s := &Store{o: o, writer: writer, bell: make(chan struct{}, 1)}
	s.Store, err = rows.New(rows.Engine{
		Name:          "sqlite",
		Writer:        writer,
		Reader:        reader,
		Driver:        &driver{riversqlite.New(writer), s.bell},
		ReadOptions:   sql.TxOptions{ReadOnly: true},
		LockHead:      `select seq, hash from chain_head where id = 1`, // the writer is alone
		Retryable:     retryable,
		Duplicate:     duplicate,
		Committed:     s.ring,
		BeforeWork:    s.adopt,
		Tidy:          s.tidyShelf,
		FetchCooldown: 5 * time.Millisecond,
		FetchInterval: 250 * time.Millisecond,
		Exclusive:     true,
	}, o)
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, writer.Close(), reader.Close())
	}
	return s, nil
}

// OpenReadOnly opens the file at path for reading, also while another process
// works on it. Write and Work fail.
func OpenReadOnly(ctx context.Context, path string, o Options) (*Store, error) {
	o, err := o.WithDefaults()
	if err != nil {
		return nil, err
	}
	path, err = resolve(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no database that can be read (DATABASE_URL): %w", err)
	}
	reader, err := sql.Open("sqlite", dsn(path, "ro", "busy_timeout(5000)"))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{o: o, writer: reader}
	s.Store, err = rows.New(rows.Engine{
		Name:        "sqlite",
		Writer:      reader,
		Reader:      reader,
		ReadOptions: sql.TxOptions{ReadOnly: true},
		Retryable:   retryable,
		Duplicate:   duplicate,
	}, o)
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), reader.Close())
	}
	return s, nil
}

// Close closes the file and lets another process have it. Work must have
// returned.
func (s *Store) Close() error {
	err := s.Store.Close()
	if s.lock != nil {
		s.lock.release()
	}
	return err
}

// resolve gives the one name that every process has for the file.
func resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("the SQLite file has no name")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, os.ErrNotExist) {
		// Not there yet: its folder may still be reached by several names.
		dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
		if err != nil {
			return "", fmt.Errorf("find the folder of %s: %w", path, err)
		}
		return filepath.Join(dir, filepath.Base(abs)), nil
	}
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	return real, nil
}

func dsn(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_pragma": pragmas}
	if mode != "ro" {
		q.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// ring tells River's producer of this process that there is work.
func (s *Store) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// adopt takes over what a dead process left in River's tables. Since nobody
// else can have the file open, whoever leads there is dead and whatever runs
// there was interrupted; waiting for both to time out would cost a minute.
func (s *Store) adopt(ctx context.Context) error {
	if _, err := s.writer.ExecContext(ctx, `delete from river_leader`); err != nil {
		return fmt.Errorf("depose the dead leader: %w", err)
	}
	_, err := s.writer.ExecContext(ctx, `
		update river_job set state = 'available', attempt = max(attempt - 1, 0) where state = 'running'`)
	if err != nil {
		return fmt.Errorf("take over interrupted jobs: %w", err)
	}
	return nil
}

func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

func retryable(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY_TIMEOUT:
		return true
	}
	return false
}

func duplicate(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return true
	}
	return false
}
