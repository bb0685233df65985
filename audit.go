package main

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
	"frontdesk/store"
	"frontdesk/store/postgres"
	"frontdesk/store/sqlite"
)

type auditCmd struct {
	Show   auditShowCmd   `cmd:"" help:"Show the timeline of a request, or of everything."`
	Verify auditVerifyCmd `cmd:"" help:"Verify that no event was changed, dropped, reordered or cut off."`
}

type auditShowCmd struct {
	Request string `arg:"" optional:"" help:"A request's number, such as R-12; without it, all events."`
}

// Run prints events, one line each.
func (c auditShowCmd) Run(ctx context.Context, p *program) error {
	return p.reading(ctx, func(tx store.Tx) error {
		if c.Request == "" {
			return p.showAll(ctx, tx)
		}
		number, ok := action.RequestNumber(c.Request)
		if !ok {
			return fmt.Errorf("%q is no request number; they look like R-12", c.Request)
		}
		req, err := tx.RequestByNumber(ctx, number)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no request R-%d", number)
		}
		if err != nil {
			return err
		}
		events, err := tx.EventsOf(ctx, req.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "R-%d · %s\n", req.Number, req.Title)
		return p.show(ctx, tx, events)
	})
}

func (p *program) showAll(ctx context.Context, tx store.Tx) error {
	const batch = 500
	for from := int64(1); ; {
		events, err := tx.Events(ctx, from, batch)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := p.show(ctx, tx, events); err != nil {
			return err
		}
		from = events[len(events)-1].Seq + 1
	}
}

func (p *program) show(ctx context.Context, tx store.Tx, events []store.Event) error {
	naming := map[string]string{}
	for _, e := range events {
		if _, known := naming[e.Actor]; !known {
			if who, err := tx.Person(ctx, e.Actor); err == nil {
				naming[e.Actor] = who.Name
			}
		}
		if _, err := fmt.Fprintf(p.stdout, "%6d  %s\n", e.Seq, agent.EventLine(e, naming)); err != nil {
			return err
		}
	}
	return nil
}

type auditVerifyCmd struct{}

// Run walks the whole chain and names the first event that does not fit.
func (auditVerifyCmd) Run(ctx context.Context, p *program) error {
	return p.reading(ctx, func(tx store.Tx) error {
		n, head, err := store.Verify(ctx, tx)
		if bad, ok := errors.AsType[*store.ChainError](err); ok {
			return fmt.Errorf("the timeline was tampered with: %w; everything before it holds", bad)
		}
		if err != nil {
			return err
		}
		if n == 0 {
			_, err = fmt.Fprintln(p.stdout, "No events yet.")
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "%d events, unbroken. Head: %s\n", n, head)
		return err
	})
}

// reading opens the configured store beside a running Frontdesk and reads it.
func (p *program) reading(ctx context.Context, f func(tx store.Tx) error) (err error) {
	cfg, err := p.source.load()
	if err != nil {
		return err
	}
	o := store.Options{Logger: p.log, Now: p.now}
	var s store.Store
	if cfg.PostgresURL == "" {
		s, err = sqlite.OpenReadOnly(ctx, cfg.SQLitePath, o)
	} else {
		s, err = postgres.Open(ctx, cfg.PostgresURL.Reveal(), o)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Read(ctx, f)
}
