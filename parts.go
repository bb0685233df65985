package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"frontdesk/agent"
	"frontdesk/agent/okta"
	"frontdesk/bot"
	"frontdesk/playbooks"
	"frontdesk/store"
	"frontdesk/store/postgres"
	"frontdesk/store/redis"
	"frontdesk/store/sqlite"
)

// parts is a Frontdesk put together, not yet running.
type parts struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	metrics *prometheus.Registry

	store     store.Store
	shelf     store.Shelf
	library   *playbooks.Library
	okta      *okta.Client
	report    okta.Report
	desk      *bot.Desk
	workspace bot.Workspace
	agent     *agent.Agent
	bot       *bot.Bot
}

// build opens and reaches everything that serving needs. What cannot be had is
// reported all at once, each with what to do about it.
func build(ctx context.Context, cfg Config, log *slog.Logger, now func() time.Time) (_ *parts, err error) {
	p := &parts{cfg: cfg, log: log, now: now, metrics: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.library, err = loadLibrary(cfg.Playbooks); err != nil {
		return nil, err
	}
	if err := p.openStores(ctx); err != nil {
		return nil, err
	}
	if p.okta, err = okta.New(okta.Config{
		OrgURL: cfg.Okta.OrgURL, APIToken: cfg.Okta.APIToken.Reveal(), ClientID: cfg.Okta.ClientID,
		PrivateKey: []byte(cfg.Okta.PrivateKey.Reveal()), KeyID: cfg.Okta.KeyID,
		Gate: okta.NewShelfGate(p.shelf), Registerer: p.metrics, Logger: log, Now: now, UserAgent: "frontdesk/" + version,
	}); err != nil {
		return nil, err
	}
	p.desk = bot.NewDesk(bot.DeskConfig{
		Token: cfg.Slack.BotToken.Reveal(), APIURL: cfg.Slack.APIURL, Logger: log, Now: now, Links: []string{cfg.Okta.OrgURL},
	})
	if err := p.reach(ctx); err != nil {
		return nil, err
	}
	teams := []string{p.workspace.Team}
	if p.workspace.Enterprise != "" {
		teams = append(teams, p.workspace.Enterprise)
	}
	if p.agent, err = agent.New(agent.Config{
		Store: p.store, Shelf: p.shelf, Directory: p.okta, Actor: p.okta, Prover: p.okta, Desk: p.desk, Library: p.library,
		Logger: log, Now: now, Who: cfg.Who, Identity: cfg.Identity, Teams: teams, Command: cfg.Command, OktaURL: cfg.Okta.OrgURL,
		Expires: cfg.Expires, SettleAfter: cfg.SettleAfter, CallWithin: min(15*time.Second, cfg.SettleAfter/2),
	}); err != nil {
		return nil, err
	}
	p.bot, err = bot.New(bot.Config{
		Agent: p.agent, Desk: p.desk, AppToken: cfg.Slack.AppToken.Reveal(), Command: cfg.Command, Logger: log, Now: now,
	})
	return p, err
}

// reachWithin is how long somebody who starts the program waits for Slack and Okta.
const reachWithin = 20 * time.Second

// reach asks Slack and Okta at the same time and reports what either refuses.
func (p *parts) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	var slackErr, oktaErr error
	var both sync.WaitGroup
	both.Go(func() { p.workspace, slackErr = p.desk.Connect(ctx) })
	both.Go(func() { p.report, oktaErr = p.okta.Connect(ctx) })
	both.Wait()
	return errors.Join(slackErr, oktaErr)
}

// openStores opens the durable store and the shelf of the configured profile.
func (p *parts) openStores(ctx context.Context) error {
	o := store.Options{Logger: p.log, Now: p.now, SweepEvery: 5 * time.Second}
	if p.cfg.PostgresURL == "" {
		s, err := sqlite.Open(ctx, p.cfg.SQLitePath, o)
		if err != nil {
			return err
		}
		p.store, p.shelf = s, s.Shelf()
		return nil
	}
	s, err := postgres.Open(ctx, p.cfg.PostgresURL.Reveal(), o)
	if err != nil {
		return fmt.Errorf("DATABASE_URL can't be used: check it, and that PostgreSQL runs and lets this machine in: %w", err)
	}
	p.store = s
	shelf, err := redis.Open(ctx, p.cfg.RedisURL.Reveal())
	if err != nil {
		return fmt.Errorf("REDIS_URL can't be used: check it, and that Redis runs and lets this machine in: %w", err)
	}
	p.shelf = shelf
	return nil
}

func (p *parts) close() error {
	var errs []error
	if p.shelf != nil {
		errs = append(errs, p.shelf.Close())
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	return errors.Join(errs...)
}

func loadLibrary(c PlaybooksConfig) (*playbooks.Library, error) {
	opts := playbooks.LoadOptions{Off: c.Off}
	if c.Folder != "" {
		if info, err := os.Stat(c.Folder); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("FRONTDESK_PLAYBOOKS (or playbooks.folder) names %s, which is no folder that can be read", c.Folder)
		}
		opts.Overlay, opts.OverlayName = os.DirFS(c.Folder), c.Folder
	}
	return playbooks.Load(opts)
}

// run lets the parts work until ctx is done or one of them cannot go on.
func (p *parts) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, work := range []func(context.Context) error{p.agent.Run, p.bot.Run} {
		all.Go(func() {
			if err := work(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
