package playbooks

import (
	"context"
	"errors"
)

// maxQuestions is how much one evaluation may ask the world.
const maxQuestions = 200

// errTooManyQuestions ends an evaluation that asks too much.
var errTooManyQuestions = errors.New("the playbook asks Okta too many questions at once")

// Remember asks world every question once and repeats its answer, errors too,
// from then on. Every method of a Playbook does so for itself; hand in a
// remembered world to let several share their answers, and a fresh one wherever a
// fresh look is wanted. It is not for concurrent use.
func Remember(world World) World {
	if m, ok := world.(*memory); ok {
		return m
	}
	return &memory{world: world, answers: map[inquiry]any{}}
}

// inquiry is one question to the world.
type inquiry struct{ about, first, second string }

// answer is what came back.
type answer[T any] struct {
	value T
	err   error
}

// memory is a world that remembers.
type memory struct {
	world   World
	answers map[inquiry]any
	asked   int
}

// recall answers from memory, or asks.
func recall[T any](m *memory, q inquiry, ask func() (T, error)) (T, error) {
	if known, ok := m.answers[q].(answer[T]); ok {
		return known.value, known.err
	}
	if m.asked++; m.asked > maxQuestions {
		var nothing T
		return nothing, errTooManyQuestions
	}
	value, err := ask()
	m.answers[q] = answer[T]{value, err}
	return value, err
}

// recallAll is recall for a list, whose members need not be asked for again.
func recallAll[T any](m *memory, q inquiry, about string, id func(T) string, ask func() ([]T, error)) ([]T, error) {
	all, err := recall(m, q, ask)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		q := inquiry{about, id(one), ""}
		if _, known := m.answers[q]; !known {
			m.answers[q] = answer[T]{one, nil}
		}
	}
	return all, nil
}

func userID(u User) string   { return u.ID }
func groupID(g Group) string { return g.ID }
func appID(a App) string     { return a.ID }

func (m *memory) User(ctx context.Context, id string) (User, error) {
	return recall(m, inquiry{"user", id, ""}, func() (User, error) { return m.world.User(ctx, id) })
}

func (m *memory) UserByEmail(ctx context.Context, email string) (User, error) {
	u, err := recall(m, inquiry{"email", email, ""}, func() (User, error) { return m.world.UserByEmail(ctx, email) })
	if err == nil {
		m.answers[inquiry{"user", u.ID, ""}] = answer[User]{u, nil}
	}
	return u, err
}

func (m *memory) Manager(ctx context.Context, id string) ([]User, error) {
	return recallAll(m, inquiry{"manager", id, ""}, "user", userID, func() ([]User, error) { return m.world.Manager(ctx, id) })
}

func (m *memory) MemberOf(ctx context.Context, id, group string) (bool, error) {
	return recall(m, inquiry{"member", id, group}, func() (bool, error) { return m.world.MemberOf(ctx, id, group) })
}

func (m *memory) Members(ctx context.Context, group string) ([]User, error) {
	return recallAll(m, inquiry{"members", group, ""}, "user", userID, func() ([]User, error) { return m.world.Members(ctx, group) })
}

func (m *memory) Owners(ctx context.Context, id string) ([]User, error) {
	return recallAll(m, inquiry{"owners", id, ""}, "user", userID, func() ([]User, error) { return m.world.Owners(ctx, id) })
}

func (m *memory) Agents(ctx context.Context) ([]User, error) {
	return recallAll(m, inquiry{about: "agents"}, "user", userID, func() ([]User, error) { return m.world.Agents(ctx) })
}

func (m *memory) IsAgent(ctx context.Context, id string) (bool, error) {
	return recall(m, inquiry{"agent", id, ""}, func() (bool, error) { return m.world.IsAgent(ctx, id) })
}

func (m *memory) Group(ctx context.Context, id string) (Group, error) {
	return recall(m, inquiry{"group", id, ""}, func() (Group, error) { return m.world.Group(ctx, id) })
}

func (m *memory) GroupNamed(ctx context.Context, name string) (Group, error) {
	g, err := recall(m, inquiry{"group named", name, ""}, func() (Group, error) { return m.world.GroupNamed(ctx, name) })
	if err == nil {
		m.answers[inquiry{"group", g.ID, ""}] = answer[Group]{g, nil}
	}
	return g, err
}

func (m *memory) GroupsOf(ctx context.Context, id string) ([]Group, error) {
	return recallAll(m, inquiry{"groups of", id, ""}, "group", groupID, func() ([]Group, error) { return m.world.GroupsOf(ctx, id) })
}

func (m *memory) App(ctx context.Context, id string) (App, error) {
	return recall(m, inquiry{"app", id, ""}, func() (App, error) { return m.world.App(ctx, id) })
}

func (m *memory) AppNamed(ctx context.Context, label string) (App, error) {
	a, err := recall(m, inquiry{"app named", label, ""}, func() (App, error) { return m.world.AppNamed(ctx, label) })
	if err == nil {
		m.answers[inquiry{"app", a.ID, ""}] = answer[App]{a, nil}
	}
	return a, err
}

func (m *memory) AppsOf(ctx context.Context, id string) ([]App, error) {
	return recallAll(m, inquiry{"apps of", id, ""}, "app", appID, func() ([]App, error) { return m.world.AppsOf(ctx, id) })
}
