package main

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"frontdesk/bot/slacksim"
	"frontdesk/store/storetest/testservers"
)

// wire is a connection to a server that a test can cut and mend.
type wire struct {
	ln     net.Listener
	server string

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{ln: ln, server: server}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { w.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		w.set(true)
		running.Wait()
	})
	return w
}

// carry copies both ways until either side ends.
func (w *wire) carry(conn net.Conn) {
	defer conn.Close()
	far, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer far.Close()
	w.mu.Lock()
	if w.cut {
		w.mu.Unlock()
		return
	}
	w.conns = append(w.conns, conn, far)
	w.mu.Unlock()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(conn, far)
		_ = conn.Close()
	})
	_, _ = io.Copy(far, conn)
	_ = far.Close()
	back.Wait()
}

// set cuts the wire, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if cut {
		for _, c := range w.conns {
			_ = c.Close()
		}
		w.conns = nil
	}
}

// through gives the address of a server as reached over the wire.
func through(t *testing.T, address string) (string, *wire) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t, u.Host)
	u.Host = w.ln.Addr().String()
	return u.String(), w
}

// Row E2: PostgreSQL and Redis that go away between the card and the click lose
// nothing: the click fails visibly, and works once they are back.
func TestADatabaseThatGoesAwayInTheMiddleLosesNothing(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	database, postgres := through(t, testservers.Postgres(t))
	shelf, redis := through(t, testservers.Redis(t))
	startDesk(t, acme, "scaled", map[string]string{"DATABASE_URL": database, "REDIS_URL": shelf})
	ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
	within(t, 90*time.Second, func(ctx context.Context) error {
		reply, err := ada.Slash(ctx, "general", "/okta reset multi-factor")
		if err != nil {
			return err
		}
		number, err := numberOf(reply)
		if err != nil {
			return err
		}
		var card slacksim.Message
		if err := acme.slack.WaitFor(ctx, func() (ok bool) { card, ok = cardWith(grace, number, "Approve"); return ok }); err != nil {
			return err
		}
		postgres.set(true)
		redis.set(true)
		if _, err := grace.PressSeen(ctx, card, "Approve"); err != nil {
			return err
		}
		if calls := acme.okta.Effects(); len(calls) > 0 {
			t.Errorf("executed without a durable decision: %v", calls)
		}
		postgres.set(false)
		redis.set(false)
		told := func() bool {
			root, ok := rootOf(ada.DM(), number)
			return ok && !hasButton(root, "Withdraw")
		}
		for !told() { // people press again until the card changes
			if _, err := grace.PressSeen(ctx, card, "Approve"); err != nil {
				return err
			}
			look, stop := context.WithTimeout(ctx, 3*time.Second)
			err := acme.slack.WaitFor(look, told)
			stop()
			if err != nil && ctx.Err() != nil {
				return err
			}
		}
		return nil
	})
	if calls := acme.okta.Effects("reset_factors"); len(calls) != 1 {
		t.Errorf("Okta executed %d resets", len(calls))
	}
}
