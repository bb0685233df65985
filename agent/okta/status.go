package okta

import (
	"strings"

	"frontdesk/agent"
)

// Okta's words for a user's status.
// Source: Okta, "User status".
const (
	staged          = "STAGED"
	provisioned     = "PROVISIONED"
	active          = "ACTIVE"
	recovery        = "RECOVERY"
	passwordExpired = "PASSWORD_EXPIRED"
	lockedOut       = "LOCKED_OUT"
	suspended       = "SUSPENDED"
	deprovisioned   = "DEPROVISIONED"
)

// is says a status in a sentence about somebody: "Ada is suspended".
func is(status string) string {
	switch status {
	case staged:
		return "hasn't been activated yet"
	case provisioned:
		return "was activated but has not finished setting up their account"
	case active:
		return "is active"
	case recovery:
		return "is in the middle of a password reset"
	case passwordExpired:
		return "has an expired password"
	case lockedOut:
		return "is locked out"
	case suspended:
		return "is suspended"
	case deprovisioned:
		return "is deprovisioned"
	}
	return "is " + strings.ToLower(strings.ReplaceAll(status, "_", " "))
}

// elsewhere names where a person's password lives if it is not Okta; empty if it
// is Okta.
func (s subject) elsewhere() string {
	switch s.Provider {
	case "", "OKTA", "IMPORT":
		return ""
	case "ACTIVE_DIRECTORY":
		return "Active Directory"
	case "LDAP":
		return "LDAP"
	}
	if s.source != "" && !strings.EqualFold(s.source, s.Provider) {
		return s.source
	}
	return "another identity provider"
}

// federated tells that a person signs in somewhere else and has no password in
// Okta at all. (With Active Directory and LDAP, Okta can pass a reset on.)
func (s subject) federated() bool { return s.Provider == "FEDERATION" || s.Provider == "SOCIAL" }

// wrongStatus is the refusal of something that a person's status does not allow.
func wrongStatus(s subject, wayOut string) *agent.Problem {
	return problem("wrong_status", "%s %s: %s", s.Name(), is(s.Status), wayOut)
}
