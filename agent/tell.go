package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// ending is how a run ends, and what people are told of it.
type ending struct {
	event   string // the timeline's line
	actor   string
	outcome string
	words   string // for the requester, and on everybody's card
	quote   string // what somebody wrote, e.g. the reason of a denial
	untold  bool   // IT knows already, or need not
	problem *Problem
}

// endIn closes the run that j holds: state, open asks, cards, the requester's
// message, the last event.
func (a *Agent) endIn(ctx context.Context, tx *txn, j *job, state store.RunState, how ending) error {
	now := tx.Now()
	j.run.State, j.run.EndedAt, j.req.ClosedAt = state, now, now
	j.run.WakeAt = time.Time{}
	if err := tx.SaveRequest(ctx, &j.req); err != nil {
		return err
	}
	if err := j.save(ctx, tx); err != nil {
		return err
	}
	asks, err := tx.AsksOf(ctx, j.run.ID)
	if err != nil {
		return err
	}
	for i := range asks {
		if asks[i].Kind == askSettle {
			continue
		}
		if err := a.closeAsk(ctx, tx, j, &asks[i], state, how); err != nil {
			return err
		}
	}
	if err := a.tellRequester(ctx, tx, j, state, how); err != nil {
		return err
	}
	e := a.event(j, how.event)
	if how.actor != "" {
		e.Actor = how.actor
	}
	e.Outcome = how.outcome
	e.Detail = map[string]string{"state": string(state)}
	e.Personal = map[string]string{"told": how.words}
	if how.quote != "" {
		e.Personal["quote"] = how.quote
	}
	if how.problem != nil {
		e.Detail["code"] = how.problem.Code
		if oe, ok := errors.AsType[*OktaError](how.problem.Cause); ok {
			e.Status, e.Code, e.OktaRequestID = oe.Status, oe.Code, oe.RequestID
		}
	}
	a.log.InfoContext(ctx, "request ended", "request_id", j.req.ID, "run_id", j.run.ID, "action", j.mem.Command.Kind, "outcome", state)
	return tx.Append(ctx, e)
}

// closeAsk closes an ask that the run leaves open and gives its cards their last face.
func (a *Agent) closeAsk(ctx context.Context, tx *txn, j *job, ask *store.Ask, state store.RunState, how ending) error {
	if ask.State == store.AskOpen {
		ask.State, ask.ClosedAt = store.AskCancelled, tx.Now()
		if state == store.Failed {
			ask.State = store.AskVoid
		}
		if err := tx.SaveAsk(ctx, ask); err != nil {
			return err
		}
	}
	if ask.Kind != askApprove || ask.State == store.AskVoid && state != store.Failed {
		return nil
	}
	decisions, err := tx.Decisions(ctx, ask.ID)
	if err != nil {
		return err
	}
	m := a.approvalCard(j, *ask, decisions)
	m.Mood, m.Buttons = moodOf(state), nil
	m.Text = how.words
	if who := deciders(j, decisions); who != "" && state != store.Refused {
		m.Text = who + " agreed. " + how.words
	}
	if state == store.Cancelled {
		m.Text = j.mem.Requester.Name + " withdrew this request. Nothing was done."
	}
	if state == store.Done {
		m.Title = doneTitle(m.Title)
	}
	for _, id := range ask.People {
		if err := a.rewrite(ctx, tx, j.req.ID, cardKey(ask.ID, id), m); err != nil {
			return err
		}
	}
	return nil
}

func doneTitle(title string) string { return "Done: " + title }

// tellRequester gives the requester's message its last face and says the outcome
// below it. A request that was refused at the gate has no message yet: this is it.
func (a *Agent) tellRequester(ctx context.Context, tx *txn, j *job, state store.RunState, how ending) error {
	root := a.rootCard(j, rootNews{words: how.words, quote: how.quote, notes: j.mem.Notes})
	_, err := tx.NoticeByKey(ctx, rootKey(j.req.ID))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.say(ctx, tx, j.req.ID, rootKey(j.req.ID), j.req.SlackUser, root)
	case err != nil:
		return err
	}
	if err := a.rewrite(ctx, tx, j.req.ID, rootKey(j.req.ID), root); err != nil {
		return err
	}
	if j.mem.Replied && state == store.Done || state == store.Cancelled {
		return nil // the playbook's own reply said it, or they did it themselves
	}
	return a.say(ctx, tx, j.req.ID, "end/"+j.run.ID+"/"+string(state), threadOf, Message{Mood: moodOf(state), Text: how.words, Quote: how.quote})
}

