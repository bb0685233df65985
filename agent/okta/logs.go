package okta

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/agent"
)

// errNoLog: the System Log is not for us to read.
var errNoLog = errors.New("the system log cannot be read")

// logSlack is how far an event's time may lie before a call's: what the two
// clocks can differ by after correction, whose precision is a second.
const logSlack = 2 * time.Second

// events lists the events of a type about a person since a time of Okta's clock,
// oldest first. The log lags behind by seconds: that an event is missing proves
// nothing.
// Source: Okta, "System Log query": bounded queries end; targets have no order.
func (c *Client) events(ctx context.Context, eventType, target string, since time.Time) ([]wireEvent, error) {
	if !c.auth.has(scopeLogs) {
		return nil, errNoLog
	}
	until := c.now().Add(c.wire.gate.skew()).Add(time.Minute)
	filter := "eventType eq " + quoted(eventType) + " and target.id eq " + quoted(target)
	list, err := all[wireEvent](ctx, c, "read the system log", func(ctx context.Context) error {
		_, _, err := c.api.SystemLogAPI.ListLogEvents(ctx).
			Since(since.UTC()).Until(until.UTC()).Filter(filter).SortOrder("ASCENDING").Limit(100).Execute()
		return err
	})
	if isDenied(err) {
		return nil, errNoLog
	}
	return list, err
}

// ours finds what the System Log says of a call that we began at since. nil: it
// says nothing, or not yet.
func (c *Client) ourEvent(ctx context.Context, todo call, act agent.Act, since time.Time) (*wireEvent, error) {
	from := since.Add(c.wire.gate.skew()).Add(-logSlack)
	list, err := c.events(ctx, todo.event, act.Target, from)
	if err != nil {
		return nil, err
	}
	self, err := c.actorID(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(e wireEvent) bool {
		return e.Type == todo.event && e.Actor.ID == self && e.Outcome.Result == "SUCCESS" && !e.Published.Before(from) &&
			e.about(act.Target) && (act.Object == "" || e.about(act.Object))
	})
	if i < 0 {
		return nil, nil //nolint:nilnil // no event is an ordinary answer
	}
	return &list[i], nil
}

// actorID is who we are in the System Log: the service app, or the owner of the
// API token.
func (c *Client) actorID(ctx context.Context) (string, error) {
	if id := c.auth.client(); id != "" {
		return id, nil
	}
	return c.self.get("", func() (string, error) {
		me, err := c.me(ctx)
		return me.ID, err
	})
}

// me reads the owner of the API token.
func (c *Client) me(ctx context.Context) (agent.User, error) {
	w, err := one[wireUser](ctx, c, "read the token's owner", func(ctx context.Context) error {
		_, _, err := c.api.UserAPI.GetUser(ctx, "me").Execute()
		return err
	})
	return w.subject().User, err
}
