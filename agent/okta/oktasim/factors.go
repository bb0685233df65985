package oktasim

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 codes as authenticator apps compute them
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Factor kinds.
const (
	Push     = "push"
	TOTP     = "token:software:totp"
	SMS      = "sms"
	Phone    = "call"
	Email    = "email"
	Question = "question"
	WebAuthn = "webauthn"
	FastPass = "signed_nonce"
)

// Factor is an enrolment of a second factor.
type Factor struct {
	ID       string         `json:"id,omitempty"`
	Kind     string         `json:"kind"`               // push, token:software:totp, sms …
	Provider string         `json:"provider,omitempty"` // OKTA, GOOGLE, FIDO; empty: OKTA
	Status   string         `json:"status,omitempty"`   // empty: ACTIVE
	Profile  map[string]any `json:"profile,omitempty"`
	Answer   string         `json:"answer,omitempty"` // of a question
	Created  time.Time      `json:"created,omitzero"`
}

// factor is an enrolment with what verifying it needs.
type factor struct {
	Factor
	secret   []byte
	lastStep int64     // the last time step whose code was used
	sent     string    // the code on its way by sms, call or email
	sentAt   time.Time // when it left
}

// prefixes are the id prefixes of the factor kinds.
func prefix(kind string) string {
	switch kind {
	case Push:
		return "opf"
	case TOTP:
		return "ost"
	case Email:
		return "emf"
	case WebAuthn:
		return "fwf"
	case Question:
		return "ufs"
	case FastPass:
		return "pfd"
	default:
		return "sms"
	}
}

// AddFactor enrols a factor for a person, named by id or login.
func (t *Tenant) AddFactor(user string, f Factor) (Factor, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.find(user)
	if u == nil {
		return Factor{}, fmt.Errorf("add factor: no user %q", user)
	}
	added := t.enrol(u, f)
	t.touch()
	return added.Factor, nil
}

func (t *Tenant) enrol(u *user, f Factor) *factor {
	t.keep(u)
	if f.ID == "" {
		f.ID = t.newID(prefix(f.Kind))
	}
	if f.Created.IsZero() {
		f.Created = t.now()
	}
	added := newFactor(f, u.login())
	u.factors = append(u.factors, added)
	return added
}

// newFactor fills in what a factor of its kind has.
func newFactor(f Factor, login string) *factor {
	if f.Provider == "" {
		f.Provider = oktaProvider
	}
	if f.Status == "" {
		f.Status = "ACTIVE"
	}
	if f.Profile == nil {
		f.Profile = standardProfile(f.Kind, login)
	}
	return &factor{Factor: f, secret: []byte("sim-secret-" + f.ID), lastStep: -1}
}

func standardProfile(kind, login string) map[string]any {
	switch kind {
	case Push:
		return map[string]any{
			"credentialId": login, "deviceType": "SmartPhone_IPhone", "name": "iPhone", "platform": "IOS", "version": "18.1",
		}
	case TOTP:
		return map[string]any{"credentialId": login}
	case SMS, Phone:
		return map[string]any{"phoneNumber": "+15550100"}
	case Email:
		return map[string]any{"email": login}
	case Question:
		return map[string]any{"question": "disliked_food", "questionText": "What is the food you least liked as a child?"}
	case WebAuthn:
		return map[string]any{"credentialId": "sim-credential", "authenticatorName": "Security Key"} //nolint:gosec // made up
	case FastPass:
		return map[string]any{"credentialId": login, "deviceType": "MAC", "name": "MacBook", "platform": "MACOS"}
	}
	return map[string]any{}
}

func vendor(f *factor) string {
	if f.Provider == "FIDO" {
		return "FIDO"
	}
	return f.Provider
}

// totpCode is the code of a time step (RFC 6238, SHA-1, six digits).
func totpCode(secret []byte, step int64) string {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(step)) //nolint:gosec // a time step is never negative
	mac := hmac.New(sha1.New, secret)
	mac.Write(message[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[offset:])&0x7fffffff)%1_000_000)
}

