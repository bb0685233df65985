package okta

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/playbooks/action"
)

// tokens counts the access tokens that the tenant gave out.
func (w *world) tokens() int { return len(w.tenant.Logs("app.oauth2.token.grant.access_token")) }

// C1: a service app, with every kind of key that Okta takes.
func TestServiceAppWithEveryKindOfKey(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256 := newKey(t)
	ecDER, err := x509.MarshalECPrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := (&jose.JSONWebKey{Key: p256, KeyID: "k1", Algorithm: "ES256"}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	oneLine := strings.ReplaceAll(string(pemOf(t, small)), "\n", `\n`)
	cases := map[string]struct {
		public any
		text   []byte
	}{
		"PKCS1 RSA":     {small.Public(), pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)})},
		"PKCS8 RSA":     {small.Public(), pemOf(t, small)},
		"one line":      {small.Public(), []byte(oneLine)},
		"PKCS8 P-384":   {curve.Public(), pemOf(t, curve)},
		"SEC1 P-256":    {p256.Public(), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: ecDER})},
		"JWK":           {p256.Public(), jwk},
		"JWK in a set":  {p256.Public(), []byte(`{"keys":[` + string(jwk) + `]}`)},
		"with new line": {p256.Public(), append([]byte("\n"), jwk...)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			client := w.service(oktasim.Client{
				Keys: []jose.JSONWebKey{{Key: c.public, KeyID: "k1"}}, Roles: []string{oktasim.SuperAdmin},
			}, func(cfg *Config) { cfg.PrivateKey = c.text })
			if _, err := client.User(t.Context(), w.person("ada")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	public, err := (&jose.JSONWebKey{Key: key.Public()}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	wrongAlg, err := (&jose.JSONWebKey{Key: key, Algorithm: "RS256"}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ text, says string }{
		"nothing":      {"   ", "missing"},
		"no key":       {"hello", "neither PEM"},
		"broken JWK":   {"{", "not JSON"},
		"public JWK":   {string(public), "public half"},
		"wrong alg":    {string(wrongAlg), "does not suit"},
		"public PEM":   {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "public half"},
		"encrypted":    {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "passphrase"},
		"garbled PEM":  {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "cannot be read"},
		"weak RSA":     {string(pemOf(t, weak)), "2048"},
		"several keys": {`{"keys":[{},{}]}`, "several"},
	}
	for name, c := range cases {
		_, err := signingKey([]byte(c.text), "")
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	key := pemOf(t, newKey(t))
	cases := map[string]struct {
		change func(*Config)
		says   string
	}{
		"no address":           {func(c *Config) { c.OrgURL = "" }, "missing"},
		"no URL":               {func(c *Config) { c.OrgURL = "acme.okta.com" }, "not a URL"},
		"http on the internet": {func(c *Config) { c.OrgURL = "http://acme.okta.com" }, "https://"},
		"another scheme":       {func(c *Config) { c.OrgURL = "ftp://acme.okta.com" }, "https://"},
		"the admin console":    {func(c *Config) { c.OrgURL = "https://acme-admin.okta.com" }, "https://acme.okta.com"},
		"a path":               {func(c *Config) { c.OrgURL = "https://acme.okta.com/api/v1" }, "https://acme.okta.com is enough"},
		"a password":           {func(c *Config) { c.OrgURL = "https://a:b@acme.okta.com" }, "must not hold"},
		"no credentials":       {func(c *Config) { c.APIToken = "" }, "no credentials"},
		"both credentials":     {func(c *Config) { c.ClientID, c.PrivateKey = "x", key }, "not both"},
		"half of them":         {func(c *Config) { c.APIToken, c.ClientID = "", "x" }, "no private key"},
		"the other half":       {func(c *Config) { c.APIToken, c.PrivateKey = "", key }, "no client id"},
		"no clock":             {func(c *Config) { c.Now = nil }, "clock"},
		"a broken key":         {func(c *Config) { c.APIToken, c.ClientID, c.PrivateKey = "", "x", []byte("y") }, "neither PEM"},
	}
	for name, c := range cases {
		cfg := Config{
			OrgURL: "https://acme.okta.com/", APIToken: simToken, Logger: slog.New(slog.DiscardHandler), Now: newClock().now,
		}
		if _, err := New(cfg); err != nil {
			t.Fatalf("without the change: %v", err)
		}
		c.change(&cfg)
		_, err := New(cfg)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// C1: however many callers, one asks for the token; a failed caller does not spoil it for the others.
func TestParallelFirstCallsMakeOneTokenRequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}})
	ada := w.person("ada")
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			if _, err := c.User(t.Context(), ada); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if n := w.tokens(); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

// C3: a token is renewed before it ends, and after a 401 on a read.
func TestTokenIsRenewed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}})
	ada := w.person("ada")
	read := func(want int) {
		t.Helper()
		if _, err := c.User(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
		if n := w.tokens(); n != want {
			t.Errorf("%d tokens, want %d", n, want)
		}
	}
	read(1)
	w.clock.advance(57 * time.Minute)
	read(1)
	w.clock.advance(2 * time.Minute)
	read(2)
	w.tenant.RevokeBearers()
	read(3)
}

