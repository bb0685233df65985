package oktasim

import (
	"fmt"
	"net/http"
	"slices"
)

const (
	userTypeID   = "otysimdefault0000000"
	userSchemaID = "oscsimdefault0000000"
)

// Attribute is a profile attribute of the user schema.
type Attribute struct {
	Name     string
	Title    string
	Type     string // string, boolean, number, integer, array
	Required bool
	// SelfService says that people may write it themselves.
	SelfService bool
}

// schema is the user schema: Okta's base attributes and the organisation's own.
type schema struct {
	base, custom []Attribute
}

func newSchema() *schema {
	base := []Attribute{
		{Name: "login", Title: "Username", Required: true},
		{Name: "firstName", Title: "First name", Required: true},
		{Name: "lastName", Title: "Last name", Required: true},
		{Name: "email", Title: "Primary email", Required: true},
		{Name: "secondEmail", Title: "Secondary email", SelfService: true},
		{Name: "mobilePhone", Title: "Mobile phone", SelfService: true},
		{Name: "primaryPhone", Title: "Primary phone", SelfService: true},
		{Name: "nickName", Title: "Nickname", SelfService: true},
	}
	for name, title := range map[string]string{
		"middleName": "Middle name", "honorificPrefix": "Honorific prefix", "honorificSuffix": "Honorific suffix",
		"title": "Title", "displayName": "Display name", "profileUrl": "Profile Url", "userType": "User type",
		"employeeNumber": "Employee number", "costCenter": "Cost center", "organization": "Organization",
		"division": "Division", "department": "Department", "manager": "Manager", "managerId": "ManagerId",
		"streetAddress": "Street address", "city": "City", "state": "State", "zipCode": "Zip code",
		"countryCode": "Country code", "postalAddress": "Postal Address", "preferredLanguage": "Preferred language",
		"locale": "Locale", "timezone": "Time zone",
	} {
		base = append(base, Attribute{Name: name, Title: title})
	}
	for i := range base {
		base[i].Type = "string"
	}
	return &schema{base: base}
}

// AddAttribute adds a custom attribute to the user schema.
func (t *Tenant) AddAttribute(a Attribute) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.schema.knows(a.Name) {
		return fmt.Errorf("add attribute: %s is there already", a.Name)
	}
	if a.Type == "" {
		a.Type = "string"
	}
	t.schema.custom = append(t.schema.custom, a)
	return nil
}

func (s *schema) knows(name string) bool {
	named := func(a Attribute) bool { return a.Name == name }
	return slices.ContainsFunc(s.base, named) || slices.ContainsFunc(s.custom, named)
}

// checkProfile refuses profiles that miss what is required or have what the
// schema does not know.
func (t *Tenant) checkProfile(what string, profile map[string]any) error {
	for name := range profile {
		if !t.schema.knows(name) {
			return invalid(what, fmt.Sprintf("Property name '%s' is not defined in profile", name))
		}
	}
	for _, a := range append(slices.Clone(t.schema.base), t.schema.custom...) {
		if a.Required && text(profile, a.Name) == "" {
			return invalid(a.Name, a.Name+": The field cannot be left blank")
		}
	}
	return nil
}

func (s *schema) body(base string) map[string]any {
	return map[string]any{
		"id":      base + "/api/v1/meta/schemas/user/" + userSchemaID,
		"$schema": "http://json-schema.org/draft-04/schema#",
		"name":    "user", "title": "User", "type": "object",
		"created": "2024-01-15T09:00:00.000Z", "lastUpdated": "2024-01-15T09:00:00.000Z",
		"definitions": map[string]any{
			"base":   definition("#base", s.base),
			"custom": definition("#custom", s.custom),
		},
		"properties": map[string]any{
			"profile": map[string]any{"allOf": []any{
				map[string]any{"$ref": "#/definitions/custom"}, map[string]any{"$ref": "#/definitions/base"},
			}},
		},
	}
}

func definition(id string, attributes []Attribute) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, a := range attributes {
		action := "READ_ONLY"
		if a.SelfService {
			action = "READ_WRITE"
		}
		property := map[string]any{
			"title": a.Title, "type": a.Type, "scope": "NONE",
			"permissions": []any{map[string]any{"principal": "SELF", "action": action}},
			"master":      map[string]any{"type": "PROFILE_MASTER"},
		}
		if a.Type == "array" {
			property["items"] = map[string]any{"type": "string"}
		}
		if a.Required {
			property["required"] = true
			required = append(required, a.Name)
		}
		properties[a.Name] = property
	}
	return map[string]any{"id": id, "type": "object", "properties": properties, "required": required}
}

func (t *Tenant) userSchema(c *call) (reply, error) {
	if id := c.params["schema"]; id != "default" && id != userSchemaID {
		return fail(missing(id, "UserSchema"))
	}
	return ok(t.schema.body(c.base))
}

func (t *Tenant) userTypes(c *call) (reply, error) {
	return reply{status: http.StatusOK, body: []any{userType(c.base)}}, nil
}

func (t *Tenant) userType(c *call) (reply, error) {
	if id := c.params["type"]; id != "default" && id != userTypeID {
		return fail(missing(id, "UserType"))
	}
	return ok(userType(c.base))
}

func userType(base string) map[string]any {
	return map[string]any{
		"id": userTypeID, "name": "user", "displayName": "User", "description": "Okta user profile template",
		"default": true, "created": "2024-01-15T09:00:00.000Z", "lastUpdated": "2024-01-15T09:00:00.000Z",
		"createdBy": "sprSimSystemPrincipal", "lastUpdatedBy": "sprSimSystemPrincipal",
		"_links": map[string]any{
			"self":   href(base + "/api/v1/meta/types/user/" + userTypeID),
			"schema": href(base + "/api/v1/meta/schemas/user/" + userSchemaID),
		},
	}
}

// href is a HAL link.
func href(to string) map[string]any { return map[string]any{"href": to} }

// act is a HAL link to something that can be done.
func act(to, method string) map[string]any { return map[string]any{"href": to, "method": method} }
