package playbooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"go.yaml.in/yaml/v4"

	"frontdesk/playbooks/action"
)

// command is a run step's slash command with its holes compiled.
type command struct {
	kind    action.Kind
	typed   action.Command
	target  operand
	objects []operand
	ends    *expression // for ${…}
	until   *expression // until ${…}
	because *template
}

// operand is one argument of a command: a hole, a literal, or nothing.
type operand struct {
	hole    *expression
	literal action.Arg
}

// Expanded is a run step's command with everything resolved to ids: every target
// with every object.
type Expanded struct {
	Kind         action.Kind
	Targets      []string // users
	Objects      []string // groups or applications
	For          time.Duration
	Until        time.Time
	TempPassword bool
	Because      string
}

// phrase reads the name of an action, as in on: command.
func (c *compiler) phrase(text located) (action.Kind, bool) {
	kind, err := action.ParsePhrase(text.String())
	if err != nil {
		c.commandError(text, err)
		return "", false
	}
	return kind, true
}

// commandError reports what the grammar says, at the words it says it of.
func (c *compiler) commandError(text located, err error) {
	var wrong *action.SyntaxError
	if !errors.As(err, &wrong) {
		c.errorf(text.start(), "%s", err)
		return
	}
	message := wrong.Problem
	if len(wrong.Suggestions) > 0 {
		message += " Did you mean " + list(wrong.Suggestions, "or") + "?"
	}
	c.errorf(text.position(runesIn(text, wrong.Offset)), "%s", message)
}

// runesIn counts the characters in the first bytes of a text.
func runesIn(text located, bytes int) int {
	s := text.String()
	return utf8.RuneCountInString(s[:min(max(bytes, 0), len(s))])
}

// readRun reads a run step.
func (p *Playbook) readRun(c *compiler, s *Step, value *yaml.Node, fields map[string]keyed) {
	if k, ok := fields["on_failure"]; ok {
		if k.value.Kind == yaml.SequenceNode {
			c.errorf(nodeAt(k.value), "on_failure with steps of its own is part of the language but not supported by this version; write stop or continue")
		} else if word, ok := c.oneOf(k.value, "on_failure", []string{string(Stop), string(Continue)}); ok {
			s.OnFailure = OnFailure(word)
		}
	}
	if s.when != nil && s.when.approval {
		c.errorf(s.when.text.start(), "whether this step runs must be known when people approve it, so its when can't depend on approval")
	}
	text, ok := c.prose(value, "run")
	if !ok {
		return
	}
	text = text.trim()
	s.Command = text.String()
	typed, holes, err := action.ParseStep(s.Command)
	if err != nil {
		c.commandError(text, err)
		return
	}
	s.Action = typed.Kind
	s.run = c.command(text, typed, holes)
}

// command compiles what is in a command's holes, and checks what is between them.
func (c *compiler) command(text located, typed action.Command, holes []action.Expression) *command {
	cmd := &command{kind: typed.Kind, typed: typed}
	hole := func(arg action.Arg, wanted want) *expression {
		at := runesIn(text, holes[arg.Hole].Offset)
		source := text.slice(at, min(at+utf8.RuneCountInString(holes[arg.Hole].Source), len(text.runes)))
		x := c.compile(source, wanted)
		if x != nil && x.approval {
			c.errorf(source.start(), "what runs must be known when people approve it, so it can't depend on approval")
		}
		return x
	}
	operandOf := func(arg action.Arg, wanted want, named NameKind) operand {
		if arg.Kind == action.Hole {
			return operand{hole: hole(arg, wanted)}
		}
		at := placeOf(text, arg.Text)
		switch arg.Kind {
		case action.Email, action.Name:
			c.names = append(c.names, NameRef{Kind: named, Name: arg.Text, Line: at.line, Column: at.column})
		case action.Handle, action.Mention:
			c.errorf(at, "a playbook names a person by email, or by an expression like ${person}")
		case action.Missing, action.Hole:
		}
		return operand{literal: arg}
	}
	cmd.target = operandOf(typed.Target, wantOneOrList(userType, "a user or a list of users"), NameUser)
	spec, _ := action.Of(typed.Kind)
	for _, o := range typed.Objects {
		wanted, named := wantOneOrList(groupType, "a group or a list of groups"), NameGroup
		if spec.Takes == action.Applications {
			wanted, named = wantOneOrList(appType, "an application or a list of applications"), NameApp
		}
		cmd.objects = append(cmd.objects, operandOf(o, wanted, named))
	}
	if typed.ForHole.Kind == action.Hole {
		cmd.ends = hole(typed.ForHole, wantOf(cel.DurationType, "a duration"))
	}
	if typed.UntilHole.Kind == action.Hole {
		cmd.until = hole(typed.UntilHole, wantOf(cel.TimestampType, "a date"))
	}
	cmd.because = &template{}
	for _, part := range typed.BecauseParts {
		if part.Kind == action.Hole {
			cmd.because.parts = append(cmd.because.parts, piece{hole: hole(part, wantShown)})
		} else {
			cmd.because.parts = append(cmd.because.parts, piece{words: part.Text})
		}
	}
	return cmd
}

