package store

import (
	"encoding/json"
	"time"
)

// Request is what somebody wants. It owns the timeline and a Slack thread.
type Request struct {
	ID       string
	Number   int64  // what people; given by the store, unique, growing
	Delivery string // the Slack envelope (or other delivery) that made it; unique
	Source   string // "command"
	// Who asked, as Slack names them; RequesterID is the Okta id once the
	// identity gate has found it.
	SlackTeam   string
	SlackUser   string
	RequesterID string
	Channel     string // where it was typed
	Text        string // what was typed, without the command word; personal
	Title       string // one sentence for lists: "Reset multi-factor for Ada Lovelace"
	// The thread in which the requester is told.
	ThreadChannel string
	ThreadTS      string
	OpenedAt      time.Time
	ClosedAt      time.Time // zero while open
	Version       int64
}

// RequestQuery selects requests; zero fields select all. With both SlackUser
// and Approver it selects those of either.
type RequestQuery struct {
	SlackTeam string
	SlackUser string // the requester, or
	Approver  string // an Okta id: requests with an open ask to that person
	OpenOnly  bool
	Limit     int
}

// RunState is where a run stands. agent/doc.go draws the transitions.
type RunState string

// The states of a run.
const (
	Received  RunState = "received"
	Waiting   RunState = "waiting"
	Acting    RunState = "acting"
	Refused   RunState = "refused"
	Done      RunState = "done"
	Failed    RunState = "failed"
	Unknown   RunState = "unknown"
	Cancelled RunState = "cancelled"
	Expired   RunState = "expired"
)

// Ended tells whether a run in this state takes no more steps by itself.
func (s RunState) Ended() bool {
	return s != Received && s != Waiting && s != Acting
}

// Run is one playbook at work for a request.
type Run struct {
	ID        string
	RequestID string
	Playbook  string // its name; empty until one was chosen
	Hash      string // of Source: the version it is pinned to
	Source    string // the exact text it started with
	State     RunState
	Step      int             // index of the step at hand
	Data      json.RawMessage // the agent's working memory
	WakeAt    time.Time       // when to look again; zero: only when somebody acts
	StartedAt time.Time
	EndedAt   time.Time
	Version   int64
}

// AskState is where an ask stands.
type AskState string

// The states of an ask.
const (
	AskOpen      AskState = "open"
	AskApproved  AskState = "approved"
	AskDenied    AskState = "denied"
	AskExpired   AskState = "expired"
	AskVoid      AskState = "void"      // what was shown is no longer what would happen
	AskCancelled AskState = "cancelled" // by the requester
	AskAnswered  AskState = "answered"  // a question other than approve or deny
)

// Ask is an approval or a question that waits for somebody.
type Ask struct {
	ID        string
	RequestID string
	RunID     string
	Step      int
	Kind      string          // "approve", "proof", "settle"
	Digest    string          // of Plan: what was shown is what is decided on
	Plan      json.RawMessage // the sealed plan
	People    []string        // Okta ids of those who may decide
	Need      int             // how many of them must agree
	State     AskState
	OpenedAt  time.Time
	ExpiresAt time.Time // zero: never
	ClosedAt  time.Time
	Version   int64
}

// Verdict is what one person decided.
type Verdict string

// The verdicts.
const (
	Approve     Verdict = "approve"
	Deny        Verdict = "deny"
	Happened    Verdict = "happened"     // of an effect whose outcome is unknown
	NotHappened Verdict = "not_happened" // likewise
)

// Decision is one person's verdict on an ask; a person decides an ask once.
type Decision struct {
	AskID    string
	PersonID string
	Team     string // the Slack account that pressed
	User     string
	Verdict  Verdict
	Reason   string // personal
	Digest   string // of the plan that was decided on
	At       time.Time
}

// EffectState is where an Okta call stands.
type EffectState string

// The states of an effect.
const (
	EffectIntent  EffectState = "intent" // stored before the call; if found without outcome, it is settled, never repeated
	EffectRetry   EffectState = "retry"  // definitely not executed (429, 401, not sent): may be attempted again
	EffectDone    EffectState = "done"
	EffectNoop    EffectState = "noop" // already in that state
	EffectFailed  EffectState = "failed"
	EffectUnknown EffectState = "unknown"
)

// Effect is one Okta call: its intent and its outcome.
type Effect struct {
	ID        string
	RunID     string
	RequestID string
	Step      int
	Index     int    // within the step; (RunID, Step, Index) is unique
	Action    string // an action.Kind
	TargetID  string // the person acted on
	ObjectID  string // the group or app; empty for the others
	State     EffectState
	Attempt   int
	Intent    json.RawMessage // what is about to be done and what was seen before: what settlement needs
	IntentAt  time.Time
	OutcomeAt time.Time
	// What Okta answered.
	Status        int
	Code          string // errorCode
	Summary       string // in words, without secrets
	OktaRequestID string
	RetryAt       time.Time
	Version       int64
}

// NoticeState is where a message stands.
type NoticeState string

// The states of a notice.
const (
	NoticePending NoticeState = "pending"
	NoticeSending NoticeState = "sending" // handed to Slack, answer not known: look before sending again
	NoticeSent    NoticeState = "sent"
	NoticeDead    NoticeState = "dead" // cannot be delivered; the timeline says why
)

// Notice is one message to Slack: a new one, or, with Replaces, a new face for
// one that was posted before. Notices of a request are delivered in order.
type Notice struct {
	ID        string
	Seq       int64 // order within the store
	RequestID string
	Key       string // unique; travels with the message so that it can be found again
	Replaces  string // Key of the notice whose message this one rewrites
	To        string // Slack user id, or empty for the request's thread
	Body      json.RawMessage
	State     NoticeState
	Channel   string // where it went
	TS        string
	Attempts  int
	NotBefore time.Time
	Error     string
	QueuedAt  time.Time
	SentAt    time.Time
	Version   int64
}

// Person is an Okta user as last seen.
type Person struct {
	ID         string
	Email      string // lower-case: the canonical identifier between Slack and Okta
	Login      string
	Name       string
	Status     string
	Department string
	Title      string
	ManagerID  string
	SeenAt     time.Time
}

// Binding ties a Slack account to an Okta person by id, once.
type Binding struct {
	Team      string
	User      string
	PersonID  string
	Email     string // at the time of binding; a different one later is an alarm
	Proof     string // "" (matched by email only), "push", "code", "it"
	DMChannel string // remembered, to save a call
	BoundAt   time.Time
	ProvenAt  time.Time
	Version   int64
}

// Event is one line of a timeline. Events form one chain over the whole store.
type Event struct {
	Seq           int64
	ID            string
	RequestID     string // empty: not about one request
	RunID         string
	At            time.Time
	Kind          string // "request.opened", "ask.decided", "effect.done" …
	Actor         string // an Okta id, "slack:T…/U…", or "frontdesk"
	Action        string // an action.Kind, if it is about one
	Target        string // an Okta id
	Outcome       string
	Status        int    // Okta's HTTP status
	Code          string // Okta's errorCode
	OktaRequestID string
	Detail        map[string]string // nothing personal
	Personal      map[string]string // names, emails, what people wrote; erasable
	Salt          string            // erased with Personal
	Digest        string            // of Salt and Personal; stays
	Prev          string
	Hash          string
}
