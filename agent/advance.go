package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"frontdesk/playbooks"
	"frontdesk/store"
)

// advance is the one loop over one stored row: load, do the one thing the state
// calls for, save, again, until the run waits or ends. Steps never call steps.
func (a *Agent) advance(ctx context.Context, runID string) (settled func(context.Context) (bool, error), err error) {
	var looked int64 // the version at which nothing was left to do
	settled = func(ctx context.Context) (bool, error) {
		j, err := a.load(ctx, runID)
		if err != nil {
			return true, err
		}
		// Somebody decided while this worker was leaving: look again.
		return j.run.Version == looked || (j.run.State.Ended() && j.run.State != store.Unknown), nil
	}
	for started := a.Now(); ; {
		j, err := a.load(ctx, runID)
		if errors.Is(err, store.ErrNotFound) {
			looked = 0
			return func(context.Context) (bool, error) { return true, nil }, nil
		}
		if err != nil {
			return settled, err
		}
		looked = j.run.Version
		if a.Now().Sub(started) > workFor/2 {
			// Leave room for one more Okta call below the claim's end.
			return settled, a.comeBack(ctx, j, a.Now())
		}
		again, err := a.step(ctx, j)
		switch {
		case errors.Is(err, store.ErrConflict):
			continue // somebody decided meanwhile: load and look again
		case err != nil && ctx.Err() != nil:
			return settled, err
		case err != nil:
			again, err = a.stumble(ctx, j, err)
			if err != nil && !errors.Is(err, store.ErrConflict) {
				return settled, err
			}
		}
		if !again {
			looked = j.run.Version
			return settled, nil
		}
	}
}

// step does the one thing that the run's state calls for. It answers whether
// there may be more to do at once.
func (a *Agent) step(ctx context.Context, j *job) (bool, error) {
	switch j.run.State {
	case store.Received:
		return a.receive(ctx, j)
	case store.Waiting:
		return a.wait(ctx, j)
	case store.Acting:
		return a.act(ctx, j)
	case store.Unknown:
		return a.settledByHand(ctx, j)
	case store.Refused, store.Done, store.Failed, store.Cancelled, store.Expired:
	}
	a.hasBegun(j.run.ID)
	return false, nil
}

// receive takes a new request through gate, playbook, guards and floor.
func (a *Agent) receive(ctx context.Context, j *job) (bool, error) {
	if ok, due := a.mayBegin(j.req, j.run); !ok {
		return false, a.comeBack(ctx, j, due)
	}
	s, err := a.admit(ctx, j)
	if err != nil {
		return false, err
	}
	proof, err := a.needsProof(ctx, j, s)
	if err != nil {
		return false, err
	}
	err = a.write(ctx, func(tx *txn) error {
		j.req.RequesterID, j.req.Title = j.mem.Requester.ID, a.title(j)
		j.run.Playbook, j.run.Hash, j.run.Source = s.book.Name, s.book.Hash, string(s.book.Source)
		j.run.State, j.run.Step = store.Acting, 0
		j.run.WakeAt = tx.Now().Add(claimFor)
		j.mem.Checked, j.mem.Trouble = true, trouble{}
		if proof {
			b, err := tx.Binding(ctx, a.home(), j.req.SlackUser)
			if err != nil {
				return err
			}
			proof = b.Proof == "" // given meanwhile
		}
		if proof {
			if err := a.askProof(ctx, tx, j); err != nil {
				return err
			}
		}
		if err := tx.SaveRequest(ctx, &j.req); err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		if err := a.say(ctx, tx, j.req.ID, rootKey(j.req.ID), j.req.SlackUser, a.rootCard(j, rootNews{})); err != nil {
			return err
		}
		e := a.event(j, "request.accepted")
		e.Actor = j.mem.Requester.ID
		e.Detail = map[string]string{"playbook": s.book.Name, "hash": s.book.Hash, "autonomy": string(s.book.Autonomy)}
		e.Personal = map[string]string{"requester": j.mem.Requester.Name, "target": j.mem.Target.Name}
		return tx.Append(ctx, e)
	})
	if err == nil {
		a.hasBegun(j.run.ID)
	}
	return true, err
}

