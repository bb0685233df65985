// Package storetest is the conformance suite that every engine of package store
// passes, and starts the throw-away servers that it and other tests need.
//
// It owns what the words of package store mean in practice. It refuses to skip:
// a missing server fails the test and says which command brings it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/store"
)

// Open opens a fresh, empty store for one test and closes it in a cleanup.
// tamper runs SQL behind the store's back, as somebody with the database's
// password could.
type Open func(t *testing.T, o store.Options) (s store.Store, tamper func(query string, args ...any))

// Run runs the suite for durable stores.
func Run(t *testing.T, open Open) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Open){
		"requests": testRequests,
		"runs":     testRuns,
		"asks":     testAsks,
		"effects":  testEffects,
		"notices":  testNotices,
		"people":   testPeople,
		"chain":    testChain,
		"tx":       testTx,
		"text":     testText,
		"claims":   testClaims,
		"queue":    testQueue,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

// Clock is the real clock, moved ahead at will.
type Clock struct{ ahead atomic.Int64 }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	return time.Now().Add(time.Duration(c.ahead.Load())) //nolint:forbidigo // the one place where the tests' time comes from
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// deadline is how long a test waits for what must happen.
const deadline = 30 * time.Second

// fixture is one test's store and the shorthands that fail the test.
type fixture struct {
	store.Store
	t      *testing.T
	clock  *Clock
	tamper func(query string, args ...any)
	ids    atomic.Int64
}

func setup(t *testing.T, open Open, change ...func(*store.Options)) *fixture {
	t.Helper()
	clock := &Clock{}
	o := store.Options{Now: clock.Now}
	for _, c := range change {
		c(&o)
	}
	s, tamper := open(t, o)
	return &fixture{Store: s, t: t, clock: clock, tamper: tamper}
}

// id is a name that the test has not used.
func (f *fixture) id(kind string) string { return fmt.Sprintf("%s-%d", kind, f.ids.Add(1)) }

func (f *fixture) write(do func(store.Tx) error) {
	f.t.Helper()
	if err := f.Write(f.t.Context(), do); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) read(do func(store.Tx) error) {
	f.t.Helper()
	if err := f.Read(f.t.Context(), do); err != nil {
		f.t.Fatal(err)
	}
}

// refused checks that a write ends with the given error.
func (f *fixture) refused(want error, do func(store.Tx) error) {
	f.t.Helper()
	if err := f.Write(f.t.Context(), do); !errors.Is(err, want) {
		f.t.Fatalf("Write: %v, want %v", err, want)
	}
}

// request stores a request with its run.
func (f *fixture) request(change ...func(*store.Request, *store.Run)) (store.Request, store.Run) {
	f.t.Helper()
	now := f.clock.Now()
	r := store.Request{ID: f.id("request"), Delivery: f.id("delivery"), Source: "command", SlackTeam: "T1", SlackUser: "U1", OpenedAt: now}
	run := store.Run{ID: f.id("run"), State: store.Received, StartedAt: now}
	for _, c := range change {
		c(&r, &run)
	}
	run.RequestID = r.ID
	f.write(func(tx store.Tx) error { return tx.CreateRequest(f.t.Context(), &r, &run) })
	return r, run
}

// appendEvents adds n events in a transaction each.
func (f *fixture) appendEvents(n int) {
	f.t.Helper()
	for range n {
		e := store.Event{
			Kind: "effect.done", RequestID: "r1", RunID: "run1", Actor: "00u1", Action: "user.suspend", Target: "00u2", Outcome: "done",
			Status: 200, Code: "E0", OktaRequestID: "ok1",
			Detail: map[string]string{"a": "1"}, Personal: map[string]string{"name": "Ada"},
		}
		f.write(func(tx store.Tx) error { return tx.Append(f.t.Context(), &e) })
	}
}

// verify walks the chain.
func (f *fixture) verify() (count int64, err error) {
	f.t.Helper()
	f.read(func(tx store.Tx) error {
		count, _, err = store.Verify(f.t.Context(), tx)
		return nil
	})
	return count, err
}

// together runs do n times at once and returns how often it ended with which of
// the wanted errors; any other error fails the test.
func together(t *testing.T, n int, do func(i int) error, wanted ...error) map[error]int {
	t.Helper()
	var (
		mu    sync.Mutex
		count = map[error]int{}
		wg    sync.WaitGroup
		start = make(chan struct{})
	)
	for i := range n {
		wg.Go(func() {
			<-start
			err := do(i)
			key := err
			for _, w := range wanted {
				if errors.Is(err, w) {
					key = w
				}
			}
			mu.Lock()
			defer mu.Unlock()
			count[key]++
		})
	}
	close(start)
	wg.Wait()
	for err := range count {
		known := err == nil
		for _, w := range wanted {
			known = known || errors.Is(err, w)
		}
		if !known {
			t.Fatalf("unexpected error: %v", err)
		}
	}
	return count
}

// eventually asks ready again and again until it says yes.
func eventually(t *testing.T, what string, ready func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ready(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
