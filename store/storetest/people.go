package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/store"
)

func testPeople(t *testing.T, open Open) {
	t.Run("a person is what was saved last", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		at := time.Date(2026, 11, 5, 9, 30, 0, 0, time.UTC)
		p := store.Person{
			ID: "00u1", Email: "ada@acme.test", Login: "ada", Name: "Ada Lovelace", Status: "ACTIVE",
			Department: "R&D", Title: "Countess", ManagerID: "00u2", SeenAt: at,
		}
		f.write(func(tx store.Tx) error { return tx.SavePerson(t.Context(), p) })
		p.Status, p.ManagerID, p.SeenAt = "SUSPENDED", "", at.Add(time.Hour)
		f.write(func(tx store.Tx) error { return tx.SavePerson(t.Context(), p) })
		f.read(func(tx store.Tx) error {
			got, err := tx.Person(t.Context(), "00u1")
			if d := cmp.Diff(p, got); d != "" {
				t.Errorf("(-saved +loaded):\n%s", d)
			}
			return err
		})
	})

	t.Run("a binding is found from both ends, changed, and removed", func(t *testing.T) {
		t.Parallel()
		f := setup(t, open)
		at := time.Date(2026, 11, 5, 9, 30, 0, 0, time.UTC)
		b := store.Binding{Team: "T1", User: "U1", PersonID: "00u1", Email: "ada@acme.test", BoundAt: at}
		f.write(func(tx store.Tx) error { return tx.CreateBinding(t.Context(), &b) })
		stale := b
		b.Proof, b.ProvenAt, b.DMChannel = "push", at.Add(time.Minute), "D1"
		f.write(func(tx store.Tx) error { return tx.SaveBinding(t.Context(), &b) })
		f.refused(store.ErrConflict, func(tx store.Tx) error { return tx.SaveBinding(t.Context(), &stale) })
		f.read(func(tx store.Tx) error {
			bySlack, err := tx.Binding(t.Context(), "T1", "U1")
			if err != nil {
				return err
			}
			byPerson, err := tx.BindingOf(t.Context(), "00u1")
			if d := cmp.Diff([]store.Binding{b, b}, []store.Binding{bySlack, byPerson}); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return err
		})
		f.write(func(tx store.Tx) error { return tx.DeleteBinding(t.Context(), "T1", "U1") })
		f.read(func(tx store.Tx) error {
			if _, err := tx.BindingOf(t.Context(), "00u1"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("after removal: %v, want ErrNotFound", err)
			}
			return nil
		})
	})

	t.Run("an account is bound to one person and a person to one account", func(t *testing.T) { // E1
		t.Parallel()
		f := setup(t, open)
		count := together(t, 50, func(i int) error {
			b := store.Binding{Team: "T1", User: "U1", PersonID: "00u1"}
			if i%2 == 0 {
				b.User = f.id("U")
			} else {
				b.PersonID = f.id("00u")
			}
			if i == 0 {
				b = store.Binding{Team: "T1", User: "U1", PersonID: "00u1"}
			}
			return f.Write(t.Context(), func(tx store.Tx) error { return tx.CreateBinding(t.Context(), &b) })
		}, store.ErrDuplicate)
		// Whoever came first, nobody else can have that person or that account:
		// at most one for U1 and one for 00u1.
		if count[nil] < 1 || count[nil] > 2 {
			t.Errorf("outcomes %v, want one or two bindings", count)
		}
	})

	t.Run("a binding can't be moved to a person who has one", func(t *testing.T) { // E1
		t.Parallel()
		f := setup(t, open)
		first := store.Binding{Team: "T1", User: "U1", PersonID: "00u1"}
		second := store.Binding{Team: "T1", User: "U2", PersonID: "00u2"}
		for _, b := range []*store.Binding{&first, &second} {
			f.write(func(tx store.Tx) error { return tx.CreateBinding(t.Context(), b) })
		}
		second.PersonID = "00u1"
		f.refused(store.ErrDuplicate, func(tx store.Tx) error { return tx.SaveBinding(t.Context(), &second) })
	})
}
