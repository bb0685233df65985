package rows

import (
	"context"
	"fmt"
	"time"

	"frontdesk/store"
)

const noticeColumns = `seq, id, request_id, key, replaces, send_to, body, state, channel, ts, attempts, not_before, error,
	queued_at, sent_at, version`

func readNotice(row scanner) (n store.Notice, err error) {
	err = row.Scan(&n.Seq, &n.ID, &n.RequestID, &n.Key, &n.Replaces, &n.To, asJSON{&n.Body}, &n.State, &n.Channel, &n.TS,
		&n.Attempts, at{&n.NotBefore}, &n.Error, at{&n.QueuedAt}, at{&n.SentAt}, &n.Version)
	return n, err
}

func (t *tx) QueueNotice(ctx context.Context, n *store.Notice) error {
	if t.readOnly {
		return errReadOnly
	}
	seq, err := many(ctx, t, readInt, `
		insert into notices (id, request_id, key, replaces, send_to, body, state, channel, ts, attempts, not_before, error,
			queued_at, sent_at, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)
		on conflict do nothing
		returning seq`,
		n.ID, n.RequestID, n.Key, n.Replaces, n.To, string(n.Body), string(n.State), n.Channel, n.TS, n.Attempts,
		micros(n.NotBefore), n.Error, micros(n.QueuedAt), micros(n.SentAt))
	if err != nil {
		return fmt.Errorf("queue notice %s: %w", n.Key, err)
	}
	if len(seq) == 0 {
		return fmt.Errorf("queue notice %s: %w", n.Key, store.ErrDuplicate)
	}
	n.Seq, n.Version = seq[0], 1
	return nil
}

func (t *tx) PendingNotices(ctx context.Context, requestID string) ([]store.Notice, error) {
	notices, err := many(ctx, t, readNotice, `
		select `+noticeColumns+` from notices
		where request_id = $1 and state in ('pending', 'sending') order by seq`, requestID)
	if err != nil {
		return nil, fmt.Errorf("pending notices of request %s: %w", requestID, err)
	}
	return notices, nil
}

func (t *tx) NoticeByKey(ctx context.Context, key string) (store.Notice, error) {
	n, err := one(ctx, t, readNotice, `select `+noticeColumns+` from notices where key = $1`, key)
	if err != nil {
		return n, fmt.Errorf("notice %s: %w", key, err)
	}
	return n, nil
}

func (t *tx) SaveNotice(ctx context.Context, n *store.Notice) error {
	err := t.swap(ctx, &n.Version, `
		update notices set replaces = $1, send_to = $2, body = $3, state = $4, channel = $5, ts = $6, attempts = $7,
			not_before = $8, error = $9, sent_at = $10, version = version + 1
		where id = $11 and version = $12`,
		n.Replaces, n.To, string(n.Body), string(n.State), n.Channel, n.TS, n.Attempts,
		micros(n.NotBefore), n.Error, micros(n.SentAt), n.ID, n.Version)
	if err != nil {
		return fmt.Errorf("save notice %s: %w", n.Key, err)
	}
	return nil
}

func (t *tx) DueNotices(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := many(ctx, t, readText, `
		select request_id from notices
		where state in ('pending', 'sending') and not_before <= $1
		group by request_id order by min(not_before), min(seq) limit $2`, micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list due notices: %w", err)
	}
	return ids, nil
}
