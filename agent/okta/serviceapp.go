package okta

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"frontdesk/agent"
)

const (
	tokenPath     = "/oauth2/v1/token" //nolint:gosec // a path, no credential
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionLife is short because an assertion is used once, at once; half a
	// minute of it lies in the past, for clocks that differ a little.
	assertionLife = 4 * time.Minute
	assertionBack = 30 * time.Second
	// renewBefore is how long before its end a token is renewed.
	renewBefore = 2 * time.Minute
	// refusalKept is how long a refusal of the token endpoint is believed, so that
	// many callers do not ask the same in vain.
	refusalKept = 5 * time.Second
)

// serviceApp is an OAuth service app: private_key_jwt, client credentials.
// Source: Okta, "Implement OAuth for Okta with a service app".
type serviceApp struct {
	clientID string
	signer   jose.Signer
	endpoint string
	wanted   []string
	wire     *transport
	log      *slog.Logger
	now      func() time.Time
	proofs   *proofs

	turn chan struct{} // held by the one who asks for a token

	mu      sync.Mutex
	token   *accessToken
	granted []string // nil until known
	refusal error
	refused time.Time
}

type accessToken struct {
	kind, value string
	ends        time.Time
}

func newServiceApp(cfg Config, key jose.SigningKey, scopes []string, org *url.URL, wire *transport) (*serviceApp, error) {
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("okta: the private key cannot sign: %w", err)
	}
	return &serviceApp{
		clientID: cfg.ClientID, signer: signer, endpoint: org.String() + tokenPath, wanted: scopes,
		wire: wire, log: cfg.Logger, now: cfg.Now, proofs: newProofs(cfg.Now), turn: make(chan struct{}, 1),
	}, nil
}

func (s *serviceApp) authorize(ctx context.Context, req *http.Request) (string, error) {
	token, err := s.current(ctx)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", token.kind+" "+token.value)
	if token.kind == dpop {
		proof, err := s.proofs.forCall(req.Method, req.URL, token.value)
		if err != nil {
			return "", err
		}
		req.Header.Set(dpop, proof)
	}
	return token.value, nil
}

func (s *serviceApp) drop(used string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != nil && s.token.value == used {
		s.token = nil
	}
}

func (s *serviceApp) renews() bool { return true }

func (s *serviceApp) client() string { return s.clientID }

func (s *serviceApp) heard(a *answer) { s.proofs.heard(a, false) }

func (s *serviceApp) has(scope string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.granted == nil || slices.Contains(s.granted, scope)
}

// forget drops token and refusal, so that the next call asks Okta anew.
func (s *serviceApp) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.refusal, s.granted = nil, nil, nil
}

// scopes gives what was granted, and what was asked for in vain.
func (s *serviceApp) scopes() (granted, missing []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, scope := range s.wanted {
		if slices.Contains(s.granted, scope) {
			granted = append(granted, scope)
		} else {
			missing = append(missing, scope)
		}
	}
	return granted, missing
}

// known is the token in hand while it is good, or the refusal while it is fresh.
func (s *serviceApp) known() (*accessToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	switch {
	case s.token != nil && now.Before(s.token.ends.Add(-renewBefore)):
		return s.token, nil
	case s.refusal != nil && now.Before(s.refused.Add(refusalKept)):
		return nil, s.refusal
	}
	return nil, nil //nolint:nilnil // neither a token nor a refusal: ask
}

