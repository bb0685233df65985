package oktasim_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"frontdesk/agent/okta/oktasim"
)

const clientID = "0oaservice0000000000"

// service is a service app with its private key.
type service struct {
	*world
	key crypto.Signer
	alg jose.SignatureAlgorithm
}

func register(t *testing.T, w *world, change ...func(*oktasim.Client)) *service {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return registerKey(t, w, key, jose.ES256, change...)
}

func registerKey(t *testing.T, w *world, key crypto.Signer, alg jose.SignatureAlgorithm, change ...func(*oktasim.Client)) *service {
	t.Helper()
	c := oktasim.Client{
		ID: clientID, Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1"}},
		Scopes: []string{"okta.users.read", "okta.users.manage"}, Roles: []string{oktasim.HelpDeskAdmin},
	}
	for _, apply := range change {
		apply(&c)
	}
	if err := w.RegisterClient(c); err != nil {
		t.Fatal(err)
	}
	return &service{w, key, alg}
}

// claims are those of a good assertion.
func (s *service) claims() jwt.Claims {
	return jwt.Claims{
		Issuer: clientID, Subject: clientID, Audience: jwt.Audience{s.url + "/oauth2/v1/token"},
		Expiry: jwt.NewNumericDate(s.clock.now().Add(5 * time.Minute)), ID: rand.Text(),
	}
}

func (s *service) sign(t *testing.T, claims any, kid string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: jose.JSONWebKey{Key: s.key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func form(assertion, scope string) url.Values {
	values := url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	if scope == "" {
		values.Del("scope")
	}
	return values
}

// token gets an access token.
func (s *service) token(t *testing.T, scope string) string {
	t.Helper()
	body := form(s.sign(t, s.claims(), "k1"), scope)
	a := s.as(t, "", post, "/oauth2/v1/token", body.Encode()).want(t, 200)
	token, _ := a.json(t)["access_token"].(string)
	return token
}

// C1: tokens for each kind of key, with the parameters in the body or the query.
func TestAssertionsAreTradedForTokens(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w := setup(t)
	s := registerKey(t, w, rsaKey, jose.RS256)
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512} {
		s.alg = alg
		a := s.as(t, "", post, "/oauth2/v1/token?"+form(s.sign(t, s.claims(), "k1"), "okta.users.read okta.logs.read").Encode())
		got := a.want(t, 200).json(t)
		if got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 || got["scope"] != "okta.users.read" {
			t.Errorf("%s: %v", alg, got)
		}
	}
	s = register(t, w)
	token := s.token(t, "okta.users.read")
	w.as(t, "Bearer "+token, get, "/users/ada").want(t, 200)
	if got := w.Logs("app.oauth2.token.grant.access_token"); len(got) != 4 || got[0].ActorType != "PublicClientApp" || got[0].ActorID != clientID {
		t.Errorf("events: %+v", got)
	}
}

// C3: what is wrong with an assertion is said.
func TestBadAssertionsAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := register(t, w)
	stranger := &service{w, nil, jose.ES256}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger.key = other
	with := func(change func(*jwt.Claims)) string {
		claims := s.claims()
		change(&claims)
		return s.sign(t, claims, "k1")
	}
	used := with(func(*jwt.Claims) {})
	s.as(t, "", post, "/oauth2/v1/token", form(used, "okta.users.read").Encode()).want(t, 200)
	good := func() string { return s.sign(t, s.claims(), "k1") }
	for name, c := range map[string]struct {
		form   url.Values
		status int
		code   string
		words  string
	}{
		"expired":       {form(with(func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(w.clock.now()) }), "okta.users.read"), 401, "invalid_client", "expired"},
		"exp too far":   {form(with(func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(w.clock.now().Add(2 * time.Hour)) }), "okta.users.read"), 401, "invalid_client", "too far"},
		"no exp":        {form(with(func(c *jwt.Claims) { c.Expiry = nil }), "okta.users.read"), 401, "invalid_client", "expiration"},
		"audience":      {form(with(func(c *jwt.Claims) { c.Audience = jwt.Audience{w.url} }), "okta.users.read"), 401, "invalid_client", "audience"},
		"issuer":        {form(with(func(c *jwt.Claims) { c.Issuer = "other" }), "okta.users.read"), 401, "invalid_client", "issuer"},
		"unknown":       {form(with(func(c *jwt.Claims) { c.Issuer, c.Subject = "0oaX", "0oaX" }), "okta.users.read"), 401, "invalid_client", "client_id"},
		"used":          {form(used, "okta.users.read"), 401, "invalid_client", "already been used"},
		"signature":     {form(stranger.sign(t, s.claims(), "k1"), "okta.users.read"), 401, "invalid_client", "signature"},
		"key id":        {form(s.sign(t, s.claims(), "k2"), "okta.users.read"), 401, "invalid_client", "signature"},
		"no JWT":        {form("nonsense", "okta.users.read"), 401, "invalid_client", "parsing"},
		"secret":        {url.Values{"grant_type": {"client_credentials"}, "scope": {"okta.users.read"}}, 401, "invalid_client", "private_key_jwt"},
		"no scope":      {form(good(), ""), 400, "invalid_scope", "scope"},
		"unknown scope": {form(good(), "okta.users.eat"), 400, "invalid_scope", "not configured"},
		"not granted":   {form(good(), "okta.logs.read"), 400, "consent_required", "You are not allowed any of the requested scopes."},
		"grant type":    {url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type", ""},
	} {
		a := s.as(t, "", post, "/oauth2/v1/token", c.form.Encode())
		body := a.json(t)
		description, _ := body["error_description"].(string)
		if a.status != c.status || body["error"] != c.code || !strings.Contains(description, c.words) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	w.call(t, post, "/apps/"+clientID+"/lifecycle/deactivate").want(t, 200)
	if a := s.as(t, "", post, "/oauth2/v1/token", form(good(), "okta.users.read").Encode()); a.status != 400 || a.json(t)["error"] != "unauthorized_client" {
		t.Errorf("inactive: %s", a.body)
	}
}

