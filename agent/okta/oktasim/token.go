package oktasim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	tokenPath     = "/oauth2/v1/token" //nolint:gosec // a path, no credential
	tokenLifetime = time.Hour
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// Client is an OAuth service app.
type Client struct {
	ID     string
	Label  string
	Keys   []jose.JSONWebKey // public
	Scopes []string          // granted
	Roles  []string          // standard roles, or permissions that make a custom role
	DPoP   bool              // its tokens must be bound to a key
}

// client is a registered service app.
type client struct {
	Client
	roles  []*role
	active bool
}

// RegisterClient makes an OAuth service app, or replaces the one with its id.
func (t *Tenant) RegisterClient(c Client) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.ID == "" || len(c.Keys) == 0 {
		return errors.New("register client: an id and a key are needed")
	}
	for _, key := range c.Keys {
		if !key.IsPublic() || !key.Valid() {
			return fmt.Errorf("register client %s: key %q is not a valid public key", c.ID, key.KeyID)
		}
	}
	for _, scope := range c.Scopes {
		if !knownScope(scope) {
			return fmt.Errorf("register client %s: no such scope: %q", c.ID, scope)
		}
	}
	roles, err := t.newRoles(c.Roles)
	if err != nil {
		return fmt.Errorf("register client %s: %w", c.ID, err)
	}
	t.clients[c.ID] = &client{Client: c, roles: roles, active: true}
	if t.apps[c.ID] == nil {
		t.insertApp(&app{
			id: c.ID, name: "oidc_client", label: t.clients[c.ID].label(), status: "ACTIVE", signOnMode: "OPENID_CONNECT",
		})
	}
	return nil
}

// knownScope tells whether the org authorization server has such a scope.
func knownScope(scope string) bool {
	resources := []string{
		"users", "groups", "apps", "logs", "roles", "schemas", "userTypes", "linkedObjects", "sessions", "appGrants",
		"clients", "eventHooks", "factors", "policies", "orgs", "apiTokens", "devices", "authenticators", "realms",
	}
	parts := strings.Split(scope, ".")
	return len(parts) == 3 && parts[0] == "okta" && slices.Contains(resources, parts[1]) &&
		(parts[2] == "read" || parts[2] == "manage")
}

// oauthError is the error body of the token endpoint.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func isOAuth(c *call) bool { return c.r.URL.Path == tokenPath }

func invalidClient(description string) *refusal {
	return refuse(http.StatusUnauthorized, "invalid_client", description)
}

type tokenBody struct {
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	AccessToken string `json:"access_token"`
	Scope       string `json:"scope"`
}

// token trades a signed client assertion for an access token. Parameters may come
// in the body or in the query.
func (t *Tenant) token(c *call) (reply, error) {
	form := c.query
	if body, err := url.ParseQuery(string(c.body)); err == nil {
		maps.Copy(form, body)
	}
	if form.Get("grant_type") != "client_credentials" {
		return fail(refuse(http.StatusBadRequest, "unsupported_grant_type",
			"The authorization grant type is not supported by the authorization server."))
	}
	cl, err := t.verifyAssertion(c, form)
	if err != nil {
		return fail(err)
	}
	scopes, err := cl.grant(strings.Fields(form.Get("scope")))
	if err != nil {
		return fail(err)
	}
	thumbprint, err := t.tokenProof(c, cl)
	if err != nil {
		return fail(err)
	}
	kind := "Bearer"
	if thumbprint != "" {
		kind = "DPoP"
	}
	access := "sim-access-" + t.newID("at")
	t.bearers[access] = &bearer{client: cl.ID, scopes: scopes, expires: c.at.Add(tokenLifetime), proof: thumbprint}
	c.caller = &caller{bearer: t.bearers[access], client: cl}
	t.emit(c, eventSpec{kind: "app.oauth2.token.grant.access_token", targets: []eventTarget{cl.target()}})
	return ok(tokenBody{kind, int(tokenLifetime / time.Second), access, strings.Join(scopes, " ")})
}

