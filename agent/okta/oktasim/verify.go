package oktasim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	pushLifetime = 5 * time.Minute
	codeSteps    = 1  // steps a code may be off
	codeOutside  = 20 // steps within which a code is known to be outside the window
)

// transaction is a push that waits on somebody's phone.
type transaction struct {
	id      string
	user    string
	factor  string
	expires time.Time
	result  string // WAITING, SUCCESS, REJECTED; a late WAITING is a TIMEOUT
	number  int    // the number to match; zero: none
	opened  int    // order of arrival
	logged  bool   // its outcome is in the System Log
}

func (p *transaction) state(now time.Time) string {
	if p.result == "WAITING" && !now.Before(p.expires) {
		return "TIMEOUT"
	}
	return p.result
}

// PendingPush is a push that waits for an answer.
type PendingPush struct {
	UserID   string    `json:"userId"`
	FactorID string    `json:"factorId"`
	Number   int       `json:"number,omitempty"` // the right answer of a number challenge
	Expires  time.Time `json:"expires"`
}

// Pushes lists the pushes that wait for somebody, oldest first.
func (t *Tenant) Pushes() []PendingPush {
	t.mu.Lock()
	defer t.mu.Unlock()
	var pending []PendingPush
	for _, p := range t.waiting("") {
		pending = append(pending, PendingPush{UserID: p.user, FactorID: p.factor, Number: p.number, Expires: p.expires})
	}
	return pending
}

func (t *Tenant) waiting(user string) []*transaction {
	var found []*transaction
	for _, p := range t.pushes {
		if p.state(t.now()) == "WAITING" && (user == "" || p.user == user) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *transaction) int { return a.opened - b.opened })
	return found
}

var errNoPush = errors.New("no push waits for that person")

// AnswerPush presses Yes or No on a person's phone, for the push that came last.
// A number challenge is answered rightly.
func (t *Tenant) AnswerPush(user string, approve bool) error {
	return t.answerPush(user, approve, 0)
}

// AnswerNumber presses a number on a person's phone; a wrong one rejects.
func (t *Tenant) AnswerNumber(user string, number int) error {
	return t.answerPush(user, true, number)
}

func (t *Tenant) answerPush(user string, approve bool, number int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.find(user)
	if u == nil {
		return fmt.Errorf("answer push: no user %q", user)
	}
	pending := t.waiting(u.id)
	if len(pending) == 0 {
		return errNoPush
	}
	p := pending[len(pending)-1]
	p.result = "SUCCESS"
	if !approve || number != 0 && number != p.number {
		p.result = "REJECTED"
	}
	t.touch()
	return nil
}

// dropPushes forgets the pushes of a removed factor, or of all of a user's.
func (t *Tenant) dropPushes(user, factor string) {
	for id, p := range t.pushes {
		if p.user == user && (factor == "" || p.factor == factor) {
			delete(t.pushes, id)
		}
	}
}

type verifyRequest struct {
	PassCode string `json:"passCode"`
	Answer   string `json:"answer"`
	Number   bool   `json:"useNumberMatchingChallenge"`
}

type verifyBody struct {
	FactorResult string         `json:"factorResult"`
	ExpiresAt    *string        `json:"expiresAt,omitempty"`
	Profile      map[string]any `json:"profile,omitempty"`
	Embedded     map[string]any `json:"_embedded,omitempty"`
	Links        map[string]any `json:"_links,omitempty"`
}

func wrongCode() *refusal {
	return refuse(http.StatusForbidden, "E0000068", "Invalid Passcode/Answer",
		"Your passcode doesn't match our records. Please try again.")
}

// verifyFactor checks that a person has their factor at hand.
func (t *Tenant) verifyFactor(c *call) (reply, error) {
	u, f, err := c.enrolment()
	if err != nil {
		return fail(err)
	}
	var request verifyRequest
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	switch {
	case f.Status != "ACTIVE":
		return fail(forbidden())
	case u.status == LockedOut:
		return fail(refuse(http.StatusForbidden, "E0000069", "User Locked"))
	}
	switch f.Kind {
	case Push:
		return t.sendPush(c, u, f, request.Number)
	case TOTP, "token:hotp":
		err = f.checkTOTP(request.PassCode, c.at)
	case Question:
		if !strings.EqualFold(strings.TrimSpace(request.Answer), f.Answer) || f.Answer == "" {
			err = wrongCode()
		}
	case SMS, Phone, Email:
		if request.PassCode == "" {
			return t.sendCode(c, u, f)
		}
		if request.PassCode != f.sent || f.sent == "" {
			err = wrongCode()
		} else {
			f.sent = ""
		}
	default:
		return fail(refuse(http.StatusForbidden, "E0000079", "This operation is not allowed in the current authentication state."))
	}
	return t.verified(c, u, f, err)
}

func (t *Tenant) verified(c *call, u *user, f *factor, err error) (reply, error) {
	t.keep(u)
	spec := eventSpec{kind: "user.authentication.auth_via_mfa", targets: []eventTarget{u.target()}, debug: map[string]any{"factor": f.Kind}}
	if err != nil {
		spec.failed = "INVALID_CREDENTIALS"
	}
	t.emit(c, spec)
	if err != nil {
		return fail(err)
	}
	c.did(u.id, f.ID)
	return ok(verifyBody{FactorResult: "SUCCESS"})
}

