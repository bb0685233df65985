package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"frontdesk/playbooks"
	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// rounds is how many Okta calls one act can take at the most (restore sessions:
// unsuspend, then unlock); effects are numbered act×rounds+round within a step.
const rounds = 4

// attempts bounds how often a call that Okta definitely did not execute is sent
// again.
const attempts = 8

// intent is what settlement needs to know of a call: kept before it is made.
type intent struct {
	Act   Act   `json:"act"`
	Sight Sight `json:"sight"`
}

func (a *Agent) effects(ctx context.Context, runID string) ([]store.Effect, error) {
	var es []store.Effect
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		es, err = tx.EffectsOf(ctx, runID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the effects of run %s: %w", runID, err)
	}
	return es, nil
}

// runStep does one thing of a run step: one look, one call, one settlement, one
// question to the approvers. Called again until nothing of the step is left.
func (a *Agent) runStep(ctx context.Context, j *job, s *script) (bool, error) {
	effects, err := a.effects(ctx, j.run.ID)
	if err != nil {
		return false, err
	}
	acts, cover, err := a.calledFor(ctx, j, s, effects)
	if err != nil {
		return false, err
	}
	if s.book.Simulate {
		return true, a.next(ctx, j, a.wouldDo(ctx, j, "act"))
	}
	for i, act := range acts {
		for round := range rounds {
			e := find(effects, j.run.Step, i*rounds+round)
			if e == nil {
				if round > 0 && !more(find(effects, j.run.Step, i*rounds+round-1)) {
					break
				}
				return a.attempt(ctx, j, s, cover, act, &store.Effect{
					ID: a.NewID(), RunID: j.run.ID, RequestID: j.req.ID, Step: j.run.Step, Index: i*rounds + round,
					Action: string(act.Kind), TargetID: act.Target, ObjectID: act.Object,
				})
			}
			switch e.State {
			case store.EffectRetry:
				if e.RetryAt.After(a.Now()) {
					return false, a.comeBack(ctx, j, e.RetryAt)
				}
				return a.attempt(ctx, j, s, cover, act, e)
			case store.EffectFailed:
				if s.book.Steps[j.run.Step].OnFailure != playbooks.Continue {
					return true, a.stop(ctx, j, store.Failed, &Problem{Code: "okta_failed", Text: e.Summary})
				}
				j.mem.Failed = true
			case store.EffectDone, store.EffectNoop:
			case store.EffectIntent, store.EffectUnknown: // act sees to these first
				return true, nil
			}
		}
	}
	return true, a.next(ctx, j, nil)
}

// calledFor lists the acts of the step at hand with the ask that covers them. A
// step that has begun does what was sealed; one that has not is resolved anew,
// and what differs from the sealed plan takes the approval back.
func (a *Agent) calledFor(ctx context.Context, j *job, s *script, effects []store.Effect) ([]Act, *store.Ask, error) {
	acts, err := a.actsOf(ctx, j, s, effects)
	if err != nil {
		return nil, nil, err
	}
	ask, err := a.latestAsk(ctx, j, askApprove)
	if err != nil || ask == nil || ask.State != store.AskApproved {
		return acts, nil, err
	}
	p, err := decodePlan(ask)
	if err != nil {
		return nil, nil, err
	}
	sealed := p.of(j.run.Step)
	if len(sealed) == 0 {
		return acts, nil, nil // agreed to something else: this step is not covered
	}
	if slices.Equal(sealed, acts) && p.Reason == digest([]byte(j.mem.Command.Because)) && p.Hash == j.run.Hash {
		return acts, ask, nil
	}
	for _, e := range effects {
		if len(p.of(e.Step)) > 0 {
			return nil, nil, &Problem{Code: "changed_midway", Text: "What this request should do changed while I was at it, so I stopped in the middle. The timeline shows what was done; please ask IT."}
		}
	}
	return nil, nil, a.voidAnd(ctx, j, ask, "what would be done is no longer what was shown")
}

