package agent

import (
	"context"

	"frontdesk/playbooks/action"
)

// Agent is the engine.
type Agent struct{}

// Submit stores what somebody asks, with its run, first event and job, in one
// transaction. When it returns without an error the request is durable and the
// envelope may be acknowledged; the run waits for Begin (or, after a crash, a
// few seconds).
func (a *Agent) Submit(ctx context.Context, s Submission) (Ticket, error) { return Ticket{}, nil }

// Begin tells that the acknowledgement went out: the run starts at once.
func (a *Agent) Begin(requestID string) {}

// Withdraw cancels a request whose acknowledgement failed or came too late,
// before it has begun, and tells the person. It keeps trying in the background
// until the store answers. Safe to call when nothing was stored.
func (a *Agent) Withdraw(delivery string, c Caller) {}

// Decide records a click on a card. The message is what to tell the clicker
// (empty: nothing, the card itself changes). Errors: *Problem (not theirs, stale,
// already decided by …), *ProofNeeded.
func (a *Agent) Decide(ctx context.Context, c Click) (Message, error) { return Message{}, nil }

// Cancel withdraws the caller's own request: the named one ("R-12", "12", or the
// id behind a button), or the latest open one.
func (a *Agent) Cancel(ctx context.Context, c Caller, ref string) (Message, error) {
	return Message{}, nil
}

// Help says what this person may do.
func (a *Agent) Help(ctx context.Context, c Caller) (Message, error) { return Message{}, nil }

// Status tells how a request stands: the named one, or the latest.
func (a *Agent) Status(ctx context.Context, c Caller, ref string) (Message, error) {
	return Message{}, nil
}

// Requests lists the caller's requests and what waits for their decision.
func (a *Agent) Requests(ctx context.Context, c Caller) (Message, error) { return Message{}, nil }

// Timeline shows a request's events: the named one, or the latest.
func (a *Agent) Timeline(ctx context.Context, c Caller, ref string) (Message, error) {
	return Message{}, nil
}

// ProveCode checks a one-time code against the factors of the Okta person with
// the caller's email and, if right, marks the binding proven.
func (a *Agent) ProveCode(ctx context.Context, c Caller, code string) error { return nil }

// StartPush sends an Okta Verify push to that person.
func (a *Agent) StartPush(ctx context.Context, c Caller) (PushStarted, error) {
	return PushStarted{}, nil
}

// AwaitPush waits until the push is answered and, if approved, marks the binding
// proven; otherwise a *Problem says what happened.
func (a *Agent) AwaitPush(ctx context.Context, c Caller, id string) error { return nil }

// Stash keeps a half-finished form's words for an hour and gives a key; Unstash
// gives them back. They carry no authority.
func (a *Agent) Stash(ctx context.Context, value []byte) (string, error) { return "", nil }

// Unstash gives back what Stash kept.
func (a *Agent) Unstash(ctx context.Context, key string) ([]byte, error) { return nil, nil }

// Offered lists the actions that a playbook answers to, for the form.
func (a *Agent) Offered() []action.Kind { return nil }
