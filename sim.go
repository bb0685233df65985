package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"frontdesk/agent/okta"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/bot/slacksim"
)

type simCmd struct {
	Okta  simOktaCmd  `cmd:"" help:"Run a simulated Okta tenant, with the sample company Acme in it."`
	Slack simSlackCmd `cmd:"" help:"Run a simulated Slack workspace, with the people of Acme in it."`
}

type simOktaCmd struct {
	Addr   string `default:"127.0.0.1:0" help:"Where to listen; port 0 takes a free one."`
	People int    `help:"Add this many generated people."`
}

// Run serves the tenant until it is told to stop. It accepts the token or the
// service app that the environment names, as Frontdesk would use them.
func (c simOktaCmd) Run(ctx context.Context, p *program) error {
	cfg, err := p.source.load()
	if err != nil {
		return err
	}
	tenant := oktasim.New(oktasim.Config{Now: p.now, Logger: p.log})
	if _, err := tenant.LoadAcme(); err != nil {
		return err
	}
	if c.People > 0 {
		if err := tenant.Generate(oktasim.Crowd{People: c.People}); err != nil {
			return err
		}
	}
	if err := admitOkta(tenant, cfg.Okta); err != nil {
		return err
	}
	ln, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	server := tenant.Serve(ln)
	fmt.Fprintf(p.stdout, "Okta tenant: http://%s\n", ln.Addr())
	<-ctx.Done()
	return server.Close()
}

// admitOkta lets the configured credentials in: the token as a super admin's,
// the service app with every scope and a super admin's role.
func admitOkta(tenant *oktasim.Tenant, cfg OktaConfig) error {
	token := cfg.APIToken.Reveal()
	if token == "" && cfg.ClientID == "" {
		token = "sim-token"
	}
	if token != "" {
		if err := tenant.AllowToken(token, acmeAdmin); err != nil {
			return fmt.Errorf("admit the API token: %w", err)
		}
	}
	if cfg.ClientID == "" {
		return nil
	}
	key, err := okta.PublicKey([]byte(cfg.PrivateKey.Reveal()), cfg.KeyID)
	if err != nil {
		return fmt.Errorf("read OKTA_PRIVATE_KEY: %w", err)
	}
	if err := tenant.RegisterClient(oktasim.Client{
		ID: cfg.ClientID, Keys: []jose.JSONWebKey{key}, Scopes: okta.DefaultScopes(), Roles: []string{"SUPER_ADMIN"},
	}); err != nil {
		return fmt.Errorf("register the service app: %w", err)
	}
	return nil
}

// acmeAdmin is the login of Acme's super admin.
const acmeAdmin = "susan@acme.example"

type simSlackCmd struct {
	Addr string `default:"127.0.0.1:0" help:"Where to listen; port 0 takes a free one."`
}

// Run serves the workspace until it is told to stop. It accepts the tokens that
// the environment names.
func (c simSlackCmd) Run(ctx context.Context, p *program) error {
	cfg, err := p.source.load()
	if err != nil {
		return err
	}
	tenant := oktasim.New(oktasim.Config{Now: p.now})
	acme, err := tenant.LoadAcme()
	if err != nil {
		return err
	}
	w := slacksim.New(slacksim.Config{
		Now: p.now, Logger: p.log, BotToken: cfg.Slack.BotToken.Reveal(), AppToken: cfg.Slack.AppToken.Reveal(),
	})
	moveIn(w, tenant, acme)
	ln, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Slack workspace: http://%s (SLACK_API_URL=http://%s/api/)\n", ln.Addr(), ln.Addr())
	return w.Serve(ctx, ln)
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}

// moveIn gives everybody of the tenant who works there a Slack account with the
// same email, and adds the kinds of accounts that Okta does not know.
func moveIn(w *slacksim.Workspace, tenant *oktasim.Tenant, acme *oktasim.Company) {
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Values(acme.People)) {
		u, _ := tenant.User(id)
		email, _ := u.Profile["email"].(string)
		switch u.Status {
		case oktasim.Staged, oktasim.Provisioned, oktasim.Deprovisioned:
			continue
		case oktasim.Active, oktasim.Recovery, oktasim.PasswordExpired, oktasim.LockedOut, oktasim.Suspended:
		}
		if handle, _, _ := strings.Cut(email, "@"); !seen[handle] {
			seen[handle] = true
			w.AddPerson(slacksim.Person{ID: slackID(handle), Name: handle, RealName: u.Name(), Email: email})
		}
	}
	for _, p := range []slacksim.Person{
		{Name: "gus", RealName: "Gus Guest", Email: "gus@partner.example", Kind: slacksim.MultiChannelGuest},
		{Name: "gina", RealName: "Gina Guest", Email: "gina@partner.example", Kind: slacksim.SingleChannelGuest},
		{Name: "stranger", RealName: "Stan Stranger", Kind: slacksim.Stranger},
		{Name: "robot", RealName: "A Robot", Kind: slacksim.Bot},
		{Name: "gone", RealName: "Gone Already", Email: "gone@acme.example", Deactivated: true},
		{Name: "newbie", RealName: "New Bie", Email: "newbie@acme.example", Unconfirmed: true},
		{Name: "nomail", RealName: "No Mail"},
	} {
		p.ID = slackID(p.Name)
		w.AddPerson(p)
	}
}

// slackID makes a readable account id, the same on every start.
func slackID(handle string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(handle) {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return "U0" + b.String()
}
