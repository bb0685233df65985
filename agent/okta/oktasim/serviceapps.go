package oktasim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// clientParts adds what an OAuth app has of its own.
func (c *call) clientParts(cl *client, credentials, settings map[string]any) {
	credentials["oauthClient"] = map[string]any{ //nolint:gosec // names of settings
		"client_id": cl.ID, "token_endpoint_auth_method": "private_key_jwt", "autoKeyRotation": true, "pkce_required": false,
	}
	settings["oauthClient"] = map[string]any{
		"application_type": "service", "grant_types": []string{"client_credentials"}, "response_types": []string{"token"},
		"dpop_bound_access_tokens": cl.DPoP, "jwks": map[string]any{"keys": cl.Keys},
	}
}

type appRequest struct {
	Name       string `json:"name"`
	Label      string `json:"label"`
	SignOnMode string `json:"signOnMode"`
	Settings   struct {
		OAuthClient *struct {
			ApplicationType string             `json:"application_type"`
			GrantTypes      []string           `json:"grant_types"`
			JWKS            jose.JSONWebKeySet `json:"jwks"`
			DPoP            bool               `json:"dpop_bound_access_tokens"`
		} `json:"oauthClient"`
	} `json:"settings"`
	Credentials struct {
		Scheme string `json:"scheme"`
	} `json:"credentials"`
}

// createApp makes an app; an oidc_client of the service kind can ask for tokens.
func (t *Tenant) createApp(c *call) (reply, error) {
	var request appRequest
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	if request.Label == "" || request.SignOnMode == "" {
		return fail(invalid("label", "label: The field cannot be left blank"))
	}
	a := &app{
		name: cmp.Or(request.Name, strings.ToLower(request.SignOnMode)), label: request.Label, status: "ACTIVE",
		signOnMode: request.SignOnMode, scheme: request.Credentials.Scheme,
	}
	oauth := request.Settings.OAuthClient
	if request.Name == "oidc_client" {
		switch {
		case oauth == nil:
			return fail(invalid("settings", "settings.oauthClient: The field cannot be left blank"))
		case oauth.ApplicationType == "service" && (len(oauth.JWKS.Keys) == 0 || len(oauth.JWKS.Keys) > 50):
			return fail(invalid("jwks", "settings.oauthClient.jwks: 1 to 50 keys are needed"))
		}
	}
	t.insertApp(a)
	if oauth != nil && oauth.ApplicationType == "service" {
		t.clients[a.id] = &client{
			Client: Client{ID: a.id, Label: a.label, Keys: oauth.JWKS.Keys, DPoP: oauth.DPoP}, active: true,
		}
	}
	c.did(a.id)
	t.emit(c, eventSpec{kind: "application.lifecycle.create", targets: []eventTarget{a.target()}})
	return ok(c.appBody(a))
}

// client finds the service app of the path.
func (c *call) client() (*client, error) {
	id := cmp.Or(c.params["client"], c.params["app"])
	cl := c.t.clients[id]
	if cl == nil {
		return nil, missing(id, "OAuth2Client")
	}
	c.about(id)
	return cl, nil
}

type grantBody struct {
	ID       string         `json:"id"`
	Status   string         `json:"status"`
	Source   string         `json:"source"`
	ScopeID  string         `json:"scopeId"`
	Issuer   string         `json:"issuer"`
	ClientID string         `json:"clientId"`
	Created  *string        `json:"created"`
	Updated  *string        `json:"lastUpdated"`
	Links    map[string]any `json:"_links"`
}

// grantID is the id of a client's grant of a scope: derived, as grants are only
// names here.
func grantID(scope string) string {
	return "oag" + strings.NewReplacer("okta", "", ".", "").Replace(scope)
}

func (c *call) grantBody(cl *client, scope string) grantBody {
	made := c.t.apps[cl.ID].created
	return grantBody{
		ID: grantID(scope), Status: "ACTIVE", Source: "ADMIN", ScopeID: scope, Issuer: c.base, ClientID: cl.ID,
		Created: when(made), Updated: when(made), Links: map[string]any{"app": href(c.base + "/api/v1/apps/" + cl.ID)},
	}
}

