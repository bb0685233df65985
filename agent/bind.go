package agent

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/playbooks"
	"frontdesk/store"
)

// Bind ties a Slack account to the Okta person with that email, on IT's word:
// whatever either was bound to before is forgotten, and the proof is IT's own.
func (a *Agent) Bind(ctx context.Context, slackUser, email string) (name string, err error) {
	acc, err := a.Desk.Account(ctx, slackUser)
	if err != nil {
		return "", fmt.Errorf("read Slack account %s: %w", slackUser, err)
	}
	if check, words := a.gate(acc); check != "" {
		return "", gateProblem(check, words)
	}
	u, err := a.named(ctx, email)
	if err != nil {
		return "", err
	}
	b := store.Binding{Team: a.home(), User: acc.ID, PersonID: u.ID, Email: canonical(acc.Email), Proof: "it", BoundAt: a.Now(), ProvenAt: a.Now()}
	return u.Name(), a.Store.Write(ctx, func(tx store.Tx) error {
		if err := forget(ctx, tx, a.home(), acc.ID, u.ID); err != nil {
			return err
		}
		if err := tx.CreateBinding(ctx, &b); err != nil {
			return err
		}
		if err := tx.SavePerson(ctx, remember(u, tx.Now())); err != nil {
			return err
		}
		return tx.Append(ctx, &store.Event{
			ID: a.NewID(), Kind: "identity.bound", Actor: "it", Target: u.ID,
			Detail: map[string]string{"by": "it", "slack": acc.ID}, Personal: map[string]string{"email": b.Email, "name": u.Name()},
		})
	})
}

// forget takes back what either side was bound to.
func forget(ctx context.Context, tx store.Tx, home, slackUser, personID string) error {
	if err := tx.DeleteBinding(ctx, home, slackUser); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	old, err := tx.BindingOf(ctx, personID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.DeleteBinding(ctx, old.Team, old.User)
}

// Unbind forgets whom a Slack account is bound to; the next command matches anew.
func (a *Agent) Unbind(ctx context.Context, slackUser string) error {
	err := a.Store.Write(ctx, func(tx store.Tx) error {
		if err := tx.DeleteBinding(ctx, a.home(), slackUser); err != nil {
			return err
		}
		return tx.Append(ctx, &store.Event{ID: a.NewID(), Kind: "identity.unbound", Actor: "it", Detail: map[string]string{"slack": slackUser}})
	})
	if errors.Is(err, store.ErrNotFound) {
		return &Problem{Code: "unbound", Text: "That Slack account is bound to nobody."}
	}
	return err
}

// CheckGroup resolves a group that carries authority and counts its members.
func (a *Agent) CheckGroup(ctx context.Context, name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	us, err := a.membersNamed(ctx, name)
	return len(us), err
}

// CheckNames looks up every literal name of the playbooks: each must be one. The
// error is a *playbooks.Diagnostics that points into the files.
func (a *Agent) CheckNames(ctx context.Context) error {
	var found []playbooks.Diagnostic
	for _, book := range a.Library.All() {
		for _, ref := range book.Names() {
			err := a.checkName(ctx, ref)
			p, ok := AsProblem(err)
			switch {
			case ok:
				found = append(found, book.Complain(ref, p.Text))
			case err != nil:
				return fmt.Errorf("look up %q of %s: %w", ref.Name, book.File, err)
			}
		}
	}
	if len(found) > 0 {
		return &playbooks.Diagnostics{List: found}
	}
	return nil
}

func (a *Agent) checkName(ctx context.Context, ref playbooks.NameRef) error {
	var err error
	switch ref.Kind {
	case playbooks.NameGroup:
		_, err = a.authority(ctx, ref.Name)
	case playbooks.NameApp:
		_, err = a.appNamed(ctx, ref.Name)
	case playbooks.NameUser:
		_, err = a.named(ctx, ref.Name)
	}
	return err
}
