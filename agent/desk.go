package agent

import (
	"context"
	"errors"
	"time"
)

// Desk is what the engine needs of Slack. bot implements it.
type Desk interface {
	// Account reads a Slack account (users.info), at most a few seconds old.
	Account(ctx context.Context, user string) (Account, error)
	// AccountByEmail finds the one active account with that email; ErrNoAccount if none.
	AccountByEmail(ctx context.Context, email string) (Account, error)
	// Post sends a new message. The key travels with it (message metadata), so
	// that Find can recognise it. A *DeskError tells whether trying again helps.
	Post(ctx context.Context, p Post) (Posted, error)
	// Find looks for a message that carries key, posted at or after since.
	// It answers false only when it is sure that there is none.
	Find(ctx context.Context, p Post, since time.Time) (Posted, bool, error)
	// Update gives a message a new face.
	Update(ctx context.Context, at Posted, m Message) error
	// Whisper shows a message to one person only; it is kept nowhere.
	Whisper(ctx context.Context, channel, user string, m Message) error
}

// ErrNoAccount says that there is no such Slack account.
var ErrNoAccount = errors.New("no such Slack account")

// Account is a Slack user object, as far as the identity gate reads it.
// Source: Slack, "User object".
type Account struct {
	Team            string
	Enterprise      string
	ID              string
	Name            string
	Email           string
	Deleted         bool
	Bot             bool // is_bot, is_app_user, is_workflow_bot, is_connector_bot or Slackbot
	Stranger        bool
	Restricted      bool
	UltraRestricted bool
	Invited         bool
	EmailConfirmed  bool
}

// Post says where a message goes.
type Post struct {
	User    string // to this person's direct messages, or
	Channel string // to this channel,
	Thread  string // under this message
	Key     string
	Message Message
}

// Posted is where a message stands.
type Posted struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// DeskError is a failed Slack call.
type DeskError struct {
	Code      string // Slack's error: channel_not_found …
	RetryIn   time.Duration
	Permanent bool // trying again won't help
	Uncertain bool // the message may have been posted all the same
	Err       error
}

// Error tells Slack's code.
func (e *DeskError) Error() string {
	if e.Err != nil {
		return "slack: " + e.Code + ": " + e.Err.Error()
	}
	return "slack: " + e.Code
}

// Unwrap gives the transport error.
func (e *DeskError) Unwrap() error { return e.Err }

// Mood colours a message.
type Mood string

// The moods.
const (
	MoodPlain   Mood = ""
	MoodWaiting Mood = "waiting"
	MoodGood    Mood = "good"
	MoodBad     Mood = "bad"
	MoodWarning Mood = "warning"
	MoodOver    Mood = "over" // expired, cancelled, overtaken: nothing to do any more
)

// Message is a view handed to Slack: words and opaque ids, never rows. Every
// string may hold untrusted text; bot escapes it. Mentions of Slack accounts are
// written as Mention(id) in Text, Lines and fact values.
type Message struct {
	Mood    Mood     `json:"mood,omitempty"`
	Title   string   `json:"title,omitempty"`
	Text    string   `json:"text,omitempty"`
	Facts   []Fact   `json:"facts,omitempty"`
	Lines   []string `json:"lines,omitempty"` // a list: the plan's actions, a timeline's events
	Quote   string   `json:"quote,omitempty"` // what a person wrote: the reason
	Notes   []string `json:"notes,omitempty"` // small print: warnings, what was seen
	Footer  string   `json:"footer,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
}

// Fact is a labelled line.
type Fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Button carries one opaque id and what pressing it means.
type Button struct {
	Verb    ButtonVerb `json:"verb"`
	ID      string     `json:"id"`
	Label   string     `json:"label"`
	Style   string     `json:"style,omitempty"`   // "", "primary", "danger"
	Confirm string     `json:"confirm,omitempty"` // asked before, if not empty
}

// ButtonVerb is what a button does.
type ButtonVerb string

// The button verbs.
const (
	ButtonApprove     ButtonVerb = "approve"      // ID is an ask
	ButtonDeny        ButtonVerb = "deny"         // ID is an ask; asks for a reason first
	ButtonHappened    ButtonVerb = "happened"     // ID is a settle ask
	ButtonNotHappened ButtonVerb = "not_happened" // likewise
	ButtonProve       ButtonVerb = "prove"        // ID is a proof ask, or empty
	ButtonCancel      ButtonVerb = "cancel"       // ID is a request
)

// mentionOpen and mentionClose bracket a Slack id inside a Message's strings:
// private-use runes that bot turns into a mention and that cleanText strips from
// whatever people wrote.
const (
	mentionOpen  = '\uE000'
	mentionClose = '\uE001'
)

// Mention marks a Slack account inside a Message's strings.
func Mention(slackUser string) string {
	return string(mentionOpen) + slackUser + string(mentionClose)
}

// EachMention splits s into runs of text and mentioned accounts, for the one who
// renders it.
func EachMention(s string, text func(string), mention func(slackUser string)) {
	start, open := 0, -1
	for i, r := range s {
		switch r {
		case mentionOpen:
			if i > start {
				text(s[start:i])
			}
			start, open = i+len(string(r)), i
		case mentionClose:
			if open >= 0 {
				mention(s[start:i])
			}
			start, open = i+len(string(r)), -1
		}
	}
	if start < len(s) {
		text(s[start:])
	}
}
