package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// The identity gate: which Slack accounts may ask for anything at all, and which
// Okta person each of them is. A Slack email proves little (admins can set it,
// guests can use any), so the account must be an ordinary, confirmed member of
// our own workspace, its email must belong to exactly one Okta person, and once
// matched it stays bound to that person's id.

// gate names the first check that an account fails, or "".
func (a *Agent) gate(acc Account) (check, words string) {
	ours := slices.Contains(a.Teams, acc.Team) || (acc.Enterprise != "" && slices.Contains(a.Teams, acc.Enterprise))
	switch {
	case acc.Deleted:
		return "deactivated", "This Slack account is deactivated."
	case acc.Bot:
		return "bot", "I only work for people, not for apps or bots."
	case acc.Stranger || !ours:
		return "stranger", "This Slack account belongs to another workspace. I only work for members of this one."
	case acc.UltraRestricted:
		return "single_channel_guest", "I can't work for guest accounts. Please ask the person you work with here to make the request."
	case acc.Restricted:
		return "guest", "I can't work for guest accounts. Please ask the person you work with here to make the request."
	case acc.Invited:
		return "invited", "This Slack invitation has not been accepted yet. Please finish joining Slack first."
	case strings.TrimSpace(acc.Email) == "":
		return "no_email", "This Slack account shows no email address, so I can't tell who it is in Okta. Please ask IT."
	case !acc.EmailConfirmed:
		return "unconfirmed_email", "The email address of this Slack account is not confirmed. Please confirm it in Slack, then ask again."
	}
	return "", ""
}

// gateProblem is a refusal that the timeline names by its check.
func gateProblem(check, words string) *Problem {
	return &Problem{Code: "gate_" + check, Text: words}
}

// identify passes a Slack account through the gate and finds the one Okta person
// it is, binding it on the first match. A *Problem says why not.
func (a *Agent) identify(ctx context.Context, slackUser string) (User, store.Binding, error) {
	acc, err := a.Desk.Account(ctx, slackUser)
	if errors.Is(err, ErrNoAccount) {
		return User{}, store.Binding{}, gateProblem("no_account", "Slack doesn't know this account any more.")
	}
	if err != nil {
		return User{}, store.Binding{}, fmt.Errorf("read Slack account %s: %w", slackUser, err)
	}
	if check, words := a.gate(acc); check != "" {
		return User{}, store.Binding{}, gateProblem(check, words)
	}
	b, err := a.binding(ctx, slackUser)
	if errors.Is(err, store.ErrNotFound) {
		return a.match(ctx, acc)
	}
	if err != nil {
		return User{}, b, err
	}
	if err := sameEmail(acc, b); err != nil {
		return User{}, b, err
	}
	u, err := a.Directory.User(ctx, b.PersonID)
	if isNotFound(err) {
		return User{}, b, gateProblem("gone", "Your Okta account is no longer there. Please ask IT.")
	}
	if err != nil {
		return User{}, b, fmt.Errorf("read the person behind %s: %w", slackUser, err)
	}
	return u, b, nil
}

// sameEmail alarms when a bound account now shows another address: a changed
// address never matches anew.
func sameEmail(acc Account, b store.Binding) error {
	if canonical(acc.Email) == b.Email {
		return nil
	}
	return gateProblem("changed_email", "The email address of this Slack account has changed since I first met it, so I no longer trust the match. Please ask IT to bind it again (frontdesk people bind).")
}

// match finds the one Okta person with the account's email and binds the two.
func (a *Agent) match(ctx context.Context, acc Account) (User, store.Binding, error) {
	u, err := a.onlyPerson(ctx, acc.Email)
	if err != nil {
		return User{}, store.Binding{}, err
	}
	b := store.Binding{Team: a.home(), User: acc.ID, PersonID: u.ID, Email: canonical(acc.Email), BoundAt: a.Now()}
	err = a.Store.Write(ctx, func(tx store.Tx) error {
		if err := tx.CreateBinding(ctx, &b); err != nil {
			return err
		}
		if err := tx.SavePerson(ctx, remember(u, a.Now())); err != nil {
			return err
		}
		return tx.Append(ctx, &store.Event{
			ID: a.NewID(), Kind: "identity.bound", Actor: slackActor(a.home(), acc.ID), Target: u.ID,
			Detail: map[string]string{"by": "email"}, Personal: map[string]string{"email": b.Email, "name": u.Name()},
		})
	})
	if errors.Is(err, store.ErrDuplicate) {
		// Somebody bound one of the two meanwhile: it must be this very pair.
		b, err = a.binding(ctx, acc.ID)
		if errors.Is(err, store.ErrNotFound) || (err == nil && b.PersonID != u.ID) {
			return User{}, b, gateProblem("bound_elsewhere", "Your Okta account is bound to another Slack account. If that is not right, please ask IT to bind it again.")
		}
	}
	if err != nil {
		return User{}, b, fmt.Errorf("bind %s: %w", acc.ID, err)
	}
	return u, b, nil
}

