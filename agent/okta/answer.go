package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"frontdesk/agent"
)

// answer is what Okta said.
type answer struct {
	status int
	header http.Header
	body   []byte
	from   *url.URL
}

func (a *answer) requestID() string { return a.header.Get("X-Okta-Request-Id") }

// decode reads the answer's JSON.
func (a *answer) decode(op string, into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return &agent.OktaError{
			Op: op, Status: a.status, RequestID: a.requestID(),
			Summary: "Okta's answer cannot be read", Err: fmt.Errorf("decode: %w", err),
		}
	}
	return nil
}

// exchange travels with a request's context: what is asked for and, afterwards,
// what came of it. The SDK in between sees neither.
type exchange struct {
	op    string
	query url.Values // parameters that the SDK's builder does not know

	answer *answer
	err    error
}

type exchangeKey struct{}

// send runs one of the SDK's request builders and gives the answer, or a typed
// error.
func (c *Client) send(ctx context.Context, x *exchange, build func(context.Context) error) (*answer, error) {
	err := build(context.WithValue(ctx, exchangeKey{}, x))
	switch {
	case x.err != nil:
		return nil, x.err
	case x.answer == nil: // the builder refused to build
		return nil, &agent.OktaError{Op: x.op, NotSent: true, Err: err}
	}
	return x.answer, nil
}

// one reads a single object.
func one[T any](ctx context.Context, c *Client, op string, build func(context.Context) error) (T, error) {
	var value T
	a, err := c.send(ctx, &exchange{op: op}, build)
	if err != nil {
		return value, err
	}
	err = a.decode(op, &value)
	return value, err
}

// all reads a list to its end, whatever the number of pages.
func all[T any](ctx context.Context, c *Client, op string, build func(context.Context) error) ([]T, error) {
	a, err := c.send(ctx, &exchange{op: op}, build)
	var list []T
	seen := map[string]bool{}
	for {
		if err != nil {
			return nil, err
		}
		var page []T
		if len(bytes.TrimSpace(a.body)) > 0 {
			if err := a.decode(op, &page); err != nil {
				return nil, err
			}
		}
		list = append(list, page...)
		next, err2 := c.nextPage(a)
		if err2 != nil {
			return nil, &agent.OktaError{Op: op, Status: a.status, RequestID: a.requestID(), Summary: "the list is incomplete", Err: err2}
		}
		if next == nil {
			return list, nil
		}
		if seen[next.String()] {
			return nil, &agent.OktaError{Op: op, Status: a.status, RequestID: a.requestID(), Summary: "the list goes round in circles"}
		}
		seen[next.String()] = true
		a, err = c.follow(ctx, op, next)
	}
}

// follow reads a URL that Okta gave.
func (c *Client) follow(ctx context.Context, op string, to *url.URL) (*answer, error) {
	return c.send(ctx, &exchange{op: op}, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), http.NoBody)
		if err != nil {
			return fmt.Errorf("build request: %w", err)
		}
		req.Header.Set("Accept", "application/json")
		res, err := c.web.Do(req)
		if err != nil {
			return fmt.Errorf("follow link: %w", err)
		}
		return res.Body.Close()
	})
}
