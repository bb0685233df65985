package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"frontdesk/store"
)

// Messages leave through an outbox: they are stored with the change that they
// tell of and sent afterwards, in order, until Slack has taken them. Slack knows
// no idempotency key, so a message whose answer never came is looked for by the
// key in its metadata before it is sent again.

// threadOf marks a notice that goes under the request's first message.
const threadOf = "thread"

// rootKey is the key of a request's first message to its requester.
func rootKey(requestID string) string { return "request/" + requestID }

// cardKey is the key of an ask's card for one person.
func cardKey(askID, personID string) string { return "ask/" + askID + "/" + personID }

// say queues a message. to is a Slack user, or threadOf.
func (a *Agent) say(ctx context.Context, tx *txn, requestID, key, to string, m Message) error {
	return a.queue(ctx, tx, &store.Notice{RequestID: requestID, Key: key, To: to}, m)
}

// rewrite queues a new face for the message with key.
func (a *Agent) rewrite(ctx context.Context, tx *txn, requestID, key string, m Message) error {
	return a.queue(ctx, tx, &store.Notice{RequestID: requestID, Key: key + "/" + a.NewID(), Replaces: key}, m)
}

func (a *Agent) queue(ctx context.Context, tx *txn, n *store.Notice, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	n.ID, n.Body, n.State, n.QueuedAt = a.NewID(), body, store.NoticePending, tx.Now()
	if err := tx.QueueNotice(ctx, n); err != nil {
		return fmt.Errorf("queue message %s: %w", n.Key, err)
	}
	return tx.wake(ctx, requestSubject(n.RequestID))
}

// maxTries bounds how long an undeliverable message is kept trying: with pauses
// up to five minutes, about a day.
const maxTries = 300

// deliver sends what a request has to tell. Messages to one place keep their
// order; a place that Slack does not take now holds back only itself.
func (a *Agent) deliver(ctx context.Context, requestID string) (settled func(context.Context) (bool, error), err error) {
	settled = func(ctx context.Context) (bool, error) {
		now, due := a.Now(), false
		pending, err := a.pendingNotices(ctx, requestID)
		for _, n := range pending {
			due = due || !n.NotBefore.After(now)
		}
		return !due, err
	}
	pending, err := a.pendingNotices(ctx, requestID)
	if err != nil {
		return settled, err
	}
	overtaken := lastFaces(pending)
	held := map[string]bool{}
	for i := range pending {
		n := &pending[i]
		switch {
		case held[n.To] || held[n.Replaces]:
			held[n.Key] = true
			if n.NotBefore.Before(a.Now()) { // don't come back at once for what waits behind another
				n.NotBefore = a.Now().Add(time.Second)
				if err := a.saveNotice(ctx, n); err != nil {
					return settled, err
				}
			}
			continue
		case n.NotBefore.After(a.Now()):
			held[n.To], held[n.Key] = n.To != "", true
			continue
		case n.Replaces != "" && overtaken[n.Replaces] != n.ID:
			n.State, n.SentAt = store.NoticeSent, a.Now() // a later face follows at once
			if err := a.saveNotice(ctx, n); err != nil {
				return settled, err
			}
			continue
		}
		sent, err := a.send(ctx, n)
		if err != nil {
			return settled, err
		}
		if !sent {
			held[n.To], held[n.Key] = n.To != "", true
		}
	}
	return settled, nil
}

func (a *Agent) pendingNotices(ctx context.Context, requestID string) ([]store.Notice, error) {
	var pending []store.Notice
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		pending, err = tx.PendingNotices(ctx, requestID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list messages of request %s: %w", requestID, err)
	}
	return pending, nil
}

// lastFaces tells for each message the notice with its newest face.
func lastFaces(pending []store.Notice) map[string]string {
	last := map[string]string{}
	for _, n := range pending {
		if n.Replaces != "" {
			last[n.Replaces] = n.ID
		}
	}
	return last
}

