package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/store"
)

func testTx(t *testing.T, open Open) {
	t.Run("a transaction that fails leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		_, run := f.request()
		f.appendEvents(1)
		errStop := errors.New("stop")
		f.refused(errStop, func(tx store.Tx) error {
			r := store.Request{ID: "q", Delivery: "d"}
			err := errors.Join(
				tx.CreateRequest(t.Context(), &r, &store.Run{ID: "x", RequestID: "q", State: store.Received}),
				tx.SaveRun(t.Context(), &run),
				tx.Append(t.Context(), &store.Event{Kind: "k"}),
				tx.Wake(t.Context(), "run/x", time.Time{}),
			)
			if err != nil {
				t.Error(err)
			}
			if _, err := tx.Once(t.Context(), "key"); err != nil {
				t.Error(err)
			}
			return errStop
		})
		f.write(func(tx store.Tx) error {
			if _, err := tx.RequestByDelivery(t.Context(), "d"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the request is there: %v", err)
			}
			if isNew, err := tx.Once(t.Context(), "key"); !isNew || err != nil {
				t.Errorf("the key is remembered: %v, %v", isNew, err)
			}
			got, err := tx.Run(t.Context(), run.ID)
			if got.Version != 1 {
				t.Errorf("the run has version %d, want 1", got.Version)
			}
			return err
		})
		if n, err := f.verify(); n != 1 || err != nil {
			t.Errorf("the chain has %d events, %v; want 1", n, err)
		}
		f.expectWakes(map[string]int{})
	})

	t.Run("a panic rolls back and lets the next one in", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			f.write(func(tx store.Tx) error {
				if err := tx.SavePerson(t.Context(), store.Person{ID: "00u1"}); err != nil {
					return err
				}
				panic("oh")
			})
		}()
		f.write(func(tx store.Tx) error {
			if _, err := tx.Person(t.Context(), "00u1"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the person is there: %v", err)
			}
			return nil
		})
	})

	t.Run("a cancelled context rolls back and lets the next one in", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		ctx, cancel := context.WithCancel(t.Context())
		err := f.Write(ctx, func(tx store.Tx) error {
			if err := tx.SavePerson(ctx, store.Person{ID: "00u1"}); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Write: %v, want context.Canceled", err)
		}
		if err := f.Write(ctx, func(store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("second Write: %v, want context.Canceled", err)
		}
		f.write(func(tx store.Tx) error {
			if _, err := tx.Person(t.Context(), "00u1"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the person is there: %v", err)
			}
			return nil
		})
	})

	t.Run("who can't get in gives up in time, and takes nobody along", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		person := store.Person{ID: "00u1"}
		f.write(func(tx store.Tx) error {
			if err := tx.SavePerson(t.Context(), person); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			done := make(chan error, 1)
			go func() {
				done <- f.Write(ctx, func(tx store.Tx) error { return tx.SavePerson(ctx, person) })
			}()
			timer := time.NewTimer(deadline)
			defer timer.Stop()
			select {
			case err := <-done:
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Write: %v, want context.DeadlineExceeded", err)
				}
			case <-timer.C:
				t.Error("Write does not give up")
			}
			return nil
		})
		f.write(func(tx store.Tx) error { return tx.SavePerson(t.Context(), person) })
	})

	t.Run("a statement that failed can't be overlooked", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		first := store.Binding{Team: "T1", User: "U1", PersonID: "00u1"}
		second := store.Binding{Team: "T1", User: "U2", PersonID: "00u2"}
		f.write(func(tx store.Tx) error {
			return errors.Join(tx.CreateBinding(t.Context(), &first), tx.CreateBinding(t.Context(), &second))
		})
		f.refused(store.ErrDuplicate, func(tx store.Tx) error {
			second.PersonID = "00u1"
			_ = tx.SaveBinding(t.Context(), &second)
			return nil
		})
	})

	t.Run("reading changes nothing", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		for what, do := range map[string]func(store.Tx) error{
			"save":   func(tx store.Tx) error { return tx.SavePerson(t.Context(), store.Person{ID: "00u1"}) },
			"append": func(tx store.Tx) error { return tx.Append(t.Context(), &store.Event{Kind: "k"}) },
			"wake":   func(tx store.Tx) error { return tx.Wake(t.Context(), "run/x", time.Time{}) },
			"create": func(tx store.Tx) error {
				return tx.CreateRequest(t.Context(), &store.Request{ID: "q"}, &store.Run{ID: "r", RequestID: "q"})
			},
		} {
			if err := f.Read(t.Context(), do); err == nil {
				t.Errorf("%s works in Read", what)
			}
		}
	})

	t.Run("reading sees one moment", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.read(func(tx store.Tx) error {
			if _, err := tx.Person(t.Context(), "00u1"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("before: %v", err)
			}
			f.write(func(tx store.Tx) error { return tx.SavePerson(t.Context(), store.Person{ID: "00u1"}) })
			if _, err := tx.Person(t.Context(), "00u1"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("what was written meanwhile shows: %v", err)
			}
			return nil
		})
	})

	t.Run("a transaction has one time, in UTC microseconds", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.write(func(tx store.Tx) error {
			at := tx.Now()
			f.clock.Advance(time.Hour)
			if !tx.Now().Equal(at) || at.Location() != time.UTC || !at.Equal(at.Truncate(time.Microsecond)) {
				t.Errorf("%v, then %v", at, tx.Now())
			}
			return nil
		})
	})

	t.Run("once is true once", func(t *testing.T) { // N2
		t.Parallel()
		f := setup(t, open)
		errSeen := errors.New("seen")
		once := func() error {
			return f.Write(t.Context(), func(tx store.Tx) error {
				isNew, err := tx.Once(t.Context(), "envelope")
				if err == nil && !isNew {
					err = errSeen
				}
				return err
			})
		}
		count := together(t, 100, func(int) error { return once() }, errSeen)
		if count[nil] != 1 {
			t.Errorf("outcomes %v, want one success", count)
		}
		f.clock.Advance(7 * 24 * time.Hour)
		f.sweep()
		if err := once(); !errors.Is(err, errSeen) {
			t.Errorf("after seven days: %v, want it remembered", err)
		}
		f.clock.Advance(2 * 24 * time.Hour)
		f.sweep()
		if err := once(); err != nil {
			t.Errorf("after nine days: %v, want it forgotten", err)
		}
	})

	t.Run("the store answers", func(t *testing.T) {
		t.Parallel()
		if err := setup(t, open).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func testText(t *testing.T, open Open) {
	for name, c := range map[string]struct{ in, want string }{
		"emoji and right-to-left": {"👩🏽‍💻 שלום עליכם é e\u0301", "👩🏽‍💻 שלום עליכם é e\u0301"},
		"markup and quotes":       {`<b>'";--\ %s {{x}} $1 ?`, `<b>'";--\ %s {{x}} $1 ?`},
		"a NUL":                   {"a\x00b", "a\uFFFDb"},
		"not UTF-8":               {"a\xff\xfeb", "a\uFFFDb"},
		"ten thousand letters":    {strings.Repeat("ä", 10_000), strings.Repeat("ä", 10_000)},
		"a megabyte":              {strings.Repeat("x", 1<<20), strings.Repeat("x", 1<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, open)
			r, _ := f.request(func(r *store.Request, _ *store.Run) { r.Text = c.in })
			e := store.Event{
				RequestID: r.ID, Kind: "k", Actor: c.in,
				Detail: map[string]string{"d": c.in}, Personal: map[string]string{"text": c.in},
			}
			f.write(func(tx store.Tx) error { return tx.Append(t.Context(), &e) })
			f.read(func(tx store.Tx) error {
				got, err := tx.Request(t.Context(), r.ID)
				if err != nil {
					return err
				}
				events, err := tx.EventsOf(t.Context(), r.ID)
				if err != nil {
					return err
				}
				for where, text := range map[string]string{
					"text": got.Text, "actor": events[0].Actor, "detail": events[0].Detail["d"], "personal": events[0].Personal["text"],
				} {
					if text != c.want {
						t.Errorf("%s: %.40q, want %.40q", where, text, c.want)
					}
				}
				return nil
			})
			if _, err := f.verify(); err != nil {
				t.Error(err)
			}
		})
	}
}
