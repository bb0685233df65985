package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"frontdesk/store"
)

// Decide records a click on a card, in one transaction: is this person among
// those asked now, not the requester, is it the plan that was shown, is it still
// open. The message is what to tell the clicker (empty: the card itself changes).
// Errors: *Problem (not theirs, stale, decided by somebody else), *ProofNeeded.
func (a *Agent) Decide(ctx context.Context, c Click) (Message, error) {
	var err error
	for range 5 {
		if err = a.decide(ctx, c); !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err != nil {
		a.noteRefusal(ctx, c, err)
		return Message{}, err
	}
	return Message{}, nil
}

func (a *Agent) decide(ctx context.Context, c Click) error {
	if a.foreign(c.Caller) {
		return notYours()
	}
	return a.write(ctx, func(tx *txn) error {
		ask, err := tx.Ask(ctx, c.AskID)
		if errors.Is(err, store.ErrNotFound) {
			return &Problem{Code: "stale_card", Text: "I don't know this card any more. Nothing was done; the newest card of the request is the one that counts."}
		}
		if err != nil {
			return err
		}
		req, err := tx.Request(ctx, ask.RequestID)
		if err != nil {
			return err
		}
		b, err := tx.Binding(ctx, a.home(), c.Caller.User)
		if errors.Is(err, store.ErrNotFound) {
			return notYours()
		}
		if err != nil {
			return err
		}
		if !slices.Contains(ask.People, b.PersonID) || !fits(ask.Kind, c.Verdict) {
			return notYours()
		}
		if (b.PersonID == req.RequesterID || b.User == req.SlackUser) && ask.Kind == askApprove {
			return &Problem{Code: "own_request", Text: "You asked for this yourself, so somebody else must decide."}
		}
		if ask.State != store.AskOpen {
			return a.alreadyClosed(ctx, tx, ask, b, c.Verdict)
		}
		if !ask.ExpiresAt.IsZero() && !tx.Now().Before(ask.ExpiresAt) {
			return &Problem{Code: "expired", Text: "This request has expired. Nothing was done; it can be made again."}
		}
		if a.Identity == IdentityProof && b.Proof == "" {
			return a.proofNeeded(ctx, tx, c, b)
		}
		if ask.Kind == askApprove && digest(ask.Plan) != ask.Digest {
			return &Problem{Code: "broken_seal", Text: "What is stored is not what was shown to you, so I took no decision. IT must look at this."}
		}
		return a.record(ctx, tx, ask, b, c)
	})
}

// fits tells whether a verdict answers an ask of that kind.
func fits(kind string, v Verdict) bool {
	switch kind {
	case askApprove:
		return v == Approve || v == Deny
	case askSettle:
		return v == Happened || v == NotHappened
	}
	return false
}

func notYours() *Problem {
	return &Problem{Code: "not_yours", Text: "This is not yours to decide. Nothing has changed."}
}

// alreadyClosed tells the loser of a race, or a second click, who decided.
func (a *Agent) alreadyClosed(ctx context.Context, tx *txn, ask store.Ask, b store.Binding, v Verdict) error {
	ds, err := tx.Decisions(ctx, ask.ID)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if d.PersonID == b.PersonID && d.Verdict == v {
			return nil // the same click again
		}
	}
	switch ask.State {
	case store.AskApproved, store.AskDenied, store.AskAnswered:
		if len(ds) > 0 {
			last := ds[len(ds)-1]
			who := "Somebody else"
			if p, err := tx.Person(ctx, last.PersonID); err == nil {
				who = p.Name
			}
			if last.PersonID == b.PersonID {
				who = "You"
			}
			return &Problem{Code: "decided", Text: fmt.Sprintf("%s already %s this.", who, pastVerdict(last.Verdict))}
		}
	case store.AskExpired:
		return &Problem{Code: "expired", Text: "This request has expired. Nothing was done; it can be made again."}
	case store.AskCancelled:
		return &Problem{Code: "cancelled", Text: "This request was withdrawn. There is nothing to decide any more."}
	case store.AskVoid, store.AskOpen:
	}
	return &Problem{Code: "stale_card", Text: "This card is out of date: what the request would do has changed. If there is still something to decide, you have a newer card."}
}

func pastVerdict(v Verdict) string {
	switch v {
	case Approve:
		return "approved"
	case Deny:
		return "denied"
	case Happened, NotHappened:
	}
	return "settled"
}

