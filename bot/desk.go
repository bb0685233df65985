package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// DeskConfig says how to reach a Slack workspace.
type DeskConfig struct {
	Token  string // the bot's: xoxb-…
	APIURL string // Slack's by default
	HTTP   *http.Client
	Logger *slog.Logger
	Now    func() time.Time
	// Links are addresses that messages show as links, such as the one where
	// people sign in. Any other address stays text.
	Links []string
}

// Desk is Slack as the engine uses it.
type Desk struct {
	api   *slack.Client
	url   string
	http  *http.Client
	log   *slog.Logger
	now   func() time.Time
	links []string

	mu       sync.Mutex
	accounts map[string]seenAccount
	dms      map[string]string // account → direct message channel
	self     string            // the bot's own user id, once connected
}

var _ agent.Desk = (*Desk)(nil)

type seenAccount struct {
	account agent.Account
	at      time.Time
}

const (
	accountFor  = 20 * time.Second // how old an account may be
	maxRecalled = 10_000           // accounts and channels remembered
	callWithin  = 10 * time.Second // bound on one Slack call
)

// NewDesk builds a Desk and calls nothing yet.
func NewDesk(c DeskConfig) *Desk {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: callWithin}
	}
	if c.APIURL == "" {
		c.APIURL = slack.APIURL
	}
	c.APIURL = strings.TrimRight(c.APIURL, "/") + "/" // slack-go appends the method to it
	return &Desk{
		api:   slack.New(c.Token, slack.OptionAPIURL(c.APIURL), slack.OptionHTTPClient(c.HTTP)),
		url:   c.APIURL,
		http:  c.HTTP,
		log:   c.Logger,
		now:   c.Now,
		links: slices.Clone(c.Links),

		accounts: map[string]seenAccount{},
		dms:      map[string]string{},
	}
}

// Account reads a Slack account, at most twenty seconds old.
func (d *Desk) Account(ctx context.Context, user string) (agent.Account, error) {
	if a, ok := d.recall(user); ok {
		return a, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	u, err := d.api.GetUserInfoContext(ctx, user)
	if code := slackCode(err); code == "user_not_found" || code == "user_not_visible" {
		return agent.Account{}, fmt.Errorf("account %s: %w", user, agent.ErrNoAccount)
	}
	if err != nil {
		return agent.Account{}, deskError("users.info", err)
	}
	return d.keep(accountOf(u)), nil
}

// AccountByEmail finds the one active account with that email.
func (d *Desk) AccountByEmail(ctx context.Context, email string) (agent.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	u, err := d.api.GetUserByEmailContext(ctx, email)
	if slackCode(err) == "users_not_found" {
		return agent.Account{}, fmt.Errorf("account by email: %w", agent.ErrNoAccount)
	}
	if err != nil {
		return agent.Account{}, deskError("users.lookupByEmail", err)
	}
	return d.keep(accountOf(u)), nil
}

func accountOf(u *slack.User) agent.Account {
	name := u.RealName
	for _, other := range []string{u.Profile.RealName, u.Profile.DisplayName, u.Name} {
		if name == "" {
			name = other
		}
	}
	return agent.Account{
		Team:       u.TeamID,
		Enterprise: u.Enterprise.EnterpriseID,
		ID:         u.ID,
		Name:       name,
		Email:      strings.TrimSpace(u.Profile.Email),
		Deleted:    u.Deleted,
		// is_app_user is not about robots: it marks people who authorised this
		// very app. Source: Slack, "User object".
		Bot:             u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || u.ID == "USLACKBOT",
		Stranger:        u.IsStranger,
		Restricted:      u.IsRestricted,
		UltraRestricted: u.IsUltraRestricted,
		Invited:         u.IsInvitedUser,
		EmailConfirmed:  u.IsEmailConfirmed,
	}
}

func (d *Desk) recall(user string) (agent.Account, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen, ok := d.accounts[user]
	return seen.account, ok && d.now().Sub(seen.at) < accountFor
}

func (d *Desk) keep(a agent.Account) agent.Account {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.accounts) >= maxRecalled {
		clear(d.accounts)
	}
	d.accounts[a.ID] = seenAccount{account: a, at: d.now()}
	return a
}

// Post sends a new message, to a person or into a channel.
func (d *Desk) Post(ctx context.Context, p agent.Post) (agent.Posted, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	channel, err := d.channel(ctx, p)
	if err != nil {
		return agent.Posted{}, err
	}
	options := append(Render(p.Message, d.links...).options(), slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: noticeEvent, EventPayload: map[string]any{noticeKey: p.Key},
	}), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	if p.Thread != "" {
		options = append(options, slack.MsgOptionTS(p.Thread))
	}
	at, ts, err := d.api.PostMessageContext(ctx, channel, options...)
	if err != nil {
		if slackCode(err) == "channel_not_found" {
			d.forget(p.User)
		}
		return agent.Posted{}, deskError("chat.postMessage", err)
	}
	return agent.Posted{Channel: at, TS: ts}, nil
}

// Update gives a message a new face. The key that it was posted with stays.
func (d *Desk) Update(ctx context.Context, at agent.Posted, m agent.Message) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	if _, _, _, err := d.api.UpdateMessageContext(ctx, at.Channel, at.TS, Render(m, d.links...).options()...); err != nil {
		return deskError("chat.update", err)
	}
	return nil
}

// Whisper shows a message to one person only, in channel. A notification of it
// says no more than the title: the rest may be a secret.
func (d *Desk) Whisper(ctx context.Context, channel, user string, m agent.Message) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	face := Render(m, d.links...)
	if title := mrkdwn(cut(m.Title, maxFallback)); title != "" {
		face.Text = title
	}
	if _, err := d.api.PostEphemeralContext(ctx, channel, user, face.options()...); err != nil {
		return deskError("chat.postEphemeral", err)
	}
	return nil
}

func (f Face) options() []slack.MsgOption {
	return []slack.MsgOption{slack.MsgOptionText(f.Text, false), slack.MsgOptionBlocks(f.Blocks...)}
}

// channel is where a post goes: the channel it names, or the direct messages of
// the person it names.
func (d *Desk) channel(ctx context.Context, p agent.Post) (string, error) {
	if p.User == "" {
		return p.Channel, nil
	}
	d.mu.Lock()
	known := d.dms[p.User]
	d.mu.Unlock()
	if known != "" {
		return known, nil
	}
	c, _, _, err := d.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{p.User}})
	if err != nil {
		var failed *agent.DeskError
		if err = deskError("conversations.open", err); errors.As(err, &failed) {
			failed.Uncertain = false // nothing has been posted yet
		}
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.dms) >= maxRecalled {
		clear(d.dms)
	}
	d.dms[p.User] = c.ID
	return c.ID, nil
}

func (d *Desk) forget(user string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.dms, user)
}

func (d *Desk) me() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.self
}
