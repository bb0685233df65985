package rows

import (
	"context"
	"fmt"

	"frontdesk/store"
)

func (t *tx) SavePerson(ctx context.Context, p store.Person) error {
	_, err := t.exec(ctx, `
		insert into people (id, email, login, name, status, department, title, manager_id, seen_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set email = excluded.email, login = excluded.login, name = excluded.name,
			status = excluded.status, department = excluded.department, title = excluded.title,
			manager_id = excluded.manager_id, seen_at = excluded.seen_at`,
		p.ID, p.Email, p.Login, p.Name, p.Status, p.Department, p.Title, p.ManagerID, micros(p.SeenAt))
	if err != nil {
		return fmt.Errorf("save person %s: %w", p.ID, err)
	}
	return nil
}

func (t *tx) Person(ctx context.Context, id string) (store.Person, error) {
	p, err := one(ctx, t, func(row scanner) (p store.Person, err error) {
		err = row.Scan(&p.ID, &p.Email, &p.Login, &p.Name, &p.Status, &p.Department, &p.Title, &p.ManagerID, at{&p.SeenAt})
		return p, err
	}, `
		select id, email, login, name, status, department, title, manager_id, seen_at
		from people where id = $1`, id)
	if err != nil {
		return p, fmt.Errorf("person %s: %w", id, err)
	}
	return p, nil
}

const bindingColumns = `slack_team, slack_user, person_id, email, proof, dm_channel, bound_at, proven_at, version`

func readBinding(row scanner) (b store.Binding, err error) {
	err = row.Scan(&b.Team, &b.User, &b.PersonID, &b.Email, &b.Proof, &b.DMChannel, at{&b.BoundAt}, at{&b.ProvenAt}, &b.Version)
	return b, err
}

func (t *tx) Binding(ctx context.Context, team, slackUser string) (store.Binding, error) {
	b, err := one(ctx, t, readBinding, `
		select `+bindingColumns+` from bindings where slack_team = $1 and slack_user = $2`, team, slackUser)
	if err != nil {
		return b, fmt.Errorf("binding of %s/%s: %w", team, slackUser, err)
	}
	return b, nil
}

func (t *tx) BindingOf(ctx context.Context, personID string) (store.Binding, error) {
	b, err := one(ctx, t, readBinding, `select `+bindingColumns+` from bindings where person_id = $1`, personID)
	if err != nil {
		return b, fmt.Errorf("binding of person %s: %w", personID, err)
	}
	return b, nil
}

func (t *tx) CreateBinding(ctx context.Context, b *store.Binding) error {
	err := t.insert(ctx, `
		insert into bindings (slack_team, slack_user, person_id, email, proof, dm_channel, bound_at, proven_at, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 1)
		on conflict do nothing`,
		b.Team, b.User, b.PersonID, b.Email, b.Proof, b.DMChannel, micros(b.BoundAt), micros(b.ProvenAt))
	if err != nil {
		return fmt.Errorf("bind %s/%s: %w", b.Team, b.User, err)
	}
	b.Version = 1
	return nil
}

func (t *tx) SaveBinding(ctx context.Context, b *store.Binding) error {
	err := t.swap(ctx, &b.Version, `
		update bindings set person_id = $1, email = $2, proof = $3, dm_channel = $4, bound_at = $5, proven_at = $6,
			version = version + 1
		where slack_team = $7 and slack_user = $8 and version = $9`,
		b.PersonID, b.Email, b.Proof, b.DMChannel, micros(b.BoundAt), micros(b.ProvenAt), b.Team, b.User, b.Version)
	if err != nil {
		return fmt.Errorf("save binding of %s/%s: %w", b.Team, b.User, err)
	}
	return nil
}

func (t *tx) DeleteBinding(ctx context.Context, team, slackUser string) error {
	_, err := t.exec(ctx, `delete from bindings where slack_team = $1 and slack_user = $2`, team, slackUser)
	if err != nil {
		return fmt.Errorf("unbind %s/%s: %w", team, slackUser, err)
	}
	return nil
}