// actsOf lists the acts of the step at hand: as they were when it began, because
// what they are counted from may change by the first of them.
func (a *Agent) actsOf(ctx context.Context, j *job, s *script, effects []store.Effect) ([]Act, error) {
	step := j.run.Step
	begun := slices.ContainsFunc(effects, func(e store.Effect) bool { return e.Step == step })
	if begun && len(j.mem.Acts) > 0 && j.mem.Acts[0].Step == step {
		return plan{Acts: j.mem.Acts}.of(step), nil
	}
	acts, err := s.expand(ctx, step)
	if err != nil {
		return nil, err
	}
	j.mem.Acts = nil // kept with the step's first effect
	for _, act := range acts {
		j.mem.Acts = append(j.mem.Acts, planned{Step: step, Act: act})
	}
	return acts, nil
}

// voidAnd voids the ask and lets the loop start over.
func (a *Agent) voidAnd(ctx context.Context, j *job, ask *store.Ask, why string) error {
	if err := a.void(ctx, j, ask, why); err != nil {
		return err
	}
	return store.ErrConflict // the rows in hand are old: load and look again
}

func find(effects []store.Effect, step, index int) *store.Effect {
	for i := range effects {
		if effects[i].Step == step && effects[i].Index == index {
			return &effects[i]
		}
	}
	return nil
}

// more tells that an act may take another call after this one.
func more(e *store.Effect) bool {
	var in intent
	return e != nil && e.State == store.EffectDone && json.Unmarshal(e.Intent, &in) == nil && in.Sight.More
}

// attempt is the way to an Okta write, and there is no other: approval, second
// look, intent, call, outcome.
func (a *Agent) attempt(ctx context.Context, j *job, s *script, cover *store.Ask, act Act, e *store.Effect) (bool, error) {
	sight, err := a.Actor.Look(ctx, act)
	if err != nil {
		return false, fmt.Errorf("look at what %s would meet: %w", act.Kind, err)
	}
	if sight.Refusal != nil {
		why, err := a.sinceAsked(ctx, j, act, sight.Refusal)
		if err != nil {
			return false, err
		}
		return true, a.impossible(ctx, j, s, e, why)
	}
	if sight.Noop != "" {
		return true, a.noop(ctx, j, e, act, sight)
	}
	if cover == nil {
		ask, err := a.mustAsk(ctx, j, s)
		if err != nil {
			return false, err
		}
		if ask {
			return a.approveUncovered(ctx, j, s)
		}
	}
	if again, err := a.secondLook(ctx, j, s, cover, act); err != nil || again {
		return again, err
	}
	return a.call(ctx, j, act, sight, e)
}

// mustAsk tells whether the step at hand, which no approval covers, needs one.
func (a *Agent) mustAsk(ctx context.Context, j *job, s *script) (bool, error) {
	if s.book.Autonomy != playbooks.Auto {
		return true, nil
	}
	// Its approve step was passed because nothing had to be done, or was of a plan
	// without this step: autonomy does not stand in for it.
	if at, err := s.approval(ctx, j.run.Step); err != nil || at >= 0 {
		return true, err
	}
	acts, err := s.segment(ctx, j.run.Step)
	if err != nil {
		return false, err
	}
	isAgent, err := s.world.isAgent(ctx, j.mem.Requester.ID)
	if err != nil {
		return false, err
	}
	return floor(acts, j.mem.Requester.ID, isAgent) > 0, nil
}