// stop ends a run that cannot go on, and tells IT where people must mend something.
func (a *Agent) stop(ctx context.Context, j *job, state store.RunState, p *Problem) error {
	how := ending{event: "run." + string(state), outcome: p.Code, words: p.Text, problem: p}
	if strings.HasPrefix(p.Code, "gate_") && state == store.Refused {
		how.event = "identity.refused"
	}
	tellIT := state == store.Failed || p.Code == "gate_changed_email" || p.Code == "gate_bound_elsewhere"
	var it []person
	if tellIT {
		var err error
		if it, err = a.desk(ctx, j); err != nil {
			a.log.WarnContext(ctx, "IT could not be told", "run_id", j.run.ID, "error", err)
		}
	}
	return a.write(ctx, func(tx *txn) error {
		a.hasBegun(j.run.ID)
		for _, who := range it {
			m := Message{Mood: MoodBad, Title: fmt.Sprintf("%s stopped: %s", requestName(j.req.Number), a.title(j)), Text: p.Text, Footer: "Timeline: " + a.Command + " timeline " + requestName(j.req.Number)}
			if err := a.say(ctx, tx, j.req.ID, "it/"+j.run.ID+"/"+who.ID, who.Slack, m); err != nil {
				return err
			}
		}
		return a.endIn(ctx, tx, j, state, how)
	})
}

// desk finds up to three of IT's people to tell or ask: admins, else agents.
func (a *Agent) desk(ctx context.Context, j *job) ([]person, error) {
	const most = 3
	for _, group := range []string{a.Who.Admins, a.Who.Agents} {
		if group == "" {
			continue
		}
		members, err := a.membersNamed(ctx, group)
		if err != nil {
			return nil, err
		}
		picked, _, err := a.pick(ctx, j, members, nil)
		if err != nil {
			return nil, err
		}
		if len(picked) > 0 {
			return picked[:min(most, len(picked))], nil
		}
	}
	return nil, errors.New("no admins and no agents can be reached")
}

// finish ends a run whose steps are all done.
func (a *Agent) finish(ctx context.Context, j *job) (bool, error) {
	state, words := store.Done, a.pastSentence(j)
	effects, err := a.effects(ctx, j.run.ID)
	if err != nil {
		return false, err
	}
	idle := len(effects) > 0 && !slices.ContainsFunc(effects, func(e store.Effect) bool { return e.State != store.EffectNoop })
	switch {
	case j.mem.Failed:
		state, words = store.Failed, "Not everything could be done. The timeline shows what was and what was not; please ask IT about the rest."
	case j.mem.Simulated:
		words = "This was a simulation: nothing was done. The timeline shows what would have happened."
	case idle:
		words = "Nothing had to be done: it was so already."
	}
	return false, a.write(ctx, func(tx *txn) error {
		return a.endIn(ctx, tx, j, state, ending{event: "run." + string(state), outcome: string(state), words: words})
	})
}

// closeStep ends the run where the playbook says so.
func (a *Agent) closeStep(ctx context.Context, j *job, s *script) error {
	text, err := s.text(ctx, j.run.Step)
	if err != nil {
		return err
	}
	state := store.Done
	if s.book.Steps[j.run.Step].Failed {
		state = store.Failed
	}
	if text == "" {
		text = a.pastSentence(j)
	}
	return a.write(ctx, func(tx *txn) error {
		return a.endIn(ctx, tx, j, state, ending{event: "run." + string(state), outcome: "closed by the playbook", words: text})
	})
}

// dmStep sends a text to people's direct messages.
func (a *Agent) dmStep(ctx context.Context, j *job, s *script) error {
	people, err := s.people(ctx, j.run.Step)
	if err != nil {
		return err
	}
	text, err := s.text(ctx, j.run.Step)
	if err != nil {
		return err
	}
	if s.book.Simulate {
		return a.next(ctx, j, a.wouldDo(ctx, j, "send a message"))
	}
	to, unreached := map[string]string{}, 0
	for _, u := range people {
		slack, ok, err := a.reach(ctx, u)
		if err != nil {
			return err
		}
		if !ok {
			unreached++
			continue
		}
		to[u.ID] = slack
	}
	if to[j.mem.Requester.ID] != "" {
		j.mem.Replied = true
	}
	return a.next(ctx, j, func(tx *txn) error {
		for id, slack := range to {
			key := fmt.Sprintf("step/%s/%d/%s", j.run.ID, j.run.Step-1, id)
			err := a.say(ctx, tx, j.req.ID, key, slack, Message{Text: text, Footer: requestName(j.req.Number)})
			if err != nil && !errors.Is(err, store.ErrDuplicate) { // said before the run was sent back
				return err
			}
		}
		e := a.event(j, "step.dm")
		e.Detail = map[string]string{"sent": fmt.Sprint(len(to)), "unreached": fmt.Sprint(unreached)}
		return tx.Append(ctx, e)
	})
}

// replyStep answers in the request's thread.
func (a *Agent) replyStep(ctx context.Context, j *job, s *script) error {
	text, err := s.text(ctx, j.run.Step)
	if err != nil {
		return err
	}
	if s.book.Simulate {
		return a.next(ctx, j, a.wouldDo(ctx, j, "reply"))
	}
	j.mem.Replied = true
	return a.next(ctx, j, func(tx *txn) error {
		key := fmt.Sprintf("step/%s/%d", j.run.ID, j.run.Step-1)
		err := a.say(ctx, tx, j.req.ID, key, threadOf, Message{Mood: MoodGood, Text: text})
		if errors.Is(err, store.ErrDuplicate) {
			return nil // said before the run was sent back
		}
		return err
	})
}