// act does the step at hand, or ends the run when there is none.
func (a *Agent) act(ctx context.Context, j *job) (bool, error) {
	effects, err := a.effects(ctx, j.run.ID)
	if err != nil {
		return false, err
	}
	for i := range effects { // what was begun is cleared up before anything else is asked
		switch e := &effects[i]; e.State {
		case store.EffectIntent:
			return a.settle(ctx, j, e)
		case store.EffectUnknown:
			return true, a.stopUnknown(ctx, j, e)
		case store.EffectRetry, store.EffectDone, store.EffectNoop, store.EffectFailed:
		}
	}
	s, err := a.script(ctx, j)
	if err != nil {
		return false, err
	}
	if j.run.Step >= len(s.book.Steps) {
		return a.finish(ctx, j)
	}
	st := s.book.Steps[j.run.Step]
	applies, err := a.applies(ctx, j, s)
	if err != nil {
		return false, err
	}
	if !applies {
		return true, a.next(ctx, j, nil)
	}
	switch st.Kind {
	case playbooks.StepRun:
		return a.runStep(ctx, j, s)
	case playbooks.StepApprove:
		return a.approveStep(ctx, j, s)
	case playbooks.StepDM:
		return true, a.dmStep(ctx, j, s)
	case playbooks.StepReply:
		return true, a.replyStep(ctx, j, s)
	case playbooks.StepClose:
		return true, a.closeStep(ctx, j, s)
	}
	return false, fmt.Errorf("step %d of %s is of a kind this version does not know", j.run.Step+1, s.book.Name)
}

// applies evaluates the step's when. An answer that an effect under way depends
// on is not asked twice.
func (a *Agent) applies(ctx context.Context, j *job, s *script) (bool, error) {
	effects, err := a.effects(ctx, j.run.ID)
	if err != nil {
		return false, err
	}
	for _, e := range effects {
		if e.Step == j.run.Step {
			return true, nil
		}
	}
	return s.when(ctx, j.run.Step)
}