// checkTOTP accepts the code of this time step and its neighbours, each once.
func (f *factor) checkTOTP(code string, at time.Time) error {
	now := totpStep(at)
	for off := int64(-codeOutside); off <= codeOutside; off++ {
		step := now + off
		switch {
		case code != totpCode(f.secret, step):
		case off < -codeSteps || off > codeSteps:
			return refuse(http.StatusForbidden, "E0000083", "Passcode is out of the allowed time window. Please wait for the next code.")
		case step <= f.lastStep:
			return refuse(http.StatusForbidden, "E0000082", "Each code can only be used once. Please wait for a new code and try again.")
		default:
			f.lastStep = step
			return nil
		}
	}
	return wrongCode()
}

// sendCode sends a code to a phone or mailbox, at most as often as Okta allows.
func (t *Tenant) sendCode(c *call, u *user, f *factor) (reply, error) {
	pause, code, what := 30*time.Second, "E0000109", "An SMS message was recently sent. Please wait 30 seconds before trying again."
	switch f.Kind {
	case Phone:
		code, what = "E0000133", "A phone call was recently made. Please wait 30 seconds before trying again."
	case Email:
		pause, code = 5*time.Second, "E0000118"
		what = "An email was recently sent. Please wait 5 seconds before trying again."
	}
	if c.at.Sub(f.sentAt) < pause {
		return fail(refuse(http.StatusTooManyRequests, code, what))
	}
	t.keep(u)
	f.sent, f.sentAt = fmt.Sprintf("%06d", t.rand.IntN(1_000_000)), c.at
	c.did(u.id, f.ID)
	t.touch()
	return ok(verifyBody{
		FactorResult: "CHALLENGE", Profile: f.Profile,
		Links: map[string]any{"verify": hint(c.factorURL(u, f)+"/verify", http.MethodPost), "factor": hint(c.factorURL(u, f), http.MethodGet)},
	})
}

func (t *Tenant) sendPush(c *call, u *user, f *factor, number bool) (reply, error) {
	t.keep(u)
	p := &transaction{
		id: t.newID("v2mst."), user: u.id, factor: f.ID, expires: c.at.Add(pushLifetime), result: "WAITING", opened: len(t.pushes),
	}
	for _, other := range t.pushes {
		p.opened = max(p.opened, other.opened+1)
	}
	if number {
		p.number = 10 + t.rand.IntN(90)
	}
	t.pushes[p.id] = p
	c.did(u.id, f.ID)
	t.emit(c, eventSpec{kind: "system.push.send_factor_verify_push", targets: []eventTarget{u.target()}})
	return created(c.pushBody(u, f, p))
}

func (c *call) pushBody(u *user, f *factor, p *transaction) verifyBody {
	state := p.state(c.at)
	body := verifyBody{FactorResult: state}
	self := c.factorURL(u, f)
	switch state {
	case "WAITING":
		body.ExpiresAt = when(p.expires)
		body.Profile = f.Profile
		transaction := self + "/transactions/" + p.id
		body.Links = map[string]any{"poll": hint(transaction, http.MethodGet), "cancel": hint(transaction, http.MethodDelete)}
		if p.number != 0 {
			body.Embedded = map[string]any{"challenge": map[string]any{"correctAnswer": p.number}}
		}
	case "REJECTED", "TIMEOUT":
		body.Profile = f.Profile
		body.Links = map[string]any{"verify": hint(self+"/verify", http.MethodPost), "factor": hint(self, http.MethodGet)}
	}
	return body
}

// push finds the transaction of the path.
func (c *call) push() (*user, *factor, *transaction, error) {
	u, f, err := c.enrolment()
	if err != nil {
		return nil, nil, nil, err
	}
	p := c.t.pushes[c.params["transaction"]]
	if p == nil || p.factor != f.ID {
		return nil, nil, nil, missing(c.params["transaction"], "FactorTransaction")
	}
	return u, f, p, nil
}

// pollPush says how a push stands. The first answer after the person's own is
// what the System Log records.
func (t *Tenant) pollPush(c *call) (reply, error) {
	u, f, p, err := c.push()
	if err != nil {
		return fail(err)
	}
	spec := eventSpec{targets: []eventTarget{u.target()}, debug: map[string]any{"factor": f.Kind}}
	switch p.state(c.at) {
	case "SUCCESS":
		spec.kind = "user.authentication.auth_via_mfa"
	case "REJECTED":
		spec.kind, spec.failed = "user.mfa.okta_verify.deny_push", "DENIED"
	}
	if spec.kind != "" && !p.logged {
		p.logged = true
		t.emit(c, spec)
	}
	return ok(c.pushBody(u, f, p))
}

// cancelPush takes a push back.
func (t *Tenant) cancelPush(c *call) (reply, error) {
	u, f, p, err := c.push()
	if err != nil {
		return fail(err)
	}
	delete(t.pushes, p.id)
	c.did(u.id, f.ID)
	return nothing()
}
