package playbooks

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/cel-go/common/types/ref"

	"frontdesk/playbooks/action"
)

// Misfit says in a sentence for people why a typed command does not fit its playbook.
type Misfit struct{ Sentence string } //nolint:errname // a sentence for people, named for what it says

// Error is the sentence.
func (m *Misfit) Error() string { return m.Sentence }

// Filled says which input takes which part of a typed command.
type Filled struct {
	// User is the input that takes the command's target; empty if there is none.
	User string
	// Objects is the input that takes the command's groups or applications.
	Objects string
	// Values are the inputs that the command itself gives a value: how long,
	// until when, why, with a temporary password or not.
	Values map[string]Value
	// Missing are the inputs that somebody must still be asked for, in the order
	// of the file: not given, not optional, and without a default.
	Missing []Input
}

// The names of inputs that take a part of the command which has no type of its own.
const (
	reasonInput       = "reason"             // because …
	tempPasswordInput = "temporary_password" // with a temporary password
)

// Fill maps a typed command to the inputs by type: the target to the first user,
// groups or applications to the first of those, "for" to a duration, "until" to a
// date, "because" to a text called reason, "with a temporary password" to a yesno
// called temporary_password. Whatever no input takes is a *Misfit, never dropped;
// only the reason need not be taken, because it belongs to the request as well.
func (p *Playbook) Fill(cmd action.Command) (Filled, error) {
	f := Filled{Values: map[string]Value{}}
	spec, ok := action.Of(cmd.Kind)
	if !ok {
		return Filled{}, fmt.Errorf("no action %q", cmd.Kind)
	}
	if user := p.first(TypeUser); user != nil {
		f.User = user.Name
	} else if cmd.Target.Kind != action.Missing {
		return Filled{}, misfit("“%s” is for yourself here: please leave the name out.", p.Title)
	}
	switch spec.Takes {
	case action.Groups:
		f.Objects = p.firstName(TypeGroup)
	case action.Applications:
		f.Objects = p.firstName(TypeApp)
	case action.NoObject:
	}
	if err := p.fitObjects(f.Objects, cmd); err != nil {
		return Filled{}, err
	}
	if err := p.fitOptions(f.Values, cmd); err != nil {
		return Filled{}, err
	}
	for _, i := range p.Inputs {
		given := (i.Name == f.User && cmd.Target.Kind != action.Missing) || (i.Name == f.Objects && len(cmd.Objects) > 0) || f.Values[i.Name].Given()
		if !given && !i.Optional && !i.Default {
			f.Missing = append(f.Missing, i)
		}
	}
	return f, nil
}

// fitObjects holds the groups or applications of a command against their input.
func (p *Playbook) fitObjects(name string, cmd action.Command) error {
	input := p.input(name)
	switch {
	case len(cmd.Objects) > 0 && input == nil:
		return misfit("“%s” decides by itself which groups or applications: please leave them out.", p.Title)
	case len(cmd.Objects) > 1 && !input.List:
		return misfit("“%s” takes one at a time: please ask for %s first.", p.Title, cmd.Objects[0].Text)
	}
	return nil
}

// fitOptions gives the options of a command to the inputs that take them.
func (p *Playbook) fitOptions(values map[string]Value, cmd action.Command) error {
	if cmd.For != 0 {
		name := p.firstName(TypeDuration)
		if name == "" {
			return misfit("“%s” can't be asked for a limited time: please leave out “for …”.", p.Title)
		}
		values[name] = DurationValue(cmd.For)
	}
	if !cmd.Until.IsZero() {
		name := p.firstName(TypeDate)
		if name == "" {
			return misfit("“%s” can't be asked until a date: please leave out “until …”.", p.Title)
		}
		values[name] = DateValue(cmd.Until)
	}
	if i := p.input(reasonInput); i != nil && i.Type == TypeText && cmd.Because != "" {
		values[i.Name] = TextValue(cmd.Because)
	}
	i := p.input(tempPasswordInput)
	switch {
	case i != nil && i.Type == TypeYesNo:
		if cmd.TempPassword {
			values[i.Name] = YesNoValue(true)
		}
	case cmd.TempPassword:
		return misfit("“%s” gives out no temporary passwords: please leave that out.", p.Title)
	}
	return nil
}

func misfit(format string, args ...any) error { return &Misfit{fmt.Sprintf(format, args...)} }

// first is the first input of a type.
func (p *Playbook) first(t Type) *Input {
	i := slices.IndexFunc(p.Inputs, func(i Input) bool { return i.Type == t })
	if i < 0 {
		return nil
	}
	return &p.Inputs[i]
}

func (p *Playbook) firstName(t Type) string {
	if i := p.first(t); i != nil {
		return i.Name
	}
	return ""
}

// Defaults gives the case's inputs with the default of every input that was not given.
func (p *Playbook) Defaults(ctx context.Context, world World, c Case) (map[string]Value, error) {
	e := p.evaluation(ctx, world, c)
	values := maps.Clone(c.Inputs)
	if values == nil {
		values = map[string]Value{}
	}
	for i := range p.Inputs {
		input := &p.Inputs[i]
		switch {
		case values[input.Name].Given() || !input.Default:
		case input.fallback == nil:
			values[input.Name] = input.literal
		default:
			v, err := e.fallback(input)
			if err != nil {
				return nil, err
			}
			values[input.Name] = v
		}
	}
	return values, nil
}

// fallback evaluates an input's default.
func (e *evaluation) fallback(i *Input) (Value, error) {
	v, err := e.run(i.fallback)
	if err != nil {
		return Value{}, err
	}
	given := Value{Type: i.Type, List: i.List}
	err = each(v, func(one ref.Val) error {
		item, err := itemOf(one)
		given.Items = append(given.Items, item)
		return err
	})
	if err != nil {
		return Value{}, e.misfit(i.fallback, err)
	}
	return given, nil
}
