package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"frontdesk/playbooks/action"
)

// User is what Okta says of a person right now. Status is Okta's own word
// (ACTIVE, STAGED, SUSPENDED …).
type User struct {
	ID             string
	Login          string
	Email          string // as Okta keeps it; compare lower-cased
	FirstName      string
	LastName       string
	DisplayName    string
	Status         string
	Title          string
	Department     string
	City           string
	Country        string
	EmployeeNumber string
	UserType       string
	TypeID         string
	ManagerID      string            // the profile attribute, unresolved
	Attributes     map[string]string // custom attributes, as text
	Provider       string            // OKTA, ACTIVE_DIRECTORY, LDAP, FEDERATION, SOCIAL, IMPORT
	Created        time.Time
	StatusChanged  time.Time
	LastUpdated    time.Time
	PasswordSet    time.Time // passwordChanged
}

// Name is what people call the user.
func (u User) Name() string {
	if n := strings.TrimSpace(u.DisplayName); n != "" {
		return n
	}
	if n := strings.TrimSpace(u.FirstName + " " + u.LastName); n != "" {
		return n
	}
	return u.Login
}

// The types of Okta groups.
const (
	GroupOkta    = "OKTA_GROUP"
	GroupApp     = "APP_GROUP"
	GroupBuiltIn = "BUILT_IN"
)

// Group is an Okta group.
type Group struct {
	ID          string
	Name        string
	Description string
	Type        string
}

// App is an Okta application.
type App struct {
	ID     string
	Label  string
	Name   string
	Status string // ACTIVE, INACTIVE
	SignOn string
}

// Directory reads Okta live. Every list is complete or an error; an unknown id
// is an *OktaError for which NotFound() is true.
type Directory interface {
	People
	Things
	Memberships
}

// People reads persons.
type People interface {
	User(ctx context.Context, id string) (User, error)
	// UsersByEmail gives everybody whose email or login equals email, in any
	// case, whatever their status; it may be nobody or several.
	UsersByEmail(ctx context.Context, email string) ([]User, error)
	// Manager resolves u's manager by linked object, then by managerId tried as
	// id, login and employee number. nil: none, or none that can be trusted
	// (free text, the person themselves, an attribute that people write themselves).
	Manager(ctx context.Context, u User) (*User, error)
	// AdminRoles lists the admin roles a person holds, directly or by a group.
	// Without okta.roles.read the error is an *OktaError with MissingScope.
	AdminRoles(ctx context.Context, userID string) ([]string, error)
}

// Things reads groups and applications.
type Things interface {
	Group(ctx context.Context, id string) (Group, error)
	App(ctx context.Context, id string) (App, error)
	// GroupsNamed and AppsNamed give exact matches (in any case, every type), and
	// where there is none, a few whose name begins alike, as suggestions.
	GroupsNamed(ctx context.Context, name string) (exact, close []Group, err error)
	AppsNamed(ctx context.Context, label string) (exact, close []App, err error)
}

// Memberships reads who is in what.
type Memberships interface {
	GroupsOf(ctx context.Context, userID string) ([]Group, error)
	AppsOf(ctx context.Context, userID string) ([]App, error)
	Members(ctx context.Context, groupID string) ([]User, error)
	// Owners of a group; empty where the org has no licence for them.
	Owners(ctx context.Context, groupID string) ([]User, error)
}

// Act is one thing to be done in Okta, with everything resolved to ids.
type Act struct {
	Kind         action.Kind `json:"kind"`
	Target       string      `json:"target"`           // the person
	Object       string      `json:"object,omitempty"` // the group or application
	TempPassword bool        `json:"temp_password,omitempty"`
}

// Sight is what an act would meet, read live and by id.
type Sight struct {
	// Facts is what was seen, in stable keys: "status", "member", "assignment",
	// "factors", "blocked" …. Settlement compares with it; it holds no secrets.
	Facts map[string]string `json:"facts"`
	// Call names the one Okta operation that Do will make ("unsuspend",
	// "unlock", "reset_factors"); empty when nothing is to be done.
	Call string `json:"call,omitempty"`
	// Noop says why nothing needs to be done: it is already so.
	Noop string `json:"noop,omitempty"`
	// Refusal says why it cannot be done, with the way out.
	Refusal *Problem `json:"refusal,omitempty"`
	// Warnings are what an approver should know.
	Warnings []string `json:"warnings,omitempty"`
	// More tells that after Call the act must be looked at again, because it may
	// take a second call (restore sessions: unsuspend, then unlock).
	More bool `json:"more,omitempty"`
}