// wouldDo notes what a simulated step would have done.
func (a *Agent) wouldDo(ctx context.Context, j *job, what string) func(tx *txn) error {
	step := j.run.Step
	j.mem.Simulated = true
	return func(tx *txn) error {
		e := a.event(j, "step.simulated")
		e.Outcome, e.Detail = "would "+what, map[string]string{"step": fmt.Sprint(step + 1)}
		return tx.Append(ctx, e)
	}
}

// showSecret shows a temporary password once, to the person who asked, where
// nobody else sees it and nothing keeps it. Lost means: ask for a new one.
func (a *Agent) showSecret(ctx context.Context, j *job, secret Secret) error {
	var at Posted
	err := a.Store.Read(ctx, func(tx store.Tx) error {
		n, err := tx.NoticeByKey(ctx, rootKey(j.req.ID))
		at = Posted{Channel: n.Channel, TS: n.TS}
		return err
	})
	kind, outcome := "secret.shown", "once, to the requester"
	if err == nil && at.Channel == "" {
		err = errors.New("the requester's direct messages are not open")
	}
	if err == nil {
		err = a.Desk.Whisper(ctx, at.Channel, j.req.SlackUser, Message{
			Mood: MoodWarning, Title: "Temporary password for " + j.mem.Target.Name, Text: secret.Reveal(),
			Notes: []string{"Only you see this, only once. It stops working at the next sign-in, when a new one must be chosen. Hand it over by voice or in person."},
		})
	}
	if err != nil {
		kind, outcome = "secret.lost", "could not be shown"
		a.log.WarnContext(ctx, "temporary password could not be shown", "run_id", j.run.ID, "error", err)
	}
	if kind == "secret.lost" {
		j.mem.Notes = append(j.mem.Notes, "The temporary password could not be shown, and I keep none. Ask again for a new one.")
	}
	return a.write(ctx, func(tx *txn) error {
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		e := a.event(j, kind)
		e.Outcome = outcome
		return tx.Append(ctx, e)
	})
}

// sentences says what each act would do, one line for each action and person.
func (a *Agent) sentences(ctx context.Context, j *job, acts []planned) ([]string, error) {
	var lines []string
	for i := 0; i < len(acts); {
		first, objects := acts[i], []string(nil)
		for ; i < len(acts) && acts[i].Kind == first.Kind && acts[i].Target == first.Target && acts[i].TempPassword == first.TempPassword; i++ {
			if acts[i].Object == "" {
				continue
			}
			name, err := a.objectName(ctx, j, acts[i].Act)
			if err != nil {
				return nil, err
			}
			objects = append(objects, name)
		}
		who, err := a.personName(ctx, j, first.Target)
		if err != nil {
			return nil, err
		}
		lines = append(lines, action.Sentence(first.Kind, who, objects, action.Options{TempPassword: first.TempPassword}))
	}
	return lines, nil
}

func (a *Agent) personName(ctx context.Context, j *job, id string) (string, error) {
	for _, p := range []person{j.mem.Target, j.mem.Requester} {
		if p.ID == id {
			return p.Name, nil
		}
	}
	u, err := a.Directory.User(ctx, id)
	return u.Name(), err
}

func (a *Agent) objectName(ctx context.Context, j *job, act Act) (string, error) {
	for _, t := range j.mem.Objects {
		if t.ID == act.Object {
			return t.Name, nil
		}
	}
	if spec, _ := action.Of(act.Kind); spec.Takes == action.Groups {
		g, err := a.Directory.Group(ctx, act.Object)
		return g.Name, err
	}
	p, err := a.Directory.App(ctx, act.Object)
	return p.Label, err
}

// preview looks at what each act would meet and collects what an approver should
// know. An act that cannot be done ends the run before anybody is asked.
func (a *Agent) preview(ctx context.Context, acts []planned) (notes []string, err error) {
	for _, p := range acts {
		sight, err := a.Actor.Look(ctx, p.Act)
		if err != nil {
			return nil, fmt.Errorf("look at what %s would meet: %w", p.Kind, err)
		}
		if sight.Refusal != nil {
			return nil, sight.Refusal
		}
		if sight.Noop != "" {
			notes = append(notes, sight.Noop)
		}
		notes = append(notes, sight.Warnings...)
	}
	return notes, nil
}

// allThere tells that nothing of the acts has to be done any more.
func (a *Agent) allThere(ctx context.Context, acts []planned) (bool, error) {
	for _, p := range acts {
		sight, err := a.Actor.Look(ctx, p.Act)
		if err != nil {
			return false, fmt.Errorf("look at what %s would meet: %w", p.Kind, err)
		}
		if sight.Noop == "" {
			return false, nil
		}
	}
	return len(acts) > 0, nil
}
