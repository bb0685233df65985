package okta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/agent"
)

// The kinds of factors that prove presence.
const (
	factorPush = "push"
	factorTOTP = "token:software:totp"
	factorHOTP = "token:hotp"
)

// factors lists what a person has enrolled.
func (c *Client) factors(ctx context.Context, userID string) ([]wireFactor, error) {
	op := "list factors of " + userID
	if err := checkID(op, userID); err != nil {
		return nil, err
	}
	list, err := all[wireFactor](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.UserFactorAPI.ListFactors(ctx, userID).Execute()
		return err
	})
	return slices.DeleteFunc(list, func(f wireFactor) bool { return f.Status == "NOT_SETUP" }), err
}

// Push sends an Okta Verify push with number matching where the organisation has it.
// Source: Okta, "Verify a factor"; "push" with useNumberMatchingChallenge.
func (c *Client) Push(ctx context.Context, userID string) (agent.Challenge, error) {
	factors, err := c.factors(ctx, userID)
	if err != nil {
		return agent.Challenge{}, c.explain(ctx, err, "")
	}
	i := slices.IndexFunc(factors, func(f wireFactor) bool { return f.Type == factorPush && f.Status == active })
	if i < 0 {
		return agent.Challenge{}, problem("no_push", "No phone with Okta Verify push is enrolled for this account. Use a code from an authenticator app instead.")
	}
	op := "send push to " + userID
	a, err := c.verify(ctx, op, userID, factors[i].ID, map[string]any{"useNumberMatchingChallenge": true})
	if err != nil {
		return agent.Challenge{}, c.explain(ctx, err, userID)
	}
	var body struct {
		ExpiresAt time.Time `json:"expiresAt"`
		Links     struct {
			Poll struct {
				Href string `json:"href"`
			} `json:"poll"`
		} `json:"_links"`
		Embedded struct {
			Challenge struct {
				Answer *int `json:"correctAnswer"`
			} `json:"challenge"`
		} `json:"_embedded"`
	}
	if err := a.decode(op, &body); err != nil {
		return agent.Challenge{}, err
	}
	if _, err := c.pollURL(userID, body.Links.Poll.Href); err != nil {
		return agent.Challenge{}, &agent.OktaError{Op: op, Status: a.status, RequestID: a.requestID(), Summary: "the push cannot be followed", Err: err}
	}
	challenge := agent.Challenge{Poll: body.Links.Poll.Href, ExpiresAt: body.ExpiresAt.UTC()}
	if n := body.Embedded.Challenge.Answer; n != nil {
		challenge.Number = strconv.Itoa(*n)
	}
	return challenge, nil
}

// verify asks a factor for proof.
func (c *Client) verify(ctx context.Context, op, userID, factorID string, body map[string]any) (*answer, error) {
	return c.send(ctx, &exchange{op: op}, func(ctx context.Context) error {
		_, _, err := c.api.UserFactorAPI.VerifyFactor(ctx, userID, factorID).Body(body).Execute()
		return err
	})
}

// PushResult asks what became of a push.
func (c *Client) PushResult(ctx context.Context, userID string, challenge agent.Challenge) (agent.PushAnswer, error) {
	op := "poll push to " + userID
	poll, err := c.pollURL(userID, challenge.Poll)
	if err != nil {
		return agent.PushWaiting, &agent.OktaError{Op: op, NotSent: true, Err: err}
	}
	a, err := c.follow(ctx, op, poll)
	over := !challenge.ExpiresAt.IsZero() && c.now().Add(c.wire.gate.skew()).After(challenge.ExpiresAt)
	switch {
	case isNotFound(err) && over:
		return agent.PushTimedOut, nil
	case err != nil:
		return agent.PushWaiting, err
	}
	var body struct {
		Result string `json:"factorResult"`
	}
	if err := a.decode(op, &body); err != nil {
		return agent.PushWaiting, err
	}
	switch body.Result {
	case "SUCCESS":
		return agent.PushApproved, nil
	case "REJECTED":
		return agent.PushRejected, nil
	case "WAITING":
		if over {
			return agent.PushTimedOut, nil
		}
		return agent.PushWaiting, nil
	}
	return agent.PushTimedOut, nil // TIMEOUT, and whatever else is no approval
}

// pollURL refuses a link that is not the result of a push to that very person: the
// answer of any other address would prove nothing.
func (c *Client) pollURL(userID, href string) (*url.URL, error) {
	u, err := url.Parse(href)
	if err != nil || c.ours(u) != nil || u.RawQuery != "" || u.RawPath != "" || checkID("", userID) != nil {
		return nil, errForeignLink
	}
	rest, theirs := strings.CutPrefix(u.Path, "/api/v1/users/"+userID+"/factors/")
	parts := strings.Split(rest, "/")
	if !theirs || len(parts) != 3 || parts[1] != "transactions" || !segment(parts[0]) || !segment(parts[2]) {
		return nil, errForeignLink
	}
	return u, nil
}

func segment(s string) bool { return s != "" && s != "." && s != ".." }

// Code checks a one-time code of an authenticator app. Whoever has several apps
// need not say which: each is tried, which Okta counts as tries of each.
func (c *Client) Code(ctx context.Context, userID, code string) error {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	if len(code) < 6 || len(code) > 8 || strings.ContainsFunc(code, func(r rune) bool { return r < '0' || r > '9' }) {
		return problem("wrong_code", "That is no code: it has six digits, as the authenticator app shows them.")
	}
	factors, err := c.factors(ctx, userID)
	if err != nil {
		return c.explain(ctx, err, "")
	}
	tried := false
	for _, f := range factors {
		if f.Type != factorTOTP && f.Type != factorHOTP || f.Status != active {
			continue
		}
		tried = true
		op := "check code of " + userID
		a, err := c.verify(ctx, op, userID, f.ID, map[string]any{"passCode": code})
		if err != nil {
			if codeIsWrong(err) {
				continue
			}
			return c.codeProblem(ctx, err, userID)
		}
		var body struct {
			Result string `json:"factorResult"`
		}
		if err := a.decode(op, &body); err != nil {
			return err
		}
		if body.Result == "SUCCESS" {
			return nil
		}
	}
	if !tried {
		return problem("no_code", "No authenticator app is enrolled for this account in Okta, so there is no code to check.")
	}
	return problem("wrong_code", "Okta says that this code is not right. Wait for the next one and try again.")
}

func codeIsWrong(err error) bool {
	var e *agent.OktaError
	return errors.As(err, &e) && (e.Code == codeWrongCode || e.Code == codeOutsideWindow)
}

// codeProblem puts what else Okta says to a code into words.
func (c *Client) codeProblem(ctx context.Context, err error, userID string) error {
	var e *agent.OktaError
	if !errors.As(err, &e) {
		return err
	}
	say := func(code, text string) error { return &agent.Problem{Code: code, Text: text, Cause: err} }
	switch {
	case e.Code == codeReplayed:
		return say("used_code", "This code was used before. Wait for the next one and try again.")
	case e.Code == codeFactorLocked:
		return say("locked", "Okta has locked this account after too many wrong codes.")
	case e.Code == codeFactorRefused:
		return say("wrong_code", "Okta did not accept this. Try again.")
	case e.Status == http.StatusTooManyRequests:
		return say("too_many_codes", "Okta wants a little pause between codes. Wait for the next one and try again.")
	}
	return c.explain(ctx, err, userID)
}
