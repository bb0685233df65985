package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// settle finds out what became of a call whose answer never came: from live
// state and the System Log, never by sending it again. "It did not happen" is
// believed only once the call can no longer be on its way.
func (a *Agent) settle(ctx context.Context, j *job, e *store.Effect) (bool, error) {
	var in intent
	if err := json.Unmarshal(e.Intent, &in); err != nil {
		return false, fmt.Errorf("read the intent of effect %s: %w", e.ID, err)
	}
	verdict, receipt, err := a.Actor.Settle(ctx, in.Act, in.Sight, e.IntentAt)
	if err != nil {
		return false, fmt.Errorf("settle effect %s: %w", e.ID, err)
	}
	age := a.Now().Sub(e.IntentAt)
	// A server that answered 500 is through with the call. Behind a gateway that
	// gave up (502, 503, 504), or no answer at all, it may linger.
	patience := a.SettleAfter
	if e.Status == http.StatusInternalServerError {
		patience = min(patience, 2*time.Second)
	}
	switch {
	case verdict == ItHappened:
		if receipt.Status == 0 {
			receipt.Status = e.Status
		}
		if receipt.RequestID == "" {
			receipt.RequestID = e.OktaRequestID
		}
		return true, a.done(ctx, j, e, in.Act, in.Sight, receipt, "from Okta's state")
	case verdict == ItDidNot && age >= patience:
		return true, a.didNot(ctx, j, e, in)
	case verdict == CannotTell && age >= 2*a.SettleAfter:
		return true, a.unknown(ctx, j, e, in)
	}
	pause := min(max(age/4, 250*time.Millisecond), 10*time.Second)
	if left := patience - age; verdict == ItDidNot && left < pause {
		pause = max(left, 50*time.Millisecond)
	}
	return false, a.comeBack(ctx, j, a.Now().Add(pause))
}

// didNot keeps that a call had no effect: another attempt is no repetition.
func (a *Agent) didNot(ctx context.Context, j *job, e *store.Effect, in intent) error {
	kind := "effect.did_not_happen"
	e.State, e.RetryAt, e.OutcomeAt = store.EffectRetry, a.Now(), a.Now()
	if e.Attempt >= attempts {
		kind = "effect.failed"
		e.State = store.EffectFailed
		e.Summary = "Okta kept failing, and nothing was changed. Please ask again later, or ask IT."
	}
	return a.write(ctx, func(tx *txn) error {
		if err := tx.SaveEffect(ctx, e); err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		ev := a.event(j, kind)
		a.aboutEffect(ev, e, in.Sight.Call)
		ev.Outcome = "settled from Okta's state"
		return tx.Append(ctx, ev)
	})
}

// unknown keeps that nobody can tell, and lets a human say.
func (a *Agent) unknown(ctx context.Context, j *job, e *store.Effect, in intent) error {
	e.State, e.OutcomeAt = store.EffectUnknown, a.Now()
	return a.write(ctx, func(tx *txn) error {
		if err := tx.SaveEffect(ctx, e); err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		ev := a.event(j, "effect.unknown")
		a.aboutEffect(ev, e, in.Sight.Call)
		ev.Outcome = "cannot be told from Okta's state"
		return tx.Append(ctx, ev)
	})
}

// stopUnknown ends the run in the state unknown: the requester is told what is
// true, and IT is asked to look.
func (a *Agent) stopUnknown(ctx context.Context, j *job, e *store.Effect) error {
	who, err := a.desk(ctx, j)
	if err != nil {
		a.log.WarnContext(ctx, "nobody to settle with", "run_id", j.run.ID, "error", err)
	}
	ask := store.Ask{
		ID: a.NewID(), RequestID: j.req.ID, RunID: j.run.ID, Step: j.run.Step, Kind: askSettle,
		Digest: digest([]byte(e.ID)), Plan: json.RawMessage(`"` + e.ID + `"`), Need: 1, State: store.AskOpen,
	}
	for _, p := range who {
		ask.People = append(ask.People, p.ID)
	}
	sentence, err := a.sentences(ctx, j, []planned{{Act: Act{Kind: action.Kind(e.Action), Target: e.TargetID, Object: e.ObjectID}}})
	if err != nil { // the card's title says enough
		a.log.WarnContext(ctx, "an unanswered call could not be put into words", "run_id", j.run.ID, "error", err)
	}
	return a.write(ctx, func(tx *txn) error {
		ask.OpenedAt = tx.Now()
		if len(who) > 0 {
			j.mem.Settlers = who
			if err := tx.CreateAsk(ctx, &ask); err != nil {
				return err
			}
			for _, p := range who {
				if err := a.say(ctx, tx, j.req.ID, cardKey(ask.ID, p.ID), p.Slack, a.settleCard(j, ask, sentence, e, nil)); err != nil {
					return err
				}
			}
		}
		return a.endIn(ctx, tx, j, store.Unknown, ending{
			event: "run.unknown", outcome: "okta did not say", untold: true,
			words: "Okta took the request but never answered, and I can't tell from outside whether it happened. I won't do it twice; IT has been asked to look.",
		})
	})
}

// settledByHand closes a run whose outcome a human has settled.
func (a *Agent) settledByHand(ctx context.Context, j *job) (bool, error) {
	ask, err := a.latestAsk(ctx, j, askSettle)
	if err != nil || ask == nil || ask.State != store.AskAnswered {
		return false, err
	}
	decisions, err := a.decisions(ctx, ask.ID)
	if err != nil || len(decisions) == 0 {
		return false, err
	}
	d := decisions[0]
	effects, err := a.effects(ctx, j.run.ID)
	if err != nil {
		return false, err
	}
	open := slices.DeleteFunc(effects, func(e store.Effect) bool { return e.State != store.EffectUnknown })
	var who person
	for _, p := range j.mem.Settlers {
		if p.ID == d.PersonID {
			who = p
		}
	}
	return false, a.write(ctx, func(tx *txn) error {
		state, words := store.Done, fmt.Sprintf("%s looked in Okta: it happened.", who.Name)
		effect := store.EffectDone
		if d.Verdict == store.NotHappened {
			state, effect = store.Failed, store.EffectFailed
			words = fmt.Sprintf("%s looked in Okta: it did not happen. Please ask again.", who.Name)
		}
		for i := range open {
			e := &open[i]
			e.State, e.OutcomeAt, e.Summary = effect, tx.Now(), words
			if err := tx.SaveEffect(ctx, e); err != nil {
				return err
			}
			for _, p := range j.mem.Settlers {
				if err := a.rewrite(ctx, tx, j.req.ID, cardKey(ask.ID, p.ID), a.settleCard(j, *ask, nil, e, &d)); err != nil {
					return err
				}
			}
		}
		return a.endIn(ctx, tx, j, state, ending{event: "run.settled", actor: d.PersonID, outcome: string(d.Verdict), words: words, untold: true})
	})
}
