package playbooks

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// evaluationName is the name under which an expression finds its evaluation. It
// is no word of CEL, so nobody can write it.
const evaluationName = "@evaluation"

// evaluation answers the names of expressions for one case and lives as long as
// one call of a Playbook's method.
type evaluation struct {
	ctx   context.Context //nolint:containedctx // CEL reads fields without handing a context on
	world World
	p     *Playbook
	c     Case
	it    ref.Val // the thing that a where asks about
}

func (p *Playbook) evaluation(ctx context.Context, world World, c Case) *evaluation {
	return &evaluation{ctx: ctx, world: Remember(world), p: p, c: c}
}

// ResolveName gives a name's value. Values are made when they are asked for.
func (e *evaluation) ResolveName(name string) (any, bool) {
	switch name {
	case "requester":
		return e.user(e.c.Requester), true
	case "request":
		return &object{requestType, "", e}, true
	case "okta":
		return &object{oktaType, "", e}, true
	case "now":
		return types.Timestamp{Time: e.c.Now.UTC()}, true
	case "approval":
		if e.c.Approval.By == "" {
			return types.NullValue, true
		}
		return &object{approvalType, "", e}, true
	case "it":
		return e.it, e.it != nil
	case evaluationName:
		return e, true
	}
	i := e.p.input(name)
	if i == nil {
		return nil, false
	}
	v := e.c.Inputs[name]
	switch {
	case v.Given() && (v.Type != i.Type || (len(v.Items) > 1 && !i.List)):
		return types.NewErr("the input %q was given a value of another type", name), true
	case !v.Given() && !i.List && !i.Optional:
		return types.NewErr("the input %q was not given", name), true
	}
	v.Type, v.List = i.Type, i.List
	return e.celValue(v), true
}

// Parent is nil: there are no names outside.
func (e *evaluation) Parent() interpreter.Activation { return nil }

// run evaluates an expression. An error names the place of the expression.
func (e *evaluation) run(x *expression) (ref.Val, error) {
	v, _, err := x.program.ContextEval(e.ctx, e)
	if err != nil {
		return nil, e.misfit(x, err)
	}
	return v, nil
}

// yes evaluates an expression that is true or not; null is not.
func (e *evaluation) yes(x *expression) (bool, error) {
	v, err := e.run(x)
	if err != nil {
		return false, err
	}
	return v == types.True, nil
}

// people evaluates an expression that is a user or several, each once.
func (e *evaluation) people(x *expression) ([]User, error) {
	v, err := e.run(x)
	if err != nil {
		return nil, err
	}
	ids, err := ids(v)
	if err != nil {
		return nil, e.misfit(x, err)
	}
	people := make([]User, 0, len(ids))
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		u, err := e.world.User(e.ctx, id)
		if err != nil {
			return nil, e.misfit(x, err)
		}
		people = append(people, u)
	}
	return people, nil
}

// misfit wraps what went wrong with an expression or its value.
func (e *evaluation) misfit(x *expression, err error) error {
	at := x.text.start()
	return fmt.Errorf("%s:%d:%d: %w", e.p.File, at.line, at.column, err)
}

// each calls do for a value, or for every element of a list.
func each(v ref.Val, do func(ref.Val) error) error {
	l, ok := v.(traits.Lister)
	if !ok {
		return do(v)
	}
	for it := l.Iterator(); it.HasNext() == types.True; {
		if err := do(it.Next()); err != nil {
			return err
		}
	}
	return nil
}

// ids gives the ids of one object or of a list of them.
func ids(v ref.Val) ([]string, error) {
	var all []string
	err := each(v, func(v ref.Val) error {
		o, ok := v.(*object)
		if !ok || o.id == "" {
			return fmt.Errorf("there is nobody and nothing here: it is %s", v.Type().TypeName())
		}
		all = append(all, o.id)
		return nil
	})
	return all, err
}

// show writes a value as people read it.
func (e *evaluation) show(v ref.Val) (string, error) {
	switch v := v.(type) {
	case traits.Lister:
		var words []string
		err := each(v, func(one ref.Val) error {
			word, err := e.show(one)
			words = append(words, word)
			return err
		})
		return list(words, "and"), err
	case *object:
		return e.nameOf(v)
	case types.Null:
		return "", nil
	case types.String:
		return string(v), nil
	case types.Bool:
		if v {
			return "yes", nil
		}
		return "no", nil
	case types.Int:
		return strconv.FormatInt(int64(v), 10), nil
	case types.Double:
		return strconv.FormatFloat(float64(v), 'g', -1, 64), nil
	case types.Duration:
		return durationWords(v.Duration), nil
	case types.Timestamp:
		return v.UTC().Format("2006-01-02 15:04 UTC"), nil
	}
	return "", fmt.Errorf("%s can't be shown", v.Type().TypeName())
}

// nameOf is what people call a user, a group or an application.
func (e *evaluation) nameOf(o *object) (string, error) {
	switch o.of {
	case userType:
		u, err := e.world.User(e.ctx, o.id)
		return u.Name, err
	case groupType:
		g, err := e.world.Group(e.ctx, o.id)
		return g.Name, err
	case appType:
		a, err := e.world.App(e.ctx, o.id)
		return a.Label, err
	}
	return "", fmt.Errorf("%s can't be shown", o.of)
}