// next moves on to the step after the one at hand, with whatever else belongs to
// the same transaction.
func (a *Agent) next(ctx context.Context, j *job, also func(tx *txn) error) error {
	step := j.run.Step + 1 // a transaction may run more than once
	return a.write(ctx, func(tx *txn) error {
		j.run.Step = step
		j.run.State = store.Acting
		j.run.WakeAt = tx.Now().Add(claimFor)
		j.mem.Trouble = trouble{}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
}

// comeBack lets the run rest until at.
func (a *Agent) comeBack(ctx context.Context, j *job, at time.Time) error {
	return a.write(ctx, func(tx *txn) error {
		j.run.WakeAt = at
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		return tx.Wake(ctx, runSubject(j.run.ID), at)
	})
}

// Temporary failures of Okta or Slack are waited for, with growing pauses; the
// requester is told once when it takes long, and it ends after giveUpAfter.
const (
	tellAfter   = 10 * time.Second
	giveUpAfter = time.Hour
	// brokenAfter is how long an error of our own side, such as a database that
	// went away in the middle, is waited for.
	brokenAfter = 5 * time.Minute
)

// stumble decides what an error means: words for people end the run, a temporary
// failure is waited for, anything else ends it and IT is told.
func (a *Agent) stumble(ctx context.Context, j *job, err error) (bool, error) {
	now := a.Now()
	patience := giveUpAfter
	if ours(err) {
		patience = brokenAfter
	}
	tooLong := !j.mem.Trouble.Since.IsZero() && now.Sub(j.mem.Trouble.Since) > patience
	open, e := a.unanswered(ctx, j)
	if e != nil {
		return false, errors.Join(err, e)
	}
	if open != nil {
		// A call without an answer is neither failed nor refused, whatever went
		// wrong since: it is settled, or people are asked.
		return a.stumbleOpen(ctx, j, open, err, tooLong)
	}
	if p, ok := AsProblem(err); ok {
		state := store.Failed
		if !j.mem.Checked {
			state = store.Refused
		}
		return true, a.stop(ctx, j, state, p)
	}
	if (!temporary(err) && !ours(err)) || tooLong {
		a.log.ErrorContext(ctx, "run stopped by an error", "run_id", j.run.ID, "step", j.run.Step, "error", err)
		return true, a.stop(ctx, j, store.Failed, explain(err, requestName(j.req.Number)))
	}
	return false, a.putOff(ctx, j, err)
}

// unanswered finds the run's call that was begun and has no outcome, or nil.
func (a *Agent) unanswered(ctx context.Context, j *job) (*store.Effect, error) {
	effects, err := a.effects(ctx, j.run.ID)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(effects, func(e store.Effect) bool { return e.State == store.EffectIntent }); i >= 0 {
		return &effects[i], nil
	}
	return nil, nil //nolint:nilnil // no such call is the answer
}

// stumbleOpen goes on with an unanswered call: later, or, if Okta will not let us
// look or it took too long, by asking people.
func (a *Agent) stumbleOpen(ctx context.Context, j *job, e *store.Effect, err error, tooLong bool) (bool, error) {
	if !tooLong && (temporary(err) || ours(err)) {
		return false, a.putOff(ctx, j, err)
	}
	a.log.ErrorContext(ctx, "a call cannot be settled", "run_id", j.run.ID, "effect_id", e.ID, "error", err)
	var in intent
	if err := json.Unmarshal(e.Intent, &in); err != nil {
		return false, fmt.Errorf("read the intent of effect %s: %w", e.ID, err)
	}
	return true, a.unknown(ctx, j, e, in)
}

// putOff lets the run rest after a temporary failure.
func (a *Agent) putOff(ctx context.Context, j *job, err error) error {
	now, t := a.Now(), &j.mem.Trouble
	if t.Since.IsZero() {
		t.Since = now
	}
	t.Count++
	pause := min(time.Second<<min(t.Count-1, 6), time.Minute)
	var oe *OktaError
	if errors.As(err, &oe) && oe.RetryAt.After(now.Add(pause)) {
		pause = oe.RetryAt.Sub(now)
	}
	a.log.WarnContext(ctx, "run put off", "run_id", j.run.ID, "step", j.run.Step, "error", err, "pause", pause.String())
	tell := !t.Told && j.mem.Checked && now.Add(pause).Sub(t.Since) > tellAfter
	t.Told = t.Told || tell
	return a.write(ctx, func(tx *txn) error {
		j.run.WakeAt = now.Add(pause)
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		if tell {
			m := Message{Mood: MoodWaiting, Text: waitingWords(err)}
			if err := a.say(ctx, tx, j.req.ID, fmt.Sprintf("trouble/%s/%d", j.run.ID, t.Since.UnixMicro()), threadOf, m); err != nil {
				return err
			}
		}
		return tx.Wake(ctx, runSubject(j.run.ID), j.run.WakeAt)
	})
}

// ours tells of an error that neither Okta nor Slack answered and that has no
// words for people: something on our own side, most likely the database.
func ours(err error) bool {
	_, isProblem := AsProblem(err)
	_, isOkta := errors.AsType[*OktaError](err)
	_, isSlack := errors.AsType[*DeskError](err)
	return !isProblem && !isOkta && !isSlack
}

// temporary tells whether the same thing may work later without anybody doing anything.
func temporary(err error) bool {
	var oe *OktaError
	var de *DeskError
	switch {
	case errors.As(err, &oe):
		return oe.Temporary()
	case errors.As(err, &de):
		return !de.Permanent
	}
	return errors.Is(err, context.DeadlineExceeded)
}

func waitingWords(err error) string {
	if oe, ok := errors.AsType[*OktaError](err); ok {
		if oe.RateLimited() {
			return "Okta asks me to slow down. I'm waiting and will go on by myself."
		}
		return "Okta doesn't answer properly right now. I keep trying; you don't have to do anything."
	}
	if ours(err) {
		return "Something doesn't work on my side right now. I keep trying; you don't have to do anything."
	}
	return "Slack doesn't answer properly right now. I keep trying; you don't have to do anything."
}

// explain puts an error that ends a run into words, with its cause and its cure.
func explain(err error, request string) *Problem {
	if oe, ok := errors.AsType[*OktaError](err); ok {
		return oktaWords(oe)
	}
	return &Problem{Code: "broken", Cause: err, Text: fmt.Sprintf("Something broke on my side, so I stopped. Nothing more will happen with %s; please tell IT its number.", request)}
}

// oktaWords says what a failed Okta call means to people.
func oktaWords(e *OktaError) *Problem {
	p := &Problem{Code: "okta_failed", Cause: e}
	switch {
	case e.MissingScope():
		p.Text = fmt.Sprintf("Okta refused: Frontdesk was not granted the scope %s. IT can grant it to the Frontdesk app in Okta and ask again.", e.Scope)
	case e.Status == 401:
		p.Text = "Okta no longer accepts Frontdesk's credentials (expired or revoked). IT must renew them; then ask again."
	case e.Status == 403 && e.Code == "E0000006":
		p.Text = "Okta refused: Frontdesk's admin role does not allow this. IT can give the Frontdesk app a role that does, and ask again."
	case e.RateLimited():
		p.Text = "Okta kept asking me to slow down until I gave up. Nothing was done; please ask again later."
	case e.Status == 0 || e.Status >= 500:
		p.Text = "Okta did not answer properly for too long, so I gave up. Please ask again later, or ask IT."
	default:
		p.Text = "Okta refused"
		if e.Summary != "" {
			p.Text += ": " + e.Summary
		}
		if len(e.Causes) > 0 {
			p.Text += " (" + e.Causes[0] + ")"
		}
		p.Text += ". Please ask IT."
	}
	return p
}
