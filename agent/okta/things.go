package okta

import (
	"context"
	"strings"
	"unicode"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"

	"frontdesk/agent"
)

// suggestions is how many near misses are offered.
const suggestions = 5

// Group reads a group by id.
func (c *Client) Group(ctx context.Context, id string) (agent.Group, error) {
	g, err := c.group(ctx, id)
	return asGroup(g), err
}

func (c *Client) group(ctx context.Context, id string) (sdk.Group, error) {
	op := "read group " + id
	if err := checkID(op, id); err != nil {
		return sdk.Group{}, err
	}
	return one[sdk.Group](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.GroupAPI.GetGroup(ctx, id).Execute()
		return err
	})
}

// App reads an application by id.
func (c *Client) App(ctx context.Context, id string) (agent.App, error) {
	op := "read application " + id
	if err := checkID(op, id); err != nil {
		return agent.App{}, err
	}
	w, err := one[wireApp](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.ApplicationAPI.GetApplication(ctx, id).Execute()
		return err
	})
	return w.app(), err
}

// GroupsNamed asks by prefix, which Okta answers from its primary store but
// without pages; where the answer is full, and so perhaps cut off, the paged
// search index is asked for the exact name as well.
func (c *Client) GroupsNamed(ctx context.Context, name string) (exact, near []agent.Group, err error) {
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return nil, nil, nil
	}
	begins := func(prefix string) ([]agent.Group, error) {
		list, err := all[sdk.Group](ctx, c, "find groups by name", func(ctx context.Context) error {
			_, _, err := c.api.GroupAPI.ListGroups(ctx).Q(prefix).Limit(pageSize).Execute()
			return err
		})
		return asGroups(list), err
	}
	found, err := begins(name)
	if err != nil {
		return nil, nil, err
	}
	if len(found) >= pageSize {
		list, err := all[sdk.Group](ctx, c, "search groups by name", func(ctx context.Context) error {
			_, _, err := c.api.GroupAPI.ListGroups(ctx).Search("profile.name eq " + quoted(name)).Limit(pageSize).Execute()
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		found = append(asGroups(list), found...)
	}
	id := func(g agent.Group) string { return g.ID }
	exact, near = sift(found, name, id, func(g agent.Group) string { return g.Name })
	if len(exact) > 0 || len(near) > 0 {
		return exact, near, nil
	}
	found, err = begins(beginning(name))
	_, near = sift(found, name, id, func(g agent.Group) string { return g.Name })
	return nil, near, err
}

// AppsNamed asks by prefix of the label.
func (c *Client) AppsNamed(ctx context.Context, label string) (exact, near []agent.App, err error) {
	label = strings.TrimSpace(label)
	if label == "" || strings.ContainsFunc(label, unicode.IsControl) {
		return nil, nil, nil
	}
	begins := func(prefix string) ([]agent.App, error) {
		list, err := all[wireApp](ctx, c, "find applications by name", func(ctx context.Context) error {
			_, _, err := c.api.ApplicationAPI.ListApplications(ctx).Q(prefix).Limit(pageSize).Execute()
			return err
		})
		return asApps(list), err
	}
	found, err := begins(label)
	if err != nil {
		return nil, nil, err
	}
	id := func(a agent.App) string { return a.ID }
	exact, near = sift(found, label, id, func(a agent.App) string { return a.Label })
	if len(exact) > 0 || len(near) > 0 {
		return exact, near, nil
	}
	found, err = begins(beginning(label))
	_, near = sift(found, label, id, func(a agent.App) string { return a.Label })
	return nil, near, err
}

// sift splits what was found into exact matches and, if there is none, a few
// near misses. Nothing is listed twice.
func sift[T any](found []T, name string, id, called func(T) string) (exact, near []T) {
	seen := map[string]bool{}
	for _, t := range found {
		if seen[id(t)] {
			continue
		}
		seen[id(t)] = true
		switch {
		case strings.EqualFold(strings.TrimSpace(called(t)), name):
			exact = append(exact, t)
		case len(near) < suggestions:
			near = append(near, t)
		}
	}
	if len(exact) > 0 {
		return exact, nil
	}
	return nil, near
}

// beginning is the part of a name that a near miss shares with it: its first
// word, or the first letters of that.
func beginning(name string) string {
	word, _, _ := strings.Cut(name, " ")
	letters := []rune(word)
	return string(letters[:min(len(letters), 3)])
}

// GroupsOf lists the groups that a person is in.
func (c *Client) GroupsOf(ctx context.Context, userID string) ([]agent.Group, error) {
	op := "list groups of " + userID
	if err := checkID(op, userID); err != nil {
		return nil, err
	}
	list, err := all[sdk.Group](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.UserAPI.ListUserGroups(ctx, userID).Execute()
		return err
	})
	return asGroups(list), err
}

// AppsOf lists the applications that a person has, directly or by a group.
func (c *Client) AppsOf(ctx context.Context, userID string) ([]agent.App, error) {
	op := "list applications of " + userID
	if err := checkID(op, userID); err != nil {
		return nil, err
	}
	list, err := all[wireApp](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.ApplicationAPI.ListApplications(ctx).
			Filter("user.id eq " + quoted(userID)).Expand("user/" + userID).Limit(pageSize).Execute()
		return err
	})
	return asApps(list), err
}

func asGroups(list []sdk.Group) []agent.Group {
	groups := make([]agent.Group, 0, len(list))
	for _, g := range list {
		groups = append(groups, asGroup(g))
	}
	return groups
}

func asApps(list []wireApp) []agent.App {
	apps := make([]agent.App, 0, len(list))
	for _, w := range list {
		apps = append(apps, w.app())
	}
	return apps
}