// record keeps the decision and wakes the run.
func (a *Agent) record(ctx context.Context, tx *txn, ask store.Ask, b store.Binding, c Click) error {
	d := store.Decision{
		AskID: ask.ID, PersonID: b.PersonID, Team: b.Team, User: b.User,
		Verdict: c.Verdict, Reason: c.Reason, Digest: ask.Digest, At: tx.Now(),
	}
	before, err := tx.Decisions(ctx, ask.ID)
	if err != nil {
		return err
	}
	for _, old := range before {
		if old.PersonID == b.PersonID {
			if old.Verdict == c.Verdict {
				return nil
			}
			return &Problem{Code: "decided", Text: fmt.Sprintf("You already %s this. A decision stands; the requester can withdraw the request.", pastVerdict(old.Verdict))}
		}
	}
	if err := tx.AddDecision(ctx, d); err != nil {
		return err
	}
	agreed := 1
	for _, old := range before {
		if old.Verdict == Approve {
			agreed++
		}
	}
	switch {
	case c.Verdict == Deny:
		ask.State = store.AskDenied
	case ask.Kind == askSettle:
		ask.State = store.AskAnswered
	case agreed >= ask.Need:
		ask.State = store.AskApproved
	}
	if ask.State != store.AskOpen {
		ask.ClosedAt = tx.Now()
	}
	if err := tx.SaveAsk(ctx, &ask); err != nil {
		return err
	}
	run, err := tx.Run(ctx, ask.RunID)
	if err != nil {
		return err
	}
	run.WakeAt = tx.Now()
	if err := tx.SaveRun(ctx, &run); err != nil { // a worker that is leaving notices
		return err
	}
	if err := tx.wake(ctx, runSubject(ask.RunID)); err != nil {
		return err
	}
	e := &store.Event{
		ID: a.NewID(), RequestID: ask.RequestID, RunID: ask.RunID, Kind: "ask.decided", Actor: b.PersonID, Outcome: string(c.Verdict),
		Detail: map[string]string{"ask": ask.ID, "digest": ask.Digest, "kind": ask.Kind, "slack": b.User},
	}
	if c.Reason != "" {
		e.Personal = map[string]string{"reason": c.Reason}
	}
	return tx.Append(ctx, e)
}

// noteRefusal writes a refused click to the timeline: who tried what counts.
func (a *Agent) noteRefusal(ctx context.Context, c Click, err error) {
	p, ok := AsProblem(err)
	if !ok || (p.Code != "not_yours" && p.Code != "own_request" && p.Code != "broken_seal") {
		return
	}
	err = a.Store.Write(ctx, func(tx store.Tx) error {
		ask, err := tx.Ask(ctx, c.AskID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.Append(ctx, &store.Event{
			ID: a.NewID(), RequestID: ask.RequestID, RunID: ask.RunID, Kind: "ask.click_refused", Actor: c.Caller.actor(),
			Outcome: p.Code, Detail: map[string]string{"ask": ask.ID, "verdict": string(c.Verdict)},
		})
	})
	if err != nil {
		a.log.WarnContext(ctx, "refused click not written to the timeline", "ask_id", c.AskID, "error", err)
	}
}

// Cancel withdraws the caller's own request: the named one ("R-12", "12", or the
// id behind a button), or the latest open one.
func (a *Agent) Cancel(ctx context.Context, c Caller, ref string) (Message, error) {
	req, err := a.ownRequest(ctx, c, ref, true)
	if err != nil {
		return Message{}, err
	}
	for range 5 {
		err = a.write(ctx, func(tx *txn) error {
			j, err := a.loadIn(ctx, tx, req.ID)
			if err != nil {
				return err
			}
			return a.cancel(ctx, tx, j, c)
		})
		if !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err != nil {
		return Message{}, err
	}
	return Message{Mood: MoodOver, Text: fmt.Sprintf("%s is withdrawn. Nothing was done.", requestName(req.Number))}, nil
}

func (a *Agent) cancel(ctx context.Context, tx *txn, j *job, c Caller) error {
	if j.run.State.Ended() {
		return &Problem{Code: "over", Text: fmt.Sprintf("%s is over already (%s); there is nothing to withdraw.", requestName(j.req.Number), j.run.State)}
	}
	effects, err := tx.EffectsOf(ctx, j.run.ID)
	if err != nil {
		return err
	}
	for _, e := range effects {
		if e.State != store.EffectNoop {
			return &Problem{Code: "too_late", Text: fmt.Sprintf("It is too late to withdraw %s: I'm already at it in Okta.", requestName(j.req.Number))}
		}
	}
	actor := j.mem.Requester.ID
	if actor == "" {
		actor = c.actor()
	}
	return a.endIn(ctx, tx, j, store.Cancelled, ending{event: "request.cancelled", actor: actor, outcome: "withdrawn by the requester", words: "You withdrew this request. Nothing was done."})
}
