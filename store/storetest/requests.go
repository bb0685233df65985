package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/store"
)

func testRequests(t *testing.T, open Open) {
	t.Run("a request comes back as it was stored", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		at := time.Date(2026, 11, 5, 9, 30, 0, 123_456_000, time.UTC)
		r := store.Request{
			ID: "q1", Delivery: "env1", Source: "command", SlackTeam: "T1", SlackUser: "U1", RequesterID: "00u1", Channel: "C1",
			Text: "reset mfa", Title: "Reset multi-factor for Ada", ThreadChannel: "D1", ThreadTS: "1.2", OpenedAt: at, ClosedAt: at.Add(time.Microsecond),
		}
		run := store.Run{
			ID: "run1", RequestID: "q1", Playbook: "reset-factors", Hash: "h", Source: "name: x", State: store.Waiting, Step: 2,
			Data: json.RawMessage(`{"b": [1, 2]}`), WakeAt: at, StartedAt: at, EndedAt: at.Add(time.Hour),
		}
		f.write(func(tx store.Tx) error { return tx.CreateRequest(t.Context(), &r, &run) })
		if r.Number < 1 || r.Version != 1 || run.Version != 1 {
			t.Fatalf("number %d, versions %d and %d were not filled", r.Number, r.Version, run.Version)
		}
		f.read(func(tx store.Tx) error {
			for by, load := range map[string]func() (store.Request, error){
				"id":       func() (store.Request, error) { return tx.Request(t.Context(), "q1") },
				"number":   func() (store.Request, error) { return tx.RequestByNumber(t.Context(), r.Number) },
				"delivery": func() (store.Request, error) { return tx.RequestByDelivery(t.Context(), "env1") },
			} {
				got, err := load()
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(r, got); d != "" {
					t.Errorf("by %s (-stored +loaded):\n%s", by, d)
				}
			}
			for by, load := range map[string]func() (store.Run, error){
				"id":      func() (store.Run, error) { return tx.Run(t.Context(), "run1") },
				"request": func() (store.Run, error) { return tx.RunOf(t.Context(), "q1") },
			} {
				got, err := load()
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(run, got); d != "" {
					t.Errorf("run by %s (-stored +loaded):\n%s", by, d)
				}
			}
			return nil
		})
	})

	t.Run("what is not there is not found", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.read(func(tx store.Tx) error {
			for what, load := range map[string]func() error{
				"request":             func() error { _, err := tx.Request(t.Context(), "x"); return err },
				"request by number":   func() error { _, err := tx.RequestByNumber(t.Context(), 9); return err },
				"request by delivery": func() error { _, err := tx.RequestByDelivery(t.Context(), "x"); return err },
				"run":                 func() error { _, err := tx.Run(t.Context(), "x"); return err },
				"run of":              func() error { _, err := tx.RunOf(t.Context(), "x"); return err },
				"ask":                 func() error { _, err := tx.Ask(t.Context(), "x"); return err },
				"effect":              func() error { _, err := tx.Effect(t.Context(), "x"); return err },
				"notice":              func() error { _, err := tx.NoticeByKey(t.Context(), "x"); return err },
				"person":              func() error { _, err := tx.Person(t.Context(), "x"); return err },
				"binding":             func() error { _, err := tx.Binding(t.Context(), "x", "y"); return err },
				"binding of":          func() error { _, err := tx.BindingOf(t.Context(), "x"); return err },
			} {
				if err := load(); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %v, want ErrNotFound", what, err)
				}
			}
			return nil
		})
	})

	t.Run("of a delivery that comes a hundred times at once one is stored", func(t *testing.T) { // N2
		t.Parallel()
		f := setup(t, open)
		count := together(t, 100, func(int) error {
			return f.Write(t.Context(), func(tx store.Tx) error {
				r := store.Request{ID: f.id("q"), Delivery: "the same", OpenedAt: tx.Now()}
				return tx.CreateRequest(t.Context(), &r, &store.Run{ID: f.id("run"), RequestID: r.ID, State: store.Received})
			})
		}, store.ErrDuplicate)
		if count[nil] != 1 || count[store.ErrDuplicate] != 99 {
			t.Fatalf("outcomes %v, want one success", count)
		}
		f.read(func(tx store.Tx) error {
			all, err := tx.Requests(t.Context(), store.RequestQuery{})
			if len(all) != 1 {
				t.Errorf("%d requests are stored, want 1", len(all))
			}
			return err
		})
	})

	t.Run("a duplicate leaves the transaction usable", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		first, _ := f.request()
		f.write(func(tx store.Tx) error {
			again := store.Request{ID: "again", Delivery: first.Delivery}
			if err := tx.CreateRequest(t.Context(), &again, &store.Run{ID: "again"}); !errors.Is(err, store.ErrDuplicate) {
				t.Errorf("second delivery: %v, want ErrDuplicate", err)
			}
			got, err := tx.RequestByDelivery(t.Context(), first.Delivery)
			if got.ID != first.ID {
				t.Errorf("delivery belongs to %q, want %q", got.ID, first.ID)
			}
			return err
		})
	})

	t.Run("numbers are unique and grow", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		together(t, 40, func(int) error {
			r := store.Request{ID: f.id("q"), Delivery: f.id("d")}
			return f.Write(t.Context(), func(tx store.Tx) error {
				return tx.CreateRequest(t.Context(), &r, &store.Run{ID: f.id("run"), RequestID: r.ID, State: store.Received})
			})
		})
		last, _ := f.request()
		f.read(func(tx store.Tx) error {
			all, err := tx.Requests(t.Context(), store.RequestQuery{})
			seen := map[int64]bool{}
			for _, r := range all {
				if seen[r.Number] || r.Number > last.Number {
					t.Errorf("number %d came twice or is beyond the last, %d", r.Number, last.Number)
				}
				seen[r.Number] = true
			}
			if len(all) != 41 || all[0].ID != last.ID {
				t.Errorf("%d requests, newest %s; want 41, newest %s", len(all), all[0].ID, last.ID)
			}
			return err
		})
	})

	t.Run("of a hundred who save the same version one wins", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		r, _ := f.request()
		count := together(t, 100, func(i int) error {
			mine := r
			mine.Title = f.id("title")
			return f.Write(t.Context(), func(tx store.Tx) error { return tx.SaveRequest(t.Context(), &mine) })
		}, store.ErrConflict)
		if count[nil] != 1 || count[store.ErrConflict] != 99 {
			t.Fatalf("outcomes %v, want one success", count)
		}
	})

	t.Run("requests are found by requester, approver, and whether they are open", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		mine, _ := f.request()
		closed, _ := f.request(func(r *store.Request, _ *store.Run) { r.ClosedAt = f.clock.Now() })
		others, run := f.request(func(r *store.Request, _ *store.Run) { r.SlackUser = "U2" })
		elsewhere, _ := f.request(func(r *store.Request, _ *store.Run) { r.SlackTeam = "T2" })
		decided, decidedRun := f.request(func(r *store.Request, _ *store.Run) { r.SlackUser = "U3" })
		f.write(func(tx store.Tx) error {
			open := store.Ask{ID: "a1", RequestID: others.ID, RunID: run.ID, State: store.AskOpen, People: []string{"00u8", "00u9"}}
			over := store.Ask{ID: "a2", RequestID: decided.ID, RunID: decidedRun.ID, State: store.AskDenied, People: []string{"00u9"}}
			return errors.Join(tx.CreateAsk(t.Context(), &open), tx.CreateAsk(t.Context(), &over))
		})
		for name, c := range map[string]struct {
			query store.RequestQuery
			want  []string
		}{
			"all":                   {store.RequestQuery{}, []string{decided.ID, elsewhere.ID, others.ID, closed.ID, mine.ID}},
			"open":                  {store.RequestQuery{OpenOnly: true}, []string{decided.ID, elsewhere.ID, others.ID, mine.ID}},
			"the newest two":        {store.RequestQuery{Limit: 2}, []string{decided.ID, elsewhere.ID}},
			"somebody's":            {store.RequestQuery{SlackTeam: "T1", SlackUser: "U1"}, []string{closed.ID, mine.ID}},
			"somebody's open":       {store.RequestQuery{SlackTeam: "T1", SlackUser: "U1", OpenOnly: true}, []string{mine.ID}},
			"an approver's":         {store.RequestQuery{Approver: "00u9"}, []string{others.ID}},
			"nobody's":              {store.RequestQuery{Approver: "00u7"}, nil},
			"somebody's to look at": {store.RequestQuery{SlackTeam: "T1", SlackUser: "U1", Approver: "00u8"}, []string{others.ID, closed.ID, mine.ID}},
		} {
			f.read(func(tx store.Tx) error {
				found, err := tx.Requests(t.Context(), c.query)
				var ids []string
				for _, r := range found {
					ids = append(ids, r.ID)
				}
				if d := cmp.Diff(c.want, ids); d != "" {
					t.Errorf("%s (-want +got):\n%s", name, d)
				}
				return err
			})
		}
	})
}

