package store_test

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/store"
)

func sealed(t *testing.T) store.Event {
	t.Helper()
	e := store.Event{
		ID: "ev1", RequestID: "r1", RunID: "run1", At: time.Date(2026, 11, 5, 9, 30, 0, 123_456_789, time.FixedZone("CET", 3600)),
		Kind: "effect.done", Actor: "00u1", Action: "user.suspend", Target: "00u2", Outcome: "done", Status: 200, Code: "E1",
		OktaRequestID: "ok1", Detail: map[string]string{"a": "1"}, Personal: map[string]string{"name": "Ada"},
	}
	if err := store.Seal(&e, 41, "before"); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSealedEventFits(t *testing.T) { // N5
	t.Parallel()
	e := sealed(t)
	if e.Seq != 42 || e.Prev != "before" || e.Salt == "" || e.Digest == "" || e.Hash == "" {
		t.Errorf("not filled: %+v", e)
	}
	if e.At.Location() != time.UTC || e.At.Nanosecond() != 123_456_000 {
		t.Errorf("time %v is not kept in UTC microseconds", e.At)
	}
	if err := store.Check(&e, 41, "before"); err != nil {
		t.Error(err)
	}
}

func TestChangedEventDoesNotFit(t *testing.T) { // N5
	t.Parallel()
	for name, change := range map[string]func(*store.Event){
		"Seq":              func(e *store.Event) { e.Seq++ },
		"ID":               func(e *store.Event) { e.ID += "x" },
		"RequestID":        func(e *store.Event) { e.RequestID += "x" },
		"RunID":            func(e *store.Event) { e.RunID += "x" },
		"At":               func(e *store.Event) { e.At = e.At.Add(time.Microsecond) },
		"Kind":             func(e *store.Event) { e.Kind += "x" },
		"Actor":            func(e *store.Event) { e.Actor += "x" },
		"Action":           func(e *store.Event) { e.Action += "x" },
		"Target":           func(e *store.Event) { e.Target += "x" },
		"Outcome":          func(e *store.Event) { e.Outcome += "x" },
		"Status":           func(e *store.Event) { e.Status++ },
		"Code":             func(e *store.Event) { e.Code += "x" },
		"OktaRequestID":    func(e *store.Event) { e.OktaRequestID += "x" },
		"Detail":           func(e *store.Event) { e.Detail = map[string]string{"a": "2"} },
		"Detail gone":      func(e *store.Event) { e.Detail = nil },
		"Personal":         func(e *store.Event) { e.Personal = map[string]string{"name": "Eve"} },
		"Personal gone":    func(e *store.Event) { e.Personal = nil },
		"Salt":             func(e *store.Event) { e.Salt += "x" },
		"Salt gone":        func(e *store.Event) { e.Salt = "" },
		"Digest":           func(e *store.Event) { e.Digest += "x" },
		"Prev":             func(e *store.Event) { e.Prev += "x" },
		"Hash":             func(e *store.Event) { e.Hash += "x" },
		"words that moved": func(e *store.Event) { e.Kind, e.Actor = e.Kind+e.Actor, "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sealed(t)
			change(&e)
			err := store.Check(&e, 41, "before")
			if bad, ok := errors.AsType[*store.ChainError](err); !ok || bad.Seq != 42 {
				t.Errorf("Check: %v, want a complaint about event 42", err)
			}
		})
	}
}

func TestErasedEventFits(t *testing.T) {
	t.Parallel()
	e := sealed(t)
	e.Personal, e.Salt = nil, ""
	if err := store.Check(&e, 41, "before"); err != nil {
		t.Error(err)
	}
}

func TestSaltHidesEqualWords(t *testing.T) {
	t.Parallel()
	if a, b := sealed(t), sealed(t); a.Digest == b.Digest {
		t.Error("equal words have equal digests: who erased them can be guessed")
	}
}

func TestEmptyAndMissingWordsAreTheSame(t *testing.T) {
	t.Parallel()
	e := store.Event{ID: "ev1", Detail: map[string]string{}, Personal: map[string]string{}}
	if err := store.Seal(&e, 0, ""); err != nil {
		t.Fatal(err)
	}
	e.Detail, e.Personal = nil, nil // as they come back from the engine
	if err := store.Check(&e, 0, ""); err != nil {
		t.Error(err)
	}
}

// FuzzChain seals what the fuzzer makes up, sends it through JSON as the engines
// do, and expects it to fit, and not to fit with another text in any place.
func FuzzChain(f *testing.F) {
	f.Add("id", "kind", "actor", "key", "value", "Ada", int64(0), 0)
	f.Add("", "", "", "", "", "", int64(1_793_000_000_000_000), 403)
	f.Add("\"", "\\", "<&>", "\u2028", "👩🏽‍💻", "שלום", int64(-1), -1)
	f.Fuzz(func(t *testing.T, id, kind, actor, key, value, name string, at int64, status int) {
		e := store.Event{
			ID: id, Kind: kind, Actor: actor, At: time.UnixMicro(at), Status: status,
			Detail: map[string]string{key: value}, Personal: map[string]string{"name": name},
		}
		if err := store.Seal(&e, 6, "p"); err != nil {
			t.Fatal(err)
		}
		loaded := e
		loaded.At = time.UnixMicro(e.At.UnixMicro()).UTC()
		loaded.Detail, loaded.Personal = repeat(t, e.Detail), repeat(t, e.Personal)
		if err := store.Check(&loaded, 6, "p"); err != nil {
			t.Fatalf("%v\n%s", err, cmp.Diff(e, loaded))
		}
		for place, change := range map[string]func(*store.Event){
			"id":       func(e *store.Event) { e.ID += "!" },
			"kind":     func(e *store.Event) { e.Kind += "!" },
			"actor":    func(e *store.Event) { e.Actor += "!" },
			"detail":   func(e *store.Event) { e.Detail = map[string]string{key: value + "!"} },
			"personal": func(e *store.Event) { e.Personal = map[string]string{"name": name + "!"} },
			"time":     func(e *store.Event) { e.At = e.At.Add(time.Microsecond) },
			"status":   func(e *store.Event) { e.Status++ },
		} {
			changed := loaded
			changed.Detail, changed.Personal = maps.Clone(loaded.Detail), maps.Clone(loaded.Personal)
			change(&changed)
			if err := store.Check(&changed, 6, "p"); err == nil {
				t.Errorf("another %s fits as well", place)
			}
		}
	})
}

func repeat(t *testing.T, m map[string]string) map[string]string {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var again map[string]string
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	return again
}
