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

// The kinds of asks.
const (
	askApprove = "approve"
	askProof   = "proof"
	askSettle  = "settle"
)

// approveStep asks at an approve step, or passes it once people have agreed.
func (a *Agent) approveStep(ctx context.Context, j *job, s *script) (bool, error) {
	ask, err := a.latestAsk(ctx, j, askApprove)
	if err != nil {
		return false, err
	}
	if ask != nil && ask.Step == j.run.Step && ask.State == store.AskApproved {
		return true, a.next(ctx, j, nil)
	}
	acts, err := s.segment(ctx, j.run.Step)
	if err != nil {
		return false, err
	}
	if s.book.Simulate {
		return true, a.next(ctx, j, a.wouldDo(ctx, j, "ask for approval"))
	}
	if idle, err := a.allThere(ctx, acts); err != nil || idle {
		if err != nil {
			return false, err
		}
		return true, a.next(ctx, j, nil) // already so: nothing to agree to
	}
	return a.askFor(ctx, j, s, acts)
}

// approveUncovered asks before a run step that no approval covers, or not any more.
func (a *Agent) approveUncovered(ctx context.Context, j *job, s *script) (bool, error) {
	acts, err := s.segment(ctx, j.run.Step)
	if err != nil {
		return false, err
	}
	return a.askFor(ctx, j, s, acts)
}

func (a *Agent) askFor(ctx context.Context, j *job, s *script, acts []planned) (bool, error) {
	people, st, err := a.wanted(ctx, j, s, j.run.Step)
	if err != nil {
		return false, err
	}
	return a.ask(ctx, j, acts, people, st.Need, st.All, st.Expires)
}

// wanted tells who should agree at a step, and how: those whom the nearest approve
// step that applies names; without one, IT's desk for a playbook that only
// suggests, else the person's manager.
func (a *Agent) wanted(ctx context.Context, j *job, s *script, step int) ([]User, playbooks.Step, error) {
	at, err := s.approval(ctx, step)
	if err != nil {
		return nil, playbooks.Step{}, err
	}
	var people []User
	st := playbooks.Step{Need: 1}
	switch {
	case at >= 0:
		st = s.book.Steps[at]
		people, err = s.people(ctx, at)
	case s.book.Autonomy == playbooks.Suggest:
		people, err = s.world.agents(ctx)
	default:
		people, err = s.world.managerOf(ctx, j.mem.Target.ID)
	}
	return people, st, err
}

// approval finds the approve step at step, or the nearest before it that applies;
// -1: none.
func (s *script) approval(ctx context.Context, step int) (int, error) {
	if s.book.Steps[step].Kind == playbooks.StepApprove {
		return step, nil
	}
	for i := step - 1; i >= 0; i-- {
		if s.book.Steps[i].Kind != playbooks.StepApprove {
			continue
		}
		if applies, err := s.when(ctx, i); err != nil || applies {
			return i, err
		}
	}
	return -1, nil
}

