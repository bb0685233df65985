package main

import (
	"context"
	"errors"
	"fmt"
)

type checkCmd struct {
	Dir string `arg:"" optional:"" help:"A folder of playbooks; by default the configured one."`
}

// Run reads configuration and playbooks without connecting to anything.
func (c checkCmd) Run(p *program) error {
	cfg, cfgErr := p.source.load()
	if c.Dir != "" {
		cfg.Playbooks.Folder = c.Dir
	}
	lib, err := loadLibrary(cfg.Playbooks)
	if err := errors.Join(cfgErr, err); err != nil {
		return err
	}
	for _, s := range lib.Shadowed() {
		fmt.Fprintln(p.stdout, shadowWords(s))
	}
	for _, n := range cfg.Notices {
		fmt.Fprintln(p.stdout, n)
	}
	_, err = fmt.Fprintf(p.stdout, "%d playbooks, nothing wrong.\n", len(lib.All()))
	return err
}

type migrateCmd struct{}

// Run opens the store, which brings it to this version's shape, and closes it.
func (migrateCmd) Run(ctx context.Context, p *program) error {
	cfg, err := p.source.load()
	if err != nil {
		return err
	}
	parts := &parts{cfg: cfg, log: p.log, now: p.now}
	err = parts.openStores(ctx)
	if err == nil {
		fmt.Fprintln(p.stdout, "The database is up to date.")
	}
	return errors.Join(err, parts.close())
}
