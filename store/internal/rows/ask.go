package rows

import (
	"context"
	"fmt"

	"frontdesk/store"
)

const askColumns = `id, request_id, run_id, step, kind, digest, plan, need, state, opened_at, expires_at, closed_at, version`

func readAsk(row scanner) (a store.Ask, err error) {
	err = row.Scan(&a.ID, &a.RequestID, &a.RunID, &a.Step, &a.Kind, &a.Digest, asJSON{&a.Plan}, &a.Need, &a.State,
		at{&a.OpenedAt}, at{&a.ExpiresAt}, at{&a.ClosedAt}, &a.Version)
	return a, err
}

func (t *tx) CreateAsk(ctx context.Context, a *store.Ask) error {
	err := t.insert(ctx, `
		insert into asks (id, request_id, run_id, step, kind, digest, plan, need, state, opened_at, expires_at, closed_at, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)
		on conflict do nothing`,
		a.ID, a.RequestID, a.RunID, a.Step, a.Kind, a.Digest, string(a.Plan), a.Need, string(a.State),
		micros(a.OpenedAt), micros(a.ExpiresAt), micros(a.ClosedAt))
	if err != nil {
		return fmt.Errorf("create ask %s: %w", a.ID, err)
	}
	a.Version = 1
	return t.addPeople(ctx, a)
}

func (t *tx) addPeople(ctx context.Context, a *store.Ask) error {
	for i, p := range a.People {
		_, err := t.exec(ctx, `insert into ask_people (ask_id, position, person_id) values ($1, $2, $3)`, a.ID, i, p)
		if err != nil {
			return fmt.Errorf("name who decides ask %s: %w", a.ID, err)
		}
	}
	return nil
}

func (t *tx) Ask(ctx context.Context, id string) (store.Ask, error) {
	a, err := one(ctx, t, readAsk, `select `+askColumns+` from asks where id = $1`, id)
	if err != nil {
		return a, fmt.Errorf("ask %s: %w", id, err)
	}
	a.People, err = t.peopleOf(ctx, id)
	return a, err
}

func (t *tx) AsksOf(ctx context.Context, runID string) ([]store.Ask, error) {
	asks, err := many(ctx, t, readAsk, `select `+askColumns+` from asks where run_id = $1 order by opened_at, id`, runID)
	if err != nil {
		return nil, fmt.Errorf("asks of run %s: %w", runID, err)
	}
	for i := range asks {
		if asks[i].People, err = t.peopleOf(ctx, asks[i].ID); err != nil {
			return nil, err
		}
	}
	return asks, nil
}

func (t *tx) peopleOf(ctx context.Context, askID string) ([]string, error) {
	people, err := many(ctx, t, readText, `select person_id from ask_people where ask_id = $1 order by position`, askID)
	if err != nil {
		return nil, fmt.Errorf("people of ask %s: %w", askID, err)
	}
	return people, nil
}

func (t *tx) SaveAsk(ctx context.Context, a *store.Ask) error {
	err := t.swap(ctx, &a.Version, `
		update asks set step = $1, kind = $2, digest = $3, plan = $4, need = $5, state = $6,
			opened_at = $7, expires_at = $8, closed_at = $9, version = version + 1
		where id = $10 and version = $11`,
		a.Step, a.Kind, a.Digest, string(a.Plan), a.Need, string(a.State),
		micros(a.OpenedAt), micros(a.ExpiresAt), micros(a.ClosedAt), a.ID, a.Version)
	if err != nil {
		return fmt.Errorf("save ask %s: %w", a.ID, err)
	}
	if _, err := t.exec(ctx, `delete from ask_people where ask_id = $1`, a.ID); err != nil {
		return fmt.Errorf("save ask %s: %w", a.ID, err)
	}
	return t.addPeople(ctx, a)
}

func (t *tx) AddDecision(ctx context.Context, d store.Decision) error {
	err := t.insert(ctx, `
		insert into decisions (ask_id, person_id, slack_team, slack_user, verdict, reason, digest, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`,
		d.AskID, d.PersonID, d.Team, d.User, string(d.Verdict), d.Reason, d.Digest, micros(d.At))
	if err != nil {
		return fmt.Errorf("decision on ask %s: %w", d.AskID, err)
	}
	return nil
}

func (t *tx) Decisions(ctx context.Context, askID string) ([]store.Decision, error) {
	decisions, err := many(ctx, t, func(row scanner) (d store.Decision, err error) {
		err = row.Scan(&d.AskID, &d.PersonID, &d.Team, &d.User, &d.Verdict, &d.Reason, &d.Digest, at{&d.At})
		return d, err
	}, `
		select ask_id, person_id, slack_team, slack_user, verdict, reason, digest, at
		from decisions where ask_id = $1 order by at, person_id`, askID)
	if err != nil {
		return nil, fmt.Errorf("decisions on ask %s: %w", askID, err)
	}
	return decisions, nil
}
