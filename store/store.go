package store

import (
	"context"
	"time"
)

// Store is the durable store with its job queue. All methods are safe for
// concurrent use. Times are UTC, kept in microseconds.
type Store interface {
	// Write runs f in one transaction and commits if f returns nil; whatever f
	// changed, appended or woke is kept together or not at all. f may run more
	// than once when the engine reports a serialisation failure, so it must not
	// touch anything but the Tx; the embedded engine has one writer, so another
	// Write, Claim or Shelf call inside f would wait for itself.
	//
	// Two transactions may interleave and read what the other has not committed
	// yet as it was before: what must not be overtaken is a row that both save.
	Write(ctx context.Context, f func(Tx) error) error
	// Read runs f in one read-only transaction.
	Read(ctx context.Context, f func(Tx) error) error

	// Claim takes key for owner until now+ttl, unless another owner's claim on
	// it still runs. A claim is a courtesy between workers, never authority:
	// what must happen once is guarded by compare-and-swap.
	Claim(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	// Release ends owner's claim on key; releasing what is not held is no error.
	Release(ctx context.Context, key, owner string) error
	// ReleaseAll ends every claim. Only a process that knows itself to be alone
	// (the embedded profile, at its start) may call it.
	ReleaseAll(ctx context.Context) error

	// Work runs the queue until ctx is done: each subject that was woken is
	// handed to handle, several at a time; an error makes the queue try again
	// later with growing pauses. Once every sweep interval handle is called with
	// SweepSubject on one replica.
	Work(ctx context.Context, handle func(ctx context.Context, subject string) error) error
	// Ping tells whether the store answers.
	Ping(ctx context.Context) error
	// Exclusive tells whether this process is the only one that can have the
	// store open (SQLite), so that what it finds half-done was interrupted.
	Exclusive() bool
	Close() error
}

// SweepSubject is the subject of the periodic sweep.
const SweepSubject = "sweep"

// Tx is one transaction. Save methods are compare-and-swap: they change the row
// only if its Version is the one that was read, then increase it in place;
// otherwise they return ErrConflict and the transaction must be given up.
// ErrNotFound, ErrConflict, and ErrDuplicate from a method that creates are
// answers: the transaction can go on. After any other error it can't be
// committed.
//
// Text is kept as UTF-8 without NUL: what is neither becomes U+FFFD.
type Tx interface {
	// Now is the transaction's one time.
	Now() time.Time
	// Wake enqueues subject ("run/<id>", "request/<id>") for Work at the given
	// time, in this transaction. The zero time means at once.
	Wake(ctx context.Context, subject string, at time.Time) error

	// CreateRequest stores a request with its run and gives the request its
	// number. ErrDuplicate if r.Delivery was stored before.
	CreateRequest(ctx context.Context, r *Request, run *Run) error
	Request(ctx context.Context, id string) (Request, error)
	RequestByNumber(ctx context.Context, number int64) (Request, error)
	// RequestByDelivery finds the request that a delivery made.
	RequestByDelivery(ctx context.Context, delivery string) (Request, error)
	// Requests lists newest first.
	Requests(ctx context.Context, q RequestQuery) ([]Request, error)
	// SaveRequest keeps all but what made the request: Delivery, Source and
	// the Slack account stay as they are.
	SaveRequest(ctx context.Context, r *Request) error

	Run(ctx context.Context, id string) (Run, error)
	// RunOf is the run of a request.
	RunOf(ctx context.Context, requestID string) (Run, error)
	SaveRun(ctx context.Context, r *Run) error
	// DueRuns lists unfinished runs whose WakeAt is not after now, longest due first.
	DueRuns(ctx context.Context, now time.Time, limit int) ([]string, error)

	CreateAsk(ctx context.Context, a *Ask) error
	Ask(ctx context.Context, id string) (Ask, error)
	AsksOf(ctx context.Context, runID string) ([]Ask, error)
	SaveAsk(ctx context.Context, a *Ask) error
	// AddDecision is ErrDuplicate if that person has decided that ask already.
	AddDecision(ctx context.Context, d Decision) error
	Decisions(ctx context.Context, askID string) ([]Decision, error)

	// CreateEffect is ErrDuplicate if the run has an effect with that Step and Index.
	CreateEffect(ctx context.Context, e *Effect) error
	Effect(ctx context.Context, id string) (Effect, error)
	EffectsOf(ctx context.Context, runID string) ([]Effect, error)
	SaveEffect(ctx context.Context, e *Effect) error

	// QueueNotice stores a message to be sent. ErrDuplicate if Key was queued before.
	QueueNotice(ctx context.Context, n *Notice) error
	// PendingNotices lists what a request has yet to tell, oldest first.
	PendingNotices(ctx context.Context, requestID string) ([]Notice, error)
	// NoticeByKey finds a notice, sent or not.
	NoticeByKey(ctx context.Context, key string) (Notice, error)
	SaveNotice(ctx context.Context, n *Notice) error
	// DueNotices lists the requests that have pending notices with NotBefore not after now.
	DueNotices(ctx context.Context, now time.Time, limit int) ([]string, error)

	// Append adds e to the chain. It may be called anywhere in the transaction:
	// ID and At are filled at once if empty, what e says is taken down as it is
	// now, and its place in the chain (Seq, Salt, Digest, Prev, Hash) is given
	// when f has returned, one transaction after the other over all replicas.
	// Until then EventsOf and Events don't show it.
	Append(ctx context.Context, e *Event) error
	EventsOf(ctx context.Context, requestID string) ([]Event, error)
	// Events lists the whole chain from seq on, at most limit.
	Events(ctx context.Context, from int64, limit int) ([]Event, error)
	// ChainHead is the last event's seq and hash as the store remembers them
	// beside the chain, so that a cut tail shows.
	ChainHead(ctx context.Context) (seq int64, hash string, err error)

	// SavePerson inserts or replaces.
	SavePerson(ctx context.Context, p Person) error
	Person(ctx context.Context, id string) (Person, error)
	// Binding finds by Slack team and user; BindingOf by Okta id.
	Binding(ctx context.Context, team, slackUser string) (Binding, error)
	BindingOf(ctx context.Context, personID string) (Binding, error)
	// CreateBinding is ErrDuplicate if the Slack user or the person is bound already.
	CreateBinding(ctx context.Context, b *Binding) error
	SaveBinding(ctx context.Context, b *Binding) error
	DeleteBinding(ctx context.Context, team, slackUser string) error

	// Once records key and tells whether it is new. Keys are kept for at least 7 days.
	Once(ctx context.Context, key string) (bool, error)
}

// Shelf keeps short-lived things: half-finished forms, proofs under way, the
// shared rate-limit gate. It carries no authority: wiped, it costs half-finished
// conversations and nothing else.
type Shelf interface {
	// Put keeps value under key for ttl.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Get is ErrNotFound when the key is unknown or its time is over.
	Get(ctx context.Context, key string) ([]byte, error)
	// Take is Get and Delete in one; of two takers one gets ErrNotFound.
	Take(ctx context.Context, key string) ([]byte, error)
	Delete(ctx context.Context, key string) error
	// Max raises the number under key to at least value for ttl and returns
	// what now stands there: the way replicas agree on "not before".
	Max(ctx context.Context, key string, value int64, ttl time.Duration) (int64, error)
	Ping(ctx context.Context) error
	Close() error
}
