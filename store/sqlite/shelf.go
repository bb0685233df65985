package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/store"
)

// Shelf keeps the short-lived things in the same file. Closing it does nothing:
// it ends with the store.
func (s *Store) Shelf() store.Shelf { return shelf{s} }

type shelf struct{ s *Store }

func (h shelf) now() int64 { return h.s.o.Now().UnixMicro() }

func (h shelf) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if value == nil {
		value = []byte{}
	}
	_, err := h.s.writer.ExecContext(ctx, `
		insert into shelf (key, value, expires) values ($1, $2, $3)
		on conflict (key) do update set value = excluded.value, expires = excluded.expires`,
		key, value, h.now()+ttl.Microseconds())
	if err != nil {
		return fmt.Errorf("put %s on the shelf: %w", key, err)
	}
	return nil
}

func (h shelf) Get(ctx context.Context, key string) ([]byte, error) {
	return h.value(ctx, key, `select value from shelf where key = $1 and expires > $2`)
}

func (h shelf) Take(ctx context.Context, key string) ([]byte, error) {
	return h.value(ctx, key, `delete from shelf where key = $1 and expires > $2 returning value`)
}

func (h shelf) value(ctx context.Context, key, query string) ([]byte, error) {
	var value []byte
	err := h.s.writer.QueryRowContext(ctx, query, key, h.now()).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("%s on the shelf: %w", key, err)
	}
	return value, nil
}

func (h shelf) Delete(ctx context.Context, key string) error {
	if _, err := h.s.writer.ExecContext(ctx, `delete from shelf where key = $1`, key); err != nil {
		return fmt.Errorf("delete %s from the shelf: %w", key, err)
	}
	return nil
}

func (h shelf) Max(ctx context.Context, key string, value int64, ttl time.Duration) (int64, error) {
	now := h.now()
	var text []byte
	err := h.s.writer.QueryRowContext(ctx, `
		insert into shelf (key, value, expires) values ($1, $2, $3)
		on conflict (key) do update set
			value = case when shelf.expires <= $4 or cast(shelf.value as integer) < $5 then excluded.value else shelf.value end,
			expires = case when shelf.expires <= $4 or cast(shelf.value as integer) < $5 then excluded.expires
				else max(shelf.expires, excluded.expires) end
		returning value`,
		key, []byte(strconv.FormatInt(value, 10)), now+ttl.Microseconds(), now, value).Scan(&text)
	if err != nil {
		return 0, fmt.Errorf("raise %s on the shelf: %w", key, err)
	}
	stands, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("raise %s on the shelf: %w", key, err)
	}
	return stands, nil
}

func (h shelf) Ping(ctx context.Context) error { return h.s.Ping(ctx) }

func (h shelf) Close() error { return nil }

func (s *Store) tidyShelf(ctx context.Context) error {
	if _, err := s.writer.ExecContext(ctx, `delete from shelf where expires <= $1`, s.o.Now().UnixMicro()); err != nil {
		return fmt.Errorf("tidy the shelf: %w", err)
	}
	return nil
}
