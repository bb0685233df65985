package storetest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/store"
)

// work runs the queue until the test ends or stop is called, and hands over
// what it is given.
func (f *fixture) work(handle func(ctx context.Context, subject string) error) (stop func()) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Work(ctx, handle) }()
	stop = sync.OnceFunc(func() {
		cancel()
		timer := time.NewTimer(deadline)
		defer timer.Stop()
		select {
		case err := <-done:
			if err != nil {
				f.t.Errorf("Work: %v", err)
			}
		case <-timer.C:
			f.t.Error("Work does not end")
		}
	})
	f.t.Cleanup(stop)
	return stop
}

// collect runs the queue and counts what is handed out, sweeps apart.
func (f *fixture) collect() (seen func() map[string]int, stop func()) {
	var mu sync.Mutex
	count := map[string]int{}
	stop = f.work(func(_ context.Context, subject string) error {
		mu.Lock()
		defer mu.Unlock()
		count[subject]++
		return nil
	})
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		c := map[string]int{}
		for k, v := range count {
			if k != store.SweepSubject {
				c[k] = v
			}
		}
		return c
	}, stop
}

// expectWakes runs the queue until it has handed out a marker that was put in
// last, and compares what came before.
func (f *fixture) expectWakes(want map[string]int) {
	f.t.Helper()
	f.wake("marker", time.Time{})
	seen, stop := f.collect()
	eventually(f.t, "the marker", func(context.Context) bool { return seen()["marker"] > 0 })
	stop()
	got := seen()
	delete(got, "marker")
	for k, n := range want {
		if got[k] != n {
			f.t.Errorf("%s was handed out %d times, want %d", k, got[k], n)
		}
	}
	if len(got) != len(want) {
		f.t.Errorf("handed out %v, want %v", got, want)
	}
}

func (f *fixture) wake(subject string, at time.Time) {
	f.t.Helper()
	f.write(func(tx store.Tx) error { return tx.Wake(f.t.Context(), subject, at) })
}

// sweep runs the queue until one sweep was handed out.
func (f *fixture) sweep() {
	f.t.Helper()
	swept := make(chan struct{}, 10)
	stop := f.work(func(_ context.Context, subject string) error {
		if subject == store.SweepSubject {
			swept <- struct{}{}
		}
		return nil
	})
	defer stop()
	f.receive(swept, "a sweep")
}

func (f *fixture) receive(c <-chan struct{}, what string) {
	f.t.Helper()
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	select {
	case <-c:
	case <-timer.C:
		f.t.Fatalf("waited in vain for %s", what)
	}
}