// call keeps the intent, makes the call, and keeps the outcome.
func (a *Agent) call(ctx context.Context, j *job, act Act, sight Sight, e *store.Effect) (bool, error) {
	kept, err := json.Marshal(intent{Act: act, Sight: sight})
	if err != nil {
		return false, fmt.Errorf("encode intent: %w", err)
	}
	fresh, attempt := e.State == "", e.Attempt+1
	err = a.write(ctx, func(tx *txn) error {
		e.State, e.Attempt, e.Intent, e.IntentAt = store.EffectIntent, attempt, kept, tx.Now()
		e.Status, e.Code, e.Summary, e.OktaRequestID, e.OutcomeAt, e.RetryAt = 0, "", "", "", time.Time{}, time.Time{}
		j.run.WakeAt = tx.Now().Add(claimFor)
		if err := j.save(ctx, tx); err != nil { // whoever lost the run must not call
			return err
		}
		if fresh {
			err = tx.CreateEffect(ctx, e)
		} else {
			err = tx.SaveEffect(ctx, e)
		}
		if err != nil {
			return err
		}
		ev := a.event(j, "effect.intent")
		a.aboutEffect(ev, e, sight.Call)
		return tx.Append(ctx, ev)
	})
	if err != nil {
		return false, err
	}
	// The deadline counts from the intent: a worker that stalled past it, and may
	// have lost the run to another one, sends nothing any more.
	callCtx, cancel := context.WithTimeout(ctx, a.CallWithin-a.Now().Sub(e.IntentAt))
	receipt, err := a.Actor.Do(callCtx, act, sight)
	cancel()
	keep, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	if err != nil {
		return a.failed(keep, j, e, sight, err)
	}
	return true, a.done(keep, j, e, act, sight, receipt, "")
}

func (a *Agent) aboutEffect(ev *store.Event, e *store.Effect, call string) {
	ev.Action, ev.Target, ev.Status, ev.Code, ev.OktaRequestID = e.Action, e.TargetID, e.Status, e.Code, e.OktaRequestID
	ev.Detail = map[string]string{"effect": e.ID, "attempt": fmt.Sprint(e.Attempt)}
	if call != "" {
		ev.Detail["call"] = call
	}
	if e.ObjectID != "" {
		ev.Detail["object"] = e.ObjectID
	}
}

// done keeps a good outcome. A temporary password is then shown, once.
func (a *Agent) done(ctx context.Context, j *job, e *store.Effect, act Act, sight Sight, r Receipt, how string) error {
	e.State, e.OutcomeAt, e.Status, e.OktaRequestID = store.EffectDone, a.Now(), r.Status, r.RequestID
	e.Code, e.Summary = "", ""
	if r.Note != "" {
		j.mem.Notes = append(j.mem.Notes, r.Note)
	}
	if act.TempPassword && r.Secret.Empty() {
		j.mem.Notes = append(j.mem.Notes, "The temporary password was set, but I could not learn it. Ask again for a new one.")
	}
	j.mem.Trouble = trouble{}
	j.mem.Changed = j.mem.Changed || changesStatus(act.Kind)
	err := a.write(ctx, func(tx *txn) error {
		if err := tx.SaveEffect(ctx, e); err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		ev := a.event(j, "effect.done")
		a.aboutEffect(ev, e, sight.Call)
		ev.Outcome = "done"
		if how != "" {
			ev.Detail["settled"] = how
		}
		return tx.Append(ctx, ev)
	})
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "effect done", "run_id", j.run.ID, "action", e.Action, "target", e.TargetID, "status", e.Status, "okta_request_id", e.OktaRequestID)
	if !r.Secret.Empty() {
		return a.showSecret(ctx, j, r.Secret)
	}
	return nil
}

// changesStatus tells whether an action changes what guards ask about a person.
func changesStatus(k action.Kind) bool {
	switch k {
	case action.ActivateUser, action.SuspendUser, action.DeprovisionUser, action.ResetPassword, action.RestoreSessions:
		return true
	case action.ResetMultifactor, action.RevokeSessions, action.AddToGroup, action.RemoveFromGroup, action.AddApplications, action.RemoveApplications:
	}
	return false
}

