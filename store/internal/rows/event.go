package rows

import (
	"context"
	"fmt"
	"maps"

	"frontdesk/store"
)

// appended is an event that waits for its place: the copy that is sealed when f
// has returned, and the caller's own, which is told.
type appended struct {
	event  store.Event
	caller *store.Event
}

const eventColumns = `seq, id, request_id, run_id, at, kind, actor, action, target, outcome, status, code, okta_request_id,
	detail, personal, salt, digest, prev, hash`

func readEvent(row scanner) (e store.Event, err error) {
	err = row.Scan(&e.Seq, &e.ID, &e.RequestID, &e.RunID, at{&e.At}, &e.Kind, &e.Actor, &e.Action, &e.Target, &e.Outcome,
		&e.Status, &e.Code, &e.OktaRequestID, asJSON{&e.Detail}, asJSON{&e.Personal}, &e.Salt, &e.Digest, &e.Prev, &e.Hash)
	return e, err
}

// link is the chain's head.
type link struct {
	seq  int64
	hash string
}

func readLink(row scanner) (l link, err error) {
	err = row.Scan(&l.seq, &l.hash)
	return l, err
}

func (t *tx) Append(_ context.Context, e *store.Event) error {
	if t.readOnly {
		return errReadOnly
	}
	c := *e
	if c.At.IsZero() {
		c.At = t.now
	}
	if c.ID == "" {
		c.ID = t.s.o.NewID()
	}
	c.Detail, c.Personal = maps.Clone(e.Detail), maps.Clone(e.Personal)
	e.ID, e.At = c.ID, c.At
	t.appended = append(t.appended, appended{c, e})
	return nil
}

// seal gives the appended events their places in the chain and writes them.
func (t *tx) seal(ctx context.Context) error {
	if len(t.appended) == 0 {
		return nil
	}
	head, err := one(ctx, t, readLink, t.s.engine.LockHead)
	if err != nil {
		return fmt.Errorf("lock the chain: %w", err)
	}
	for i := range t.appended {
		e := &t.appended[i].event
		if err := store.Seal(e, head.seq, head.hash); err != nil {
			return err
		}
		if err := t.addEvent(ctx, e); err != nil {
			return err
		}
		head = link{e.Seq, e.Hash}
	}
	if _, err := t.exec(ctx, `update chain_head set seq = $1, hash = $2 where id = 1`, head.seq, head.hash); err != nil {
		return fmt.Errorf("move the chain's head: %w", err)
	}
	for i := range t.appended {
		a := &t.appended[i]
		a.caller.Seq, a.caller.At = a.event.Seq, a.event.At
		a.caller.Salt, a.caller.Digest = a.event.Salt, a.event.Digest
		a.caller.Prev, a.caller.Hash = a.event.Prev, a.event.Hash
	}
	return nil
}

func (t *tx) addEvent(ctx context.Context, e *store.Event) error {
	detail, err := words(e.Detail)
	if err != nil {
		return err
	}
	personal, err := words(e.Personal)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `
		insert into events (seq, id, request_id, run_id, at, kind, actor, action, target, outcome, status, code, okta_request_id,
			detail, personal, salt, digest, prev, hash)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		e.Seq, e.ID, e.RequestID, e.RunID, micros(e.At), e.Kind, e.Actor, e.Action, e.Target, e.Outcome, e.Status, e.Code,
		e.OktaRequestID, detail, personal, e.Salt, e.Digest, e.Prev, e.Hash)
	if err != nil {
		return fmt.Errorf("append event %s: %w", e.ID, err)
	}
	return nil
}

func (t *tx) EventsOf(ctx context.Context, requestID string) ([]store.Event, error) {
	events, err := many(ctx, t, readEvent, `select `+eventColumns+` from events where request_id = $1 order by seq`, requestID)
	if err != nil {
		return nil, fmt.Errorf("events of request %s: %w", requestID, err)
	}
	return events, nil
}

func (t *tx) Events(ctx context.Context, from int64, limit int) ([]store.Event, error) {
	events, err := many(ctx, t, readEvent, `select `+eventColumns+` from events where seq >= $1 order by seq limit $2`, from, limit)
	if err != nil {
		return nil, fmt.Errorf("events from %d on: %w", from, err)
	}
	return events, nil
}

func (t *tx) ChainHead(ctx context.Context) (int64, string, error) {
	head, err := one(ctx, t, readLink, `select seq, hash from chain_head where id = 1`)
	if err != nil {
		return 0, "", fmt.Errorf("chain head: %w", err)
	}
	return head.seq, head.hash, nil
}
