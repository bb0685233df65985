package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/store"
)

func testAsks(t *testing.T, open Open) {
	// ask stores an open ask of a fresh request.
	ask := func(f *fixture, change func(*store.Ask)) store.Ask {
		f.t.Helper()
		r, run := f.request()
		a := store.Ask{ID: f.id("ask"), RequestID: r.ID, RunID: run.ID, State: store.AskOpen, Need: 1, People: []string{"00u1"}}
		change(&a)
		f.write(func(tx store.Tx) error { return tx.CreateAsk(f.t.Context(), &a) })
		return a
	}

	t.Run("an ask comes back as it was stored and saved", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		at := time.Date(2026, 11, 5, 9, 30, 0, 1000, time.UTC)
		a := ask(f, func(a *store.Ask) {
			a.Step, a.Kind, a.Digest, a.Plan, a.Need = 1, "approve", "d", json.RawMessage(`{"actions":[]}`), 2
			a.People = []string{"00u3", "00u1", "00u2"} // in this order
			a.OpenedAt, a.ExpiresAt = at, at.Add(72*time.Hour)
		})
		check := func(when string) {
			t.Helper()
			f.read(func(tx store.Tx) error {
				got, err := tx.Ask(t.Context(), a.ID)
				if err != nil {
					return err
				}
				of, err := tx.AsksOf(t.Context(), a.RunID)
				if d := cmp.Diff([]store.Ask{a, a}, append(of, got)); d != "" {
					t.Errorf("%s (-want +got):\n%s", when, d)
				}
				return err
			})
		}
		check("created")
		a.State, a.ClosedAt, a.People, a.Need = store.AskApproved, at.Add(time.Minute), []string{"00u9"}, 1
		f.write(func(tx store.Tx) error { return tx.SaveAsk(t.Context(), &a) })
		check("saved")
	})

	t.Run("a hundred clicks at once close an ask once", func(t *testing.T) { // N3
		t.Parallel()
		f := setup(t, open)
		a := ask(f, func(*store.Ask) {})
		count := together(t, 100, func(i int) error {
			mine := a
			mine.State = store.AskApproved
			return f.Write(t.Context(), func(tx store.Tx) error {
				if err := tx.SaveAsk(t.Context(), &mine); err != nil {
					return err
				}
				return tx.AddDecision(t.Context(), store.Decision{AskID: a.ID, PersonID: f.id("person"), Verdict: store.Approve, At: tx.Now()})
			})
		}, store.ErrConflict)
		if count[nil] != 1 || count[store.ErrConflict] != 99 {
			t.Fatalf("outcomes %v, want one success", count)
		}
		f.read(func(tx store.Tx) error {
			decisions, err := tx.Decisions(t.Context(), a.ID)
			if len(decisions) != 1 {
				t.Errorf("%d decisions are stored, want 1", len(decisions))
			}
			return err
		})
	})

	t.Run("a person decides an ask once, several people may", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		a := ask(f, func(a *store.Ask) { a.Need = 2 })
		at := time.Date(2026, 11, 5, 9, 30, 0, 0, time.UTC)
		first := store.Decision{AskID: a.ID, PersonID: "00u2", Team: "T1", User: "U2", Verdict: store.Approve, Reason: "knows her", Digest: "d", At: at}
		second := store.Decision{AskID: a.ID, PersonID: "00u1", Team: "T1", User: "U1", Verdict: store.Deny, At: at.Add(time.Second)}
		for _, d := range []store.Decision{first, second} {
			f.write(func(tx store.Tx) error { return tx.AddDecision(t.Context(), d) })
		}
		f.refused(store.ErrDuplicate, func(tx store.Tx) error {
			again := first
			again.Verdict = store.Deny
			return tx.AddDecision(t.Context(), again)
		})
		f.read(func(tx store.Tx) error {
			got, err := tx.Decisions(t.Context(), a.ID)
			if d := cmp.Diff([]store.Decision{first, second}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return err
		})
	})
}

func testEffects(t *testing.T, open Open) {
	t.Run("an effect comes back as it was stored and saved", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		r, run := f.request()
		at := time.Date(2026, 11, 5, 9, 30, 0, 0, time.UTC)
		e := store.Effect{
			ID: "e1", RunID: run.ID, RequestID: r.ID, Step: 2, Index: 1, Action: "group.add", TargetID: "00u1", ObjectID: "00g1",
			State: store.EffectIntent, Attempt: 1, Intent: json.RawMessage(`{"before":"ACTIVE"}`), IntentAt: at,
		}
		f.write(func(tx store.Tx) error { return tx.CreateEffect(t.Context(), &e) })
		e.State, e.OutcomeAt, e.Status, e.Code, e.Summary = store.EffectFailed, at.Add(time.Second), 403, "E0000006", "not allowed"
		e.OktaRequestID, e.RetryAt, e.Attempt = "req1", at.Add(time.Minute), 2
		f.write(func(tx store.Tx) error { return tx.SaveEffect(t.Context(), &e) })
		before := store.Effect{ID: "e0", RunID: run.ID, RequestID: r.ID, Step: 2, State: store.EffectDone}
		f.write(func(tx store.Tx) error { return tx.CreateEffect(t.Context(), &before) })
		f.read(func(tx store.Tx) error {
			got, err := tx.Effect(t.Context(), "e1")
			if err != nil {
				return err
			}
			of, err := tx.EffectsOf(t.Context(), run.ID)
			if d := cmp.Diff([]store.Effect{before, e, e}, append(of, got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return err
		})
	})

	t.Run("of a hundred intents for one step's place one is stored", func(t *testing.T) { // N2
		t.Parallel()
		f := setup(t, open)
		r, run := f.request()
		count := together(t, 100, func(int) error {
			return f.Write(t.Context(), func(tx store.Tx) error {
				e := store.Effect{ID: f.id("effect"), RunID: run.ID, RequestID: r.ID, Step: 1, Index: 0, State: store.EffectIntent}
				return tx.CreateEffect(t.Context(), &e)
			})
		}, store.ErrDuplicate)
		if count[nil] != 1 || count[store.ErrDuplicate] != 99 {
			t.Fatalf("outcomes %v, want one success", count)
		}
	})

	t.Run("an outcome is written once per version", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		r, run := f.request()
		e := store.Effect{ID: "e1", RunID: run.ID, RequestID: r.ID, State: store.EffectIntent}
		f.write(func(tx store.Tx) error { return tx.CreateEffect(t.Context(), &e) })
		stale := e
		f.write(func(tx store.Tx) error { return tx.SaveEffect(t.Context(), &e) })
		f.refused(store.ErrConflict, func(tx store.Tx) error { return tx.SaveEffect(t.Context(), &stale) })
	})
}

