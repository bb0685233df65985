package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"frontdesk/agent"
)

// credential is what calls are made with.
type credential interface {
	// authorize puts the credential on req and says which one it used.
	authorize(ctx context.Context, req *http.Request) (used string, err error)
	// drop forgets a credential that Okta no longer takes.
	drop(used string)
	// renews tells whether authorize may give another one after drop.
	renews() bool
	// has tells whether a scope is there, as far as is known: true if in doubt.
	has(scope string) bool
	// client is the service app's id; empty for an API token.
	client() string
	// heard lets it look at an answer's headers.
	heard(a *answer)
}

// newCredential chooses by what is configured.
func newCredential(cfg Config, org *url.URL, wire *transport) (credential, error) {
	app := cfg.ClientID != "" || len(cfg.PrivateKey) > 0
	switch {
	case cfg.APIToken != "" && app:
		return nil, errors.New("okta: give either an API token or a client id with its private key, not both")
	case cfg.APIToken != "":
		return apiToken(cfg.APIToken), nil
	case !app:
		return nil, errors.New("okta: no credentials: give a client id with its private key, or an API token")
	case cfg.ClientID == "":
		return nil, errors.New("okta: there is a private key, but no client id")
	case len(cfg.PrivateKey) == 0:
		return nil, errors.New("okta: there is a client id, but no private key")
	}
	key, err := signingKey(cfg.PrivateKey, cfg.KeyID)
	if err != nil {
		return nil, fmt.Errorf("okta: %w", err)
	}
	scopes := slices.Clone(cfg.Scopes)
	if len(scopes) == 0 {
		scopes = DefaultScopes()
	}
	return newServiceApp(cfg, key, scopes, org, wire)
}

// apiToken is a legacy token.
type apiToken string

func (t apiToken) authorize(_ context.Context, req *http.Request) (string, error) {
	req.Header.Set("Authorization", "SSWS "+string(t))
	return "", nil
}

func (apiToken) drop(string)     {}
func (apiToken) renews() bool    { return false }
func (apiToken) has(string) bool { return true }
func (apiToken) client() string  { return "" }
func (apiToken) heard(*answer)   {}

// unauthorized is the error of a call that could not be made for want of an
// access token. A refusal of the token endpoint reads as a 401, whatever its own
// status was: a 404 there says nothing about what the call was for.
func unauthorized(op string, err error) *agent.OktaError {
	out := &agent.OktaError{Op: op, NotSent: true, Err: err}
	var e *agent.OktaError
	if errors.As(err, &e) && !e.NotSent && e.Status >= 400 && e.Status < 500 {
		out.Status, out.Code, out.RetryAt = http.StatusUnauthorized, e.Code, e.RetryAt
		if e.Status == http.StatusTooManyRequests {
			out.Status = e.Status
		}
	}
	return out
}
