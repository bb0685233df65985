package playbooks

import (
	"fmt"
	"slices"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/env"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"
)

const (
	// maxExpression is how long one expression may be, in characters.
	maxExpression = 2000
	// costLimit stops an expression that works too long; an ordinary guard costs under 20.
	costLimit = 20_000
	// interruptEvery is how many steps of a loop pass between two looks at the context.
	interruptEvery = 100
)

// language is what all playbooks share: CEL's standard library without what
// escapes the types, our types, and our functions.
type language struct {
	env       *cel.Env
	functions map[string]function
	fields    map[string]map[string]field
}

// theLanguage builds the language once; it never changes.
var theLanguage = sync.OnceValues(newLanguage)

func newLanguage() (*language, error) {
	l := &language{functions: worldFunctions(), fields: fieldsOf()}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("build the registry of types: %w", err)
	}
	standard := env.NewLibrarySubset().AddExcludedFunctions(env.NewFunction("dyn"), env.NewFunction("type"))
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(registry),
		cel.CustomTypeProvider(&typeProvider{registry, l.fields}),
		cel.StdLib(cel.StdLibSubset(standard)),
		ext.Strings(),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(50),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(), cel.ValidateComprehensionNestingLimit(2)),
		cel.Variable("requester", userType),
		cel.Variable("request", requestType),
		cel.Variable("approval", approvalType),
		cel.Variable("okta", oktaType),
		cel.Variable("now", cel.TimestampType),
		days(),
	}
	for _, f := range l.functions {
		options = append(options, f.declare())
	}
	l.env, err = cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("build the language of expressions: %w", err)
	}
	return l, nil
}

// names are the words that every expression knows besides the inputs.
func builtInNames() []string { return []string{"requester", "request", "approval", "okta", "now"} }

// laterNames are words of the language that this version does not know yet.
func laterNames() []string {
	return []string{"trigger", "answers", "officeHours", "daysUntil", "requests", "bundle"}
}

// reserved tells whether an input can't have that name.
func reserved(name string) bool {
	return slices.Contains(builtInNames(), name) || slices.Contains([]string{
		"trigger", "answers", "it", "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for",
		"function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
		"int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type",
	}, name)
}