func testNotices(t *testing.T, open Open) {
	queue := func(f *fixture, n store.Notice) store.Notice {
		f.t.Helper()
		n.ID = f.id("notice")
		if n.Key == "" {
			n.Key = f.id("key")
		}
		if n.State == "" {
			n.State = store.NoticePending
		}
		f.write(func(tx store.Tx) error { return tx.QueueNotice(f.t.Context(), &n) })
		return n
	}

	t.Run("notices come back in the order in which they were queued, until they are sent or dead", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		r, _ := f.request()
		at := time.Date(2026, 11, 5, 9, 30, 0, 0, time.UTC)
		first := queue(f, store.Notice{
			RequestID: r.ID, Replaces: "k0", To: "U1", Body: json.RawMessage(`{"title":"x"}`), NotBefore: at, QueuedAt: at,
		})
		sent := queue(f, store.Notice{RequestID: r.ID})
		queue(f, store.Notice{RequestID: "other"})
		dead := queue(f, store.Notice{RequestID: r.ID})
		last := queue(f, store.Notice{RequestID: r.ID})
		sent.State, sent.Channel, sent.TS, sent.SentAt = store.NoticeSent, "C1", "1.2", at
		dead.State, dead.Error = store.NoticeDead, "channel_not_found"
		first.State, first.Attempts = store.NoticeSending, 1
		f.write(func(tx store.Tx) error {
			return errors.Join(tx.SaveNotice(t.Context(), &sent), tx.SaveNotice(t.Context(), &dead), tx.SaveNotice(t.Context(), &first))
		})
		if first.Seq >= last.Seq {
			t.Errorf("order %d, then %d", first.Seq, last.Seq)
		}
		f.read(func(tx store.Tx) error {
			got, err := tx.PendingNotices(t.Context(), r.ID)
			if err != nil {
				return err
			}
			if d := cmp.Diff([]store.Notice{first, last}, got); d != "" {
				t.Errorf("pending (-want +got):\n%s", d)
			}
			for _, n := range []store.Notice{first, sent, dead} {
				got, err := tx.NoticeByKey(t.Context(), n.Key)
				if err != nil {
					return err
				}
				if d := cmp.Diff(n, got); d != "" {
					t.Errorf("by key (-want +got):\n%s", d)
				}
			}
			return nil
		})
	})

	t.Run("a key is queued once, and the second time leaves the transaction usable", func(t *testing.T) { // N4
		t.Parallel()
		f := setup(t, open)
		r, _ := f.request()
		n := queue(f, store.Notice{RequestID: r.ID, Key: "card"})
		count := together(t, 50, func(int) error {
			return f.Write(t.Context(), func(tx store.Tx) error {
				again := store.Notice{ID: f.id("notice"), RequestID: r.ID, Key: "card", State: store.NoticePending}
				return tx.QueueNotice(t.Context(), &again)
			})
		}, store.ErrDuplicate)
		if count[store.ErrDuplicate] != 50 {
			t.Errorf("outcomes %v, want only duplicates", count)
		}
		f.write(func(tx store.Tx) error {
			again := store.Notice{ID: "again", RequestID: r.ID, Key: "card"}
			if err := tx.QueueNotice(t.Context(), &again); !errors.Is(err, store.ErrDuplicate) {
				t.Errorf("again: %v, want ErrDuplicate", err)
			}
			n.State = store.NoticeSent
			return tx.SaveNotice(t.Context(), &n)
		})
	})

	t.Run("a notice is saved once per version", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		n := queue(f, store.Notice{RequestID: "r"})
		count := together(t, 20, func(int) error {
			mine := n
			mine.State = store.NoticeSending
			return f.Write(t.Context(), func(tx store.Tx) error { return tx.SaveNotice(t.Context(), &mine) })
		}, store.ErrConflict)
		if count[nil] != 1 {
			t.Errorf("outcomes %v, want one success", count)
		}
	})

	t.Run("due are the requests with something to tell by now, each once", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		now := f.clock.Now()
		queue(f, store.Notice{RequestID: "later", NotBefore: now.Add(time.Minute)})
		queue(f, store.Notice{RequestID: "second", NotBefore: now.Add(-time.Second)})
		queue(f, store.Notice{RequestID: "second", NotBefore: now.Add(-time.Second)})
		queue(f, store.Notice{RequestID: "first", State: store.NoticeSending})
		queue(f, store.Notice{RequestID: "over", State: store.NoticeSent})
		f.read(func(tx store.Tx) error {
			got, err := tx.DueNotices(t.Context(), now, 10)
			if d := cmp.Diff([]string{"first", "second"}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return err
		})
	})
}
