package playbooks

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// function is one function of expressions that asks the world.
type function struct {
	name   string
	member bool
	takes  [][]*cel.Type // one list of arguments per overload
	gives  *cel.Type
	ask    func(e *evaluation, args []ref.Val) (ref.Val, error)
	// named is the kind of the name that the last argument gives; such a name is
	// written in quotes, so that it can be looked up before anything runs.
	named NameKind
}

// worldFunctions are the functions that ask the world, by name.
func worldFunctions() map[string]function {
	one := func(types ...*cel.Type) [][]*cel.Type { return [][]*cel.Type{types} }
	people, text := cel.ListType(userType), cel.StringType
	all := []function{
		{name: "memberOf", member: true, takes: one(userType, text), gives: cel.BoolType, ask: askMemberOf, named: NameGroup},
		{name: "isAgent", member: true, takes: one(userType), gives: cel.BoolType, ask: askIsAgent},
		{name: "agents", takes: one(), gives: people, ask: askAgents},
		{name: "manager", takes: one(userType), gives: people, ask: askManager},
		{name: "group", takes: one(text), gives: people, ask: askMembers, named: NameGroup},
		{name: "user", takes: one(text), gives: people, ask: askUser, named: NameUser},
		{name: "owners", takes: [][]*cel.Type{{groupType}, {appType}}, gives: people, ask: askOwners},
		{name: "groupsOf", takes: one(userType), gives: cel.ListType(groupType), ask: askGroupsOf},
		{name: "appsOf", takes: one(userType), gives: cel.ListType(appType), ask: askAppsOf},
		{name: "theGroup", takes: one(text), gives: groupType, ask: askTheGroup, named: NameGroup},
		{name: "theApp", takes: one(text), gives: appType, ask: askTheApp, named: NameApp},
	}
	byName := make(map[string]function, len(all))
	for _, f := range all {
		byName[f.name] = f
	}
	return byName
}

func askMemberOf(e *evaluation, args []ref.Val) (ref.Val, error) {
	is, err := e.world.MemberOf(e.ctx, idOf(args[0]), textOf(args[1]))
	return types.Bool(is), err
}

func askIsAgent(e *evaluation, args []ref.Val) (ref.Val, error) {
	is, err := e.world.IsAgent(e.ctx, idOf(args[0]))
	return types.Bool(is), err
}

func askAgents(e *evaluation, _ []ref.Val) (ref.Val, error) {
	all, err := e.world.Agents(e.ctx)
	return e.users(all), err
}

func askManager(e *evaluation, args []ref.Val) (ref.Val, error) {
	all, err := e.world.Manager(e.ctx, idOf(args[0]))
	return e.users(all), err
}

func askMembers(e *evaluation, args []ref.Val) (ref.Val, error) {
	all, err := e.world.Members(e.ctx, textOf(args[0]))
	return e.users(all), err
}

func askUser(e *evaluation, args []ref.Val) (ref.Val, error) {
	u, err := e.world.UserByEmail(e.ctx, textOf(args[0]))
	return e.users([]User{u}), err
}

func askOwners(e *evaluation, args []ref.Val) (ref.Val, error) {
	all, err := e.world.Owners(e.ctx, idOf(args[0]))
	return e.users(all), err
}

func askGroupsOf(e *evaluation, args []ref.Val) (ref.Val, error) {
	all, err := e.world.GroupsOf(e.ctx, idOf(args[0]))
	return e.groups(all), err
}

func askAppsOf(e *evaluation, args []ref.Val) (ref.Val, error) {
	all, err := e.world.AppsOf(e.ctx, idOf(args[0]))
	return e.apps(all), err
}

func askTheGroup(e *evaluation, args []ref.Val) (ref.Val, error) {
	g, err := e.world.GroupNamed(e.ctx, textOf(args[0]))
	return e.group(g.ID), err
}

func askTheApp(e *evaluation, args []ref.Val) (ref.Val, error) {
	a, err := e.world.AppNamed(e.ctx, textOf(args[0]))
	return e.app(a.ID), err
}

func idOf(v ref.Val) string   { return v.(*object).id }
func textOf(v ref.Val) string { return string(v.(types.String)) }

// declare makes CEL know the function. The binding is only a placeholder: a
// program's plan puts a question in its place, which knows who is asking.
func (f function) declare() cel.EnvOption {
	placeholder := cel.FunctionBinding(functions.FunctionOp(func(...ref.Val) ref.Val {
		return types.NewErr("%s is asked outside of an evaluation", f.name)
	}))
	var overloads []cel.FunctionOpt
	for _, args := range f.takes {
		var id strings.Builder
		id.WriteString(f.name)
		for _, a := range args {
			id.WriteString("_" + a.TypeName())
		}
		if f.member {
			overloads = append(overloads, cel.MemberOverload(id.String(), args, f.gives, placeholder))
		} else {
			overloads = append(overloads, cel.Overload(id.String(), args, f.gives, placeholder))
		}
	}
	return cel.Function(f.name, overloads...)
}

// days is a duration that duration("30d") can't say.
func days() cel.EnvOption {
	return cel.Function("days", cel.Overload("days_int", []*cel.Type{cel.IntType}, cel.DurationType,
		cel.UnaryBinding(func(n ref.Val) ref.Val {
			const most = 100 * 365
			if n := n.(types.Int); n < -most || n > most {
				return types.NewErr("days(%d) is more than a hundred years", n)
			}
			return types.Duration{Duration: time.Duration(n.(types.Int)) * 24 * time.Hour}
		})))
}

// question is a call in a program's plan that asks the world. It finds the
// evaluation it belongs to among the names that the expression can see.
type question struct {
	interpreter.InterpretableCall
	function function
}

// asking puts questions in the place of calls that ask the world.
func asking(all map[string]function) interpreter.InterpretableDecoratorV2 {
	return func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
		call, ok := i.(interpreter.InterpretableCall)
		if !ok {
			return i, nil
		}
		f, ok := all[call.Function()]
		if !ok {
			return i, nil
		}
		return &question{call, f}, nil
	}
}

// Exec asks within a frame.
func (q *question) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	return q.ask(frame, func(arg interpreter.InterpretableV2) ref.Val { return arg.Exec(frame) })
}

// Eval asks without a frame.
func (q *question) Eval(names interpreter.Activation) ref.Val {
	return q.ask(names, func(arg interpreter.InterpretableV2) ref.Val { return arg.Eval(names) })
}

func (q *question) ask(names interpreter.Activation, eval func(interpreter.InterpretableV2) ref.Val) ref.Val {
	var args []ref.Val
	for i, arg := range q.Args() {
		v := eval(arg)
		switch v := v.(type) {
		case *types.Err, *types.Unknown:
			return v
		case *object, types.String:
			args = append(args, v)
		default:
			return types.WrapErr(fmt.Errorf("argument %d of %s is %s", i+1, q.function.name, v.Type().TypeName()))
		}
	}
	self, _ := names.ResolveName(evaluationName)
	e, ok := self.(*evaluation)
	if !ok {
		return types.NewErr("%s is asked outside of an evaluation", q.function.name)
	}
	v, err := q.function.ask(e, args)
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}