// send hands one notice to Slack and notes the outcome. It answers false if the
// notice must wait.
func (a *Agent) send(ctx context.Context, n *store.Notice) (bool, error) {
	var m Message
	if err := json.Unmarshal(n.Body, &m); err != nil {
		return true, a.bury(ctx, n, "unreadable body")
	}
	req, at, err := a.place(ctx, n)
	if err != nil {
		return false, err
	}
	if n.Replaces != "" {
		if at.TS == "" {
			return true, a.bury(ctx, n, "the message it rewrites was never delivered")
		}
		return a.outcome(ctx, n, at, a.Desk.Update(ctx, at, m))
	}
	p := Post{User: n.To, Key: n.Key, Message: m}
	if n.To == threadOf {
		p.User, p.Channel, p.Thread = "", req.ThreadChannel, req.ThreadTS
		if req.ThreadTS == "" {
			p.User = req.SlackUser
		}
	}
	if n.State == store.NoticeSending {
		// A post whose answer never came: look before sending again.
		found, there, err := a.Desk.Find(ctx, p, n.QueuedAt.Add(-time.Minute))
		var de *DeskError
		switch {
		case err == nil && there:
			return a.outcome(ctx, n, found, nil)
		case err != nil && (!errors.As(err, &de) || !de.Permanent):
			return a.outcome(ctx, n, Posted{}, err)
		}
		// Sure that it is not there, or unable ever to look: a second copy of a
		// card is harmless, since both carry the same ask; a lost one is not.
	}
	n.State = store.NoticeSending
	if err := a.saveNotice(ctx, n); err != nil {
		return false, err
	}
	posted, err := a.Desk.Post(ctx, p)
	return a.outcome(ctx, n, posted, err)
}

// place reads the request and, for a rewrite, where the message stands.
func (a *Agent) place(ctx context.Context, n *store.Notice) (req store.Request, at Posted, err error) {
	err = a.Store.Read(ctx, func(tx store.Tx) error {
		var err error
		if req, err = tx.Request(ctx, n.RequestID); err != nil || n.Replaces == "" {
			return err
		}
		orig, err := tx.NoticeByKey(ctx, n.Replaces)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		at = Posted{Channel: orig.Channel, TS: orig.TS}
		return err
	})
	if err != nil {
		return req, at, fmt.Errorf("place message %s: %w", n.Key, err)
	}
	return req, at, nil
}

func (a *Agent) outcome(ctx context.Context, n *store.Notice, at Posted, err error) (bool, error) {
	n.Attempts++
	if err == nil {
		n.State, n.Channel, n.TS, n.SentAt, n.Error = store.NoticeSent, at.Channel, at.TS, a.Now(), ""
		return true, a.sent(ctx, n)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var de *DeskError
	if !errors.As(err, &de) {
		de = &DeskError{Code: "failed", Uncertain: true, Err: err}
	}
	if de.Permanent || n.Attempts >= maxTries {
		return true, a.bury(ctx, n, de.Code)
	}
	if n.State == store.NoticeSending && !de.Uncertain {
		n.State = store.NoticePending // Slack refused it: it was not posted
	}
	pause := max(de.RetryIn, min(time.Second<<min(n.Attempts-1, 9), 5*time.Minute))
	n.Error, n.NotBefore = de.Code, a.Now().Add(pause)
	a.log.WarnContext(ctx, "message put off", "request_id", n.RequestID, "key", n.Key, "code", de.Code, "attempts", n.Attempts, "pause", pause.String())
	return false, a.Store.Write(ctx, func(tx store.Tx) error {
		if err := tx.SaveNotice(ctx, n); err != nil {
			return err
		}
		return tx.Wake(ctx, requestSubject(n.RequestID), n.NotBefore)
	})
}

// sent notes where a message stands; a request's first message opens its thread.
func (a *Agent) sent(ctx context.Context, n *store.Notice) error {
	return a.Store.Write(context.WithoutCancel(ctx), func(tx store.Tx) error {
		if err := tx.SaveNotice(ctx, n); err != nil {
			return err
		}
		if n.Key != rootKey(n.RequestID) {
			return nil
		}
		req, err := tx.Request(ctx, n.RequestID)
		if err != nil {
			return err
		}
		req.ThreadChannel, req.ThreadTS = n.Channel, n.TS
		return tx.SaveRequest(ctx, &req)
	})
}

// bury gives a message up; the timeline says so, and the run looks whether it
// mattered.
func (a *Agent) bury(ctx context.Context, n *store.Notice, why string) error {
	n.State, n.Error = store.NoticeDead, why
	a.log.ErrorContext(ctx, "message could not be delivered", "request_id", n.RequestID, "key", n.Key, "code", why)
	return a.write(ctx, func(tx *txn) error {
		if err := tx.SaveNotice(ctx, n); err != nil {
			return err
		}
		run, err := tx.RunOf(ctx, n.RequestID)
		if err != nil {
			return err
		}
		if err := tx.wake(ctx, runSubject(run.ID)); err != nil {
			return err
		}
		return tx.Append(ctx, &store.Event{
			ID: a.NewID(), RequestID: n.RequestID, RunID: run.ID, Kind: "notice.undeliverable", Actor: "frontdesk",
			Outcome: why, Detail: map[string]string{"key": n.Key},
		})
	})
}

func (a *Agent) saveNotice(ctx context.Context, n *store.Notice) error {
	return a.Store.Write(ctx, func(tx store.Tx) error { return tx.SaveNotice(ctx, n) })
}
