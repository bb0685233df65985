package rows

import (
	"context"
	"fmt"
	"time"

	"frontdesk/store"
)

const runColumns = `id, request_id, playbook, hash, source, state, step, data, wake_at, started_at, ended_at, version`

func readRun(row scanner) (r store.Run, err error) {
	err = row.Scan(&r.ID, &r.RequestID, &r.Playbook, &r.Hash, &r.Source, &r.State, &r.Step, asJSON{&r.Data},
		at{&r.WakeAt}, at{&r.StartedAt}, at{&r.EndedAt}, &r.Version)
	return r, err
}

// createRun is a part of CreateRequest: a request has one run.
func (t *tx) createRun(ctx context.Context, r *store.Run) error {
	err := t.insert(ctx, `
		insert into runs (id, request_id, playbook, hash, source, state, step, data, wake_at, started_at, ended_at, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)
		on conflict do nothing`,
		r.ID, r.RequestID, r.Playbook, r.Hash, r.Source, string(r.State), r.Step, string(r.Data),
		micros(r.WakeAt), micros(r.StartedAt), micros(r.EndedAt))
	if err != nil {
		return fmt.Errorf("create run %s: %w", r.ID, err)
	}
	r.Version = 1
	return nil
}

func (t *tx) Run(ctx context.Context, id string) (store.Run, error) {
	r, err := one(ctx, t, readRun, `select `+runColumns+` from runs where id = $1`, id)
	if err != nil {
		return r, fmt.Errorf("run %s: %w", id, err)
	}
	return r, nil
}

func (t *tx) RunOf(ctx context.Context, requestID string) (store.Run, error) {
	r, err := one(ctx, t, readRun, `select `+runColumns+` from runs where request_id = $1`, requestID)
	if err != nil {
		return r, fmt.Errorf("run of request %s: %w", requestID, err)
	}
	return r, nil
}

func (t *tx) SaveRun(ctx context.Context, r *store.Run) error {
	err := t.swap(ctx, &r.Version, `
		update runs set playbook = $1, hash = $2, source = $3, state = $4, step = $5, data = $6,
			wake_at = $7, started_at = $8, ended_at = $9, version = version + 1
		where id = $10 and version = $11`,
		r.Playbook, r.Hash, r.Source, string(r.State), r.Step, string(r.Data),
		micros(r.WakeAt), micros(r.StartedAt), micros(r.EndedAt), r.ID, r.Version)
	if err != nil {
		return fmt.Errorf("save run %s: %w", r.ID, err)
	}
	return nil
}

func (t *tx) DueRuns(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := many(ctx, t, readText, `
		select id from runs
		where wake_at > 0 and wake_at <= $1 and state in ('received', 'waiting', 'acting')
		order by wake_at, id limit $2`, micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list due runs: %w", err)
	}
	return ids, nil
}
