package playbooks

import (
	"context"
	"time"
)

// World is what expressions may ask about. It answers live. Every list is complete
// or an error, every User is complete, and a name that is none, two or out of
// scope is an error: it makes a guard say no and anything else fail.
//
// It is wider than other interfaces here because the language is: one method per
// question that a playbook can ask.
type World interface {
	User(ctx context.Context, id string) (User, error)
	UserByEmail(ctx context.Context, email string) (User, error)
	// Manager gives none or one.
	Manager(ctx context.Context, userID string) ([]User, error)
	// MemberOf and Members take a group's name as a playbook's Names gave it.
	MemberOf(ctx context.Context, userID, group string) (bool, error)
	Members(ctx context.Context, group string) ([]User, error)
	// Owners of a group or an application.
	Owners(ctx context.Context, objectID string) ([]User, error)
	// Agents are IT's desk as the configuration names it.
	Agents(ctx context.Context) ([]User, error)
	IsAgent(ctx context.Context, userID string) (bool, error)
	Group(ctx context.Context, id string) (Group, error)
	GroupNamed(ctx context.Context, name string) (Group, error)
	GroupsOf(ctx context.Context, userID string) ([]Group, error)
	App(ctx context.Context, id string) (App, error)
	AppNamed(ctx context.Context, label string) (App, error)
	AppsOf(ctx context.Context, userID string) ([]App, error)
}

// User is a person as expressions see them. Status is Okta's own word.
type User struct {
	ID             string
	Email          string
	Login          string
	Name           string
	FirstName      string
	LastName       string
	Status         string
	Title          string
	Department     string
	City           string
	Country        string
	EmployeeNumber string
	UserType       string
	Attributes     map[string]string // custom attributes, as text
}

// Group is an Okta group as expressions see it.
type Group struct {
	ID          string
	Name        string
	Type        string // OKTA_GROUP, APP_GROUP, BUILT_IN
	Description string
}

// App is an Okta application as expressions see it.
type App struct {
	ID     string
	Label  string
	SignOn string
	Status string
}

// Case is one request as a playbook sees it.
type Case struct {
	Requester string           // a user's id
	Inputs    map[string]Value // an input that was not given is missing, or has no items
	Request   Request
	Approval  Approval // the last one
	Now       time.Time
	OktaURL   string
}

// Request is what expressions know of the request itself.
type Request struct {
	ID      string
	Service string
	Channel string
	Text    string
	Source  string
	Opened  time.Time
}

// Approval is the last approval of the run; By is empty while there is none.
type Approval struct {
	By       string // a user's id
	Comment  string
	Duration time.Duration // zero: the approver left it as it was
}
