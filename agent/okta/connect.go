package okta

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"frontdesk/agent"
)

// Report is what a connection turned out to be.
type Report struct {
	Org     string   // the address
	As      string   // in words: which app, or whose token
	ActorID string   // who we are in Okta's System Log
	Granted []string // scopes; empty with an API token, which has none
	Missing []string // scopes that were asked for in vain
	// Off says, in sentences, what is switched off for want of a scope or a role.
	Off []string
	// Warnings say, in sentences, what works but should be known.
	Warnings []string
	// Skew is Okta's clock minus ours, to the second.
	Skew time.Duration
}

// skewWorth is how far the clocks may differ before it is said: assertions
// forgive less than this only just.
const skewWorth = 30 * time.Second

// Connect asks Okta who we are and what we may. Its errors are an *agent.Problem
// with cause and cure.
func (c *Client) Connect(ctx context.Context) (Report, error) {
	r := Report{Org: c.org.String()}
	if err := c.introduce(ctx, &r); err != nil {
		return r, c.connectProblem(err)
	}
	if err := c.probe(ctx, &r); err != nil {
		return r, c.connectProblem(err)
	}
	if r.Skew = c.wire.gate.skew().Round(time.Second); r.Skew.Abs() >= skewWorth {
		r.Warnings = append(r.Warnings, fmt.Sprintf("This machine's clock differs from Okta's by %s. Set it by NTP.", r.Skew.Abs()))
	}
	return r, nil
}

// introduce gets a token, or reads whose it is.
func (c *Client) introduce(ctx context.Context, r *Report) error {
	app, isApp := c.auth.(*serviceApp)
	if !isApp {
		me, err := c.me(ctx)
		if err != nil {
			return err
		}
		r.As, r.ActorID = "the API token of "+me.Name(), me.ID
		r.Warnings = append(r.Warnings, "The API token may do all that its owner, "+me.Name()+", may do.")
		return nil
	}
	app.forget()
	if _, err := app.current(ctx); err != nil {
		return unauthorized("connect", err)
	}
	r.As, r.ActorID = "the service app "+app.clientID, app.clientID
	r.Granted, r.Missing = app.scopes()
	for _, scope := range r.Missing {
		r.Off = append(r.Off, "Without "+scope+": "+without(scope))
	}
	return nil
}

// without says what is switched off when a scope was not granted.
func without(scope string) string {
	switch scope {
	case "okta.users.read":
		return "nobody can be looked up."
	case "okta.users.manage":
		return "nobody can be activated, suspended, deprovisioned, reset, signed out or let in again."
	case "okta.groups.read":
		return "groups and memberships cannot be read, so rules about groups say no."
	case "okta.groups.manage":
		return "nobody can be added to groups or taken out."
	case "okta.apps.read":
		return "applications cannot be read."
	case "okta.apps.manage":
		return "applications cannot be given or taken away."
	case scopeSessions:
		return "in organisations that ask for it, nobody can be signed out."
	case scopeLogs:
		return "a call whose answer got lost, and that leaves no trace in the person's state, has to be settled by a human."
	case scopeRoles:
		return "who is an Okta admin cannot be told, so protected targets stay untouched."
	case scopeSchemas:
		return "managers are taken from the linked object only, because nobody can tell who may write managerId."
	case scopeUserTypes:
		return "user types show as ids."
	case scopeLinked:
		return "managers are taken from managerId only."
	}
	return "what needs it is switched off."
}

// probe reads one of each kind, to see whether the admin role reaches that far.
func (c *Client) probe(ctx context.Context, r *Report) error {
	probes := []struct {
		scope, what string
		needed      bool
		build       func(context.Context) error
	}{
		{"okta.users.read", "people", true, func(ctx context.Context) error {
			_, _, err := c.api.UserAPI.ListUsers(ctx).Limit(1).Execute()
			return err
		}},
		{"okta.groups.read", "groups", false, func(ctx context.Context) error {
			_, _, err := c.api.GroupAPI.ListGroups(ctx).Limit(1).Execute()
			return err
		}},
		{"okta.apps.read", "applications", false, func(ctx context.Context) error {
			_, _, err := c.api.ApplicationAPI.ListApplications(ctx).Limit(1).Execute()
			return err
		}},
		{scopeLogs, "the System Log", false, func(ctx context.Context) error {
			_, _, err := c.api.SystemLogAPI.ListLogEvents(ctx).Limit(1).Since(c.now().Add(-time.Minute)).Execute()
			return err
		}},
	}
	for _, p := range probes {
		if slices.Contains(r.Missing, p.scope) {
			if p.needed {
				return &agent.OktaError{Op: "connect", Status: http.StatusForbidden, Scope: p.scope}
			}
			continue
		}
		_, err := c.send(ctx, &exchange{op: "look at " + p.what}, p.build)
		switch {
		case err == nil:
		case isDenied(err) && !p.needed:
			r.Off = append(r.Off, "The admin role does not reach "+p.what+": what needs them is switched off.")
		default:
			return err
		}
	}
	return nil
}