// C3: the three denials look different.
func TestThreeDenials(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := register(t, w)
	token := "Bearer " + s.token(t, "okta.users.read okta.users.manage")

	scope := w.as(t, token, get, "/logs")
	scope.refused(t, 403, "E0000006", "", "")
	want := `Bearer authorization_uri="` + w.url + `/oauth2/v1/authorize", realm="` + w.url + `", scope="okta.logs.read", ` +
		`error="insufficient_scope", error_description="The access token provided does not contain the required scopes.", resource="/api/v1/logs"`
	if got := scope.header.Get("WWW-Authenticate"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	role := w.as(t, token, post, "/users/"+w.acme.People["ada"]+"/lifecycle/suspend")
	role.refused(t, 403, "E0000006", "You do not have permission to perform the requested action", "")
	if role.header.Get("WWW-Authenticate") != "" {
		t.Error("a missing role is no matter of scopes")
	}

	w.clock.advance(time.Hour)
	expired := w.as(t, token, get, "/users/ada")
	if expired.status != 401 || !strings.Contains(expired.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("%d %v", expired.status, expired.header)
	}
	for _, authorization := range []string{"", "SSWS wrong", "Basic x"} {
		if a := w.as(t, authorization, get, "/users/ada"); a.status != 401 {
			t.Errorf("%q: %d", authorization, a.status)
		}
	}
}

func TestAPITokensDieWithTheirOwnerOrOfIdleness(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as(t, "SSWS helpdesk", get, "/users/ada").want(t, 200)
	w.clock.advance(31 * 24 * time.Hour)
	w.as(t, "SSWS helpdesk", get, "/users/ada").refused(t, 401, "E0000011", "Invalid token provided", "")

	w = setup(t)
	w.call(t, post, "/users/"+w.acme.People["hal"]+"/lifecycle/deactivate").want(t, 200)
	w.as(t, "SSWS helpdesk", get, "/users/ada").refused(t, 401, "E0000011", "Invalid token provided", "")
}

// N15: what each admin role may and may not do.
func TestRolesDecide(t *testing.T) {
	t.Parallel()
	type try struct {
		method, path string
		want         int
	}
	suspend := func(w *world, who string) string { return "/users/" + w.acme.People[who] + "/lifecycle/suspend" }
	for name, c := range map[string]struct {
		roles []string
		tries func(*world) []try
	}{
		"nobody": {nil, func(w *world) []try {
			return []try{{get, "/users/ada", 403}, {get, "/logs", 403}, {post, suspend(w, "ada"), 403}}
		}},
		"help desk": {[]string{oktasim.HelpDeskAdmin}, func(w *world) []try {
			return []try{
				{get, "/users/ada", 200},
				{post, "/users/" + w.acme.People["ada"] + "/lifecycle/reset_factors", 200},
				{post, "/users/" + w.acme.People["ada"] + "/lifecycle/reset_password", 200},
				{del, "/users/" + w.acme.People["ada"] + "/sessions", 204},
				{post, suspend(w, "ken"), 403},
				{post, "/users/" + w.acme.People["ken"] + "/lifecycle/deactivate", 403},
				{put, "/groups/" + w.acme.Groups["VPN Users"] + "/users/" + w.acme.People["ada"], 403},
				{post, "/users/" + w.acme.People["susan"] + "/lifecycle/reset_factors", 403},
				{post, "/users/" + w.acme.People["olga"] + "/lifecycle/reset_factors", 403},
				{post, "/users/" + w.acme.People["rob"] + "/lifecycle/reset_factors", 200},
				{get, "/logs", 403},
			}
		}},
		"group membership": {[]string{oktasim.GroupMembershipAdmin}, func(w *world) []try {
			return []try{
				{put, "/groups/" + w.acme.Groups["VPN Users"] + "/users/" + w.acme.People["ada"], 204},
				{put, "/groups/" + w.acme.Groups["Engineering Admins"] + "/users/" + w.acme.People["ada"], 403},
				{post, suspend(w, "ada"), 403},
			}
		}},
		"user admin": {[]string{oktasim.UserAdmin}, func(w *world) []try {
			return []try{{post, suspend(w, "ada"), 200}, {post, suspend(w, "susan"), 403}, {get, "/apps", 403}}
		}},
		"app admin": {[]string{oktasim.AppAdmin}, func(w *world) []try {
			return []try{
				{del, "/apps/" + w.acme.Apps["Notion"] + "/users/" + w.acme.People["ada"], 204}, {post, suspend(w, "ada"), 403},
			}
		}},
		"read only": {[]string{oktasim.ReadOnlyAdmin}, func(w *world) []try {
			return []try{
				{get, "/logs", 200},
				{get, "/users/" + w.acme.People["hal"] + "/roles", 200},
				{get, "/iam/assignees/users", 200},
				{post, suspend(w, "ada"), 403},
			}
		}},
		"custom": {[]string{"okta.users.read", "okta.users.lifecycle.suspend", "okta.groups.manage", "okta.users.groupMembership.manage"}, func(w *world) []try {
			return []try{
				{post, suspend(w, "ada"), 200},
				{post, suspend(w, "rob"), 403}, // the resource set leaves admins out
				{post, "/users/" + w.acme.People["sid"] + "/lifecycle/unsuspend", 403},
				{put, "/groups/" + w.acme.Groups["VPN Users"] + "/users/" + w.acme.People["ada"], 204},
				{get, "/logs", 403},
			}
		}},
		"super": {[]string{oktasim.SuperAdmin}, func(w *world) []try {
			return []try{{post, suspend(w, "hal"), 200}, {post, "/users/" + w.acme.People["olga"] + "/lifecycle/reset_factors", 200}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			scopes := []string{
				"okta.users.read", "okta.users.manage", "okta.groups.read", "okta.groups.manage", "okta.apps.read", "okta.apps.manage",
				"okta.logs.read", "okta.roles.read",
			}
			s := register(t, w, func(client *oktasim.Client) { client.Roles, client.Scopes = c.roles, scopes })
			token := "Bearer " + s.token(t, strings.Join(scopes, " "))
			for _, try := range c.tries(w) {
				if a := w.as(t, token, try.method, try.path); a.status != try.want {
					t.Errorf("%s %s: %d, want %d: %s", try.method, try.path, a.status, try.want, a.body)
				}
			}
		})
	}
}

func TestAdminsAreListed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := map[any]bool{}
	for path := "/iam/assignees/users?limit=2"; path != ""; {
		page := w.call(t, get, path).want(t, 200).json(t)
		people, _ := page["value"].([]any)
		for _, one := range people {
			person, _ := one.(map[string]any)
			got[person["id"]] = true
		}
		path, _ = at(page, "_links", "next", "href").(string)
	}
	for _, who := range []string{"susan", "hal", "olga", "rob", "grace"} {
		if !got[w.acme.People[who]] {
			t.Errorf("%s is missing", who)
		}
	}
	roles := w.call(t, get, "/users/"+w.acme.People["grace"]+"/roles").list(t)
	if len(roles) != 1 || roles[0]["type"] != "APP_ADMIN" || roles[0]["assignmentType"] != "GROUP" {
		t.Errorf("roles: %v", roles)
	}
	w.call(t, post, "/users/"+w.acme.People["ada"]+"/roles", `{"type":"HELP_DESK_ADMIN"}`).want(t, 201)
	w.call(t, post, "/users/"+w.acme.People["ada"]+"/roles", `{"type":"HELP_DESK_ADMIN"}`).refused(t, 409, "E0000090", "", "")
}

// C2: a service app is made, granted scopes and given a role over the API.
func TestServiceAppsAreMadeOverTheAPI(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := jose.JSONWebKey{Key: key.Public(), KeyID: "k1", Algorithm: "ES256"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	made := w.call(t, post, "/apps", `{"name":"oidc_client","label":"Frontdesk","signOnMode":"OPENID_CONNECT",
		"credentials":{"oauthClient":{"token_endpoint_auth_method":"private_key_jwt"}},
		"settings":{"oauthClient":{"application_type":"service","grant_types":["client_credentials"],"response_types":["token"],
		"jwks":{"keys":[`+string(jwk)+`]}}}}`).want(t, 200).json(t)
	id, _ := made["id"].(string)
	w.call(t, post, "/apps/"+id+"/grants", `{"scopeId":"okta.users.read","issuer":"`+w.url+`"}`).want(t, 201)
	w.call(t, post, "/oauth2/v1/clients/"+id+"/roles", `{"type":"READ_ONLY_ADMIN"}`).want(t, 201)
	w.call(t, post, "/oauth2/v1/clients/"+id+"/roles", `{"type":"READ_ONLY_ADMIN"}`).refused(t, 409, "E0000090", "", "")
	s := &service{w, key, jose.ES256}
	claims := s.claims()
	claims.Issuer, claims.Subject = id, id
	token := w.as(t, "", post, "/oauth2/v1/token", form(s.sign(t, claims, "k1"), "okta.users.read").Encode()).want(t, 200)
	access, _ := token.json(t)["access_token"].(string)
	w.as(t, "Bearer "+access, get, "/users/ada").want(t, 200)
	if got := w.call(t, get, "/apps/"+id+"/grants").list(t); len(got) != 1 || got[0]["scopeId"] != "okta.users.read" {
		t.Errorf("grants: %v", got)
	}
}

// C1: tokens bound to a key by DPoP.
func TestTokensAreBoundByDPoP(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := register(t, w, func(c *oktasim.Client) { c.DPoP = true })
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	proof := func(method, target, nonce, access string) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
			(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
		if err != nil {
			t.Fatal(err)
		}
		claims := map[string]any{"htm": method, "htu": target, "iat": w.clock.now().Unix(), "jti": rand.Text()}
		if nonce != "" {
			claims["nonce"] = nonce
		}
		if access != "" {
			sum := sha256.Sum256([]byte(access))
			claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
		}
		signed, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	send := func(method, path, authorization, dpop, body string) answer {
		request, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", authorization)
		request.Header.Set("DPoP", dpop)
		return w.send(t, request)
	}
	const path = "/oauth2/v1/token"
	ask := func(dpop string) answer {
		return send(post, path, "", dpop, form(s.sign(t, s.claims(), "k1"), "okta.users.read").Encode())
	}
	if a := ask(""); a.json(t)["error"] != "invalid_dpop_proof" {
		t.Errorf("without proof: %s", a.body)
	}
	first := ask(proof(post, w.url+path, "", ""))
	nonce := first.header.Get("Dpop-Nonce")
	if first.json(t)["error"] != "use_dpop_nonce" || nonce == "" {
		t.Fatalf("without nonce: %s", first.body)
	}
	token := ask(proof(post, w.url+path, nonce, "")).want(t, 200).json(t)
	access, _ := token["access_token"].(string)
	if token["token_type"] != "DPoP" {
		t.Errorf("token: %v", token)
	}
	const ada = "/api/v1/users/ada"
	send(get, ada, "DPoP "+access, proof(get, w.url+ada, "", access), "").want(t, 200)
	for name, a := range map[string]answer{
		"as a bearer":     send(get, ada, "Bearer "+access, "", ""),
		"without proof":   send(get, ada, "DPoP "+access, "", ""),
		"for another URL": send(get, ada, "DPoP "+access, proof(get, w.url+"/api/v1/users/ken", "", access), ""),
		"without ath":     send(get, ada, "DPoP "+access, proof(get, w.url+ada, "", ""), ""),
	} {
		if a.status != 401 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}