// onlyPerson finds the one Okta person with that email or login. People who
// were deprovisioned don't count: a returning employee has such a twin.
func (a *Agent) onlyPerson(ctx context.Context, email string) (User, error) {
	all, err := a.Directory.UsersByEmail(ctx, email)
	if err != nil {
		return User{}, fmt.Errorf("find people by email: %w", err)
	}
	us := slices.DeleteFunc(slices.Clone(all), func(u User) bool { return u.Status == "DEPROVISIONED" })
	switch {
	case len(us) == 1:
		return us[0], nil
	case len(us) > 1:
		return User{}, gateProblem("ambiguous_email", "Two people in Okta share your email address, so I can't tell which one you are. Please ask IT to put that right.")
	case len(all) > 0:
		return User{}, gateProblem("deprovisioned", "The Okta account with your email address is deprovisioned. Please ask IT.")
	}
	return User{}, gateProblem("unknown_email", "Okta knows nobody with the email address of your Slack account. Please ask IT.")
}

func (a *Agent) binding(ctx context.Context, slackUser string) (store.Binding, error) {
	var b store.Binding
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		b, err = tx.Binding(ctx, a.home(), slackUser)
		return err
	})
	return b, err
}

// standing tells whether a person in that status may ask for something (for
// themselves: those who are locked out are why we exist), or decide and act on others.
func standing(u User, forSelf bool) *Problem {
	switch u.Status {
	case "ACTIVE":
		return nil
	case "LOCKED_OUT", "PASSWORD_EXPIRED", "RECOVERY":
		if forSelf {
			return nil
		}
		return &Problem{Code: "standing", Text: fmt.Sprintf("Your own Okta account is %s. Get it working first (%s), then ask again.", plainStatus(u.Status), standingCure(u.Status))}
	}
	return &Problem{Code: "standing", Text: fmt.Sprintf("Your Okta account is %s, so I can't work for you. Please ask IT.", plainStatus(u.Status))}
}

func standingCure(status string) string {
	if spec, ok := action.Of(action.RestoreSessions); ok && status == "LOCKED_OUT" {
		return "/okta " + spec.Phrase
	}
	spec, _ := action.Of(action.ResetPassword)
	return "/okta " + spec.Phrase
}

// plainStatus says an Okta status in words.
func plainStatus(status string) string {
	switch status {
	case "ACTIVE":
		return "active"
	case "STAGED":
		return "not activated yet"
	case "PROVISIONED":
		return "waiting for its first sign-in"
	case "RECOVERY":
		return "in password recovery"
	case "PASSWORD_EXPIRED":
		return "waiting for a new password"
	case "LOCKED_OUT":
		return "locked out"
	case "SUSPENDED":
		return "suspended"
	case "DEPROVISIONED":
		return "deprovisioned"
	}
	return strings.ToLower(strings.ReplaceAll(status, "_", " "))
}

// reach finds the Slack account of an Okta person who is to be asked or told,
// gated like any other. ok is false if they cannot be reached in Slack.
func (a *Agent) reach(ctx context.Context, u User) (slackUser string, ok bool, err error) {
	var b store.Binding
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) {
		b, err = tx.BindingOf(ctx, u.ID)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", false, fmt.Errorf("find the Slack account of %s: %w", u.ID, err)
	}
	if err == nil {
		acc, err := a.Desk.Account(ctx, b.User)
		if errors.Is(err, ErrNoAccount) {
			return "", false, nil
		}
		if err != nil {
			return "", false, fmt.Errorf("read Slack account %s: %w", b.User, err)
		}
		check, _ := a.gate(acc)
		return b.User, check == "" && sameEmail(acc, b) == nil, nil
	}
	acc, err := a.Desk.AccountByEmail(ctx, u.Email)
	if errors.Is(err, ErrNoAccount) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("find the Slack account of %s: %w", u.ID, err)
	}
	if check, _ := a.gate(acc); check != "" || canonical(acc.Email) != canonical(u.Email) {
		return "", false, nil
	}
	matched, _, err := a.match(ctx, acc)
	if _, isProblem := AsProblem(err); isProblem {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return acc.ID, matched.ID == u.ID, nil
}

// home is the workspace (on Enterprise Grid, the organisation) under which
// bindings are kept: the gate lets nobody else's accounts in.
func (a *Agent) home() string { return a.Teams[0] }

// foreign tells that an envelope names another workspace's account.
func (a *Agent) foreign(c Caller) bool {
	return !slices.Contains(a.Teams, c.Team) && (c.Enterprise == "" || !slices.Contains(a.Teams, c.Enterprise))
}

// slackActor names a Slack account in the timeline, before it is known as a person.
func slackActor(team, user string) string { return "slack:" + team + "/" + user }

// canonical is how emails are compared and kept: work email is the identifier
// between Slack and Okta, in any case.
func canonical(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func remember(u User, now time.Time) store.Person {
	return store.Person{
		ID: u.ID, Email: canonical(u.Email), Login: u.Login, Name: u.Name(), Status: u.Status,
		Department: u.Department, Title: u.Title, ManagerID: u.ManagerID, SeenAt: now,
	}
}

func isNotFound(err error) bool {
	var e *OktaError
	return errors.As(err, &e) && e.NotFound()
}
