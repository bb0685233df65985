package agent

import (
	"time"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// Caller is a Slack account that does something, as the envelope names it.
type Caller struct {
	Team       string
	Enterprise string
	User       string
	Channel    string
}

// Submission is a command that somebody typed or a form that they sent.
type Submission struct {
	Delivery string // the envelope's id: one delivery makes one request
	Caller   Caller
	Text     string // as typed, for the timeline
	Command  action.Command
}

// Ticket says what became of a submission.
type Ticket struct {
	RequestID string
	Number    int64
	Again     bool // this delivery had been stored before
}

// Click is a press on a card's button.
type Click struct {
	Delivery string
	Caller   Caller
	AskID    string
	Verdict  Verdict
	Reason   string
}

// Verdict is what a click means.
type Verdict = store.Verdict

// The verdicts, for those who must not know the store.
const (
	Approve     = store.Approve
	Deny        = store.Deny
	Happened    = store.Happened
	NotHappened = store.NotHappened
)

// ProofNeeded is returned when a person must first prove, once, that their Slack
// account and their Okta account are the same person's. bot opens the proof
// form; after the proof the click is made again by itself.
type ProofNeeded struct { //nolint:errname // an answer to a click, named as people would say it
	Click Click
	Name  string // of the Okta person
	Email string
}

// Error says it in a sentence.
func (p *ProofNeeded) Error() string {
	return "Before your first decision I need one proof that this Slack account is yours."
}

// PushStarted tells a person which number to pick on their phone.
type PushStarted struct {
	ID        string // for PushOutcome
	Number    string
	ExpiresAt time.Time
}
