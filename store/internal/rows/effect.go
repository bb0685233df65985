package rows

import (
	"context"
	"fmt"

	"frontdesk/store"
)

const effectColumns = `id, run_id, request_id, step, idx, action, target_id, object_id, state, attempt, intent, intent_at,
	outcome_at, status, code, summary, okta_request_id, retry_at, version`

func readEffect(row scanner) (e store.Effect, err error) {
	err = row.Scan(&e.ID, &e.RunID, &e.RequestID, &e.Step, &e.Index, &e.Action, &e.TargetID, &e.ObjectID, &e.State, &e.Attempt,
		asJSON{&e.Intent}, at{&e.IntentAt}, at{&e.OutcomeAt}, &e.Status, &e.Code, &e.Summary, &e.OktaRequestID,
		at{&e.RetryAt}, &e.Version)
	return e, err
}

func (t *tx) CreateEffect(ctx context.Context, e *store.Effect) error {
	err := t.insert(ctx, `
		insert into effects (id, run_id, request_id, step, idx, action, target_id, object_id, state, attempt, intent, intent_at,
			outcome_at, status, code, summary, okta_request_id, retry_at, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1)
		on conflict do nothing`,
		e.ID, e.RunID, e.RequestID, e.Step, e.Index, e.Action, e.TargetID, e.ObjectID, string(e.State), e.Attempt,
		string(e.Intent), micros(e.IntentAt), micros(e.OutcomeAt), e.Status, e.Code, e.Summary, e.OktaRequestID,
		micros(e.RetryAt))
	if err != nil {
		return fmt.Errorf("create effect %s: %w", e.ID, err)
	}
	e.Version = 1
	return nil
}

func (t *tx) Effect(ctx context.Context, id string) (store.Effect, error) {
	e, err := one(ctx, t, readEffect, `select `+effectColumns+` from effects where id = $1`, id)
	if err != nil {
		return e, fmt.Errorf("effect %s: %w", id, err)
	}
	return e, nil
}

func (t *tx) EffectsOf(ctx context.Context, runID string) ([]store.Effect, error) {
	effects, err := many(ctx, t, readEffect, `select `+effectColumns+` from effects where run_id = $1 order by step, idx`, runID)
	if err != nil {
		return nil, fmt.Errorf("effects of run %s: %w", runID, err)
	}
	return effects, nil
}

func (t *tx) SaveEffect(ctx context.Context, e *store.Effect) error {
	err := t.swap(ctx, &e.Version, `
		update effects set state = $1, attempt = $2, intent = $3, intent_at = $4, outcome_at = $5, status = $6, code = $7,
			summary = $8, okta_request_id = $9, retry_at = $10, version = version + 1
		where id = $11 and version = $12`,
		string(e.State), e.Attempt, string(e.Intent), micros(e.IntentAt), micros(e.OutcomeAt), e.Status, e.Code,
		e.Summary, e.OktaRequestID, micros(e.RetryAt), e.ID, e.Version)
	if err != nil {
		return fmt.Errorf("save effect %s: %w", e.ID, err)
	}
	return nil
}