func (t *Tenant) listGrants(c *call) (reply, error) {
	cl, err := c.client()
	if err != nil {
		return fail(err)
	}
	bodies := []grantBody{}
	for _, scope := range cl.Scopes {
		bodies = append(bodies, c.grantBody(cl, scope))
	}
	return ok(bodies)
}

func (t *Tenant) addGrant(c *call) (reply, error) {
	var request struct {
		ScopeID string `json:"scopeId"`
		Issuer  string `json:"issuer"`
	}
	cl, err := c.client()
	if err == nil {
		err = c.decode(&request)
	}
	switch {
	case err != nil:
		return fail(err)
	case !knownScope(request.ScopeID):
		return fail(invalid("scopeId", "scopeId: The scope does not exist"))
	case request.Issuer != c.base:
		return fail(invalid("issuer", "issuer: must be the address of the organization"))
	}
	if !slices.Contains(cl.Scopes, request.ScopeID) {
		cl.Scopes = append(slices.Clone(cl.Scopes), request.ScopeID)
	}
	c.did(cl.ID)
	return created(c.grantBody(cl, request.ScopeID))
}

func (t *Tenant) removeGrant(c *call) (reply, error) {
	cl, err := c.client()
	if err != nil {
		return fail(err)
	}
	kept := slices.DeleteFunc(slices.Clone(cl.Scopes), func(scope string) bool { return grantID(scope) == c.params["grant"] })
	if len(kept) == len(cl.Scopes) {
		return fail(missing(c.params["grant"], "OAuth2ScopeConsentGrant"))
	}
	cl.Scopes = kept
	c.did(cl.ID)
	return nothing()
}

func (t *Tenant) listClientRoles(c *call) (reply, error) {
	cl, err := c.client()
	if err != nil {
		return fail(err)
	}
	bodies := []roleBody{}
	for _, r := range cl.roles {
		bodies = append(bodies, c.roleBody(r, "CLIENT", "/oauth2/v1/clients/"+cl.ID))
	}
	return ok(bodies)
}

func (t *Tenant) assignClientRole(c *call) (reply, error) {
	cl, err := c.client()
	if err != nil {
		return fail(err)
	}
	r, err := c.newRole(cl.roles)
	if err != nil {
		return fail(err)
	}
	cl.roles = append(slices.Clone(cl.roles), r)
	c.did(cl.ID)
	return created(c.roleBody(r, "CLIENT", "/oauth2/v1/clients/"+cl.ID))
}

func (t *Tenant) unassignClientRole(c *call) (reply, error) {
	cl, err := c.client()
	if err != nil {
		return fail(err)
	}
	kept := without(cl.roles, c.params["role"])
	if len(kept) == len(cl.roles) {
		return fail(missing(c.params["role"], "Role"))
	}
	cl.roles = kept
	c.did(cl.ID)
	return nothing()
}

// appSchema says which attributes an assignment of the app must bring.
func (t *Tenant) appSchema(c *call) (reply, error) {
	a, err := c.app()
	if err != nil {
		return fail(err)
	}
	base := []Attribute{{Name: "userName", Title: "Username", Type: "string", Required: true}}
	var custom []Attribute
	for _, name := range a.required {
		custom = append(custom, Attribute{Name: name, Title: name, Type: "string", Required: true})
	}
	return ok(map[string]any{
		"id": c.base + "/api/v1/meta/schemas/apps/" + a.id + "/default", "$schema": "http://json-schema.org/draft-04/schema#",
		"name": a.name, "title": a.label + " User", "type": "object",
		"definitions": map[string]any{"base": definition("#base", base), "custom": definition("#custom", custom)},
	})
}

func (t *Tenant) createRelation(c *call) (reply, error) {
	type side struct {
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	var request struct {
		Primary    side `json:"primary"`
		Associated side `json:"associated"`
	}
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	if request.Primary.Name == "" || request.Associated.Name == "" {
		return fail(invalid("linkedObjects", "name: The field cannot be left blank"))
	}
	if t.relation(request.Primary.Name) != nil || t.relation(request.Associated.Name) != nil {
		return fail(refuse(http.StatusConflict, "E0000127", "Linked object definition already exists."))
	}
	r := &relation{Relation{request.Primary.Name, request.Primary.Title, request.Associated.Name, request.Associated.Title}}
	t.relations = append(t.relations, r)
	c.did()
	return created(c.relationBody(r))
}
