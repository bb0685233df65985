package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"frontdesk/playbooks"
	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// admit finds out who asks for what, for whom, under which playbook, and whether
// its guards and the floor let it in. What it learns stands in j; a *Problem
// refuses the request before Okta is asked anything that the gate forbids.
func (a *Agent) admit(ctx context.Context, j *job) (*script, error) {
	cmd := j.mem.Command
	requester, binding, err := a.identify(ctx, j.req.SlackUser)
	if err != nil {
		return nil, err
	}
	j.mem.Requester = personOf(requester, j.req.SlackUser)
	target, err := a.target(ctx, cmd.Target, requester)
	if err != nil {
		return nil, err
	}
	j.mem.Target = personOf(target, "")
	if p := standing(requester, target.ID == requester.ID); p != nil {
		return nil, p
	}
	spec, ok := action.Of(cmd.Kind)
	if !ok {
		return nil, fmt.Errorf("no action %q", cmd.Kind)
	}
	book, ok := a.Library.For(cmd.Kind)
	if !ok {
		return nil, &Problem{Code: "no_playbook", Text: fmt.Sprintf("IT has not opened %q here: no playbook says who may. Please ask IT.", spec.Phrase)}
	}
	if cmd.For != 0 || !cmd.Until.IsZero() {
		return nil, noEnding()
	}
	if spec.Takes != action.NoObject {
		if j.mem.Objects, err = a.objects(ctx, cmd.Kind, cmd.Objects); err != nil {
			return nil, err
		}
	}
	s := &script{a: a, book: book, world: a.newWorld(), facts: a.facts(j), binding: binding}
	s.world.users[requester.ID], s.world.users[target.ID] = requester, target
	if err := s.fill(ctx, j); err != nil {
		return nil, err
	}
	p, err := s.guards(ctx)
	if err != nil {
		return nil, err
	}
	if p != nil {
		return nil, p
	}
	acts, err := s.everything(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := a.protect(ctx, acts); err != nil {
		return nil, err
	}
	if _, err := a.preview(ctx, acts); err != nil { // what cannot be done is said before anybody is asked
		return nil, err
	}
	return s, a.Store.Write(ctx, func(tx store.Tx) error {
		for _, u := range []User{requester, target} {
			if err := tx.SavePerson(ctx, remember(u, tx.Now())); err != nil {
				return err
			}
		}
		return nil
	})
}

func personOf(u User, slack string) person {
	return person{ID: u.ID, Name: u.Name(), Email: canonical(u.Email), Slack: slack}
}

// fill gives the playbook's inputs what the command said, resolved to ids.
func (s *script) fill(ctx context.Context, j *job) error {
	filled, err := s.book.Fill(j.mem.Command)
	if no, ok := errors.AsType[*playbooks.Misfit](err); ok {
		return &Problem{Code: "misfit", Text: no.Error()}
	}
	if err != nil {
		return fmt.Errorf("fill the inputs of %s: %w", s.book.Name, err)
	}
	if len(filled.Missing) > 0 {
		return &Problem{Code: "missing_input", Text: fmt.Sprintf("To do this I also need to know: %s I can't ask for that here yet; please ask IT.", filled.Missing[0].Ask)}
	}
	inputs := filled.Values
	if inputs == nil {
		inputs = map[string]playbooks.Value{}
	}
	if in := filled.User; in != "" && j.mem.Command.Target.Kind != action.Missing {
		inputs[in] = playbooks.UserValue(j.mem.Target.ID)
	}
	if in := filled.Objects; in != "" {
		v, err := s.given(in, j.mem.Objects)
		if err != nil {
			return err
		}
		inputs[in] = v
	}
	s.facts.Inputs = inputs
	if s.facts.Inputs, err = s.book.Defaults(ctx, s.world, s.facts); err != nil {
		return s.wrap(0, err)
	}
	if j.mem.Given, err = json.Marshal(s.facts.Inputs); err != nil {
		return fmt.Errorf("encode inputs: %w", err)
	}
	return nil
}

// given makes the value of an input from the groups or applications named.
func (s *script) given(input string, things []thing) (playbooks.Value, error) {
	for _, in := range s.book.Inputs {
		if in.Name != input {
			continue
		}
		if !in.List && len(things) > 1 {
			return playbooks.Value{}, &Problem{Code: "misfit", Text: "Here this takes one name at a time. Please ask for one after the other."}
		}
		v := playbooks.Value{Type: in.Type, List: in.List}
		for _, t := range things {
			v.Items = append(v.Items, t.ID)
		}
		return v, nil
	}
	return playbooks.Value{}, fmt.Errorf("%s has no input %q", s.book.Name, input)
}

// everything resolves all acts of the playbook as it stands, over every approval.
func (s *script) everything(ctx context.Context) ([]planned, error) {
	var acts []planned
	for i, st := range s.book.Steps {
		if st.Kind != playbooks.StepRun {
			continue
		}
		applies, err := s.when(ctx, i)
		if err != nil {
			return nil, err
		}
		if !applies {
			continue
		}
		if acts, err = s.with(ctx, acts, i); err != nil {
			return nil, err
		}
	}
	return acts, nil
}
