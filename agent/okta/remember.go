package okta

import (
	"sync"
	"time"
)

// remembered keeps answers of Okta that change seldom for a short while.
type remembered[T any] struct {
	now func() time.Time
	ttl time.Duration

	mu   *sync.Mutex
	kept map[string]keptAnswer[T]
}

type keptAnswer[T any] struct {
	value T
	until time.Time
}

func remember[T any](now func() time.Time, ttl time.Duration) remembered[T] {
	return remembered[T]{now: now, ttl: ttl, mu: &sync.Mutex{}, kept: map[string]keptAnswer[T]{}}
}

// get gives what is remembered under key, or asks and remembers. An error is not
// remembered. Two callers at once may both ask.
func (r *remembered[T]) get(key string, ask func() (T, error)) (T, error) {
	now := r.now()
	r.mu.Lock()
	kept, ok := r.kept[key]
	r.mu.Unlock()
	if ok && now.Before(kept.until) {
		return kept.value, nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for old, k := range r.kept { // forget what is over, so that the map stays small
		if !now.Before(k.until) {
			delete(r.kept, old)
		}
	}
	r.kept[key] = keptAnswer[T]{value, now.Add(r.ttl)}
	return value, nil
}
