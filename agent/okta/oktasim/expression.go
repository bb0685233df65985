package oktasim

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// condition is a compiled group-rule expression.
type condition func(t *Tenant, u *user) bool

// operand is a compiled part of one.
type operand func(t *Tenant, u *user) any

// compileRule reads the part of Okta's expression language that group rules use:
// user attributes, strings, == and !=, and/or/not in words and signs, and the
// common functions of strings, arrays and memberships.
func compileRule(text string) (condition, error) {
	words, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &ruleParser{exprParser{words: words}}
	value, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.words) {
		return nil, fmt.Errorf("unexpected %q", p.words[p.at].text)
	}
	return func(t *Tenant, u *user) bool { return value(t, u) == true }, nil
}

type ruleParser struct{ exprParser }

func (p *ruleParser) any(words ...string) bool {
	return slices.ContainsFunc(words, p.keyword)
}

func (p *ruleParser) or() (operand, error) {
	left, err := p.and()
	for err == nil && p.any("or", "||") {
		var right operand
		first := left
		right, err = p.and()
		left = func(t *Tenant, u *user) any { return first(t, u) == true || right(t, u) == true }
	}
	return left, err
}

func (p *ruleParser) and() (operand, error) {
	left, err := p.not()
	for err == nil && p.any("and", "&&") {
		var right operand
		first := left
		right, err = p.not()
		left = func(t *Tenant, u *user) any { return first(t, u) == true && right(t, u) == true }
	}
	return left, err
}

func (p *ruleParser) not() (operand, error) {
	if p.any("not", "!") {
		inner, err := p.not()
		return func(t *Tenant, u *user) any { return inner(t, u) != true }, err
	}
	left, err := p.value()
	if err != nil {
		return nil, err
	}
	equal := p.any("==", "eq")
	if !equal && !p.any("!=", "ne") {
		return left, nil
	}
	right, err := p.value()
	return func(t *Tenant, u *user) any { return reflect.DeepEqual(left(t, u), right(t, u)) == equal }, err
}

func (p *ruleParser) value() (operand, error) {
	if p.keyword("(") {
		inner, err := p.or()
		if err == nil && !p.keyword(")") {
			err = errors.New("a closing parenthesis is missing")
		}
		return inner, err
	}
	if p.at >= len(p.words) {
		return nil, errors.New("the expression ends too early")
	}
	w := p.words[p.at]
	p.at++
	if attribute, isUser := strings.CutPrefix(w.text, "user."); isUser && !w.quoted {
		return func(_ *Tenant, u *user) any { return u.profile[attribute] }, nil
	}
	if !w.quoted && p.keyword("(") {
		return p.call(w.text)
	}
	constant, err := literal(w)
	return func(*Tenant, *user) any { return constant }, err
}

// call reads the arguments of a function, whose parenthesis is open already.
func (p *ruleParser) call(name string) (operand, error) {
	var arguments []operand
	for !p.keyword(")") {
		if len(arguments) > 0 && !p.keyword(",") {
			return nil, fmt.Errorf("%s: a comma is missing", name)
		}
		argument, err := p.or()
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, argument)
	}
	apply, least := ruleFunction(name)
	if apply == nil {
		return nil, fmt.Errorf("no such function: %s", name)
	}
	if len(arguments) < least {
		return nil, fmt.Errorf("%s needs %d arguments", name, least)
	}
	return func(t *Tenant, u *user) any {
		values := make([]any, 0, len(arguments))
		for _, argument := range arguments {
			values = append(values, argument(t, u))
		}
		return apply(t, u, values)
	}, nil
}

// ruleFunction finds a function and the number of arguments it needs.
func ruleFunction(name string) (apply func(*Tenant, *user, []any) any, least int) {
	str := func(v any) string { s, _ := v.(string); return s }
	strings2 := func(f func(a, b string) bool) func(*Tenant, *user, []any) any {
		return func(_ *Tenant, _ *user, v []any) any { return f(str(v[0]), str(v[1])) }
	}
	memberByName := func(f func(name, want string) bool) func(*Tenant, *user, []any) any {
		return func(t *Tenant, u *user, v []any) any {
			for id := range u.groups {
				if g := t.group(id); g != nil && f(g.name, str(v[0])) {
					return true
				}
			}
			return false
		}
	}
	switch name {
	case "String.stringContains":
		return strings2(strings.Contains), 2
	case "String.startsWith":
		return strings2(strings.HasPrefix), 2
	case "String.toLowerCase":
		return func(_ *Tenant, _ *user, v []any) any { return strings.ToLower(str(v[0])) }, 1
	case "String.toUpperCase":
		return func(_ *Tenant, _ *user, v []any) any { return strings.ToUpper(str(v[0])) }, 1
	case "String.len":
		return func(_ *Tenant, _ *user, v []any) any { return float64(len(str(v[0]))) }, 1
	case "Arrays.contains":
		return func(_ *Tenant, _ *user, v []any) any {
			list, _ := v[0].([]any)
			return slices.ContainsFunc(list, func(one any) bool { return reflect.DeepEqual(one, v[1]) })
		}, 2
	case "isMemberOfGroup", "isMemberOfAnyGroup":
		return func(_ *Tenant, u *user, v []any) any {
			return slices.ContainsFunc(v, func(id any) bool { return isMember(u, str(id)) })
		}, 1
	case "isMemberOfGroupName":
		return memberByName(func(name, want string) bool { return name == want }), 1
	case "isMemberOfGroupNameStartsWith":
		return memberByName(strings.HasPrefix), 1
	case "isMemberOfGroupNameContains":
		return memberByName(strings.Contains), 1
	}
	return nil, 0
}