// noop keeps that nothing had to be done.
func (a *Agent) noop(ctx context.Context, j *job, e *store.Effect, act Act, sight Sight) error {
	kept, err := json.Marshal(intent{Act: act, Sight: sight})
	if err != nil {
		return fmt.Errorf("encode intent: %w", err)
	}
	fresh := e.State == ""
	if e.Index%rounds == 0 { // after a call of the same act it says only that the call was enough
		j.mem.Notes = append(j.mem.Notes, sight.Noop)
	}
	return a.write(ctx, func(tx *txn) error {
		e.State, e.Intent, e.IntentAt, e.OutcomeAt, e.Summary = store.EffectNoop, kept, tx.Now(), tx.Now(), sight.Noop
		if fresh {
			err = tx.CreateEffect(ctx, e)
		} else {
			err = tx.SaveEffect(ctx, e)
		}
		if err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		ev := a.event(j, "effect.noop")
		a.aboutEffect(ev, e, "")
		ev.Outcome = "already so"
		ev.Personal = map[string]string{"why": sight.Noop}
		return tx.Append(ctx, ev)
	})
}

// impossible ends what cannot be done, with the way out.
func (a *Agent) impossible(ctx context.Context, j *job, s *script, e *store.Effect, p *Problem) error {
	if s.book.Steps[j.run.Step].OnFailure != playbooks.Continue {
		return p // ends the run; nothing of this effect was begun
	}
	fresh := e.State == ""
	j.mem.Notes = append(j.mem.Notes, p.Text)
	return a.write(ctx, func(tx *txn) error {
		e.State, e.IntentAt, e.OutcomeAt, e.Summary = store.EffectFailed, tx.Now(), tx.Now(), p.Text
		e.Intent = json.RawMessage("{}")
		keep := tx.SaveEffect
		if fresh {
			keep = tx.CreateEffect
		}
		if err := keep(ctx, e); err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		ev := a.event(j, "effect.failed")
		a.aboutEffect(ev, e, "")
		ev.Outcome, ev.Personal = p.Code, map[string]string{"why": p.Text}
		return tx.Append(ctx, ev)
	})
}

// failed sorts a failed call: not executed and worth another recorded attempt;
// not executed for good; or unanswered, to be settled.
func (a *Agent) failed(ctx context.Context, j *job, e *store.Effect, sight Sight, err error) (bool, error) {
	var oe *OktaError
	if !errors.As(err, &oe) {
		oe = &OktaError{Op: e.Action, Err: err}
	}
	e.Status, e.Code, e.OktaRequestID, e.OutcomeAt = oe.Status, oe.Code, oe.RequestID, a.Now()
	kind, again := "effect.unanswered", true
	switch {
	case oe.NotExecuted() && retryable(oe) && e.Attempt < attempts:
		kind, again = "effect.refused", true
		e.State, e.RetryAt = store.EffectRetry, later(a.Now(), oe, e.Attempt)
	case oe.NotExecuted():
		kind = "effect.failed"
		words := oktaWords(oe)
		if p, ok := AsProblem(err); ok { // the adapter knows the way out
			words = p
		}
		e.State, e.Summary = store.EffectFailed, words.Text
	}
	a.log.WarnContext(ctx, "okta call failed", "run_id", j.run.ID, "action", e.Action, "attempt", e.Attempt, "outcome", kind, "error", err)
	return again, a.write(ctx, func(tx *txn) error {
		j.run.WakeAt = tx.Now().Add(claimFor)
		if err := tx.SaveEffect(ctx, e); err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		ev := a.event(j, kind)
		a.aboutEffect(ev, e, sight.Call)
		ev.Outcome = oe.Summary
		if oe.Status == 0 {
			ev.Outcome = "no answer"
		}
		return tx.Append(ctx, ev)
	})
}

// retryable tells of a call that Okta definitely did not execute whether another
// attempt may go through: rate limit, renewed token, a lock held by somebody else.
func retryable(e *OktaError) bool {
	switch e.Code {
	case "E0000268", "E0000112": // a conflicting change, the user still in transition
		return true
	}
	return e.RateLimited() || e.NotSent || e.Status == 401 || e.Status == 423
}

func later(now time.Time, e *OktaError, attempt int) time.Time {
	at := now.Add(min(250*time.Millisecond<<min(attempt, 8), 30*time.Second))
	if e.RetryAt.After(at) {
		return e.RetryAt
	}
	return at
}
