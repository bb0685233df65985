package slacksim

import (
	"log/slog"
	"time"
)

// Config says what kind of workspace to build. Only Now is required; every
// other field has the default that its comment names.
type Config struct {
	// Now is the clock behind message timestamps and every expiry.
	Now func() time.Time
	// Logger receives what happens to sockets; nil discards it.
	Logger *slog.Logger

	// AckTimeout is how long an envelope may stay unacknowledged: 3 s.
	AckTimeout time.Duration
	// PingEvery is the interval of WebSocket pings: 10 s.
	PingEvery time.Duration
	// PongTimeout is how long a client may take to answer a ping: 20 s.
	PongTimeout time.Duration
	// DisconnectGrace is the time between a disconnect frame and the close
	// of its socket: 10 s.
	DisconnectGrace time.Duration
	// SocketLifetime is how long a socket lives before it is refreshed: 18060 s.
	SocketLifetime time.Duration
	// EventRetries are the waits before each further delivery of an event
	// that was not acknowledged: at once, 1 min, 5 min.
	EventRetries []time.Duration
	// TriggerTTL is how long a trigger id can be exchanged: 3 s.
	TriggerTTL time.Duration
	// ResponseTTL is how long a response_url works: 30 min.
	ResponseTTL time.Duration
	// ResponseUses is how often a response_url works: 5.
	ResponseUses int
	// BlocksTotal is the undocumented limit of characters over all blocks of
	// a message: 13200. Negative switches it off.
	BlocksTotal int

	// Team is the workspace itself.
	Team Team
	// App is the app installed in it.
	App App
	// Commands are the slash commands the app registered; none means that
	// every command goes to the app, escaped.
	Commands []Command
	// Events are the event names subscribed to, such as "message.im"; none
	// means all.
	Events []string

	// BotToken is the token of the bot user: "xoxb-sim".
	BotToken string
	// AppToken is the app-level token that opens sockets: "xapp-sim".
	AppToken string
	// Scopes are the scopes granted to BotToken; nil means all that any
	// method needs.
	Scopes []string
}

// Team describes the workspace.
type Team struct {
	ID             string `json:"id"`                        // "T00SIM"
	Name           string `json:"name"`                      // "Acme"
	Domain         string `json:"domain"`                    // "acme"
	EmailDomain    string `json:"email_domain"`              // "acme.example"
	EnterpriseID   string `json:"enterprise_id,omitempty"`   // none
	EnterpriseName string `json:"enterprise_name,omitempty"` // none
}

// App describes the app installed in the workspace.
type App struct {
	ID      string // "A00SIM"
	Name    string // "frontdesk", also the handle of its bot user
	BotUser string // "U00BOT", the id of its bot user
	BotID   string // "B00SIM"
	// HomeOff switches the Home tab off: views.publish answers not_enabled.
	HomeOff bool
	// MessagesOff switches the Messages tab off: direct messages answer
	// messages_tab_disabled.
	MessagesOff bool
}

// Command is one slash command as the app's manifest declares it.
type Command struct {
	// Name with its slash: "/okta".
	Name string
	// Unescaped is should_escape: false. Mentions then arrive as plain @name.
	Unescaped bool
	// BareMentions escapes @ada as <@U…> instead of <@U…|ada>.
	BareMentions bool
	// LinkedEmails escapes addresses as <mailto:…|…>.
	LinkedEmails bool
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		panic("slacksim: Config.Now is required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	orDuration(&c.AckTimeout, 3*time.Second)
	orDuration(&c.PingEvery, 10*time.Second)
	orDuration(&c.PongTimeout, 20*time.Second)
	orDuration(&c.DisconnectGrace, 10*time.Second)
	orDuration(&c.SocketLifetime, 18060*time.Second)
	orDuration(&c.TriggerTTL, 3*time.Second)
	orDuration(&c.ResponseTTL, 30*time.Minute)
	if c.EventRetries == nil {
		c.EventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if c.ResponseUses == 0 {
		c.ResponseUses = 5
	}
	if c.BlocksTotal == 0 {
		c.BlocksTotal = 13200
	}
	orString(&c.Team.ID, "T00SIM")
	orString(&c.Team.Name, "Acme")
	orString(&c.Team.Domain, "acme")
	orString(&c.Team.EmailDomain, c.Team.Domain+".example")
	orString(&c.App.ID, "A00SIM")
	orString(&c.App.Name, "frontdesk")
	orString(&c.App.BotUser, "U00BOT")
	orString(&c.App.BotID, "B00SIM")
	orString(&c.BotToken, "xoxb-sim")
	orString(&c.AppToken, "xapp-sim")
	return c
}

func orDuration(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}

func orString(s *string, fallback string) {
	if *s == "" {
		*s = fallback
	}
}

// command finds how a slash command was declared. With no declarations every
// command exists.
func (c Config) command(name string) (Command, bool) {
	if len(c.Commands) == 0 {
		return Command{Name: name}, true
	}
	for _, cmd := range c.Commands {
		if cmd.Name == name {
			return cmd, true
		}
	}
	return Command{}, false
}
