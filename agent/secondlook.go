package agent

import (
	"context"
	"fmt"
	"slices"

	"frontdesk/store"
)

// secondLook reads live, by id, immediately before the call: may the requester
// still ask, would the guards still say yes, may those who agreed still agree. A
// different answer stops the run and says then → now. It answers true when the
// run goes another way.
func (a *Agent) secondLook(ctx context.Context, j *job, s *script, cover *store.Ask, act Act) (bool, error) {
	if _, err := a.protect(ctx, []planned{{Act: act}}); err != nil {
		return false, err
	}
	requester, binding, err := a.identify(ctx, j.req.SlackUser)
	if err != nil {
		return false, err
	}
	if requester.ID != j.mem.Requester.ID {
		return false, gateProblem("rebound", "This Slack account was bound to another person meanwhile. Nothing was done; please ask again.")
	}
	alone := cover == nil || j.mem.Target.ID != requester.ID
	if alone && a.Identity == IdentityProof && binding.Proof == "" {
		return false, &Problem{Code: "unproven", Text: "Your proof of identity was taken back meanwhile. Nothing was done; please ask again."}
	}
	if p := standing(requester, act.Target == requester.ID); p != nil {
		return false, p
	}
	if !j.mem.Changed {
		target, err := a.Directory.User(ctx, j.mem.Target.ID)
		if err != nil {
			return false, fmt.Errorf("read %s again: %w", j.mem.Target.ID, err)
		}
		if p, err := s.guards(ctx); err != nil {
			return false, err
		} else if p != nil {
			return false, thenNow(j, target, p)
		}
	}
	if cover == nil {
		return false, nil
	}
	why, err := a.stillAgreed(ctx, j, s, cover)
	if err != nil || why == "" {
		return false, err
	}
	return true, a.void(ctx, j, cover, why)
}

// thenNow says what changed between the approval and the act.
func thenNow(j *job, target User, p *Problem) *Problem {
	text := p.Text
	if j.mem.Seen != "" && j.mem.Seen != target.Status {
		text = fmt.Sprintf("I stopped at the last look: when this was asked, %s was %s; now %s. %s", target.Name(), plainStatus(j.mem.Seen), plainStatus(target.Status), p.Text)
	}
	return &Problem{Code: "second_look", Text: text, Cause: p}
}

// sinceAsked adds to a refusal what changed about the person since it was asked.
func (a *Agent) sinceAsked(ctx context.Context, j *job, act Act, p *Problem) (*Problem, error) {
	if j.mem.Changed || j.mem.Seen == "" || act.Target != j.mem.Target.ID {
		return p, nil
	}
	target, err := a.Directory.User(ctx, act.Target)
	if err != nil {
		return nil, fmt.Errorf("read %s again: %w", act.Target, err)
	}
	if target.Status == j.mem.Seen {
		return p, nil
	}
	return thenNow(j, target, p), nil
}

// stillAgreed tells whether each of those who agreed may still do so: active in
// Okta, the same person in Slack, proven where that is asked, and still on the
// list. Otherwise it says why not.
func (a *Agent) stillAgreed(ctx context.Context, j *job, s *script, ask *store.Ask) (string, error) {
	decisions, err := a.decisions(ctx, ask.ID)
	if err != nil {
		return "", err
	}
	agreed := 0
	for _, d := range decisions {
		if d.Verdict != store.Approve || d.Digest != ask.Digest {
			continue
		}
		who, b, err := a.identify(ctx, d.User)
		if _, isProblem := AsProblem(err); isProblem {
			return j.mem.Card.person(d.PersonID).Name + " may no longer decide: " + err.Error(), nil
		}
		if err != nil {
			return "", err
		}
		switch {
		case who.ID != d.PersonID:
			return "the Slack account that agreed now belongs to somebody else", nil
		case who.Status != "ACTIVE":
			return fmt.Sprintf("%s, who agreed, is %s in Okta now", who.Name(), plainStatus(who.Status)), nil
		case a.Identity == IdentityProof && b.Proof == "":
			return fmt.Sprintf("%s's proof of identity was taken back", who.Name()), nil
		}
		ok, err := a.onList(ctx, j, s, ask, who)
		if err != nil {
			return "", err
		}
		if !ok {
			return fmt.Sprintf("%s, who agreed, may no longer decide this", who.Name()), nil
		}
		agreed++
	}
	if agreed < ask.Need {
		return "", &Problem{Code: "not_agreed", Text: "Not enough people agreed to exactly this. Nothing was done."}
	}
	return "", nil
}

// onList tells whether who would be asked again if the question were put now.
func (a *Agent) onList(ctx context.Context, j *job, s *script, ask *store.Ask, who User) (bool, error) {
	wanted, _, err := a.wanted(ctx, j, s, ask.Step)
	if err != nil {
		return false, err
	}
	is := func(u User) bool { return u.ID == who.ID }
	if slices.ContainsFunc(wanted, is) || a.Who.Fallback == "" {
		return slices.ContainsFunc(wanted, is), nil
	}
	more, err := a.membersNamed(ctx, a.Who.Fallback)
	return slices.ContainsFunc(more, is), err
}
