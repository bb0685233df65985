package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdesk/store"
)

// Proof: once, a person shows with a factor of their Okta account that the Slack
// account is theirs. A match by email alone is enough to ask for something that
// a proven human then approves, never to decide or to act on somebody else.

// proofFor is how long a run waits for its requester's proof.
const proofFor = time.Hour

// needsProof tells whether the requester must prove who they are before the run
// goes on: they act on somebody else, or on themselves with nobody to approve.
func (a *Agent) needsProof(ctx context.Context, j *job, s *script) (bool, error) {
	if a.Identity != IdentityProof || s.binding.Proof != "" || s.book.Simulate {
		return false, nil
	}
	if j.mem.Target.ID != j.mem.Requester.ID {
		return true, nil
	}
	covered, err := s.covered(ctx)
	return !covered, err
}

// askProof puts the question to the requester, in tx, and lets the run wait.
func (a *Agent) askProof(ctx context.Context, tx *txn, j *job) error {
	ask := store.Ask{
		ID: a.NewID(), RequestID: j.req.ID, RunID: j.run.ID, Step: -1, Kind: askProof, Digest: digest(nil), Plan: json.RawMessage("null"),
		People: []string{j.mem.Requester.ID}, Need: 1, State: store.AskOpen, OpenedAt: tx.Now(), ExpiresAt: tx.Now().Add(proofFor),
	}
	j.run.State, j.run.WakeAt = store.Waiting, ask.ExpiresAt
	if err := tx.CreateAsk(ctx, &ask); err != nil {
		return err
	}
	return a.say(ctx, tx, j.req.ID, cardKey(ask.ID, j.mem.Requester.ID), threadOf, Message{
		Mood: MoodWaiting, Title: "Is it really you?",
		Text:    "Before I act for you I need one proof that this Slack account and the Okta account " + j.mem.Requester.Email + " are the same person's. You do this once.",
		Buttons: []Button{{Verb: ButtonProve, ID: ask.ID, Label: "Prove it's me", Style: "primary"}},
	})
}

// proofNeeded is the answer to a click by somebody who has not proven who they are.
func (a *Agent) proofNeeded(ctx context.Context, tx *txn, c Click, b store.Binding) error {
	p := &ProofNeeded{Click: c, Email: b.Email}
	if who, err := tx.Person(ctx, b.PersonID); err == nil {
		p.Name = who.Name
	}
	return p
}

// ProveCode checks a one-time code against the factors of the Okta person with
// the caller's email and, if right, marks the binding proven.
func (a *Agent) ProveCode(ctx context.Context, c Caller, code string) error {
	u, err := a.prover(ctx, c)
	if err != nil {
		return err
	}
	if err := a.tryOnce(ctx, u.ID); err != nil {
		return err
	}
	if err := a.Prover.Code(ctx, u.ID, strings.ReplaceAll(code, " ", "")); err != nil {
		a.noteProof(ctx, c, u, "identity.proof_failed", "code")
		return proofProblem(err)
	}
	return a.proven(ctx, c, u, "code")
}

// StartPush sends an Okta Verify push to that person.
func (a *Agent) StartPush(ctx context.Context, c Caller) (PushStarted, error) {
	u, err := a.prover(ctx, c)
	if err != nil {
		return PushStarted{}, err
	}
	if err := a.tryOnce(ctx, u.ID); err != nil {
		return PushStarted{}, err
	}
	ch, err := a.Prover.Push(ctx, u.ID)
	if err != nil {
		return PushStarted{}, proofProblem(err)
	}
	value, err := json.Marshal(push{Person: u.ID, Slack: c.User, Challenge: ch})
	if err != nil {
		return PushStarted{}, fmt.Errorf("encode push: %w", err)
	}
	id := a.NewID()
	if err := a.Shelf.Put(ctx, "push/"+id, value, 10*time.Minute); err != nil {
		return PushStarted{}, fmt.Errorf("keep the push under way: %w", err)
	}
	return PushStarted{ID: id, Number: ch.Number, ExpiresAt: ch.ExpiresAt}, nil
}

// push is a push under way, as the shelf keeps it: good once, for one caller.
type push struct {
	Person    string
	Slack     string
	Challenge Challenge
}

// AwaitPush waits until the push is answered and, if approved, marks the binding
// proven; otherwise a *Problem says what happened.
func (a *Agent) AwaitPush(ctx context.Context, c Caller, id string) error {
	value, err := a.Shelf.Take(ctx, "push/"+id)
	if errors.Is(err, store.ErrNotFound) {
		return &Problem{Code: "stale_push", Text: "I don't know this push any more. Please start again."}
	}
	if err != nil {
		return fmt.Errorf("find the push under way: %w", err)
	}
	var p push
	if err := json.Unmarshal(value, &p); err != nil {
		return fmt.Errorf("read the push under way: %w", err)
	}
	u, err := a.prover(ctx, c)
	if err != nil {
		return err
	}
	if p.Slack != c.User || p.Person != u.ID {
		return notYours()
	}
	const every = 3 * time.Second // Okta publishes no interval; 3-5 s is kind
	for {
		answer, err := a.Prover.PushResult(ctx, u.ID, p.Challenge)
		if err != nil && !temporary(err) {
			return proofProblem(err)
		}
		switch {
		case err != nil || answer == PushWaiting:
		case answer == PushApproved:
			return a.proven(ctx, c, u, "push")
		case answer == PushRejected:
			a.noteProof(ctx, c, u, "identity.proof_failed", "push")
			return &Problem{Code: "push_rejected", Text: "The push was rejected on the phone. If that was not you, tell IT now."}
		default:
			return pushTooLate()
		}
		if !p.Challenge.ExpiresAt.IsZero() && !a.Now().Before(p.Challenge.ExpiresAt) {
			return pushTooLate()
		}
		if err := rest(ctx, every); err != nil {
			return pushTooLate()
		}
	}
}

