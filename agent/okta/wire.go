package okta

import (
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"

	"frontdesk/agent"
)

// The shapes of Okta's answers that the SDK's models do not read well: its User
// turns numbers into floats and lets custom attributes overwrite typed fields, its
// applications and factors of an unknown kind decode to nothing without an error,
// and its log events fail on a postal code that is a number.

// wireUser is a user object.
type wireUser struct {
	ID            string     `json:"id"`
	Status        string     `json:"status"`
	Created       time.Time  `json:"created"`
	StatusChanged *time.Time `json:"statusChanged"`
	LastUpdated   *time.Time `json:"lastUpdated"`
	PasswordSet   *time.Time `json:"passwordChanged"`
	Transition    string     `json:"transitioningToStatus"`
	Type          struct {
		ID string `json:"id"`
	} `json:"type"`
	Credentials struct {
		Provider struct {
			Type string `json:"type"`
			Name string `json:"name"`
		} `json:"provider"`
	} `json:"credentials"`
	Profile map[string]json.RawMessage `json:"profile"`
	Links   struct {
		Schema struct {
			Href string `json:"href"`
		} `json:"schema"`
	} `json:"_links"`
}

// subject is a user with what only this package looks at.
type subject struct {
	agent.User
	transition string // the status that the user is on the way to
	source     string // the provider's name
	schema     string // id of the schema of the user's type
	profile    map[string]json.RawMessage
}

// subject translates what Okta says of a user.
func (w wireUser) subject() subject {
	get := func(name string) string { return asText(w.Profile[name]) }
	u := agent.User{
		ID: w.ID, Status: w.Status, TypeID: w.Type.ID, Provider: w.Credentials.Provider.Type,
		Login: get("login"), Email: get("email"), FirstName: get("firstName"), LastName: get("lastName"),
		DisplayName: get("displayName"), Title: get("title"), Department: get("department"), City: get("city"),
		Country: get("countryCode"), EmployeeNumber: get("employeeNumber"), UserType: get("userType"), ManagerID: get("managerId"),
		Created: w.Created.UTC(), StatusChanged: at(w.StatusChanged), LastUpdated: at(w.LastUpdated), PasswordSet: at(w.PasswordSet),
		Attributes: map[string]string{},
	}
	for name, raw := range w.Profile {
		if value := asText(raw); value != "" && !slices.Contains(unlisted(), name) {
			u.Attributes[name] = value
		}
	}
	return subject{
		User: u, transition: w.Transition, source: w.Credentials.Provider.Name,
		schema: lastOf(w.Links.Schema.Href), profile: w.Profile,
	}
}

// unlisted are the base attributes that are not among the attributes: they have
// fields of their own, are private, or (manager) are free text that looks like
// more than it is.
func unlisted() []string {
	return []string{
		"login", "email", "firstName", "lastName", "displayName", "title", "department", "city", "countryCode",
		"employeeNumber", "userType", "managerId", "manager", "secondEmail", "mobilePhone", "primaryPhone",
		"streetAddress", "postalAddress", "zipCode", "middleName", "nickName", "honorificPrefix", "honorificSuffix", "profileUrl",
	}
}

// asText reads an attribute of any type as text; numbers keep every digit.
func asText(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case '[':
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			return ""
		}
		texts := make([]string, 0, len(items))
		for _, item := range items {
			texts = append(texts, asText(item))
		}
		return strings.Join(texts, ", ")
	}
	return string(raw)
}

func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// lastOf is the last segment of a link's path; empty for an empty link.
func lastOf(href string) string {
	u, err := url.Parse(href)
	if err != nil || u.Path == "" {
		return ""
	}
	return path.Base(u.Path)
}

// wireApp is an application, of whatever sign-on mode.
type wireApp struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Name   string `json:"name"`
	Status string `json:"status"`
	SignOn string `json:"signOnMode"`
}

func (w wireApp) app() agent.App {
	return agent.App{ID: w.ID, Label: w.Label, Name: w.Name, Status: w.Status, SignOn: w.SignOn}
}

// wireFactor is an enrolled factor, of whatever kind.
type wireFactor struct {
	ID       string `json:"id"`
	Type     string `json:"factorType"`
	Provider string `json:"provider"`
	Status   string `json:"status"`
}

// wireEvent is a line of the System Log.
type wireEvent struct {
	Published time.Time `json:"published"`
	Type      string    `json:"eventType"`
	Actor     struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"actor"`
	Outcome struct {
		Result string `json:"result"`
	} `json:"outcome"`
	Target []struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"target"`
	Transaction struct {
		ID string `json:"id"`
	} `json:"transaction"`
}

func (e wireEvent) about(id string) bool {
	for _, t := range e.Target {
		if t.ID == id {
			return true
		}
	}
	return false
}

// asGroup translates the SDK's model of a group.
func asGroup(g sdk.Group) agent.Group {
	return agent.Group{
		ID: g.GetId(), Type: g.GetType(), Name: g.Profile.GetName(), Description: g.Profile.GetDescription(),
	}
}
