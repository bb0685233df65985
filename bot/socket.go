package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// connection is one Socket Mode connection, over all its reconnects.
type connection struct {
	number int
	client *socketmode.Client
	up     atomic.Bool

	mu      sync.Mutex
	waiting map[string][]chan error // acknowledgements on their way to the socket
}

// connect runs one connection until ctx is done or Slack will have no more of
// us; the latter is the error, a sentence for the person who runs the program.
func (b *Bot) connect(ctx context.Context, number int, in *intake) error {
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	api := slack.New("", slack.OptionAppLevelToken(b.AppToken), slack.OptionAPIURL(b.Desk.url), slack.OptionHTTPClient(b.Desk.http))
	log := &wire{closing: ctx.Done(), asked: func(reason string) {
		b.Logger.InfoContext(ctx, "slack asked to reconnect", "connection", number, "reason", reason)
		if reason == "link_disabled" {
			hangUp(errLinkDisabled)
		}
	}}
	c := &connection{number: number, waiting: map[string][]chan error{}}
	c.client = socketmode.New(api, socketmode.OptionDebug(true), socketmode.OptionLog(log), socketmode.OptionReadLimit(maxFrame))
	log.events = c.client.Events

	var reader sync.WaitGroup
	stop := make(chan struct{})
	reader.Go(func() {
		for {
			select {
			case e := <-c.client.Events:
				if err := b.listen(ctx, c, in, e); err != nil {
					hangUp(err)
				}
			case <-stop:
				return
			}
		}
	})
	b.join(c)
	defer b.leave(c)
	err := b.stayConnected(ctx, c)
	close(stop)
	reader.Wait()
	return err
}

const maxFrame = 4 << 20 // bytes; Slack's largest payloads carry a view of 250 KB

// stayConnected comes back after whatever slack-go gives up on but is not final.
func (b *Bot) stayConnected(ctx context.Context, c *connection) error {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := c.client.RunContext(ctx)
		c.up.Store(false)
		if cause := context.Cause(ctx); cause != nil {
			if errors.Is(cause, context.Canceled) {
				return nil
			}
			return cause
		}
		if final := appTokenCure(err); final != nil {
			return final
		}
		b.Logger.WarnContext(ctx, "slack connection ended", "connection", c.number, "error", withoutURL(err))
		_ = rest(ctx, pause) // if it is cut short, so is RunContext
	}
}

// listen takes one event of the library. It must not wait: while it does, the
// socket is not read.
func (b *Bot) listen(ctx context.Context, c *connection, in *intake, e socketmode.Event) error {
	switch e.Type {
	case eventWritten:
		if id, ok := e.Data.(string); ok {
			c.settle(id, nil)
		}
	case socketmode.EventTypeErrorWriteFailed:
		if failed, ok := e.Data.(*socketmode.ErrorWriteFailed); ok && failed.Response != nil {
			c.settle(failed.Response.EnvelopeID, fmt.Errorf("acknowledge: %w", failed.Cause))
		}
	case socketmode.EventTypeHello:
		c.up.Store(true)
		b.Logger.InfoContext(ctx, "connected to slack", "connection", c.number)
	case socketmode.EventTypeConnecting:
		c.up.Store(false)
	case socketmode.EventTypeConnectionError:
		failed, ok := e.Data.(*slack.ConnectionErrorEvent)
		if !ok {
			break
		}
		if final := appTokenCure(failed.ErrorObj); final != nil {
			return final
		}
		b.Logger.WarnContext(ctx, "cannot connect to slack", "connection", c.number, "attempt", failed.Attempt, "retry_in", failed.Backoff, "error", withoutURL(failed.ErrorObj))
	case socketmode.EventTypeErrorBadMessage:
		// The library could not decode it; perhaps we can, and if not, it is
		// still acknowledged.
		if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
			var r socketmode.Request
			if json.Unmarshal(bad.Message, &r) == nil || r.EnvelopeID != "" {
				b.take(ctx, c, in, &r)
			}
		}
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
		b.take(ctx, c, in, e.Request)
	case socketmode.EventTypeConnected, socketmode.EventTypeDisconnect, socketmode.EventTypeIncomingError, socketmode.EventTypeInvalidAuth:
		// The library reconnects, or RunContext ends and says why.
	}
	return nil
}

func (b *Bot) take(ctx context.Context, c *connection, in *intake, r *socketmode.Request) {
	if r == nil || r.EnvelopeID == "" {
		return
	}
	e := envelope{id: r.EnvelopeID, kind: r.Type, payload: r.Payload, arrived: b.Now(), from: c}
	if in.offer(e) {
		return
	}
	// No room, or we are about to stop: a command is told at once; Slack repeats
	// events and tells people about the rest.
	b.Logger.WarnContext(ctx, "an envelope was turned away", "kind", e.kind)
	if e.kind == socketmode.RequestTypeSlashCommands {
		brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := c.client.AckCtx(brief, e.id, b.whisper(sayBusy)); err != nil {
			b.Logger.WarnContext(ctx, "acknowledgement failed", "error", err)
		}
	}
}

// ack acknowledges an envelope and returns when the acknowledgement has been
// written to the socket, or with an error when it could not be while ctx lasts.
func (c *connection) ack(ctx context.Context, id string, payload any) error {
	done := make(chan error, 1)
	c.mu.Lock()
	c.waiting[id] = append(c.waiting[id], done)
	c.mu.Unlock()
	err := c.client.AckCtx(ctx, id, payload)
	if err == nil {
		select {
		case err = <-done:
			return err
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	c.abandon(id, done)
	return fmt.Errorf("acknowledge: %w", err)
}

// settle tells whoever waits first for this acknowledgement.
func (c *connection) settle(id string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if list := c.waiting[id]; len(list) > 0 {
		list[0] <- err
		c.drop(id, 0)
	}
}

func (c *connection) abandon(id string, done chan error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.waiting[id] {
		if other == done {
			c.drop(id, i)
			return
		}
	}
}

func (c *connection) drop(id string, i int) {
	list := append(c.waiting[id][:i:i], c.waiting[id][i+1:]...)
	if c.waiting[id] = list; len(list) == 0 {
		delete(c.waiting, id)
	}
}

var errLinkDisabled = errors.New("Slack says that Socket Mode is switched off for this app: switch it on (your app's page, Socket Mode), then start again") //nolint:staticcheck // a sentence for people

// appTokenCure turns an answer after which connecting again cannot help into a
// sentence that says what to do; nil for any other.
func appTokenCure(err error) error {
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code == http.StatusNotFound {
		return fmt.Errorf("no Slack answers at SLACK_API_URL (HTTP 404): check the address: %w", err)
	}
	var say string
	switch slackCode(err) {
	case "invalid_auth", "not_authed":
		say = "Slack does not know SLACK_APP_TOKEN: take the app-level token (xapp-…) from your app's page, Basic Information, App-Level Tokens"
	case "token_revoked", "token_expired", "account_inactive":
		say = "SLACK_APP_TOKEN was revoked: make a new app-level token with the scope connections:write"
	case "not_allowed_token_type":
		say = "SLACK_APP_TOKEN is of the wrong kind: it wants the app-level token (xapp-…), not the bot's"
	case "missing_scope", "no_permission":
		say = "SLACK_APP_TOKEN lacks the scope connections:write: make a new app-level token that has it"
	case "forbidden_team", "access_denied", "org_login_required", "team_access_not_granted":
		say = "Slack does not let this app connect to the workspace: an admin must approve it"
	default:
		return nil
	}
	return fmt.Errorf("%s: %w", say, err)
}

// rest waits for d or until ctx is done.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
