package bot

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// slackCode is Slack's error code in err, or empty.
func slackCode(err error) string {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return refused.Err
	}
	return ""
}

// permanent are the codes that trying again won't change: the place, the person
// or the message is wrong.
var permanent = map[string]bool{
	"account_inactive": true, "block_mismatch": true, "cannot_dm_bot": true, "cant_update_message": true, "channel_not_found": true,
	"edit_window_closed": true, "invalid_arguments": true, "invalid_blocks": true, "invalid_blocks_format": true,
	"invalid_metadata_format": true, "invalid_metadata_schema": true, "is_archived": true, "is_inactive": true,
	"message_not_found": true, "messages_tab_disabled": true, "metadata_too_large": true, "msg_blocks_too_long": true,
	"msg_too_long": true, "no_text": true, "not_in_channel": true, "restricted_action": true, "thread_not_found": true,
	"too_many_attachments": true, "user_disabled": true, "user_not_found": true, "user_not_in_channel": true,
	"user_not_visible": true, "users_not_found": true,
}

// uncertain are the codes after which the call may have taken effect all the same.
var uncertain = map[string]bool{
	"fatal_error": true, "internal_error": true, "service_unavailable": true, "request_timeout": true,
}

// deskError says what a failed call means for the one who made it. An error that
// does not prove that Slack refused is uncertain.
func deskError(method string, err error) error {
	failed := &agent.DeskError{Code: method, Err: withoutURL(err)}
	var (
		limited *slack.RateLimitedError
		status  slack.StatusCodeError
		badWait *strconv.NumError // slack-go could not read Retry-After
		dial    *net.OpError
	)
	code := slackCode(err)
	switch {
	case errors.As(err, &limited):
		failed.Code, failed.RetryIn = "ratelimited", max(limited.RetryAfter, time.Second)
	case errors.As(err, &badWait), errors.As(err, &status) && status.Code == http.StatusTooManyRequests,
		code == "ratelimited", code == "rate_limited":
		failed.Code, failed.RetryIn = "ratelimited", 30*time.Second
	case errors.As(err, &status):
		failed.Code, failed.Uncertain = "http_"+strconv.Itoa(status.Code), status.Code >= http.StatusInternalServerError
	case code != "":
		failed.Code, failed.Permanent, failed.Uncertain = code, permanent[code], uncertain[code]
	case errors.As(err, &dial) && dial.Op == "dial":
		failed.Code = "unreachable" // never sent
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		failed.Code, failed.Uncertain = "timeout", true
	default:
		failed.Code, failed.Uncertain = "no_answer", true
	}
	return failed
}

// withoutURL drops the address from a transport error: a response_url is a
// secret for as long as it lives.
func withoutURL(err error) error {
	if transport, ok := errors.AsType[*url.Error](err); ok {
		return transport.Err
	}
	return err
}
