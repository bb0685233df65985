package playbooks

import (
	"slices"
	"strings"
	"unicode"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
)

// compiler compiles a playbook's expressions and collects what is wrong with them.
type compiler struct {
	*reader
	lang  *language
	env   *cel.Env // knows this playbook's inputs
	known []string // every name an expression may use, for suggestions
	names []NameRef
	// unclear are the inputs whose type can't be read: what mentions them is not
	// complained of a second time.
	unclear []string
	// vague tells that an input has no type, so that types can't be insisted on.
	vague bool
	// approved tells that an approve step stands before the expression.
	approved bool
}

// expression is one compiled expression.
type expression struct {
	text     located
	of       *cel.Type
	program  cel.Program
	approval bool // it reads approval

	checked *cel.Ast
	watched cel.Program // a second plan, which keeps the value of every part
	sights  []sight     // the parts worth keeping
}

// sight is a part of an expression whose value tells why it came out as it did.
type sight struct {
	id   int64
	text string
}

// want says what type an expression must have, in words.
type want struct {
	words string
	takes func(*cel.Type) bool
}

var (
	wantBool   = want{"yes or no", func(t *cel.Type) bool { return t.IsExactType(cel.BoolType) || isNullable(t, cel.BoolType) }}
	wantPeople = want{"people: a user or a list of users", func(t *cel.Type) bool { return isOneOrList(t, userType) }}
	wantShown  = want{"something to show: text, a number, a date, a user, a group, an application, or a list of those", isShown}
)

// wantOf wants exactly one type.
func wantOf(t *cel.Type, words string) want {
	return want{words, func(got *cel.Type) bool { return got.IsExactType(t) || isNullable(got, t) }}
}

// wantOneOrList wants values of a type, one or several.
func wantOneOrList(t *cel.Type, words string) want {
	return want{words, func(got *cel.Type) bool { return isOneOrList(got, t) }}
}

func isOneOrList(got, t *cel.Type) bool {
	return got.IsExactType(t) || got.IsExactType(cel.ListType(t))
}

func isNullable(got, t *cel.Type) bool {
	return got.IsAssignableType(cel.NullType) && got.IsAssignableType(t) && got.Kind() != types.DynKind
}

func isShown(t *cel.Type) bool {
	if t.Kind() == types.ListKind {
		return isShown(t.Parameters()[0]) && t.Parameters()[0].Kind() != types.ListKind
	}
	for _, shown := range []*cel.Type{cel.StringType, cel.IntType, cel.DoubleType, cel.BoolType, cel.TimestampType, cel.DurationType, userType, groupType, appType} {
		if t.IsExactType(shown) || isNullable(t, shown) {
			return true
		}
	}
	return false
}

// compile compiles text, or reports why it can't and gives nil.
func (c *compiler) compile(text located, wanted want) *expression {
	text = text.trim()
	if strings.HasPrefix(text.String(), "${") {
		c.errorf(text.start(), "this is an expression already: leave out ${ and }")
		return nil
	}
	checked, issues := c.env.Compile(text.String())
	if err := issues.Err(); err != nil {
		c.issues(text, issues.Errors())
		return nil
	}
	x := &expression{text: text, of: checked.OutputType(), checked: checked}
	if !wanted.takes(x.of) && !c.vague {
		c.errorf(text.start(), "this must be %s, but it is %s", wanted.words, typeWords(x.of))
		return nil
	}
	if !c.walk(x, checked) {
		return nil
	}
	if x.program = c.program(x, cel.CostLimit(costLimit)); x.program == nil {
		return nil
	}
	return x
}

// program plans a checked expression.
func (c *compiler) program(x *expression, option cel.ProgramOption) cel.Program {
	program, err := c.env.Program(x.checked, option,
		cel.CustomDecoratorV2(asking(c.lang.functions)), cel.InterruptCheckFrequency(interruptEvery))
	if err != nil {
		c.errorf(x.text.start(), "this expression can't be run: %s", firstLine(err))
		return nil
	}
	return program
}

// watch makes an expression tell what it saw. That takes a plan of its own: where
// CEL keeps the values of parts it counts no cost, and the limit would be none.
func (c *compiler) watch(x *expression) {
	if x != nil {
		x.sights = sights(x.checked.NativeRep())
		x.watched = c.program(x, cel.EvalOptions(cel.OptTrackState))
	}
}

