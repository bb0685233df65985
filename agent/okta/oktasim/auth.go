package oktasim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// tokenIdle is how long an API token lives without being used.
const tokenIdle = 30 * 24 * time.Hour

// apiToken is an SSWS token. It acts with its owner's admin roles.
type apiToken struct {
	id    string
	owner string
	used  time.Time
}

// bearer is an access token that the token endpoint gave out.
type bearer struct {
	client  string
	scopes  []string
	expires time.Time
	revoked bool
	proof   string // thumbprint of the key that a DPoP token is bound to
}

// caller is who makes a call. A nil caller is nobody.
type caller struct {
	token  *apiToken
	bearer *bearer
	owner  *user
	client *client
}

func (c *caller) id() string {
	switch {
	case c == nil:
		return ""
	case c.token != nil:
		return c.token.owner
	default:
		return c.bearer.client
	}
}

// roles are what the caller may do, whatever its scopes.
func (c *caller) roles(t *Tenant) []*role {
	if c.owner != nil {
		return t.rolesOf(c.owner)
	}
	return c.client.roles
}

// AllowToken makes an API token for a person, named by id or login. It carries
// that person's admin roles and dies with them.
func (t *Tenant) AllowToken(token, owner string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.find(owner)
	if u == nil {
		return fmt.Errorf("api token: no user %q", owner)
	}
	t.tokens[token] = &apiToken{id: t.newID("00T"), owner: u.id, used: t.now()}
	return nil
}

// RevokeToken makes an API token or an access token worthless.
func (t *Tenant) RevokeToken(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tokens, token)
	if b := t.bearers[token]; b != nil {
		b.revoked = true
	}
}

// RevokeBearers makes every access token given out so far worthless, as when
// they expire.
func (t *Tenant) RevokeBearers() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bearers {
		b.revoked = true
	}
}

// identify finds out who is calling, without judging them. The caller holds mu.
func (t *Tenant) identify(c *call) *caller {
	kind, secret, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	switch strings.ToUpper(kind) {
	case "SSWS":
		token := t.tokens[secret]
		if token == nil || t.user(token.owner) == nil {
			return nil
		}
		return &caller{token: token, owner: t.user(token.owner)}
	case "BEARER", "DPOP":
		b := t.bearers[secret]
		if b == nil || t.clients[b.client] == nil {
			return nil
		}
		return &caller{bearer: b, client: t.clients[b.client]}
	}
	return nil
}

// authorize refuses a caller without credentials, scope, or admin role, each in
// its own way.
func (t *Tenant) authorize(c *call) error {
	if len(c.op.scopes) == 0 && len(c.op.rights) == 0 {
		return nil
	}
	if err := t.authenticate(c); err != nil {
		return err
	}
	if b := c.caller.bearer; b != nil && !t.scoped(b, c.op.scopes) {
		return challenge(c, http.StatusForbidden, "insufficient_scope",
			"The access token provided does not contain the required scopes.", forbidden())
	}
	roles := c.caller.roles(t)
	for _, want := range c.op.rights {
		if !allowed(roles, want) {
			return forbidden()
		}
	}
	return nil
}

func (t *Tenant) authenticate(c *call) error {
	usesSSWS := strings.HasPrefix(strings.ToUpper(c.r.Header.Get("Authorization")), "SSWS ")
	switch {
	case c.caller == nil && (usesSSWS || c.r.Header.Get("Authorization") == ""):
		return badToken()
	case c.caller == nil:
		return challenge(c, http.StatusUnauthorized, "invalid_token", "The access token is invalid.", badToken())
	case c.caller.token != nil:
		owner := c.caller.owner
		if owner.status == Deprovisioned || c.at.Sub(c.caller.token.used) > tokenIdle {
			return badToken()
		}
		c.caller.token.used = c.at
		return nil
	case c.caller.bearer.revoked || !c.at.Before(c.caller.bearer.expires):
		return challenge(c, http.StatusUnauthorized, "invalid_token", "The token has expired.", badToken())
	}
	return t.checkProof(c)
}

// scoped tells whether one of the scopes is in the token.
func (t *Tenant) scoped(b *bearer, scopes []string) bool {
	return len(scopes) == 0 || slices.ContainsFunc(scopes, func(scope string) bool {
		if slices.Contains(b.scopes, scope) {
			return true
		}
		family, reads := strings.CutSuffix(scope, ".read")
		return reads && t.cfg.Quirks.ManageIncludesRead && slices.Contains(b.scopes, family+".manage")
	})
}

// challenge adds the WWW-Authenticate header that tells bearer problems apart.
func challenge(c *call, status int, code, description string, r *refusal) *refusal {
	r.status = status
	r.header = http.Header{"Www-Authenticate": {fmt.Sprintf(
		`%s authorization_uri="%s/oauth2/v1/authorize", realm="%s", scope="%s", error="%s", error_description="%s", resource="%s"`,
		c.scheme(), c.base, c.base, strings.Join(c.op.scopes, " "), code, description, c.r.URL.Path,
	)}}
	return r
}

// scheme is the authorization scheme the caller used.
func (c *call) scheme() string {
	if strings.HasPrefix(strings.ToUpper(c.r.Header.Get("Authorization")), "DPOP ") {
		return "DPoP"
	}
	return "Bearer"
}