// ask seals the plan and asks people to agree to it.
func (a *Agent) ask(ctx context.Context, j *job, acts []planned, wanted []User, need int, all bool, expires time.Duration) (bool, error) {
	warnings, err := a.protect(ctx, acts)
	if err != nil {
		return false, err
	}
	notes, err := a.preview(ctx, acts)
	if err != nil {
		return false, err
	}
	need = max(need, 1, floor(acts, j.mem.Requester.ID, false))
	people, err := a.approvers(ctx, j, wanted, need, all)
	if err != nil {
		return false, err
	}
	if all {
		need = max(need, len(people))
	}
	if expires <= 0 {
		expires = a.Expires
	}
	p := plan{
		Request: j.req.ID, Run: j.run.ID, Playbook: j.run.Playbook, Hash: j.run.Hash, Step: j.run.Step,
		Requester: j.mem.Requester.ID, Reason: digest([]byte(j.mem.Command.Because)), Acts: acts, Need: need,
	}
	for _, who := range people {
		p.People = append(p.People, who.ID)
	}
	sealed, seal, err := p.encode()
	if err != nil {
		return false, err
	}
	lines, err := a.sentences(ctx, j, acts)
	if err != nil {
		return false, err
	}
	target, err := a.Directory.User(ctx, j.mem.Target.ID)
	if err != nil {
		return false, err
	}
	ask := store.Ask{
		ID: a.NewID(), RequestID: j.req.ID, RunID: j.run.ID, Step: j.run.Step, Kind: askApprove,
		Digest: seal, Plan: sealed, People: p.People, Need: need, State: store.AskOpen,
	}
	return false, a.write(ctx, func(tx *txn) error {
		ask.OpenedAt, ask.ExpiresAt = tx.Now(), tx.Now().Add(expires)
		j.run.State, j.run.WakeAt = store.Waiting, ask.ExpiresAt
		j.mem.Seen, j.mem.Shown, j.mem.Trouble = target.Status, 0, trouble{}
		j.mem.Card = card{Lines: lines, Notes: append(slices.Clone(warnings), notes...), People: people}
		if err := tx.CreateAsk(ctx, &ask); err != nil {
			return err
		}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		if err := tx.Wake(ctx, runSubject(j.run.ID), ask.ExpiresAt); err != nil {
			return err
		}
		for _, who := range people {
			if err := a.say(ctx, tx, j.req.ID, cardKey(ask.ID, who.ID), who.Slack, a.approvalCard(j, ask, nil)); err != nil {
				return err
			}
		}
		if err := a.rewrite(ctx, tx, j.req.ID, rootKey(j.req.ID), a.rootCard(j, rootNews{asked: people, need: need})); err != nil {
			return err
		}
		e := a.event(j, "ask.opened")
		e.Detail = map[string]string{"ask": ask.ID, "digest": seal, "need": fmt.Sprint(need), "expires": ask.ExpiresAt.Format(time.RFC3339)}
		for i, who := range people {
			e.Detail[fmt.Sprintf("person_%d", i+1)] = who.ID
		}
		return tx.Append(ctx, e)
	})
}

// approvers picks who is asked: those wanted who are active, reachable in Slack
// and neither the requester nor the person acted on. A set too small is filled up
// from the fallback group; one that stays too small stops the run: nobody to
// approve means nobody approved.
func (a *Agent) approvers(ctx context.Context, j *job, wanted []User, need int, all bool) ([]person, error) {
	const most = 30 // cards for one ask
	picked, missing, err := a.pick(ctx, j, wanted, nil)
	if err != nil {
		return nil, err
	}
	if all && missing > 0 {
		return nil, &Problem{Code: "nobody_to_ask", Text: "The playbook wants everybody on its list to agree, and not all of them can be reached in Slack. Nothing was done; IT must put the list right."}
	}
	if len(picked) < need && a.Who.Fallback != "" {
		more, err := a.membersNamed(ctx, a.Who.Fallback)
		if err != nil {
			return nil, err
		}
		if picked, _, err = a.pick(ctx, j, more, picked); err != nil {
			return nil, err
		}
	}
	if len(picked) < need {
		return nil, nobodyToAsk(len(picked), need)
	}
	if all {
		return picked, nil
	}
	return picked[:min(len(picked), max(most, need))], nil
}

func nobodyToAsk(have, need int) *Problem {
	if have == 0 {
		return &Problem{Code: "nobody_to_ask", Text: "Nobody can approve this: there is no manager or deputy in Okta who can be reached in Slack. Nothing was done. IT can set a manager in Okta, or name fallback approvers in frontdesk.yaml."}
	}
	return &Problem{Code: "nobody_to_ask", Text: fmt.Sprintf("This needs %d people to agree, and only %d can be asked. Nothing was done. IT can name more fallback approvers in frontdesk.yaml.", need, have)}
}

// pick adds those of wanted who may be asked to those picked before.
func (a *Agent) pick(ctx context.Context, j *job, wanted []User, picked []person) (_ []person, missing int, err error) {
	for _, u := range wanted {
		if u.ID == j.mem.Requester.ID || u.ID == j.mem.Target.ID || slices.ContainsFunc(picked, func(p person) bool { return p.ID == u.ID }) {
			continue
		}
		if u.Status != "ACTIVE" {
			missing++
			continue
		}
		slack, ok, err := a.reach(ctx, u)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			missing++
			continue
		}
		picked = append(picked, person{ID: u.ID, Name: u.Name(), Email: canonical(u.Email), Slack: slack})
	}
	return picked, missing, nil
}