// walk reads what a checked expression mentions: names to look up, approval, and
// what is worth seeing.
func (c *compiler) walk(x *expression, checked *cel.Ast) bool {
	native := checked.NativeRep()
	at := func(e ast.Expr) position {
		span, _ := native.SourceInfo().GetOffsetRange(e.ID())
		return x.text.position(pointAt(x.text.runes, int(span.Start)))
	}
	before := len(c.found)
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() { //nolint:exhaustive // the other kinds say nothing of interest here
		case ast.IdentKind:
			if e.AsIdent() == "approval" {
				x.approval = true
				if !c.approved {
					c.errorf(at(e), "nobody has approved anything yet at this point: approval is known after an approve step")
				}
			}
		case ast.StructKind:
			c.errorf(at(e), "a %s can't be made in an expression", e.AsStruct().TypeName())
		case ast.CallKind:
			call := e.AsCall()
			f, ok := c.lang.functions[call.FunctionName()]
			if !ok || f.named == "" {
				return
			}
			arg := call.Args()[len(call.Args())-1]
			name, ok := literalText(arg)
			switch {
			case !ok:
				c.errorf(at(arg), "%s wants a name in quotes, so that it can be looked up before anything runs", f.name)
			case strings.TrimSpace(name) == "":
				c.errorf(at(arg), "%s wants a name, this one is empty", f.name)
			default:
				p := at(arg)
				c.names = append(c.names, NameRef{Kind: f.named, Name: name, Line: p.line, Column: p.column})
			}
		}
	}))
	return len(c.found) == before
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// sights finds the parts of an expression that read something of the case:
// attributes, questions with a plain answer, and comparisons of two names.
func sights(native *ast.AST) []sight {
	var found []sight
	var look func(e ast.Expr)
	look = func(e ast.Expr) {
		plain := func(id int64) bool {
			t := native.GetType(id)
			return t != nil && isShown(t)
		}
		keep := func() {
			if text, err := cel.ExprToString(e, native.SourceInfo()); err == nil {
				found = append(found, sight{e.ID(), text})
			}
		}
		switch e.Kind() { //nolint:exhaustive // the other kinds say nothing of interest here
		case ast.SelectKind:
			if plain(e.ID()) {
				keep()
				return
			}
			look(e.AsSelect().Operand())
		case ast.CallKind:
			call := e.AsCall()
			name := call.FunctionName()
			switch {
			case name == "memberOf" || name == "isAgent":
				keep()
				return
			case (name == "_==_" || name == "_!=_") && call.Args()[0].Kind() == ast.IdentKind && call.Args()[1].Kind() == ast.IdentKind:
				keep()
				return
			}
			if call.IsMemberFunction() {
				look(call.Target())
			}
			for _, arg := range call.Args() {
				look(arg)
			}
		case ast.ComprehensionKind: // its inside has no names that mean anything outside
			look(e.AsComprehension().IterRange())
		case ast.ListKind:
			for _, el := range e.AsList().Elements() {
				look(el)
			}
		}
	}
	look(native.Expr())
	return found
}

// issues reports what CEL says, in our words and at the places of the file.
func (c *compiler) issues(text located, found []*common.Error) {
	for _, issue := range found {
		offset := pointAt(text.runes, offsetOf(text.runes, issue.Location))
		c.errorf(text.position(offset), "%s", c.words(text, offset, issue.Message))
		if strings.HasPrefix(issue.Message, "Syntax error: ") {
			return // what follows a slip is mostly its echo
		}
	}
}

// pointAt moves from the dot of a field to its name, and from the bracket of
// a call or a literal to the name before it.
func pointAt(runes []rune, offset int) int {
	if offset >= len(runes) {
		return offset
	}
	switch runes[offset] {
	case '.':
		return offset + 1
	case '(', '{':
		for offset > 0 && (unicode.IsLetter(runes[offset-1]) || unicode.IsDigit(runes[offset-1]) || runes[offset-1] == '_') {
			offset--
		}
	}
	return offset
}

// offsetOf turns CEL's line and column into an index of runes.
func offsetOf(runes []rune, at common.Location) int {
	offset := 0
	for line := at.Line(); line > 1; line-- {
		end := slices.Index(runes[offset:], '\n')
		if end < 0 {
			break
		}
		offset += end + 1
	}
	return min(offset+max(at.Column(), 0), len(runes))
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