// Receipt is Okta's answer to a call.
type Receipt struct {
	Status    int
	RequestID string
	Note      string // what to tell people besides, e.g. "Okta is still deprovisioning the apps"
	// Secret is a temporary password. It is shown once to the person entitled
	// and never stored, logged or posted.
	Secret Secret
}

// Secret is a word that must not be printed by accident.
type Secret struct{ word string }

// NewSecret wraps word.
func NewSecret(word string) Secret { return Secret{word} }

// Reveal gives the word to the one place that shows it.
func (s Secret) Reveal() string { return s.word }

// Empty tells whether there is no secret.
func (s Secret) Empty() bool { return s.word == "" }

// String hides the word.
func (s Secret) String() string { return "[secret]" }

// GoString hides the word from %#v.
func (s Secret) GoString() string { return "[secret]" }

// MarshalJSON hides the word.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// Settlement is what live state and the System Log say of a call whose answer
// never came.
type Settlement int

// The settlements.
const (
	CannotTell Settlement = iota
	ItHappened
	ItDidNot // definitely: another attempt is not a repetition
)

// Actor does to Okta what was decided.
type Actor interface {
	// Look reads what act would meet.
	Look(ctx context.Context, act Act) (Sight, error)
	// Do makes sight.Call, once: a write is sent at most one time. An error that
	// is an *OktaError with NotExecuted() is definite; any other leaves the
	// outcome open.
	Do(ctx context.Context, act Act, sight Sight) (Receipt, error)
	// Settle tells whether sight.Call, begun at since, took effect.
	Settle(ctx context.Context, act Act, sight Sight, since time.Time) (Settlement, Receipt, error)
}

// Challenge is an Okta Verify push that waits for an answer.
type Challenge struct {
	Poll      string // opaque: how to ask for the result
	Number    string // the number to pick on the phone, if Okta asks for one
	ExpiresAt time.Time
}

// PushAnswer is what became of a push.
type PushAnswer int

// The answers to a push.
const (
	PushWaiting PushAnswer = iota
	PushApproved
	PushRejected
	PushTimedOut
)

// Prover proves that an Okta person is present, by their own factors.
type Prover interface {
	// Push sends an Okta Verify push. A *Problem where the person has none.
	Push(ctx context.Context, userID string) (Challenge, error)
	PushResult(ctx context.Context, userID string, c Challenge) (PushAnswer, error)
	// Code checks a one-time code of an authenticator app. A wrong code is a *Problem.
	Code(ctx context.Context, userID, code string) error
}

// OktaError is a failed Okta call.
// Source: Okta API, "Error codes"; WWW-Authenticate for scopes.
type OktaError struct {
	Op        string // "suspend user 00u…"
	Status    int    // 0: no answer came
	Code      string // E0000007
	Summary   string
	Causes    []string
	RequestID string
	Scope     string    // the missing scope, for a token that lacks it
	RetryAt   time.Time // for 429, or when the gate held the call back
	NotSent   bool      // the call never left
	Err       error     // transport error, if any
}

// Error tells operation, status, code and summary.
func (e *OktaError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	switch {
	case e.NotSent:
		b.WriteString(": not sent")
	case e.Status != 0:
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	for _, s := range []string{e.Code, e.Summary, strings.Join(e.Causes, "; ")} {
		if s != "" {
			b.WriteString(" " + s)
		}
	}
	if e.Scope != "" {
		b.WriteString(" (needs scope " + e.Scope + ")")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the transport error.
func (e *OktaError) Unwrap() error { return e.Err }

// NotFound tells that Okta knows no such thing.
func (e *OktaError) NotFound() bool { return e.Status == 404 }

// MissingScope tells that the token lacks a scope, named in Scope.
func (e *OktaError) MissingScope() bool { return e.Scope != "" }

// RateLimited tells that Okta, or our own gate, asks to come back at RetryAt.
func (e *OktaError) RateLimited() bool { return e.Status == 429 || !e.RetryAt.IsZero() }

// NotExecuted tells that the call definitely had no effect: it was not sent, or
// Okta refused it with a 4xx other than 408.
func (e *OktaError) NotExecuted() bool {
	return e.NotSent || (e.Status >= 400 && e.Status < 500 && e.Status != 408)
}

// Temporary tells that the same call may succeed later without anybody doing anything.
func (e *OktaError) Temporary() bool {
	return e.RateLimited() || e.Status == 0 || e.Status >= 500 || e.Status == 408 || e.Status == 423 || e.Status == 409
}
