package playbooks

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Verdict is what a playbook's guards say of a case.
type Verdict struct {
	Allowed bool
	// Guard is the index of the guard that said no; -1 if all said yes, or if
	// what was given for an input may not be chosen.
	Guard int
	// Sentence is what people read if the answer is no.
	Sentence string
	// Err is why a guard could not be answered. The answer is no then.
	Err error
	// Seen is what the guards read, in the words of the file: the second look
	// compares it and the timeline keeps it. People's attributes are in it, so it
	// is not for everybody's eyes.
	Seen map[string]string
}

// What people read when the file has no sentence of its own.
const (
	notAllowed = "This is not allowed here."
	notChecked = "I could not check whether this is allowed, so for now the answer is no. Please try again later or ask IT."
)

// Guards asks every guard in order until the first no. What was given for the
// inputs is held against their options and their where before.
func (p *Playbook) Guards(ctx context.Context, world World, c Case) Verdict {
	e := p.evaluation(ctx, world, c)
	seen := map[string]string{}
	for i := range p.Inputs {
		sentence, err := e.choosable(&p.Inputs[i])
		if err != nil {
			return Verdict{Guard: -1, Sentence: notChecked, Err: err, Seen: seen}
		}
		if sentence != "" {
			return Verdict{Guard: -1, Sentence: sentence, Seen: seen}
		}
	}
	for i, g := range p.guards {
		allowed, err := e.guard(g, seen)
		if err != nil {
			return Verdict{Guard: i, Sentence: notChecked, Err: fmt.Errorf("guard %d: %w", i+1, err), Seen: seen}
		}
		if allowed {
			continue
		}
		v := Verdict{Guard: i, Sentence: notAllowed, Seen: seen}
		if g.refuse != nil {
			sentence, err := e.fill(g.refuse)
			if err == nil {
				v.Sentence = sentence
			}
			v.Err = err
		}
		return v
	}
	return Verdict{Allowed: true, Guard: -1, Seen: seen}
}

// guard asks one guard and keeps what it saw. Looking again costs no question,
// because the world of an evaluation remembers.
func (e *evaluation) guard(g guard, seen map[string]string) (bool, error) {
	allowed, err := e.yes(g.allow)
	if err != nil {
		return false, err
	}
	_, details, err := g.allow.watched.ContextEval(e.ctx, e)
	if err != nil {
		return false, e.misfit(g.allow, err)
	}
	for _, s := range g.allow.sights {
		if part, ok := details.State().Value(s.id); ok {
			seen[s.text] = e.plain(part)
		}
	}
	return allowed, nil
}

// plain writes a seen value without asking the world anything more.
func (e *evaluation) plain(v ref.Val) string {
	switch v := v.(type) {
	case *object:
		return v.id
	case traits.Lister:
		var words []string
		_ = each(v, func(one ref.Val) error {
			words = append(words, e.plain(one))
			return nil
		})
		return list(words, "and")
	case error:
		return "could not be read"
	}
	words, err := e.show(v)
	if err != nil {
		return "could not be read"
	}
	return words
}

// choosable tells in a sentence if what was given for an input may not be chosen.
func (e *evaluation) choosable(i *Input) (string, error) {
	given := e.c.Inputs[i.Name]
	if !given.Given() {
		if i.Optional || i.List {
			return "", nil
		}
		return "", fmt.Errorf("the input %q was not given", i.Name)
	}
	if i.Type == TypeChoice {
		options, err := e.optionsOf(i)
		if err != nil {
			return "", err
		}
		for _, item := range given.Items {
			if !slices.Contains(options, item) {
				return fmt.Sprintf("%q is not one of the choices: %s.", item, list(options, "or")), nil
			}
		}
	}
	if i.where == nil {
		return "", nil
	}
	for _, item := range given.Items {
		may, err := e.allows(i, item)
		if err != nil {
			return "", err
		}
		if !may {
			one, err := e.celItem(i.Type, item)
			if err != nil {
				return "", err
			}
			name, err := e.show(one)
			return name + " can't be chosen for this.", err
		}
	}
	return "", nil
}

// allows asks an input's where about one item.
func (e *evaluation) allows(i *Input, item string) (bool, error) {
	it, err := e.celItem(i.Type, item)
	if err != nil {
		return false, err
	}
	inner := *e
	inner.it = it
	// The item must belong to the evaluation that reads its fields.
	if o, ok := it.(*object); ok {
		o.in = &inner
	}
	return inner.yes(i.where)
}

// optionsOf gives what may be chosen for a choice.
func (e *evaluation) optionsOf(i *Input) ([]string, error) {
	if i.options == nil {
		return i.choices, nil
	}
	v, err := e.run(i.options)
	if err != nil {
		return nil, err
	}
	var words []string
	err = each(v, func(one ref.Val) error {
		word, err := itemOf(one)
		words = append(words, word)
		return err
	})
	return words, err
}

// Options gives what may be chosen for an input that is a choice; nothing for others.
func (p *Playbook) Options(ctx context.Context, world World, c Case, input string) ([]string, error) {
	i := p.input(input)
	if i == nil || i.Type != TypeChoice {
		return nil, nil
	}
	return p.evaluation(ctx, world, c).optionsOf(i)
}

// Choosable tells whether an item may be chosen for an input, as its where says.
func (p *Playbook) Choosable(ctx context.Context, world World, c Case, input, item string) (bool, error) {
	i := p.input(input)
	if i == nil || i.where == nil {
		return i != nil, nil
	}
	return p.evaluation(ctx, world, c).allows(i, item)
}

// When tells whether a step, by its index in Steps, is to be done; an error is
// never a no.
func (p *Playbook) When(ctx context.Context, world World, c Case, step int) (bool, error) {
	s, err := p.step(step)
	if err != nil || s.when == nil {
		return err == nil, err
	}
	return p.evaluation(ctx, world, c).yes(s.when)
}

// People gives those whom an approve step asks or a dm step writes to, each once.
// It may be nobody.
func (p *Playbook) People(ctx context.Context, world World, c Case, step int) ([]User, error) {
	s, err := p.step(step)
	if err != nil {
		return nil, err
	}
	if s.people == nil {
		return nil, fmt.Errorf("step %d of %s (%s) has no people", step, p.Name, s.Kind)
	}
	return p.evaluation(ctx, world, c).people(s.people)
}

// Text gives the text of a dm, reply or close step; empty if a close has none.
func (p *Playbook) Text(ctx context.Context, world World, c Case, step int) (string, error) {
	s, err := p.step(step)
	if err != nil || s.text == nil {
		return "", err
	}
	return p.evaluation(ctx, world, c).fill(s.text)
}

var errNoStep = errors.New("no such step")

func (p *Playbook) step(i int) (*Step, error) {
	if i < 0 || i >= len(p.Steps) {
		return nil, fmt.Errorf("step %d of %s: %w", i, p.Name, errNoStep)
	}
	return &p.Steps[i], nil
}
