package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// target finds the person a command is about: nobody named means the requester.
func (a *Agent) target(ctx context.Context, arg action.Arg, requester User) (User, error) {
	switch arg.Kind {
	case action.Missing:
		return requester, nil
	case action.Mention:
		return a.mentioned(ctx, arg.Text, requester)
	case action.Email:
		return a.named(ctx, arg.Text)
	case action.Handle, action.Name, action.Hole:
	}
	return User{}, &Problem{Code: "ambiguous_handle", Text: fmt.Sprintf("I can't tell who @%s is. Pick the person from Slack's list, or write their work email.", strings.TrimPrefix(arg.Text, "@"))}
}

// mentioned finds the Okta person behind a mentioned Slack account. A guest or a
// stranger can carry any address, so those must be named by email.
func (a *Agent) mentioned(ctx context.Context, slackUser string, requester User) (User, error) {
	b, err := a.binding(ctx, slackUser)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return User{}, err
	}
	if err == nil && b.PersonID == requester.ID {
		return requester, nil
	}
	acc, err := a.Desk.Account(ctx, slackUser)
	if errors.Is(err, ErrNoAccount) {
		return User{}, &Problem{Code: "unknown_person", Text: "Slack doesn't know that person any more. Write their work email instead."}
	}
	if err != nil {
		return User{}, fmt.Errorf("read Slack account %s: %w", slackUser, err)
	}
	if check, _ := a.gate(acc); check != "" {
		return User{}, &Problem{Code: "target_" + check, Text: "From that Slack account I can't tell who it is in Okta (" + targetCheck(check) + "). Write the person's work email instead."}
	}
	if b.PersonID == "" {
		return a.named(ctx, acc.Email)
	}
	if sameEmail(acc, b) != nil { // an address that changed never matches anew
		return User{}, &Problem{Code: "target_changed_email", Text: "The email address of that Slack account has changed since I first met it, so I can't tell who it is in Okta. Write the person's work email instead."}
	}
	return a.Directory.User(ctx, b.PersonID)
}

func targetCheck(check string) string {
	switch check {
	case "deactivated":
		return "it is deactivated"
	case "bot":
		return "it is an app"
	case "stranger":
		return "it belongs to another workspace"
	case "guest", "single_channel_guest":
		return "it is a guest"
	case "invited":
		return "the invitation is still open"
	case "no_email":
		return "it shows no email address"
	}
	return "its email address is not confirmed"
}

// named finds the one person with that email or login. Someone deprovisioned is
// found only if there is nobody else, so that they can be activated again.
func (a *Agent) named(ctx context.Context, email string) (User, error) {
	all, err := a.Directory.UsersByEmail(ctx, email)
	if err != nil {
		return User{}, fmt.Errorf("find people by email: %w", err)
	}
	us := slices.DeleteFunc(slices.Clone(all), func(u User) bool { return u.Status == "DEPROVISIONED" })
	if len(us) == 0 {
		us = all
	}
	switch len(us) {
	case 1:
		return us[0], nil
	case 0:
		return User{}, &Problem{Code: "unknown_person", Text: fmt.Sprintf("Okta knows nobody with the email %s. Check the spelling, or pick the person from Slack's list.", email)}
	}
	logins := make([]string, len(us))
	for i, u := range us {
		logins[i] = u.Login
	}
	slices.Sort(logins)
	return User{}, &Problem{Code: "ambiguous_person", Text: fmt.Sprintf("%d people in Okta answer to %s. Write the login of the one you mean: %s.", len(us), email, strings.Join(logins, " or "))}
}

// objects finds the groups or applications a command names; each name must be one.
func (a *Agent) objects(ctx context.Context, kind action.Kind, args []action.Arg) ([]thing, error) {
	spec, _ := action.Of(kind)
	var found []thing
	for _, arg := range args {
		var t thing
		var err error
		if spec.Takes == action.Groups {
			t, err = a.groupNamed(ctx, arg.Text)
		} else {
			t, err = a.appNamed(ctx, arg.Text)
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(found, func(f thing) bool { return f.ID == t.ID }) {
			found = append(found, t)
		}
	}
	return found, nil
}

func (a *Agent) groupNamed(ctx context.Context, name string) (thing, error) {
	exact, near, err := a.Directory.GroupsNamed(ctx, name)
	if err != nil {
		return thing{}, fmt.Errorf("find group %q: %w", name, err)
	}
	// Where an imported group shares the name of one of Okta's own, people mean
	// the one whose members can be changed.
	if own := slices.DeleteFunc(slices.Clone(exact), func(g Group) bool { return g.Type != GroupOkta }); len(own) > 0 {
		exact = own
	}
	if len(exact) == 1 {
		return thing{ID: exact[0].ID, Name: exact[0].Name, Type: exact[0].Type}, nil
	}
	return thing{}, notOne("group", name, len(exact), names(near, func(g Group) string { return g.Name }))
}

func (a *Agent) appNamed(ctx context.Context, label string) (thing, error) {
	exact, near, err := a.Directory.AppsNamed(ctx, label)
	if err != nil {
		return thing{}, fmt.Errorf("find application %q: %w", label, err)
	}
	if active := slices.DeleteFunc(slices.Clone(exact), func(p App) bool { return p.Status != "ACTIVE" }); len(active) > 0 {
		exact = active
	}
	if len(exact) == 1 {
		return thing{ID: exact[0].ID, Name: exact[0].Label, Type: exact[0].SignOn}, nil
	}
	return thing{}, notOne("application", label, len(exact), names(near, func(p App) string { return p.Label }))
}

func names[T any](all []T, name func(T) string) []string {
	out := make([]string, 0, len(all))
	for _, t := range all {
		out = append(out, name(t))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// notOne says that a name is nobody's or several things'.
func notOne(what, name string, found int, near []string) *Problem {
	if found > 1 {
		return &Problem{Code: "ambiguous_" + what, Text: fmt.Sprintf("Okta has %d %ss called %q, and I won't guess which one you mean. Please ask IT to rename one of them.", found, what, name)}
	}
	text := fmt.Sprintf("Okta has no %s called %q.", what, name)
	if len(near) > 0 {
		text += " Did you mean " + list(near[:min(len(near), 5)], "or") + "?"
	} else {
		text += " Check the spelling, or ask IT what it is called."
	}
	return &Problem{Code: "unknown_" + what, Text: text}
}

// list joins words as people write them: "a, b or c".
func list(words []string, last string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
