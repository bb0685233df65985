package rows

import (
	"context"
	"fmt"
	"time"

	"frontdesk/store"
)

// Claim takes key for owner; see store.Store.
func (s *Store) Claim(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	now := s.now()
	res, err := s.engine.Writer.ExecContext(ctx, `
		insert into claims (key, owner, until) values ($1, $2, $3)
		on conflict (key) do update set owner = excluded.owner, until = excluded.until
			where claims.owner = excluded.owner or claims.until <= $4`,
		store.CleanText(key), store.CleanText(owner), micros(now.Add(ttl)), micros(now))
	if err != nil {
		return false, fmt.Errorf("claim %s: %w", key, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("claim %s: %w", key, err)
	}
	return n == 1, nil
}

// Release ends owner's claim; see store.Store.
func (s *Store) Release(ctx context.Context, key, owner string) error {
	_, err := s.engine.Writer.ExecContext(ctx, `delete from claims where key = $1 and owner = $2`, store.CleanText(key), store.CleanText(owner))
	if err != nil {
		return fmt.Errorf("release %s: %w", key, err)
	}
	return nil
}

// ReleaseAll ends every claim; see store.Store.
func (s *Store) ReleaseAll(ctx context.Context) error {
	if _, err := s.engine.Writer.ExecContext(ctx, `delete from claims`); err != nil {
		return fmt.Errorf("release all claims: %w", err)
	}
	return nil
}
