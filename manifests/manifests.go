// Package manifests owns what other systems are told about Frontdesk: the Slack app,
// the Okta service app with its scopes and role, and how to run the binary in a
// container, under systemd and on Kubernetes. The files are for people to copy and
// are embedded, so that a binary carries those that fit it; tests compare them with
// what the code registers, calls and reads.
//
// It refuses to fill anything in: no file holds a secret or a place for one.
package manifests

import _ "embed"

//go:embed slack.yaml
var slack string

//go:embed okta.yaml
var okta string

// Slack is the Slack app's manifest, in YAML, as api.slack.com/apps takes it.
func Slack() string { return slack }

// Okta says, in YAML, what the service app is and what it is granted.
func Okta() string { return okta }