func totpStep(at time.Time) int64 { return at.Unix() / 30 }

// Code is what the person's authenticator app shows now, or the code that was
// sent to their phone or mailbox last.
func (t *Tenant) Code(user, kind string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.find(user)
	if u == nil {
		return "", false
	}
	for _, f := range u.factors {
		switch {
		case f.Kind != kind:
		case kind == TOTP:
			return totpCode(f.secret, totpStep(t.now())), true
		case f.sent != "":
			return f.sent, true
		}
	}
	return "", false
}

// TOTP is the code that the person's authenticator app shows now; empty if they
// have none.
func (t *Tenant) TOTP(user string) string {
	code, _ := t.Code(user, TOTP)
	return code
}

type factorBody struct {
	ID          string         `json:"id"`
	FactorType  string         `json:"factorType"`
	Provider    string         `json:"provider"`
	VendorName  string         `json:"vendorName"`
	Status      string         `json:"status"`
	Created     *string        `json:"created"`
	LastUpdated *string        `json:"lastUpdated"`
	Profile     map[string]any `json:"profile"`
	Links       map[string]any `json:"_links"`
}

func (c *call) factorURL(u *user, f *factor) string { return c.userURL(u) + "/factors/" + f.ID }

func (c *call) factorBody(u *user, f *factor) factorBody {
	self := c.factorURL(u, f)
	links := map[string]any{
		"self": hint(self, http.MethodGet, http.MethodDelete),
		"user": hint(c.userURL(u), http.MethodGet),
	}
	if f.Kind != FastPass {
		links["verify"] = hint(self+"/verify", http.MethodPost)
	}
	return factorBody{
		ID: f.ID, FactorType: f.Kind, Provider: f.Provider, VendorName: vendor(f), Status: f.Status,
		Created: when(f.Created), LastUpdated: when(f.Created), Profile: maps.Clone(f.Profile), Links: links,
	}
}

// hint is a HAL link that says which methods it allows.
func hint(to string, methods ...string) map[string]any {
	return map[string]any{"href": to, "hints": map[string]any{"allow": methods}}
}

func (t *Tenant) listFactors(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	bodies := []factorBody{}
	for _, f := range u.factors {
		bodies = append(bodies, c.factorBody(u, f))
	}
	return ok(bodies)
}

// enrolment finds the user and factor of the path.
func (c *call) enrolment() (*user, *factor, error) {
	u, err := c.target()
	if err != nil {
		return nil, nil, err
	}
	for _, f := range u.factors {
		if f.ID == c.params["factor"] {
			c.about(f.ID)
			return u, f, nil
		}
	}
	return nil, nil, missing(c.params["factor"], "UserFactor")
}

func (t *Tenant) getFactor(c *call) (reply, error) {
	u, f, err := c.enrolment()
	if err != nil {
		return fail(err)
	}
	return ok(c.factorBody(u, f))
}

// deleteFactor unenrols one factor; push and signed_nonce take the whole Okta
// Verify enrolment with them.
func (t *Tenant) deleteFactor(c *call) (reply, error) {
	u, f, err := c.enrolment()
	if err != nil {
		return fail(err)
	}
	if err := t.outranked(c, u); err != nil {
		return fail(err)
	}
	t.edit(u)
	oktaVerify := []string{Push, FastPass, TOTP}
	whole := f.Provider == oktaProvider && (f.Kind == Push || f.Kind == FastPass)
	u.factors = slices.DeleteFunc(slices.Clone(u.factors), func(other *factor) bool {
		return other == f || whole && other.Provider == oktaProvider && slices.Contains(oktaVerify, other.Kind)
	})
	t.dropPushes(u.id, f.ID)
	c.did(u.id, f.ID)
	t.emit(c, eventSpec{kind: "user.mfa.factor.deactivate", targets: []eventTarget{u.target()}})
	return nothing()
}
