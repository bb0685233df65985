package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/store"
)

// Submit stores what somebody asks, with its run, first event and job, in one
// transaction. When it returns without an error the request is durable and the
// envelope may be acknowledged; the run waits for Begin or, should the process
// die in between, for BeginAfter.
func (a *Agent) Submit(ctx context.Context, s Submission) (Ticket, error) {
	now := a.Now()
	m := memory{Command: s.Command}
	req := store.Request{
		ID: a.NewID(), Delivery: s.Delivery, Source: "command",
		SlackTeam: s.Caller.Team, SlackUser: s.Caller.User, Channel: s.Caller.Channel,
		Text: s.Text, Title: s.Command.String(), OpenedAt: now,
	}
	run := store.Run{
		ID: a.NewID(), RequestID: req.ID, State: store.Received, StartedAt: now,
		WakeAt: now.Add(a.BeginAfter), Data: m.encode(),
	}
	err := a.Store.Write(ctx, func(tx store.Tx) error {
		// Taken by an earlier copy of this delivery, or by its withdrawal.
		if fresh, err := tx.Once(ctx, deliveryKey(s.Delivery)); err != nil {
			return err
		} else if !fresh {
			return store.ErrDuplicate
		}
		if err := tx.CreateRequest(ctx, &req, &run); err != nil {
			return err
		}
		if err := tx.Wake(ctx, runSubject(run.ID), run.WakeAt); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // too late to be acknowledged: keep nothing
			return err
		}
		return tx.Append(ctx, &store.Event{
			ID: a.NewID(), RequestID: req.ID, RunID: run.ID, Kind: "request.opened",
			Actor: s.Caller.actor(), Action: string(s.Command.Kind),
			Detail:   map[string]string{"source": req.Source, "number": requestName(req.Number)},
			Personal: map[string]string{"text": s.Text},
		})
	})
	if errors.Is(err, store.ErrDuplicate) {
		return a.ticketOf(ctx, s.Delivery)
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("keep the request: %w", err)
	}
	a.log.InfoContext(ctx, "request opened", "request_id", req.ID, "number", req.Number, "action", s.Command.Kind)
	return Ticket{RequestID: req.ID, Number: req.Number}, nil
}

// ticketOf finds the request that an earlier copy of a delivery made.
func (a *Agent) ticketOf(ctx context.Context, delivery string) (Ticket, error) {
	var req store.Request
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		req, err = tx.RequestByDelivery(ctx, delivery)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return Ticket{}, &Problem{Code: "withdrawn", Text: "I could not answer Slack in time and dropped this request: nothing was done. Please ask again."}
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("find the request of a delivery seen before: %w", err)
	}
	return Ticket{RequestID: req.ID, Number: req.Number, Again: true}, nil
}

func deliveryKey(delivery string) string { return "delivery/" + delivery }

// Begin tells that the acknowledgement went out: the run starts at once.
func (a *Agent) Begin(requestID string) {
	a.kick("begin/" + requestID)
}

// begin starts the run of a request without waiting for BeginAfter.
func (a *Agent) begin(ctx context.Context, requestID string) error {
	var run store.Run
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		run, err = tx.RunOf(ctx, requestID)
		return err
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.begun[run.ID] = true
	a.mu.Unlock()
	return a.handle(ctx, runSubject(run.ID))
}

// mayBegin tells whether a received run's turn has come, and if not, when it will.
func (a *Agent) mayBegin(req store.Request, run store.Run) (bool, time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.withdrawn[req.Delivery] {
		return false, a.Now().Add(a.BeginAfter)
	}
	due := req.OpenedAt.Add(a.BeginAfter)
	return a.begun[run.ID] || !a.Now().Before(due), due
}

func (a *Agent) hasBegun(runID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.begun, runID)
}

// Withdraw cancels a request whose acknowledgement failed or came too late, and
// tells the person. It goes on in the background until the store answers; until
// then this process does not begin the request. Safe to call when nothing was
// stored.
func (a *Agent) Withdraw(delivery string, c Caller) {
	a.mu.Lock()
	a.withdrawn[delivery] = true
	a.mu.Unlock()
	a.pending.Go(func() {
		// Past BeginAfter a run that another process took may have gone on; by
		// then the person has read the apology and the run is theirs to cancel.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
			err := a.withdraw(ctx, delivery, c)
			if err == nil {
				break
			}
			if rest(ctx, pause) != nil {
				a.log.ErrorContext(ctx, "a request whose acknowledgement failed could not be withdrawn", "delivery", delivery, "error", err)
				return // stays in withdrawn: this process never begins it
			}
		}
		a.mu.Lock()
		delete(a.withdrawn, delivery)
		a.mu.Unlock()
	})
}

func (a *Agent) withdraw(ctx context.Context, delivery string, c Caller) error {
	return a.write(ctx, func(tx *txn) error {
		// Whoever writes this delivery later finds its key taken; whoever is at it
		// now has committed, or given up, when Once answers.
		fresh, err := tx.Once(ctx, deliveryKey(delivery))
		if err != nil || fresh {
			return err
		}
		req, err := tx.RequestByDelivery(ctx, delivery)
		if errors.Is(err, store.ErrNotFound) {
			return nil // withdrawn before
		}
		if err != nil {
			return err
		}
		j, err := a.loadIn(ctx, tx, req.ID)
		if err != nil || j.run.State != store.Received {
			return err
		}
		return a.endIn(ctx, tx, j, store.Cancelled, ending{
			event: "request.withdrawn", actor: c.actor(), outcome: "not acknowledged in time",
			words: "Slack did not get my answer in time, so I dropped this request: nothing was done. Please ask again.",
		})
	})
}

// rest waits for d or until ctx is done.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (c Caller) actor() string { return slackActor(c.Team, c.User) }

// requestName is how people see a request's number.
func requestName(n int64) string { return fmt.Sprintf("R-%d", n) }