// placeOf finds a literal argument in a command, as a word of its own.
func placeOf(text located, word string) position {
	all, part := []rune(strings.ToLower(text.String())), []rune(strings.ToLower(word))
	for i := len("/okta"); i+len(part) <= len(all) && len(all) == len(text.runes); i++ {
		end := i + len(part)
		if slices.Equal(all[i:end], part) && !isWordRune(all[i-1]) && (end == len(all) || !isWordRune(all[end])) {
			return text.position(i)
		}
	}
	return text.start()
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// missing tells that the command names nobody here.
func (o operand) missing() bool { return o.hole == nil && o.literal.Kind == action.Missing }

// Expand resolves a run step's command: holes to what they stand for now, literal
// names to ids. A command that names nobody is about the requester. An end that is
// null (an optional input that was not given) is left out.
func (p *Playbook) Expand(ctx context.Context, world World, c Case, step int) (Expanded, error) {
	s, err := p.step(step)
	if err != nil {
		return Expanded{}, err
	}
	if s.run == nil {
		return Expanded{}, fmt.Errorf("step %d of %s (%s) runs nothing", step, p.Name, s.Kind)
	}
	e, cmd := p.evaluation(ctx, world, c), s.run
	x := Expanded{Kind: cmd.kind, For: cmd.typed.For, Until: cmd.typed.Until, TempPassword: cmd.typed.TempPassword, Because: cmd.typed.Because}
	if cmd.target.missing() {
		x.Targets = []string{c.Requester}
	} else if x.Targets, err = e.operand(cmd.target, NameUser); err != nil {
		return Expanded{}, err
	}
	spec, _ := action.Of(cmd.kind)
	named := NameGroup
	if spec.Takes == action.Applications {
		named = NameApp
	}
	for _, o := range cmd.objects {
		ids, err := e.operand(o, named)
		if err != nil {
			return Expanded{}, err
		}
		x.Objects = append(x.Objects, ids...)
	}
	x.Targets, x.Objects = once(x.Targets), once(x.Objects)
	if err := e.ends(cmd, &x); err != nil {
		return Expanded{}, err
	}
	if len(cmd.because.parts) > 0 {
		if x.Because, err = e.fill(cmd.because); err != nil {
			return Expanded{}, err
		}
	}
	return x, nil
}

// ends fills in when what is given ends.
func (e *evaluation) ends(cmd *command, x *Expanded) error {
	if cmd.ends != nil {
		v, err := e.run(cmd.ends)
		if err != nil {
			return err
		}
		if d, ok := v.(types.Duration); ok {
			if d.Duration <= 0 {
				return e.misfit(cmd.ends, fmt.Errorf("a duration of %s is none", d.Duration))
			}
			x.For = d.Duration
		}
	}
	if cmd.until != nil {
		v, err := e.run(cmd.until)
		if err != nil {
			return err
		}
		if t, ok := v.(types.Timestamp); ok {
			x.Until = t.UTC()
		}
	}
	return nil
}

// operand gives the ids that an argument stands for.
func (e *evaluation) operand(o operand, named NameKind) ([]string, error) {
	if o.hole != nil {
		v, err := e.run(o.hole)
		if err != nil {
			return nil, err
		}
		all, err := ids(v)
		if err != nil {
			return nil, e.misfit(o.hole, err)
		}
		return all, nil
	}
	switch named {
	case NameGroup:
		g, err := e.world.GroupNamed(e.ctx, o.literal.Text)
		return []string{g.ID}, err
	case NameApp:
		a, err := e.world.AppNamed(e.ctx, o.literal.Text)
		return []string{a.ID}, err
	case NameUser:
	}
	u, err := e.world.UserByEmail(e.ctx, o.literal.Text)
	return []string{u.ID}, err
}

// once keeps the first of equal ids.
func once(ids []string) []string {
	var kept []string
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			kept = append(kept, id)
		}
	}
	return kept
}
