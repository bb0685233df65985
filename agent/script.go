package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"frontdesk/playbooks"
	"frontdesk/store"
)

// script is a run's playbook with what it knows at one look: the pinned text,
// a fresh world, and the facts of the request.
type script struct {
	a       *Agent
	book    *playbooks.Playbook
	world   *world
	facts   playbooks.Case
	binding store.Binding // the requester's, at admission
}

// script compiles the text that the run is pinned to.
func (a *Agent) script(_ context.Context, j *job) (*script, error) {
	book, err := a.pinned(j.run.Playbook, j.run.Hash, j.run.Source)
	if err != nil {
		return nil, err
	}
	s := &script{a: a, book: book, world: a.newWorld(), facts: a.facts(j)}
	if err := json.Unmarshal(j.mem.Given, &s.facts.Inputs); err != nil {
		return nil, fmt.Errorf("read the inputs of run %s: %w", j.run.ID, err)
	}
	return s, nil
}

// pinned finds the playbook in the library, if that is still the text the run
// started with, or compiles the text anew.
func (a *Agent) pinned(name, hash, source string) (*playbooks.Playbook, error) {
	for _, p := range a.Library.All() {
		if p.Name == name && p.Hash == hash {
			return p, nil
		}
	}
	p, err := playbooks.Parse(name+".yaml", []byte(source))
	if err != nil {
		return nil, fmt.Errorf("compile the text that the run is pinned to: %w", err)
	}
	return p, nil
}

func (a *Agent) facts(j *job) playbooks.Case {
	return playbooks.Case{
		Requester: j.mem.Requester.ID,
		Request: playbooks.Request{
			ID: requestName(j.req.Number), Channel: j.req.Channel, Text: j.req.Text, Source: j.req.Source, Opened: j.req.OpenedAt,
		},
		Approval: playbooks.Approval{By: j.mem.Approval.By.ID, Comment: j.mem.Approval.Comment},
		Now:      a.Now(), OktaURL: a.OktaURL,
	}
}

// guards asks the guards; a *Problem is their no, with its sentence. A guard that
// cannot be read for now is asked again later and never counts as yes.
func (s *script) guards(ctx context.Context) (*Problem, error) {
	v := s.book.Guards(ctx, s.world, s.facts)
	if v.Allowed {
		return nil, nil //nolint:nilnil // no problem and no error is the answer
	}
	if v.Err != nil && temporary(v.Err) {
		return nil, v.Err
	}
	p := &Problem{Code: "guard", Text: v.Sentence, Cause: v.Err}
	if v.Err != nil {
		p.Code = "guard_failed"
		if inner, ok := AsProblem(v.Err); ok {
			p.Text = inner.Text // the reason has words of its own
		}
	}
	return p, nil
}

func (s *script) when(ctx context.Context, step int) (bool, error) {
	ok, err := s.book.When(ctx, s.world, s.facts, step)
	return ok, s.wrap(step, err)
}

func (s *script) text(ctx context.Context, step int) (string, error) {
	t, err := s.book.Text(ctx, s.world, s.facts, step)
	return t, s.wrap(step, err)
}

// people lists whom an approve or dm step names, as Okta has them now.
func (s *script) people(ctx context.Context, step int) ([]User, error) {
	named, err := s.book.People(ctx, s.world, s.facts, step)
	if err != nil {
		return nil, s.wrap(step, err)
	}
	us := make([]User, 0, len(named))
	for _, n := range named {
		u, err := s.world.user(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		us = append(us, u)
	}
	return us, nil
}

// wrap names the step of an error that is the playbook's own: such an error stops
// the run and tells IT, it never skips a step.
func (s *script) wrap(step int, err error) error {
	if err == nil || temporary(err) {
		return err
	}
	if _, ok := AsProblem(err); ok {
		return err
	}
	if _, ok := errors.AsType[*OktaError](err); ok {
		return err
	}
	return &Problem{Code: "playbook_error", Cause: err, Text: fmt.Sprintf("Step %d of the playbook %s could not be worked out, so I stopped. IT has been told.", step+1, s.book.Name)}
}

// covered tells whether a human approves before anything is done.
func (s *script) covered(ctx context.Context) (bool, error) {
	if s.book.Autonomy != playbooks.Auto {
		return true, nil
	}
	for i, st := range s.book.Steps {
		if st.Kind != playbooks.StepRun && st.Kind != playbooks.StepApprove {
			continue
		}
		applies, err := s.when(ctx, i)
		if err != nil {
			return false, err
		}
		if applies {
			return st.Kind == playbooks.StepApprove, nil
		}
	}
	return true, nil // nothing would be done at all
}
