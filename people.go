package main

import (
	"context"
	"errors"
	"fmt"
)

type peopleCmd struct {
	Bind   peopleBindCmd   `cmd:"" help:"Bind a Slack account to an Okta person, as IT's own proof."`
	Unbind peopleUnbindCmd `cmd:"" help:"Forget whom a Slack account was bound to."`
}

type peopleBindCmd struct {
	Slack string `arg:"" help:"The Slack account's id, such as U012ABCDEF."`
	Email string `arg:"" help:"The Okta person's email or login."`
}

// Run binds and proves. With the embedded store, stop serve first.
func (c peopleBindCmd) Run(ctx context.Context, p *program) error {
	return p.withParts(ctx, func(parts *parts) error {
		name, err := parts.agent.Bind(ctx, c.Slack, c.Email)
		if err == nil {
			fmt.Fprintf(p.stdout, "%s is now %s.\n", c.Slack, name)
		}
		return err
	})
}

type peopleUnbindCmd struct {
	Slack string `arg:"" help:"The Slack account's id, such as U012ABCDEF."`
}

// Run takes a binding back.
func (c peopleUnbindCmd) Run(ctx context.Context, p *program) error {
	return p.withParts(ctx, func(parts *parts) error {
		err := parts.agent.Unbind(ctx, c.Slack)
		if err == nil {
			fmt.Fprintf(p.stdout, "%s is bound to nobody any more.\n", c.Slack)
		}
		return err
	})
}

func (p *program) withParts(ctx context.Context, f func(*parts) error) error {
	cfg, err := p.source.load(needSlack, needOkta)
	if err != nil {
		return err
	}
	parts, err := build(ctx, cfg, p.log, p.now)
	if err != nil {
		return err
	}
	return errors.Join(f(parts), parts.close())
}
