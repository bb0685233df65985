package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"frontdesk/agent"
	"frontdesk/playbooks"
)

type serveCmd struct{}

// Run serves until it is told to stop.
func (serveCmd) Run(ctx context.Context, p *program) error {
	cfg, err := p.source.load(needSlack, needOkta)
	if err != nil {
		return err
	}
	parts, err := build(ctx, cfg, p.log, p.now)
	if err != nil {
		return err
	}
	err = parts.agent.CheckNames(ctx)
	stopHTTP, at := func() {}, ""
	if err == nil {
		stopHTTP, at, err = parts.listen(ctx)
	}
	if err == nil {
		fmt.Fprint(p.stdout, parts.screen(ctx, at))
		err = parts.run(ctx)
		stopHTTP()
	}
	return errors.Join(err, parts.close())
}

// listen serves health and metrics. A default port that is taken is a notice,
// one that somebody chose an error.
func (p *parts) listen(ctx context.Context) (stop func(), at string, err error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", p.cfg.Addr)
	if err != nil && p.cfg.AddrChosen {
		return nil, "", fmt.Errorf("FRONTDESK_ADDR %s can't be listened on: %w", p.cfg.Addr, err)
	}
	if err != nil {
		return func() {}, "", nil //nolint:nilerr // said on the screen
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := p.ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln)
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
		<-done
	}, ln.Addr().String(), nil
}

// ready tells whether people's commands would be taken.
func (p *parts) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := p.store.Ping(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	if err := p.shelf.Ping(ctx); err != nil {
		return errors.New("redis does not answer")
	}
	if !p.bot.Healthy() {
		return errors.New("no connection to Slack")
	}
	return nil
}

// screen says what Frontdesk is connected to and what is missing.
func (p *parts) screen(ctx context.Context, at string) string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "Frontdesk %s is at work.\n", version)
	line("Slack", "workspace %s (%s), as @%s, command %s", p.workspace.TeamName, p.workspace.Team, p.workspace.BotName, p.cfg.Command)
	line("Okta", "%s, as %s", p.cfg.Okta.OrgURL, p.report.As)
	if p.cfg.PostgresURL == "" {
		line("Store", "SQLite, %s", p.cfg.SQLitePath)
	} else {
		line("Store", "PostgreSQL and Redis")
	}
	line("Playbooks", "%s", p.offered())
	line("IT's desk", "%s", p.whoIs(ctx))
	if p.cfg.Identity == agent.IdentityEmail {
		line("Identity", "email: whoever controls a confirmed Slack email acts as that person. Only right where Okta enforces Slack's sign-in.")
	} else {
		line("Identity", "proof: once per person, by Okta Verify, before they decide or act on others")
	}
	if at != "" {
		line("Health", "http://%s/healthz /readyz /metrics", at)
	} else if p.cfg.Addr != "" {
		line("Health", "off: %s is taken; set FRONTDESK_ADDR", p.cfg.Addr)
	}
	for _, n := range p.notices() {
		line("Note", "%s", n)
	}
	return b.String()
}

func (p *parts) offered() string {
	own := 0
	for _, pb := range p.library.All() {
		if strings.HasPrefix(pb.File, p.cfg.Playbooks.Folder+"/") && p.cfg.Playbooks.Folder != "" {
			own++
		}
	}
	return fmt.Sprintf("%d in force, %d of your own", len(p.library.All()), own)
}

// whoIs resolves the configured groups and says which are missing.
func (p *parts) whoIs(ctx context.Context) string {
	var out []string
	for _, g := range []struct{ key, name string }{
		{"agents", p.cfg.Who.Agents}, {"fallback", p.cfg.Who.Fallback}, {"admins", p.cfg.Who.Admins}, {"break_glass", p.cfg.Who.BreakGlass},
	} {
		switch n, err := p.agent.CheckGroup(ctx, g.name); {
		case g.name == "":
			out = append(out, g.key+": nobody (set "+g.key+" in frontdesk.yaml)")
		case err != nil:
			out = append(out, fmt.Sprintf("%s: %q can't be used (%s)", g.key, g.name, err))
		default:
			out = append(out, fmt.Sprintf("%s: %q (%d)", g.key, g.name, n))
		}
	}
	return strings.Join(out, "; ")
}

func (p *parts) notices() []string {
	all := append([]string(nil), p.cfg.Notices...)
	all = append(all, p.report.Warnings...)
	all = append(all, p.report.Off...)
	if len(p.cfg.Bundles) > 0 {
		all = append(all, "bundles in frontdesk.yaml are read but not used by this version.")
	}
	if p.cfg.Who.BreakGlass != "" {
		all = append(all, "break_glass in frontdesk.yaml is read but not used by this version: there is no break glass yet.")
	}
	for _, s := range p.workspace.Missing {
		all = append(all, "Slack scope not granted: "+s)
	}
	for _, s := range p.library.Shadowed() {
		all = append(all, shadowWords(s))
	}
	return all
}

func shadowWords(s playbooks.Shadow) string {
	return fmt.Sprintf("%s no longer answers to %q: %s does", s.Playbook.Name, s.Command, s.By.Name)
}