// connectProblem names what went wrong, and its cure.
func (c *Client) connectProblem(err error) *agent.Problem {
	p := func(code, format string, args ...any) *agent.Problem {
		return &agent.Problem{Code: code, Text: fmt.Sprintf(format, args...), Cause: err}
	}
	var e *agent.OktaError
	if !errors.As(err, &e) {
		return p("okta_unreachable", "Okta at %s did not answer in time. Check the network, a proxy, and https://status.okta.com.", c.org)
	}
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return p("okta_wrong_domain", "There is no host %s. Check the Okta address: it looks like https://acme.okta.com.", c.org.Hostname())
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &record):
		return p("okta_wrong_domain", "%s does not show a certificate that can be trusted. Check the Okta address, or the proxy in between.", c.org.Host)
	}
	// What the token endpoint said lies beneath what was made of it.
	inner := e
	for next := new(agent.OktaError); errors.As(inner.Err, &next); {
		inner = next
	}
	if skew := c.wire.gate.skew(); inner.Code == "invalid_client" && skew.Abs() > assertionBack {
		return p("okta_clock_skew", "This machine's clock differs from Okta's by %s, so Okta does not believe our signatures. Set it by NTP.",
			skew.Abs().Round(time.Second))
	}
	switch inner.Code {
	case "invalid_client":
		return p("okta_key_mismatch", "Okta does not accept the client id %s with this private key (%s). Check that the app has the public half "+
			"of this very key, that the key is active, that the key id fits, and that the app authenticates by “Public key / Private key”.",
			c.auth.client(), strings.TrimSuffix(inner.Summary, "."))
	case "unauthorized_client":
		return p("okta_inactive_app", "Okta knows the app %s, but does not let it in: it must be an active service app (API Services).", c.auth.client())
	case "consent_required":
		return p("okta_consent_required", "None of the scopes was granted to the app %s. "+
			"An Okta super admin grants them on the app's page, under Okta API Scopes.", c.auth.client())
	case "invalid_scope":
		return p("okta_invalid_scope", "This Okta organisation knows none of the scopes that were asked for, or does not let apps have them. "+
			"Check the list of scopes, and that API access management is not blocked for the organisation.")
	case "invalid_dpop_proof", "use_dpop_nonce":
		return p("okta_dpop", "The app %s demands proof of possession (DPoP), and Okta did not accept ours. "+
			"Switch “Require DPoP header” off on the app's page.", c.auth.client())
	case codeBadToken:
		return p("okta_bad_token", "Okta does not accept the API token: it is wrong, was revoked, was not used for 30 days, or its owner was "+
			"deactivated. Make a new one in Okta under Security, API, Tokens.")
	}
	switch {
	case e.MissingScope():
		return p("okta_missing_scope", "The app %s lacks the scope %s. An Okta super admin grants it on the app's page, under Okta API Scopes.",
			c.auth.client(), e.Scope)
	case inner.RateLimited():
		return p("okta_rate_limited", "Okta's rate limit is used up for now. I go on by myself when it allows me to.")
	case inner.Status == http.StatusForbidden:
		return p("okta_no_role", "Okta takes our credentials, but they have no admin role that shows people. "+
			"An Okta super admin gives the app (or the token's owner) a role, on its page under Admin roles.")
	case inner.Status == http.StatusUnauthorized:
		return p("okta_bad_token", "Okta does not accept our credentials. Make new ones.")
	case inner.Status == http.StatusNotFound, inner.Status >= 300 && inner.Status < 400, inner.Status != 0 && inner.RequestID == "":
		return p("okta_wrong_domain", "What answers at %s is no Okta organisation. Check the Okta address: it looks like https://acme.okta.com.", c.org)
	case inner.Status >= 500:
		return p("okta_unreachable", "Okta has trouble of its own (HTTP %d). See https://status.okta.com.", inner.Status)
	}
	return p("okta_unreachable", "Okta at %s cannot be reached. Check the address, the network, and a proxy in between.", c.org)
}
