package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"frontdesk/playbooks"
	"frontdesk/playbooks/action"
)

// plan is what an approval is about: the resolved actions, by id, and everything
// else that was shown. Its digest seals it: what is decided on is what was shown,
// and what is executed is what was decided on.
type plan struct {
	Request   string    `json:"request"`
	Run       string    `json:"run"`
	Playbook  string    `json:"playbook"`
	Hash      string    `json:"hash"`
	Step      int       `json:"step"` // where it was sealed
	Requester string    `json:"requester"`
	Reason    string    `json:"reason"` // digest of the words
	Acts      []planned `json:"acts"`
	People    []string  `json:"people"`
	Need      int       `json:"need"`
}

// planned is one act and the step that calls for it.
type planned struct {
	Step int `json:"step"`
	Act
}

func (p plan) encode() (json.RawMessage, string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, "", fmt.Errorf("encode plan: %w", err)
	}
	return b, digest(b), nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// of lists the acts that step calls for.
func (p plan) of(step int) []Act {
	var acts []Act
	for _, pl := range p.Acts {
		if pl.Step == step {
			acts = append(acts, pl.Act)
		}
	}
	return acts
}

// mostActs is how much one run may do.
const mostActs = 25

func tooMany() *Problem {
	return &Problem{Code: "too_many", Text: fmt.Sprintf("That would be more than %d changes at once, which I never do. Please ask for fewer at a time.", mostActs)}
}

// expand resolves what the run step calls for, as the world is now.
func (s *script) expand(ctx context.Context, step int) ([]Act, error) {
	x, err := s.book.Expand(ctx, s.world, s.facts, step)
	if err != nil {
		return nil, err
	}
	if x.For != 0 || !x.Until.IsZero() {
		return nil, noEnding()
	}
	objects := x.Objects
	if spec, _ := action.Of(x.Kind); spec.Takes == action.NoObject {
		objects = []string{""}
	} else if len(objects) == 0 {
		return nil, &Problem{Code: "nothing_named", Text: "This playbook named nothing to add or remove. Please tell IT."}
	}
	var acts []Act
	for _, t := range x.Targets {
		for _, o := range objects {
			acts = append(acts, Act{Kind: x.Kind, Target: t, Object: o, TempPassword: x.TempPassword})
		}
	}
	return acts, nil
}

// noEnding refuses access that should end: a promise that is not kept by
// anybody must not be made.
func noEnding() *Problem {
	return &Problem{Code: "no_ending", Text: "I can't take access away again by myself yet, so I don't start access that should end. Ask without the duration, and ask again for its removal when the time comes."}
}

// segment resolves every act from step on up to the next approval that applies:
// what one approval covers.
func (s *script) segment(ctx context.Context, from int) ([]planned, error) {
	var acts []planned
	for i := from; i < len(s.book.Steps); i++ {
		st := s.book.Steps[i]
		if st.Kind != playbooks.StepRun && st.Kind != playbooks.StepApprove && st.Kind != playbooks.StepClose {
			continue
		}
		applies, err := s.when(ctx, i)
		if err != nil {
			return nil, err
		}
		switch {
		case !applies:
			continue
		case st.Kind == playbooks.StepClose:
			return acts, nil
		case st.Kind == playbooks.StepApprove:
			if i > from {
				return acts, nil
			}
			continue
		}
		if acts, err = s.with(ctx, acts, i); err != nil {
			return nil, err
		}
	}
	return acts, nil
}

// with adds the acts that a run step calls for.
func (s *script) with(ctx context.Context, acts []planned, step int) ([]planned, error) {
	here, err := s.expand(ctx, step)
	if err != nil {
		return nil, err
	}
	for _, act := range here {
		acts = append(acts, planned{Step: step, Act: act})
	}
	if len(acts) > mostActs {
		return nil, tooMany()
	}
	return acts, nil
}

// floor is what holds whatever a playbook says: how many people must agree
// before acts are done for this requester. 0: nobody.
func floor(acts []planned, requester string, isAgent bool) int {
	need := 0
	for _, p := range acts {
		if p.Kind == action.DeprovisionUser {
			return 2
		}
		if p.Target != requester && !isAgent {
			need = 1
		}
	}
	return need
}

// protect refuses acts on Okta's own administrators, from every trigger. Where
// the scope to see who is one was not granted, it says so instead of guessing.
func (a *Agent) protect(ctx context.Context, acts []planned) (warnings []string, err error) {
	if err := a.protectAuthority(ctx, acts); err != nil {
		return nil, err
	}
	var seen []string
	for _, p := range acts {
		if slices.Contains(seen, p.Target) {
			continue
		}
		seen = append(seen, p.Target)
		roles, err := a.Directory.AdminRoles(ctx, p.Target)
		if missing := mayNotRead(err); missing != "" {
			return []string{fmt.Sprintf("I can't see whether this person is an Okta administrator: Frontdesk lacks %s.", missing)}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the admin roles of %s: %w", p.Target, err)
		}
		if len(roles) > 0 {
			return nil, &Problem{Code: "protected", Text: "This person is an Okta administrator, and I never touch those. An Okta super admin must do it in Okta's own console."}
		}
	}
	return nil, nil
}

// mayNotRead names what is missing when Okta does not let Frontdesk read
// something, or is "" for any other error.
func mayNotRead(err error) string {
	oe, ok := errors.AsType[*OktaError](err)
	switch {
	case !ok:
		return ""
	case oe.Scope != "":
		return "the scope " + oe.Scope
	case oe.Status == 403:
		return "an admin role that may read it"
	}
	return ""
}

// protectAuthority refuses to change who is in the groups that decide who may do
// what here: a request must not make its own approvers.
func (a *Agent) protectAuthority(ctx context.Context, acts []planned) error {
	for _, p := range acts {
		if p.Kind != action.AddToGroup && p.Kind != action.RemoveFromGroup {
			continue
		}
		for _, name := range []string{a.Who.Admins, a.Who.Agents, a.Who.Fallback, a.Who.BreakGlass} {
			if name == "" {
				continue
			}
			id, err := a.authority(ctx, name)
			if _, missing := AsProblem(err); missing {
				continue // no such group: nothing to protect
			}
			if err != nil {
				return err
			}
			if id == p.Object {
				return &Problem{Code: "protected_group", Text: fmt.Sprintf("The group %q decides who may do what in Frontdesk, so I never change it. An Okta admin must do it in Okta's own console.", name)}
			}
		}
	}
	return nil
}
