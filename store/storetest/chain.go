package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/store"
)

func testChain(t *testing.T, open Open) {
	t.Run("an event comes back as it was appended, with its place", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		at := time.Date(2026, 11, 5, 9, 30, 0, 5000, time.UTC)
		e := store.Event{
			ID: "ev1", RequestID: "r1", RunID: "run1", At: at, Kind: "effect.done", Actor: "00u1", Action: "factors.reset", Target: "00u2",
			Outcome: "done", Status: 200, Code: "E0000001", OktaRequestID: "okta1",
			Detail: map[string]string{"step": "1"}, Personal: map[string]string{"name": "Ada", "reason": "new phone"},
		}
		other := store.Event{Kind: "frozen", Actor: "frontdesk"}
		f.write(func(tx store.Tx) error {
			return errors.Join(tx.Append(t.Context(), &e), tx.Append(t.Context(), &other))
		})
		if e.Seq != 1 || e.Hash == "" || e.Digest == "" || other.Prev != e.Hash || other.ID == "" || other.At.IsZero() {
			t.Fatalf("the caller was not told: %+v and %+v", e, other)
		}
		f.read(func(tx store.Tx) error {
			got, err := tx.EventsOf(t.Context(), "r1")
			if err != nil {
				return err
			}
			if d := cmp.Diff([]store.Event{e}, got); d != "" {
				t.Errorf("(-appended +loaded):\n%s", d)
			}
			all, err := tx.Events(t.Context(), 2, 10)
			if d := cmp.Diff([]store.Event{other}, all); d != "" {
				t.Errorf("from 2 on (-want +got):\n%s", d)
			}
			return err
		})
	})

	t.Run("an event may be appended anywhere and says what it said then", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		e := store.Event{Kind: "first", Detail: map[string]string{"n": "1"}}
		f.write(func(tx store.Tx) error {
			if err := tx.Append(t.Context(), &e); err != nil {
				return err
			}
			e.Kind, e.ID, e.Detail["n"] = "second", "", "2"
			if err := tx.Append(t.Context(), &e); err != nil {
				return err
			}
			return tx.SavePerson(t.Context(), store.Person{ID: "00u1"})
		})
		f.read(func(tx store.Tx) error {
			got, err := tx.Events(t.Context(), 1, 10)
			if len(got) != 2 || got[0].Kind != "first" || got[0].Detail["n"] != "1" || got[1].Kind != "second" || got[1].Detail["n"] != "2" {
				t.Errorf("got %+v", got)
			}
			return err
		})
		if _, err := f.verify(); err != nil {
			t.Error(err)
		}
	})

	t.Run("the chain has no gaps and verifies whoever appends at once", func(t *testing.T) { // N5
		t.Parallel()
		f := setup(t, open)
		const writers, each = 50, 3
		errGiveUp := errors.New("changed my mind")
		together(t, writers, func(i int) error {
			return f.Write(t.Context(), func(tx store.Tx) error {
				for range each {
					if err := tx.Append(t.Context(), &store.Event{Kind: "k", Personal: map[string]string{"name": "Ada"}}); err != nil {
						return err
					}
				}
				if i%5 == 0 {
					return errGiveUp
				}
				return nil
			})
		}, errGiveUp)
		count, err := f.verify()
		if err != nil || count != writers*4/5*each {
			t.Errorf("%d events verify, %v; want %d", count, err, writers*4/5*each)
		}
	})

	t.Run("an empty chain verifies", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		if n, err := f.verify(); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})

	t.Run("a chain longer than a batch verifies", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.write(func(tx store.Tx) error {
			for range 2000 {
				if err := tx.Append(t.Context(), &store.Event{Kind: "k"}); err != nil {
					return err
				}
			}
			return nil
		})
		if n, err := f.verify(); n != 2000 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		f.tamper(`update events set outcome = 'x' where seq = 1500`)
		wantBad(t, f, 1500)
	})

	t.Run("the personal part may be erased and the chain still verifies", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		f.appendEvents(5)
		f.tamper(`update events set personal = '', salt = '' where seq = 3`)
		if n, err := f.verify(); n != 5 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})

	testTampering(t, open)
}

// testTampering changes one store again and again and puts back what it was.
func testTampering(t *testing.T, open Open) {
	t.Run("verification names the first bad event", func(t *testing.T) { // N5
		t.Parallel()
		f := setup(t, open)
		f.appendEvents(7)
		f.tamper(`create table kept as select * from events; create table kept_head as select * from chain_head`)
		for name, c := range tampering {
			t.Run(name, func(t *testing.T) {
				f.tamper(c.sql)
				wantBad(t, f, c.bad)
				f.tamper(`delete from events; insert into events select * from kept;
					delete from chain_head; insert into chain_head select * from kept_head`)
			})
		}
		if n, err := f.verify(); n != 7 || err != nil {
			t.Errorf("in the end %d events verify, %v; want 7", n, err)
		}
	})
}

// What is done to seven events, and the first that then does not fit.
var tampering = map[string]struct {
	sql string
	bad int64
}{
	"id":              {`update events set id = 'x' where seq = 4`, 4},
	"request":         {`update events set request_id = 'x' where seq = 4`, 4},
	"run":             {`update events set run_id = 'x' where seq = 4`, 4},
	"time":            {`update events set at = at + 1 where seq = 4`, 4},
	"kind":            {`update events set kind = 'x' where seq = 4`, 4},
	"actor":           {`update events set actor = 'x' where seq = 4`, 4},
	"action":          {`update events set action = 'x' where seq = 4`, 4},
	"target":          {`update events set target = 'x' where seq = 4`, 4},
	"outcome":         {`update events set outcome = 'x' where seq = 4`, 4},
	"status":          {`update events set status = 1 where seq = 4`, 4},
	"code":            {`update events set code = 'x' where seq = 4`, 4},
	"okta request":    {`update events set okta_request_id = 'x' where seq = 4`, 4},
	"detail":          {`update events set detail = '{"a":"2"}' where seq = 4`, 4},
	"detail removed":  {`update events set detail = '' where seq = 4`, 4},
	"personal":        {`update events set personal = '{"name":"Eve"}' where seq = 4`, 4},
	"salt":            {`update events set salt = 'x' where seq = 4`, 4},
	"salt removed":    {`update events set salt = '' where seq = 4`, 4},
	"digest":          {`update events set digest = 'x' where seq = 4`, 4},
	"previous hash":   {`update events set prev = 'x' where seq = 4`, 4},
	"hash":            {`update events set hash = 'x' where seq = 4`, 4},
	"dropped first":   {`delete from events where seq = 1`, 1},
	"dropped middle":  {`delete from events where seq = 4`, 4},
	"dropped last":    {`delete from events where seq = 7`, 7},
	"cut off":         {`delete from events where seq > 4`, 5},
	"all gone":        {`delete from events`, 1},
	"closed up":       {`delete from events where seq = 4; update events set seq = seq - 1 where seq = 5`, 4},
	"reordered":       {`update events set seq = 100 where seq = 4; update events set seq = 4 where seq = 5; update events set seq = 5 where seq = 100`, 4},
	"head moved back": {`update chain_head set seq = 5`, 6},
	"head forged":     {`update chain_head set hash = 'x'`, 7},
}

func wantBad(t *testing.T, f *fixture, seq int64) {
	t.Helper()
	_, err := f.verify()
	bad, ok := errors.AsType[*store.ChainError](err)
	if !ok || bad.Seq != seq {
		t.Errorf("Verify: %v; want a complaint about event %d", err, seq)
	}
}
