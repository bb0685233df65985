package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/store"
)

// onceKept is how long keys are remembered: a day more than was promised.
const onceKept = 8 * 24 * time.Hour

func (t *tx) Once(ctx context.Context, key string) (bool, error) {
	err := t.insert(ctx, `insert into once (key, at) values ($1, $2) on conflict do nothing`, key, micros(t.now))
	if errors.Is(err, store.ErrDuplicate) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("once %s: %w", key, err)
	}
	return true, nil
}

// tidy drops keys and claims whose time is over.
func (s *Store) tidy(ctx context.Context) error {
	now := s.now()
	_, err := s.engine.Writer.ExecContext(ctx, `delete from once where at < $1`, micros(now.Add(-onceKept)))
	if err != nil {
		return fmt.Errorf("drop old keys: %w", err)
	}
	if _, err := s.engine.Writer.ExecContext(ctx, `delete from claims where until <= $1`, micros(now)); err != nil {
		return fmt.Errorf("drop old claims: %w", err)
	}
	if s.engine.Tidy == nil {
		return nil
	}
	return s.engine.Tidy(ctx)
}