// latestAsk is the newest ask of a kind, or nil.
func (a *Agent) latestAsk(ctx context.Context, j *job, kind string) (*store.Ask, error) {
	var latest *store.Ask
	err := a.Store.Read(ctx, func(tx store.Tx) error {
		asks, err := tx.AsksOf(ctx, j.run.ID)
		for i := range asks {
			if asks[i].Kind == kind {
				latest = &asks[i] // oldest first
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the asks of run %s: %w", j.run.ID, err)
	}
	return latest, nil
}

func (a *Agent) decisions(ctx context.Context, askID string) ([]store.Decision, error) {
	var ds []store.Decision
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		ds, err = tx.Decisions(ctx, askID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the decisions on ask %s: %w", askID, err)
	}
	return ds, nil
}

// wait looks at what a waiting run waits for.
func (a *Agent) wait(ctx context.Context, j *job) (bool, error) {
	ask, err := a.newest(ctx, j)
	if err != nil {
		return false, err
	}
	if ask == nil {
		return false, errors.New("the run waits for nothing")
	}
	decisions, err := a.decisions(ctx, ask.ID)
	if err != nil {
		return false, err
	}
	switch ask.State {
	case store.AskOpen:
		if !a.Now().Before(ask.ExpiresAt) && !ask.ExpiresAt.IsZero() {
			return true, a.expire(ctx, j, ask)
		}
		dead, err := a.unreachable(ctx, ask)
		if err != nil {
			return false, err
		}
		if dead {
			return true, a.stop(ctx, j, store.Failed, &Problem{Code: "nobody_reached", Text: "I could not reach anybody in Slack who may approve this. Nothing was done; please ask IT."})
		}
		if len(decisions) > j.mem.Shown {
			return false, a.showProgress(ctx, j, ask, decisions)
		}
		return false, nil
	case store.AskApproved:
		return true, a.agreed(ctx, j, ask, decisions)
	case store.AskAnswered:
		return true, a.resume(ctx, j)
	case store.AskDenied:
		return true, a.denied(ctx, j, decisions)
	case store.AskExpired, store.AskVoid, store.AskCancelled:
	}
	return true, a.resume(ctx, j)
}

// newest is the last ask that was put, for proof or approval, or nil: a waiting
// run waits for one thing.
func (a *Agent) newest(ctx context.Context, j *job) (*store.Ask, error) {
	proof, err := a.latestAsk(ctx, j, askProof)
	if err != nil {
		return nil, err
	}
	approve, err := a.latestAsk(ctx, j, askApprove)
	if err != nil || approve == nil {
		return proof, err
	}
	if proof != nil && proof.State == store.AskOpen {
		return proof, nil
	}
	return approve, nil
}

// unreachable tells that every card of an ask could not be delivered.
func (a *Agent) unreachable(ctx context.Context, ask *store.Ask) (bool, error) {
	if ask.Kind != askApprove {
		return false, nil
	}
	reached := 0
	err := a.Store.Read(ctx, func(tx store.Tx) error {
		for _, id := range ask.People {
			n, err := tx.NoticeByKey(ctx, cardKey(ask.ID, id))
			if err != nil {
				return err
			}
			if n.State != store.NoticeDead {
				reached++
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look at the cards of ask %s: %w", ask.ID, err)
	}
	return reached < ask.Need, nil
}

// resume lets a run act again.
func (a *Agent) resume(ctx context.Context, j *job) error {
	return a.write(ctx, func(tx *txn) error {
		j.run.State = store.Acting
		j.run.WakeAt = tx.Now().Add(claimFor)
		j.mem.Trouble = trouble{}
		return j.save(ctx, tx)
	})
}

// agreed notes that enough people agreed and shows it.
func (a *Agent) agreed(ctx context.Context, j *job, ask *store.Ask, decisions []store.Decision) error {
	last := decisions[len(decisions)-1]
	return a.write(ctx, func(tx *txn) error {
		j.run.State = store.Acting
		j.run.WakeAt = tx.Now().Add(claimFor)
		j.mem.Approval = approval{AskID: ask.ID, By: j.mem.Card.person(last.PersonID), Comment: last.Reason}
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		return a.showCards(ctx, tx, j, ask, decisions)
	})
}

// showProgress shows a first approval on all cards of an ask that needs several.
func (a *Agent) showProgress(ctx context.Context, j *job, ask *store.Ask, decisions []store.Decision) error {
	return a.write(ctx, func(tx *txn) error {
		j.mem.Shown, j.run.WakeAt = len(decisions), ask.ExpiresAt
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		return a.showCards(ctx, tx, j, ask, decisions)
	})
}

// showCards gives all cards of an ask, and the requester's own, their present face.
func (a *Agent) showCards(ctx context.Context, tx *txn, j *job, ask *store.Ask, decisions []store.Decision) error {
	for _, id := range ask.People {
		if err := a.rewrite(ctx, tx, j.req.ID, cardKey(ask.ID, id), a.approvalCard(j, *ask, decisions)); err != nil {
			return err
		}
	}
	news := rootNews{decisions: decisions, need: ask.Need}
	if ask.State == store.AskOpen {
		news.asked = j.mem.Card.People
	}
	return a.rewrite(ctx, tx, j.req.ID, rootKey(j.req.ID), a.rootCard(j, news))
}

// expire ends a run whose approval nobody gave in time.
func (a *Agent) expire(ctx context.Context, j *job, ask *store.Ask) error {
	what := "Nobody decided in time, so this request has expired. Nothing was done. You can ask again."
	if ask.Kind == askProof {
		what = "You did not prove who you are in time, so this request has expired. Nothing was done. You can ask again."
	}
	return a.write(ctx, func(tx *txn) error {
		ask.State, ask.ClosedAt = store.AskExpired, tx.Now()
		if err := tx.SaveAsk(ctx, ask); err != nil {
			return err
		}
		return a.endIn(ctx, tx, j, store.Expired, ending{event: "ask.expired", outcome: "nobody decided", words: what})
	})
}

// denied ends a run that somebody said no to.
func (a *Agent) denied(ctx context.Context, j *job, decisions []store.Decision) error {
	var no store.Decision
	for _, d := range decisions {
		if d.Verdict == store.Deny {
			no = d
		}
	}
	who := j.mem.Card.person(no.PersonID)
	return a.write(ctx, func(tx *txn) error {
		return a.endIn(ctx, tx, j, store.Refused, ending{
			event: "request.denied", actor: who.ID, outcome: "denied",
			words: fmt.Sprintf("%s said no. Nothing was done.", who.Name), quote: no.Reason,
		})
	})
}

// void takes an approved plan back and says why; the run asks anew.
func (a *Agent) void(ctx context.Context, j *job, ask *store.Ask, why string) error {
	const most = 3
	if j.mem.Resealed >= most {
		return &Problem{Code: "unsteady", Text: "What this request would do kept changing while people were asked, so I stopped. Nothing was done; please ask IT."}
	}
	j.mem.Resealed++
	j.mem.Changes = append(j.mem.Changes, why)
	return a.write(ctx, func(tx *txn) error {
		ask.State, ask.ClosedAt = store.AskVoid, tx.Now()
		if err := tx.SaveAsk(ctx, ask); err != nil {
			return err
		}
		j.run.Step, j.run.State, j.run.WakeAt = ask.Step, store.Acting, tx.Now().Add(claimFor)
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		for _, id := range ask.People {
			if err := a.rewrite(ctx, tx, j.req.ID, cardKey(ask.ID, id), a.approvalCard(j, *ask, nil)); err != nil {
				return err
			}
		}
		e := a.event(j, "ask.void")
		e.Outcome, e.Detail, e.Personal = "asked anew", map[string]string{"ask": ask.ID, "digest": ask.Digest}, map[string]string{"why": why}
		return tx.Append(ctx, e)
	})
}

func decodePlan(ask *store.Ask) (plan, error) {
	var p plan
	if digest(ask.Plan) != ask.Digest {
		return p, &Problem{Code: "broken_seal", Text: "What was shown to the approvers is not what is stored. I stopped; IT must look at this."}
	}
	if err := json.Unmarshal(ask.Plan, &p); err != nil {
		return p, fmt.Errorf("read the plan of ask %s: %w", ask.ID, err)
	}
	return p, nil
}