// current gives a good token. However many callers need one, one of them asks
// for it, under its own deadline; the others wait for their turn and find it.
func (s *serviceApp) current(ctx context.Context) (*accessToken, error) {
	if token, err := s.known(); token != nil || err != nil {
		return token, err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if token, err := s.known(); token != nil || err != nil {
		return token, err
	}
	token, granted, err := s.obtain(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if isRefusal(err) {
			s.refusal, s.refused = err, s.now()
		}
		return nil, err
	}
	if s.granted == nil || !slices.Equal(granted, s.granted) {
		s.log.InfoContext(ctx, "okta scopes learned", "granted", len(granted), "wanted", len(s.wanted))
	}
	s.token, s.granted, s.refusal = token, granted, nil
	return token, nil
}

// isRefusal tells that the token endpoint said no, for good.
func isRefusal(err error) bool {
	var e *agent.OktaError
	return errors.As(err, &e) && e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests
}

// obtain asks for all wanted scopes. Where Okta refuses because of some of them,
// it finds out which ones it may have, one by one.
func (s *serviceApp) obtain(ctx context.Context) (*accessToken, []string, error) {
	token, granted, err := s.ask(ctx, s.wanted)
	if err == nil || !isAboutScopes(err) || len(s.wanted) < 2 {
		return token, granted, err
	}
	s.mu.Lock()
	learned := slices.Clone(s.granted)
	s.mu.Unlock()
	if len(learned) > 0 { // what was granted an hour ago mostly still is
		if token, granted, err := s.ask(ctx, learned); !isAboutScopes(err) {
			return token, granted, err
		}
	}
	var may []string
	for _, scope := range s.wanted {
		_, got, probe := s.ask(ctx, []string{scope})
		switch {
		case probe == nil:
			may = append(may, got...)
		case !isAboutScopes(probe):
			return nil, nil, probe
		}
	}
	if len(may) == 0 {
		return nil, nil, err
	}
	return s.ask(ctx, may)
}

func isAboutScopes(err error) bool {
	var e *agent.OktaError
	return errors.As(err, &e) && (e.Code == "invalid_scope" || e.Code == "consent_required")
}

// ask sends one token request, and again while the failure is a passing one: each
// carries an assertion of its own.
func (s *serviceApp) ask(ctx context.Context, scopes []string) (*accessToken, []string, error) {
	for try := 1; ; try++ {
		token, granted, err := s.askOnce(ctx, scopes)
		if err == nil {
			s.wire.meter.token("granted")
			return token, granted, nil
		}
		s.wire.meter.token("refused")
		pause := backoff(try)
		var e *agent.OktaError
		switch {
		case !errors.As(err, &e) || try >= tries || ctx.Err() != nil:
			return nil, nil, err
		case e.Code == "use_dpop_nonce" || e.Code == "invalid_dpop_proof":
			// The answer carried what the next proof needs.
			if !s.proofs.required(e.Code) {
				return nil, nil, err
			}
			pause = 0
		case e.Status == http.StatusTooManyRequests && e.RetryAt.After(s.now()):
			pause = 0 // the gate holds it back
		case !e.Temporary():
			return nil, nil, err
		}
		if s.wire.rest(ctx, pause) != nil {
			return nil, nil, err
		}
	}
}

func (s *serviceApp) askOnce(ctx context.Context, scopes []string) (*accessToken, []string, error) {
	const op = "get an access token"
	if err := s.wire.gate.pass(ctx, bucketOf(http.MethodPost, tokenPath), false); err != nil {
		return nil, nil, notSent(op, err)
	}
	req, err := s.request(ctx, scopes)
	if err != nil {
		return nil, nil, err
	}
	asked := s.now()
	a, left, err := s.wire.send(req)
	if err != nil {
		return nil, nil, &agent.OktaError{Op: op, NotSent: !left, Err: err}
	}
	s.proofs.heard(a, true)
	retryAt := s.wire.gate.learn(ctx, bucketOf(http.MethodPost, tokenPath), a)
	if a.status != http.StatusOK {
		e := refused(op, a)
		e.RetryAt = retryAt
		return nil, nil, e
	}
	var body struct {
		Type    string `json:"token_type"`
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
		Scope   string `json:"scope"`
	}
	if err := a.decode(op, &body); err != nil {
		return nil, nil, err
	}
	if body.Token == "" {
		return nil, nil, &agent.OktaError{Op: op, Status: a.status, RequestID: a.requestID(), Summary: "the answer holds no token"}
	}
	kind := "Bearer"
	if strings.EqualFold(body.Type, dpop) {
		kind = dpop
	}
	granted := strings.Fields(body.Scope)
	if len(granted) == 0 {
		granted = scopes // RFC 6749, section 5.1: left out if it is what was asked for
	}
	return &accessToken{kind, body.Token, asked.Add(time.Duration(body.Expires) * time.Second)}, granted, nil
}

// request builds a token request. Its parameters are in the body: a query would
// end up in the logs of whatever is in between.
func (s *serviceApp) request(ctx context.Context, scopes []string) (*http.Request, error) {
	assertion, err := s.assertion()
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"scope":                 {strings.Join(scopes, " ")},
		"client_assertion_type": {assertionType},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("build token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", s.wire.userAgent)
	proof, err := s.proofs.forToken(req.Method, req.URL)
	if err != nil {
		return nil, err
	}
	if proof != "" {
		req.Header.Set(dpop, proof)
	}
	return req, nil
}

// assertion signs who we are, for this one request.
func (s *serviceApp) assertion() (string, error) {
	now := s.now()
	signed, err := jwt.Signed(s.signer).Claims(jwt.Claims{
		Issuer: s.clientID, Subject: s.clientID, Audience: jwt.Audience{s.endpoint}, ID: oneTimeID(),
		IssuedAt: jwt.NewNumericDate(now.Add(-assertionBack)), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	return signed, nil
}

func oneTimeID() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
