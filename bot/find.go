package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// A posted message carries its notice's key as metadata.
const (
	noticeEvent = "frontdesk_notice"
	noticeKey   = "key"
)

// clockSkew is how far Slack's clock and ours may be apart.
const clockSkew = time.Minute

// Find looks for a message of ours that carries the post's key, posted at or
// after since. It answers false only after it has read everything since then;
// where Slack does not let us read, it fails with a permanent *agent.DeskError.
func (d *Desk) Find(ctx context.Context, p agent.Post, since time.Time) (agent.Posted, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*callWithin)
	defer cancel()
	channel, err := d.channel(ctx, p)
	if err != nil {
		return agent.Posted{}, false, err
	}
	oldest := since.Add(-clockSkew)
	from := fmt.Sprintf("%d.%06d", oldest.Unix(), oldest.Nanosecond()/1000)
	cursor := ""
	for {
		messages, next, err := d.page(ctx, channel, p.Thread, from, cursor)
		if err != nil {
			return agent.Posted{}, false, err
		}
		for _, m := range messages {
			if d.carries(m, p.Key) {
				return agent.Posted{Channel: channel, TS: m.Timestamp}, true, nil
			}
		}
		if next == "" {
			return agent.Posted{}, false, nil
		}
		cursor = next
	}
}

func (d *Desk) carries(m slack.Message, key string) bool {
	if self := d.me(); self != "" && m.User != "" && m.User != self {
		return false
	}
	return m.Metadata.EventType == noticeEvent && m.Metadata.EventPayload[noticeKey] == key
}

func (d *Desk) page(ctx context.Context, channel, thread, oldest, cursor string) ([]slack.Message, string, error) {
	const limit = 200
	if thread != "" {
		messages, more, next, err := d.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: thread, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: limit, IncludeAllMetadata: true,
		})
		return messages, next, unread("conversations.replies", more, next, err)
	}
	h, err := d.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Inclusive: true, Cursor: cursor, Limit: limit, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", unread("conversations.history", false, "", err)
	}
	next := h.ResponseMetaData.NextCursor
	return h.Messages, next, unread("conversations.history", h.HasMore, next, nil)
}

// unread is the error of a page: of the call, or of a page that says there is
// more without saying where.
func unread(method string, more bool, next string, err error) error {
	var failed *agent.DeskError
	switch {
	case err == nil && more && next == "":
		return &agent.DeskError{Code: "no_cursor", Err: errors.New(method + " says there is more but not where")}
	case err == nil:
		return nil
	}
	switch code := slackCode(err); code {
	case "unknown_method", "missing_scope", "method_deprecated", "not_allowed_token_type", "no_permission", "access_denied", "accesslimited", "thread_not_found":
		return &agent.DeskError{Code: code, Permanent: true, Err: err}
	}
	if err = deskError(method, err); errors.As(err, &failed) {
		failed.Uncertain = false // reading posts nothing
	}
	return err
}