func testRuns(t *testing.T, open Open) {
	t.Run("a run is saved once per version", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		_, run := f.request()
		stale := run
		run.State, run.Step, run.Data = store.Acting, 3, json.RawMessage(`{"x":1}`)
		f.write(func(tx store.Tx) error { return tx.SaveRun(t.Context(), &run) })
		if run.Version != 2 {
			t.Errorf("version %d, want 2", run.Version)
		}
		f.refused(store.ErrConflict, func(tx store.Tx) error { return tx.SaveRun(t.Context(), &stale) })
		if stale.Version != 1 {
			t.Errorf("a lost save changed the version to %d", stale.Version)
		}
		f.read(func(tx store.Tx) error {
			got, err := tx.Run(t.Context(), run.ID)
			run.StartedAt = run.StartedAt.UTC().Truncate(time.Microsecond)
			if d := cmp.Diff(run, got); d != "" {
				t.Errorf("(-saved +loaded):\n%s", d)
			}
			return err
		})
	})

	t.Run("due runs are unfinished ones whose time has come, longest due first", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		now := f.clock.Now()
		due := func(at time.Time, state store.RunState) string {
			_, run := f.request(func(_ *store.Request, run *store.Run) { run.WakeAt, run.State = at, state })
			return run.ID
		}
		second := due(now.Add(-time.Second), store.Acting)
		first := due(now.Add(-time.Hour), store.Waiting)
		exact := due(now, store.Received)
		due(now.Add(time.Second), store.Waiting)
		due(time.Time{}, store.Waiting)
		for _, over := range []store.RunState{store.Refused, store.Done, store.Failed, store.Unknown, store.Cancelled, store.Expired} {
			due(now.Add(-time.Hour), over)
		}
		for limit, want := range map[int][]string{10: {first, second, exact}, 1: {first}} {
			f.read(func(tx store.Tx) error {
				got, err := tx.DueRuns(t.Context(), now, limit)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("limit %d (-want +got):\n%s", limit, d)
				}
				return err
			})
		}
	})
}
