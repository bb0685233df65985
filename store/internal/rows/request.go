package rows

import (
	"context"
	"fmt"
	"math"
	"strings"

	"frontdesk/store"
)

const requestColumns = `number, id, delivery, source, slack_team, slack_user, requester_id, channel, text, title,
	thread_channel, thread_ts, opened_at, closed_at, version`

func readRequest(row scanner) (r store.Request, err error) {
	err = row.Scan(&r.Number, &r.ID, &r.Delivery, &r.Source, &r.SlackTeam, &r.SlackUser, &r.RequesterID, &r.Channel, &r.Text, &r.Title,
		&r.ThreadChannel, &r.ThreadTS, at{&r.OpenedAt}, at{&r.ClosedAt}, &r.Version)
	return r, err
}

func (t *tx) CreateRequest(ctx context.Context, r *store.Request, run *store.Run) error {
	if t.readOnly {
		return errReadOnly
	}
	number, err := many(ctx, t, readInt, `
		insert into requests (id, delivery, source, slack_team, slack_user, requester_id, channel, text, title,
			thread_channel, thread_ts, opened_at, closed_at, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
		on conflict do nothing
		returning number`,
		r.ID, r.Delivery, r.Source, r.SlackTeam, r.SlackUser, r.RequesterID, r.Channel, r.Text, r.Title,
		r.ThreadChannel, r.ThreadTS, micros(r.OpenedAt), micros(r.ClosedAt))
	if err != nil {
		return fmt.Errorf("create request %s: %w", r.ID, err)
	}
	if len(number) == 0 {
		return fmt.Errorf("create request %s: %w", r.ID, store.ErrDuplicate)
	}
	r.Number, r.Version = number[0], 1
	return t.createRun(ctx, run)
}

func readInt(row scanner) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

func readText(row scanner) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}

func (t *tx) Request(ctx context.Context, id string) (store.Request, error) {
	r, err := one(ctx, t, readRequest, `select `+requestColumns+` from requests where id = $1`, id)
	if err != nil {
		return r, fmt.Errorf("request %s: %w", id, err)
	}
	return r, nil
}

func (t *tx) RequestByNumber(ctx context.Context, number int64) (store.Request, error) {
	r, err := one(ctx, t, readRequest, `select `+requestColumns+` from requests where number = $1`, number)
	if err != nil {
		return r, fmt.Errorf("request number %d: %w", number, err)
	}
	return r, nil
}

func (t *tx) RequestByDelivery(ctx context.Context, delivery string) (store.Request, error) {
	r, err := one(ctx, t, readRequest, `select `+requestColumns+` from requests where delivery = $1`, delivery)
	if err != nil {
		return r, fmt.Errorf("request of delivery %s: %w", delivery, err)
	}
	return r, nil
}

func (t *tx) Requests(ctx context.Context, q store.RequestQuery) ([]store.Request, error) {
	var (
		args  []any
		whose []string
		all   []string
	)
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if q.SlackUser != "" {
		whose = append(whose, `slack_user = `+arg(q.SlackUser))
	}
	if q.Approver != "" {
		whose = append(whose, `id in (
			select asks.request_id from asks join ask_people on ask_people.ask_id = asks.id
			where asks.state = 'open' and ask_people.person_id = `+arg(q.Approver)+`)`)
	}
	if len(whose) > 0 {
		all = append(all, `(`+strings.Join(whose, ` or `)+`)`)
	}
	if q.SlackTeam != "" {
		all = append(all, `slack_team = `+arg(q.SlackTeam))
	}
	if q.OpenOnly {
		all = append(all, `closed_at = 0`)
	}
	query := `select ` + requestColumns + ` from requests`
	if len(all) > 0 {
		query += ` where ` + strings.Join(all, ` and `)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = math.MaxInt32
	}
	requests, err := many(ctx, t, readRequest, query+` order by number desc limit `+arg(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	return requests, nil
}

func (t *tx) SaveRequest(ctx context.Context, r *store.Request) error {
	err := t.swap(ctx, &r.Version, `
		update requests set requester_id = $1, channel = $2, text = $3, title = $4, thread_channel = $5, thread_ts = $6,
			opened_at = $7, closed_at = $8, version = version + 1
		where id = $9 and version = $10`,
		r.RequesterID, r.Channel, r.Text, r.Title, r.ThreadChannel, r.ThreadTS,
		micros(r.OpenedAt), micros(r.ClosedAt), r.ID, r.Version)
	if err != nil {
		return fmt.Errorf("save request %s: %w", r.ID, err)
	}
	return nil
}