func pushTooLate() *Problem {
	return &Problem{Code: "push_timed_out", Text: "Nobody answered the push in time. Please try again."}
}

// prover finds the Okta person whom the caller claims to be.
func (a *Agent) prover(ctx context.Context, c Caller) (User, error) {
	if a.foreign(c) {
		return User{}, gateProblem("stranger", "This Slack account belongs to another workspace. I only work for members of this one.")
	}
	u, _, err := a.identify(ctx, c.User)
	return u, err
}

// tryOnce allows a handful of attempts in a while, so that nobody guesses codes
// or tires somebody out with pushes.
func (a *Agent) tryOnce(ctx context.Context, personID string) error {
	const most, per = 5, 10 * time.Minute
	slot := a.Now().Truncate(per).Unix()
	for i := range most {
		fresh := false
		err := a.Store.Write(ctx, func(tx store.Tx) (err error) {
			fresh, err = tx.Once(ctx, fmt.Sprintf("proof/%s/%d/%d", personID, slot, i))
			return err
		})
		if err != nil {
			return fmt.Errorf("count attempts: %w", err)
		}
		if fresh {
			return nil
		}
	}
	return &Problem{Code: "too_many_attempts", Text: "That were too many attempts. Please wait ten minutes and try again, or ask IT."}
}

// proven marks the binding and wakes what waited for it.
func (a *Agent) proven(ctx context.Context, c Caller, u User, how string) error {
	var err error
	for range 5 { // the code is used up: a run that is saved meanwhile must not cost it
		if err = a.keepProof(ctx, c, u, how); !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("keep the proof: %w", err)
	}
	a.log.InfoContext(ctx, "identity proven", "person", u.ID, "slack_user", c.User, "by", how)
	return nil
}

func (a *Agent) keepProof(ctx context.Context, c Caller, u User, how string) error {
	return a.write(ctx, func(tx *txn) error {
		b, err := tx.Binding(ctx, a.home(), c.User)
		if err != nil {
			return err
		}
		if b.PersonID != u.ID {
			return notYours()
		}
		b.Proof, b.ProvenAt = how, tx.Now()
		if err := tx.SaveBinding(ctx, &b); err != nil {
			return err
		}
		waiting, err := tx.Requests(ctx, store.RequestQuery{SlackTeam: c.Team, SlackUser: c.User, OpenOnly: true, Limit: 50})
		if err != nil {
			return err
		}
		for _, req := range waiting {
			if err := a.answerProof(ctx, tx, req); err != nil {
				return err
			}
		}
		return tx.Append(ctx, &store.Event{
			ID: a.NewID(), Kind: "identity.proven", Actor: c.actor(), Target: u.ID, Outcome: how,
		})
	})
}

// answerProof closes a request's question for proof and lets its run go on.
func (a *Agent) answerProof(ctx context.Context, tx *txn, req store.Request) error {
	run, err := tx.RunOf(ctx, req.ID)
	if err != nil {
		return err
	}
	asks, err := tx.AsksOf(ctx, run.ID)
	if err != nil {
		return err
	}
	for i := range asks {
		ask := &asks[i]
		if ask.Kind != askProof || ask.State != store.AskOpen {
			continue
		}
		ask.State, ask.ClosedAt = store.AskAnswered, tx.Now()
		if err := tx.SaveAsk(ctx, ask); err != nil {
			return err
		}
		run.WakeAt = tx.Now()
		if err := tx.SaveRun(ctx, &run); err != nil {
			return err
		}
		if err := a.rewrite(ctx, tx, req.ID, cardKey(ask.ID, ask.People[0]), Message{Mood: MoodGood, Text: "Thank you: it's you. I go on with " + requestName(req.Number) + "."}); err != nil {
			return err
		}
		if err := tx.wake(ctx, runSubject(run.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (a *Agent) noteProof(ctx context.Context, c Caller, u User, kind, how string) {
	err := a.Store.Write(ctx, func(tx store.Tx) error {
		return tx.Append(ctx, &store.Event{ID: a.NewID(), Kind: kind, Actor: c.actor(), Target: u.ID, Outcome: how})
	})
	if err != nil {
		a.log.WarnContext(ctx, "failed proof not written to the timeline", "error", err)
	}
}

// proofProblem puts a failed factor call into words.
func proofProblem(err error) error {
	if _, ok := AsProblem(err); ok {
		return err
	}
	if oe, ok := errors.AsType[*OktaError](err); ok {
		return oktaWords(oe)
	}
	return err
}