// grant picks the scopes that the app has of those it asks for.
func (cl *client) grant(asked []string) ([]string, error) {
	if len(asked) == 0 {
		return nil, refuse(http.StatusBadRequest, "invalid_scope",
			"The authorization server resource does not have any configured default scopes, 'scope' must be provided.")
	}
	var scopes []string
	for _, scope := range asked {
		if !knownScope(scope) {
			return nil, refuse(http.StatusBadRequest, "invalid_scope",
				"One or more scopes are not configured for the authorization server resource.")
		}
		if slices.Contains(cl.Scopes, scope) && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return nil, refuse(http.StatusBadRequest, "consent_required", "You are not allowed any of the requested scopes.")
	}
	return scopes, nil
}

// verifyAssertion checks the client assertion: known client, one of its keys,
// addressed to this endpoint, fresh, not used before.
func (t *Tenant) verifyAssertion(c *call, form url.Values) (*client, error) {
	assertion := form.Get("client_assertion")
	if assertion == "" || form.Get("client_assertion_type") != assertionType {
		return nil, invalidClient("Client Credentials requests to the Org Authorization Server must use the " +
			"private_key_jwt token_endpoint_auth_method.")
	}
	signed, err := jwt.ParseSigned(assertion, []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
	})
	if err != nil {
		return nil, invalidClient("The parsing of the client_assertion failed.")
	}
	var claims jwt.Claims
	if err := signed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return nil, invalidClient("The parsing of the client_assertion failed.")
	}
	cl := t.clients[claims.Subject]
	switch {
	case claims.Subject == "" || claims.Issuer != claims.Subject:
		return nil, invalidClient("The issuer and subject of the client_assertion must both be the client_id.")
	case cl == nil || form.Has("client_id") && form.Get("client_id") != cl.ID:
		return nil, invalidClient("Invalid value for 'client_id' parameter.")
	case !cl.signedBy(signed):
		return nil, invalidClient("The client_assertion signature is invalid.")
	case !slices.Contains(claims.Audience, c.base+tokenPath):
		return nil, invalidClient("The audience claim for client_assertion must be the endpoint invoked for the request.")
	case claims.Expiry == nil:
		return nil, invalidClient("The client_assertion token must contain an expiration.")
	case !c.at.Before(claims.Expiry.Time()):
		return nil, invalidClient("The client_assertion token is expired.")
	case claims.Expiry.Time().Sub(c.at) > time.Hour+5*time.Second:
		return nil, invalidClient("The client_assertion token has an expiration too far into the future.")
	case claims.ID != "" && t.usedBefore(c.at, "jti "+cl.ID+" "+claims.ID, claims.Expiry.Time()):
		return nil, invalidClient("The client_assertion token has already been used.")
	case !cl.active:
		return nil, refuse(http.StatusBadRequest, "unauthorized_client",
			"The client is not authorized to use the provided grant type.")
	}
	return cl, nil
}

// signedBy tells whether one of the client's keys made the signature: the one
// the header names, or any if it names none.
func (cl *client) signedBy(signed *jwt.JSONWebToken) bool {
	kid := signed.Headers[0].KeyID
	return slices.ContainsFunc(cl.Keys, func(key jose.JSONWebKey) bool {
		if kid != "" && key.KeyID != "" && kid != key.KeyID {
			return false
		}
		var ignored jwt.Claims
		return signed.Claims(key.Key, &ignored) == nil
	})
}

// usedBefore remembers a one-time id until it expires and tells whether it was
// known already. Expired ones are forgotten.
func (t *Tenant) usedBefore(now time.Time, id string, expires time.Time) bool {
	for known, until := range t.used {
		if !now.Before(until) {
			delete(t.used, known)
		}
	}
	if _, known := t.used[id]; known {
		return true
	}
	t.used[id] = expires
	return false
}
