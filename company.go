package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"frontdesk/agent/okta/oktasim"
	"frontdesk/bot/slacksim"
)

// company is Acme: a Slack workspace and an Okta tenant in this process, reached
// over real sockets like any other.
type company struct {
	okta    *oktasim.Tenant
	acme    *oktasim.Company
	slack   *slacksim.Workspace
	server  *oktasim.Server
	oktaURL string
	apiURL  string
}

// The credentials that Acme's simulators accept.
const (
	simOktaToken = "sim-token"
	simBotToken  = "xoxb-sim" //nolint:gosec // accepted by the simulator only
	simAppToken  = "xapp-sim"
)

// openCompany starts both simulators on free loopback ports.
func openCompany(ctx context.Context, now func() time.Time, log *slog.Logger) (*company, error) {
	c := &company{
		okta:  oktasim.New(oktasim.Config{Now: now, Logger: log}),
		slack: slacksim.New(slacksim.Config{Now: now, Logger: log, BotToken: simBotToken, AppToken: simAppToken}),
	}
	var err error
	if c.acme, err = c.okta.LoadAcme(); err != nil {
		return nil, fmt.Errorf("fill the Okta tenant: %w", err)
	}
	if err := c.okta.AllowToken(simOktaToken, acmeAdmin); err != nil {
		return nil, fmt.Errorf("admit the API token: %w", err)
	}
	moveIn(c.slack, c.okta, c.acme)
	if c.server, err = c.okta.Start(); err != nil {
		return nil, err
	}
	c.oktaURL = c.server.URL
	base, err := c.slack.Start(ctx)
	if err != nil {
		return nil, errors.Join(err, c.server.Close())
	}
	c.apiURL = base + "/api/"
	return c, nil
}

// connect points a configuration at the company.
func (c *company) connect(cfg Config) Config {
	cfg.Slack = SlackConfig{BotToken: simBotToken, AppToken: simAppToken, APIURL: c.apiURL}
	cfg.Okta = OktaConfig{OrgURL: c.oktaURL, APIToken: simOktaToken}
	return cfg
}

// person finds the Okta account of somebody by their Slack handle.
func (c *company) person(handle string) (oktasim.User, error) {
	id := c.slack.As(handle).ID()
	for _, p := range c.slack.People() {
		if u, ok := c.okta.User(p.Email); ok && p.ID == id {
			return u, nil
		}
	}
	return oktasim.User{}, fmt.Errorf("nobody at Acme with an Okta account is called @%s", handle)
}

// nameOf names a person, group or application of Okta for people.
func (c *company) nameOf(id string) string {
	if u, ok := c.okta.User(id); ok {
		return u.Name()
	}
	for _, index := range []map[string]string{c.acme.Groups, c.acme.Apps} {
		for name, known := range index {
			if known == id {
				return name
			}
		}
	}
	return id
}

func (c *company) close() error {
	c.slack.Close()
	return c.server.Close()
}