func testQueue(t *testing.T, open Open) {
	t.Run("what is woken is handed out, woken twice in a transaction once", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.write(func(tx store.Tx) error {
			return errors.Join(
				tx.Wake(t.Context(), "run/1", time.Time{}),
				tx.Wake(t.Context(), "run/1", time.Time{}),
				tx.Wake(t.Context(), "request/2", tx.Now().Add(-time.Hour)),
			)
		})
		f.expectWakes(map[string]int{"run/1": 1, "request/2": 1})
	})

	t.Run("what is woken while the queue runs comes at once", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		seen, _ := f.collect()
		together(t, 60, func(int) error {
			return f.Write(t.Context(), func(tx store.Tx) error { return tx.Wake(t.Context(), f.id("run/"), time.Time{}) })
		})
		eventually(t, "all sixty", func(context.Context) bool { return len(seen()) == 60 })
		for k, n := range seen() {
			if n != 1 {
				t.Errorf("%s came %d times", k, n)
			}
		}
	})

	t.Run("what is woken for later comes then", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		start := f.clock.Now()
		at := map[string]time.Duration{"soon": 600 * time.Millisecond, "later": 6 * time.Second}
		for subject, d := range at {
			f.wake(subject, start.Add(d))
		}
		came := make(chan string, 10)
		f.work(func(_ context.Context, subject string) error {
			if subject != store.SweepSubject {
				if early := at[subject] - f.clock.Now().Sub(start); early > 5*time.Millisecond {
					t.Errorf("%s came %s early", subject, early)
				}
				came <- subject
			}
			return nil
		})
		for _, want := range []string{"soon", "later"} {
			timer := time.NewTimer(deadline)
			select {
			case got := <-came:
				if got != want {
					t.Errorf("%s came, want %s", got, want)
				}
			case <-timer.C:
				t.Fatalf("waited in vain for %s", want)
			}
			timer.Stop()
		}
	})

	t.Run("what is woken for soon while the queue runs is not much late", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		came := make(chan struct{}, 1)
		f.work(func(_ context.Context, subject string) error {
			if subject != store.SweepSubject {
				came <- struct{}{}
			}
			return nil
		})
		// River alone looks every five seconds.
		for range 4 {
			due := f.clock.Now().Add(300 * time.Millisecond)
			f.wake("run/1", due)
			f.receive(came, "what is due soon")
			if late := f.clock.Now().Sub(due); late > 2*time.Second {
				t.Errorf("it came %s late", late)
			}
		}
	})

	t.Run("what fails is logged and tried again", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer // slog serialises what is written
		f := setup(t, open, func(o *store.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		f.wake("run/1", time.Time{})
		again := make(chan struct{}, 1)
		first := true
		stop := f.work(func(_ context.Context, subject string) error {
			if subject == store.SweepSubject {
				return nil
			}
			if first {
				first = false
				return errors.New("okta is down")
			}
			again <- struct{}{}
			return nil
		})
		f.receive(again, "the second try")
		stop()
		for _, word := range []string{"subject=run/1", "okta is down", "level=WARN"} {
			if !strings.Contains(log.String(), word) {
				t.Errorf("%q was not logged:\n%s", word, log.String())
			}
		}
	})

	t.Run("a handler that panics is tried again and takes nobody along", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.wake("run/1", time.Time{})
		again := make(chan struct{}, 1)
		first := true
		f.work(func(_ context.Context, subject string) error {
			if subject == store.SweepSubject {
				return nil
			}
			if first {
				first = false
				panic("a bug")
			}
			again <- struct{}{}
			return nil
		})
		f.receive(again, "the second try")
	})

	t.Run("a handler's time is bounded", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open, func(o *store.Options) { o.JobTimeout = 100 * time.Millisecond })
		f.wake("run/1", time.Time{})
		ended := make(chan struct{}, 10)
		f.work(func(ctx context.Context, subject string) error {
			if subject == store.SweepSubject {
				return nil
			}
			<-ctx.Done()
			ended <- struct{}{}
			return ctx.Err()
		})
		f.receive(ended, "the timeout")
	})

	t.Run("a sweep comes at the start and every interval", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open, func(o *store.Options) { o.SweepEvery = time.Second })
		swept := make(chan struct{}, 100)
		f.work(func(_ context.Context, subject string) error {
			if subject == store.SweepSubject {
				swept <- struct{}{}
			}
			return nil
		})
		for range 3 {
			f.receive(swept, "a sweep")
		}
	})

	t.Run("several subjects are handled at a time", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open, func(o *store.Options) { o.Workers = 4 })
		for range 4 {
			f.wake(f.id("run/"), time.Time{})
		}
		var all sync.WaitGroup
		all.Add(4)
		met := make(chan struct{})
		go func() { all.Wait(); close(met) }()
		f.work(func(_ context.Context, subject string) error {
			if subject != store.SweepSubject {
				all.Done()
				<-met
			}
			return nil
		})
		f.receive(met, "four at once")
	})

	t.Run("a handler may finish when the queue is told to stop", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.wake("run/1", time.Time{})
		running, finish, finished := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		stop := f.work(func(ctx context.Context, subject string) error {
			if subject == store.SweepSubject {
				return nil
			}
			close(running)
			<-finish
			finished <- f.Write(ctx, func(tx store.Tx) error { return tx.SavePerson(ctx, store.Person{ID: "00u1"}) })
			return nil
		})
		f.receive(running, "the handler")
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		close(finish)
		f.receive(stopped, "the queue to end")
		if err := <-finished; err != nil {
			t.Errorf("the handler's last write: %v", err)
		}
	})

	t.Run("what was not handled is there the next time", func(t *testing.T) { // N2
		t.Parallel()
		f := setup(t, open)
		_, stop := f.collect()
		stop()
		f.wake("run/1", time.Time{})
		f.expectWakes(map[string]int{"run/1": 1})
	})
}

func testClaims(t *testing.T, open Open) {
	claim := func(f *fixture, owner string) bool {
		f.t.Helper()
		ok, err := f.Claim(f.t.Context(), "run/1", owner, time.Minute)
		if err != nil {
			f.t.Fatal(err)
		}
		return ok
	}

	t.Run("of a hundred claims at once one is granted", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		errTaken := errors.New("taken")
		count := together(t, 100, func(int) error {
			ok, err := f.Claim(t.Context(), "run/1", f.id("owner"), time.Minute)
			if err == nil && !ok {
				err = errTaken
			}
			return err
		}, errTaken)
		if count[nil] != 1 {
			t.Errorf("outcomes %v, want one success", count)
		}
	})

	t.Run("a claim holds until its time is over, and its owner may prolong it", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		if !claim(f, "a") || claim(f, "b") {
			t.Fatal("a should hold it and b should not")
		}
		f.clock.Advance(50 * time.Second)
		if !claim(f, "a") {
			t.Error("a can't prolong it")
		}
		f.clock.Advance(50 * time.Second)
		if claim(f, "b") {
			t.Error("b got what a had prolonged")
		}
		f.clock.Advance(11 * time.Second)
		if !claim(f, "b") || claim(f, "a") {
			t.Error("b should hold what ran out")
		}
	})

	t.Run("a claim is released by its owner only", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		claim(f, "a")
		for _, owner := range []string{"b", "nobody"} {
			if err := f.Release(t.Context(), "run/1", owner); err != nil {
				t.Fatal(err)
			}
		}
		if claim(f, "b") {
			t.Error("b released a's claim")
		}
		if err := f.Release(t.Context(), "run/1", "a"); err != nil {
			t.Fatal(err)
		}
		if !claim(f, "b") {
			t.Error("b can't claim what a released")
		}
	})

	t.Run("all claims end at once, other keys are others' affair", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		claim(f, "a")
		if ok, err := f.Claim(t.Context(), "run/2", "b", time.Minute); !ok || err != nil {
			t.Fatalf("another key: %v, %v", ok, err)
		}
		if err := f.ReleaseAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !claim(f, "c") {
			t.Error("the claim outlived ReleaseAll")
		}
	})
}
