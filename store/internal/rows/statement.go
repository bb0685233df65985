package rows

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"frontdesk/store"
)

// exec runs a statement and tells how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.readOnly {
		return 0, errReadOnly
	}
	if t.broken != nil {
		return 0, t.broken
	}
	res, err := t.sql.ExecContext(ctx, query, clean(args)...)
	if err != nil {
		return 0, t.failed(err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, t.failed(err)
	}
	return n, nil
}

// insert adds one row. Its statement says "on conflict do nothing", so that a
// row that is there already is an answer and does not end the transaction.
func (t *tx) insert(ctx context.Context, query string, args ...any) error {
	n, err := t.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return store.ErrDuplicate
	}
	return err
}

// swap changes one row that must still have the version that was read, and
// then raises that.
func (t *tx) swap(ctx context.Context, version *int64, query string, args ...any) error {
	n, err := t.exec(ctx, query, args...)
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrConflict
	}
	*version++
	t.swapped = append(t.swapped, version)
	return nil
}

// scanner is a row that can be read.
type scanner interface{ Scan(dest ...any) error }

// one reads a row that must be there.
func one[T any](ctx context.Context, t *tx, read func(scanner) (T, error), query string, args ...any) (T, error) {
	var zero T
	if t.broken != nil {
		return zero, t.broken
	}
	v, err := read(t.sql.QueryRowContext(ctx, query, clean(args)...))
	if errors.Is(err, sql.ErrNoRows) {
		return zero, store.ErrNotFound
	}
	if err != nil {
		return zero, t.failed(err)
	}
	return v, nil
}

// many reads all rows.
func many[T any](ctx context.Context, t *tx, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	if t.broken != nil {
		return nil, t.broken
	}
	rows, err := t.sql.QueryContext(ctx, query, clean(args)...)
	if err != nil {
		return nil, t.failed(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := read(rows)
		if err != nil {
			return nil, t.failed(err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, t.failed(err)
	}
	return all, nil
}

// failed translates an engine's error and remembers that the transaction is lost.
func (t *tx) failed(err error) error {
	if t.s.engine.Duplicate(err) {
		err = fmt.Errorf("%w: %w", store.ErrDuplicate, err)
	}
	t.broken = err
	return err
}

// clean makes every text one that both engines keep: PostgreSQL refuses NUL and
// what is not UTF-8.
func clean(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = store.CleanText(s)
		}
	}
	return args
}

// micros is how times are kept: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// at reads a time.
type at struct{ *time.Time }

// Scan takes microseconds.
func (a at) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time is kept as %T", src)
	}
	if n == 0 {
		*a.Time = time.Time{}
		return nil
	}
	*a.Time = time.UnixMicro(n).UTC()
	return nil
}

// asJSON reads a list or a map; empty text leaves it nil.
type asJSON struct{ into any }

// Scan takes JSON text.
func (j asJSON) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("JSON is kept as %T", src)
	}
	if s == "" {
		return nil
	}
	if raw, ok := j.into.(*json.RawMessage); ok {
		*raw = json.RawMessage(s)
		return nil
	}
	if err := json.Unmarshal([]byte(s), j.into); err != nil {
		return fmt.Errorf("decode what was kept: %w", err)
	}
	return nil
}

// words writes a map as JSON text; an empty one as nothing.
func words(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "", nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(b), nil
}
