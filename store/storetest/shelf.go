package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/store"
)

// RunShelf runs the suite for shelves. open opens an empty one and closes it in
// a cleanup; it may be shared with tests that run before and after.
func RunShelf(t *testing.T, open func(t *testing.T) store.Shelf) {
	t.Helper()
	const long = time.Hour

	get := func(t *testing.T, s store.Shelf, key string) string {
		t.Helper()
		b, err := s.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	gone := func(t *testing.T, s store.Shelf, key string) {
		t.Helper()
		if b, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s is %q, %v; want ErrNotFound", key, b, err)
		}
	}
	put := func(t *testing.T, s store.Shelf, key, value string, ttl time.Duration) {
		t.Helper()
		if err := s.Put(t.Context(), key, []byte(value), ttl); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("what is put is there until it is deleted", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		gone(t, s, "k")
		for _, v := range []string{"one", "", "\x00\xff binary", "👩🏽‍💻"} {
			put(t, s, "k", v, long)
			if got := get(t, s, "k"); got != v {
				t.Errorf("got %q, want %q", got, v)
			}
		}
		for range 2 {
			if err := s.Delete(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
		}
		gone(t, s, "k")
	})

	t.Run("what is put is gone when its time is over", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		put(t, s, "short", "v", 30*time.Millisecond)
		put(t, s, "long", "v", long)
		eventually(t, "the end of its time", func(ctx context.Context) bool {
			_, err := s.Get(ctx, "short")
			return errors.Is(err, store.ErrNotFound)
		})
		if _, err := s.Take(t.Context(), "short"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Take after the end: %v", err)
		}
		get(t, s, "long")
		put(t, s, "short", "again", long)
		if got := get(t, s, "short"); got != "again" {
			t.Errorf("after its time it holds %q", got)
		}
	})

	t.Run("of a hundred takers one gets it", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		put(t, s, "k", "v", long)
		count := together(t, 100, func(int) error {
			b, err := s.Take(t.Context(), "k")
			if err == nil && string(b) != "v" {
				err = fmt.Errorf("took %q", b)
			}
			return err
		}, store.ErrNotFound)
		if count[nil] != 1 {
			t.Errorf("outcomes %v, want one success", count)
		}
		gone(t, s, "k")
	})

	t.Run("a maximum only grows until its time is over", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for _, step := range []struct{ value, stands int64 }{
			{-5, -5},
			{-7, -5},
			{3, 3},
			{10, 10},
			{9, 10},
			{1_793_000_000_000_000, 1_793_000_000_000_000},
			{1_792_999_999_999_999, 1_793_000_000_000_000},
			{1_793_000_000_000_001, 1_793_000_000_000_001},
			{math.MaxInt64, math.MaxInt64},
			{math.MaxInt64 - 1, math.MaxInt64},
		} {
			got, err := s.Max(t.Context(), "m", step.value, long)
			if err != nil || got != step.stands {
				t.Errorf("Max(%d) = %d, %v; want %d", step.value, got, err, step.stands)
			}
		}
		if _, err := s.Max(t.Context(), "brief", 100, 30*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the end of its time", func(ctx context.Context) bool {
			_, err := s.Get(ctx, "brief")
			return errors.Is(err, store.ErrNotFound)
		})
		if got, err := s.Max(t.Context(), "brief", 1, long); got != 1 || err != nil {
			t.Errorf("after its time Max(1) = %d, %v", got, err)
		}
	})

	t.Run("a lower value does not shorten a maximum's time", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for _, step := range []struct {
			value int64
			ttl   time.Duration
		}{{100, long}, {5, time.Millisecond}} {
			if got, err := s.Max(t.Context(), "m", step.value, step.ttl); got != 100 || err != nil {
				t.Fatalf("Max(%d) = %d, %v; want 100", step.value, got, err)
			}
		}
		put(t, s, "later", "v", 20*time.Millisecond)
		eventually(t, "twenty milliseconds", func(ctx context.Context) bool {
			_, err := s.Get(ctx, "later")
			return errors.Is(err, store.ErrNotFound)
		})
		get(t, s, "m")
	})

	t.Run("everybody who raises a maximum at once sees at least their own", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		var highest atomic.Int64
		together(t, 100, func(i int) error {
			got, err := s.Max(t.Context(), "m", int64(i), long)
			if err == nil && got < int64(i) {
				err = fmt.Errorf("Max(%d) = %d", i, got)
			}
			if got == 99 {
				highest.Store(got)
			}
			return err
		})
		if got, err := s.Max(t.Context(), "m", 0, long); got != 99 || highest.Load() != 99 || err != nil {
			t.Errorf("in the end %d, %v; want 99", got, err)
		}
	})

	t.Run("it answers", func(t *testing.T) {
		t.Parallel()
		if err := open(t).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