// N4: a 401 on a write is definite; it is not sent again, and the next attempt has a new token.
func TestUnauthorizedWriteIsDefinite(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}})
	act, _ := w.reset()
	sight, err := c.Look(t.Context(), act)
	if err != nil {
		t.Fatal(err)
	}
	w.tenant.RevokeBearers()
	_, err = c.Do(t.Context(), act, sight)
	if e := asOktaError(t, err); e.Status != 401 || !e.NotExecuted() || e.NotSent {
		t.Errorf("error %+v", e)
	}
	if w.sent("reset_factors") != 1 || w.had("reset_factors") != 0 {
		t.Errorf("sent %d, effects %d", w.sent("reset_factors"), w.had("reset_factors"))
	}
	if _, err := c.Do(t.Context(), act, sight); err != nil || w.had("reset_factors") != 1 {
		t.Errorf("next attempt: %v", err)
	}
}

// C3: passing trouble at the token endpoint is waited out; a write waits with it.
func TestTokenEndpointInTrouble(t *testing.T) {
	t.Parallel()
	for _, kind := range []oktasim.FaultKind{oktasim.ErrorBefore, oktasim.ResetAfter, oktasim.TooMany, oktasim.TooManyConcurrent} {
		w := setup(t)
		c := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}})
		act, sight := w.reset()
		w.fault(oktasim.Fault{Kind: kind, Operation: "token", Count: 2})
		if _, err := c.Do(t.Context(), act, sight); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if w.sent("reset_factors") != 1 {
			t.Errorf("%s: sent %d times", kind, w.sent("reset_factors"))
		}
	}
}

// A refusal of the token endpoint is no answer about the thing that was asked for.
func TestRefusedTokenIsNotSent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := newKey(t)
	c := w.service(oktasim.Client{}, func(c *Config) { c.PrivateKey = pemOf(t, other) })
	_, err := c.User(t.Context(), w.person("ada"))
	e := asOktaError(t, err)
	if !e.NotSent || e.Status != 401 || e.NotFound() || e.Code != "invalid_client" {
		t.Errorf("error %+v", e)
	}
	if strings.Contains(err.Error(), "eyJ") || strings.Contains(w.log.String(), "eyJ") {
		t.Error("the assertion is in the error or the log")
	}
}

// C1, C3: the scopes that were not granted are learned and left out, whether Okta
// leaves them out itself, knows them not, or refuses.
func TestScopesAreLearned(t *testing.T) {
	t.Parallel()
	w := setup(t)
	may := []string{"okta.users.read", "okta.users.manage"}
	c := w.service(oktasim.Client{Scopes: may, Roles: []string{oktasim.SuperAdmin}}, func(c *Config) {
		c.Scopes = append(slices.Clone(may), scopeLogs, "okta.unheard.of")
	})
	ada := w.person("ada")
	if _, err := c.User(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	app, ok := c.auth.(*serviceApp)
	if !ok {
		t.Fatal("no service app")
	}
	granted, missing := app.scopes()
	if !slices.Equal(granted, may) || !slices.Equal(missing, []string{scopeLogs, "okta.unheard.of"}) {
		t.Errorf("granted %v, missing %v", granted, missing)
	}
	if c.auth.has(scopeLogs) || !c.auth.has("okta.users.read") {
		t.Error("what was learned is not remembered")
	}
	learned := w.tokens()
	w.clock.advance(2 * time.Hour)
	if _, err := c.User(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if n := w.tokens() - learned; n != 1 {
		t.Errorf("%d tokens to renew one, because everything was learned anew", n)
	}
}

// C3: the three denials are told apart.
func TestThreeDenials(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act := agent.Act{Kind: action.SuspendUser, Target: w.person("ada")}
	noScope := w.service(oktasim.Client{Scopes: []string{"okta.users.read"}, Roles: []string{oktasim.SuperAdmin}})
	sight, err := noScope.Look(t.Context(), act)
	if err != nil {
		t.Fatal(err)
	}
	_, err = noScope.Do(t.Context(), act, sight)
	if e := asOktaError(t, err); e.Scope != "okta.users.manage" || !e.NotExecuted() {
		t.Errorf("scope: %+v", e)
	}
	if p := asProblem(t, err); p.Code != "missing_scope" || !strings.Contains(p.Text, "okta.users.manage") {
		t.Errorf("scope: %+v", p)
	}
	noRole := w.service(oktasim.Client{Roles: []string{oktasim.HelpDeskAdmin}})
	_, err = noRole.Do(t.Context(), act, sight)
	if e := asOktaError(t, err); e.MissingScope() || e.Status != 403 || e.Code != codeForbidden {
		t.Errorf("role: %+v", e)
	}
	if p := asProblem(t, err); p.Code != "not_permitted" {
		t.Errorf("role: %+v", p)
	}
	badToken := w.connectAs(func(c *Config) { c.APIToken = "sim-wrong" })
	_, err = badToken.Do(t.Context(), act, sight)
	if e := asOktaError(t, err); e.Status != 401 || e.Code != codeBadToken {
		t.Errorf("token: %+v", e)
	}
	if w.had("suspend_user") != 0 {
		t.Error("somebody was suspended")
	}
}

// C1: tokens that are bound to a key (DPoP), where the app demands it.
func TestProofOfPossession(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.service(oktasim.Client{DPoP: true, Roles: []string{oktasim.SuperAdmin}})
	act, _ := w.reset()
	sight, err := c.Look(t.Context(), act)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), act, sight); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(2 * time.Hour)
	if _, err := c.UsersByEmail(t.Context(), "target@acme.example"); err != nil {
		t.Errorf("after renewal: %v", err)
	}
	if w.sent("reset_factors") != 1 {
		t.Errorf("sent %d times", w.sent("reset_factors"))
	}
}
