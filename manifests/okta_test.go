package manifests_test

import (
	"maps"
	"slices"
	"testing"

	"frontdesk/agent/okta"
	"frontdesk/manifests"
	"frontdesk/playbooks/action"
)

// oktaApp is what okta.yaml says.
type oktaApp struct {
	App    map[string]any `yaml:"app"`
	Scopes struct {
		Required map[string]string `yaml:"required"`
		Optional map[string]string `yaml:"optional"`
	} `yaml:"scopes"`
	Role struct {
		Label       string   `yaml:"label"`
		Permissions []string `yaml:"permissions"`
		Beside      string   `yaml:"beside"`
	} `yaml:"role"`
}

// N15: what people are told to grant is what the actions need, no more and no less.
func TestOktaAppIsGrantedWhatTheActionsNeed(t *testing.T) {
	t.Parallel()
	var app oktaApp
	decode(t, manifests.Okta(), &app)

	var scopes, permissions []string
	for _, spec := range action.Catalogue() {
		scopes = append(scopes, spec.Scopes...)
		permissions = append(permissions, spec.Permissions...)
	}
	slices.Sort(scopes)
	slices.Sort(permissions)
	same(t, "required scopes", slices.Compact(scopes), slices.Collect(maps.Keys(app.Scopes.Required)))
	same(t, "permissions", slices.Compact(permissions), app.Role.Permissions)
}

func TestOktaAppIsGrantedWhatTheAdapterAsksFor(t *testing.T) {
	t.Parallel()
	var app oktaApp
	decode(t, manifests.Okta(), &app)
	granted := slices.Concat(slices.Collect(maps.Keys(app.Scopes.Required)), slices.Collect(maps.Keys(app.Scopes.Optional)))
	same(t, "scopes", okta.DefaultScopes(), granted)
	for _, why := range []map[string]string{app.Scopes.Required, app.Scopes.Optional} {
		for scope, reason := range why {
			if reason == "" {
				t.Errorf("%s is granted without a reason", scope)
			}
		}
	}
}
