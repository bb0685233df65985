package playbooks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
)

var (
	undeclared   = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	undefined    = regexp.MustCompile(`^undefined field '([^']*)'`)
	noOverload   = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'`)
	unexpected   = regexp.MustCompile(`^Syntax error: (?:mismatched input|extraneous input|no viable alternative at input) '(.*?)'(?: expecting.*)?$`)
	unrecognised = regexp.MustCompile(`^Syntax error: token recognition error at: '(.*)'`)
	missing      = regexp.MustCompile(`^Syntax error: missing '(.+?)' at`)
	reservedName = regexp.MustCompile(`^(?:Syntax error: )?reserved identifier: (.*)$`)
	mismatch     = regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`)
)

// words says a finding of CEL as we say things.
func (c *compiler) words(text located, offset int, message string) string {
	switch {
	case strings.HasPrefix(message, "Syntax error: "):
		return syntaxWords(text, offset, message)
	case message == "comprehension exceeds nesting limit":
		return "loops go two levels deep at most, this one is deeper"
	case message == "argument must be a simple name":
		return "the first thing in these parentheses is a new name for each element, like g in groups.exists(g, g.name == \"Sales\")"
	case message == "invalid argument to has() macro":
		return "has wants a field, like has(person.attributes.costCenter)"
	case strings.HasPrefix(message, "invalid duration argument"):
		return `this duration can't be read: write duration("8h") or duration("30m"), or days(30) for days`
	case strings.HasPrefix(message, "invalid matches argument"):
		return "this pattern can't be read: it is no regular expression"
	case strings.HasPrefix(message, "expression recursion limit exceeded"):
		return "this expression is nested too deeply"
	case strings.HasPrefix(message, "expression code point size exceeds limit"):
		return fmt.Sprintf("this expression is too long: it may have %d characters", maxExpression)
	}
	if m := reservedName.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%q can't be a name in an expression", m[1])
	}
	if m := mismatch.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("this must be %s, but it is %s", typeName(m[1]), typeName(m[2]))
	}
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return c.unknownName(m[1])
	}
	if m := undefined.FindStringSubmatch(message); m != nil {
		return c.unknownField(text, offset, m[1])
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		return overloadWords(m[1], m[2])
	}
	return message
}

func (c *compiler) unknownName(name string) string {
	_, isFunction := c.lang.functions[name]
	switch {
	case isFunction:
		return fmt.Sprintf("%s is a function: write %s(…)", name, name)
	case slices.Contains(laterNames(), name):
		return fmt.Sprintf("%q is part of the language but not supported by this version", name)
	case c.lang.fields[name] != nil:
		return fmt.Sprintf("a %s can't be made in an expression", name)
	case name == "and" || name == "or" || name == "not":
		return fmt.Sprintf("%q is written %s", name, map[string]string{"and": "&&", "or": "||", "not": "!"}[name])
	}
	if slices.Contains([]string{"has", "all", "exists", "exists_one", "filter", "map"}, name) {
		return fmt.Sprintf("%s wants a name and a condition, like groups.exists(g, g.name == \"Sales\")", name)
	}
	candidates := append(slices.Sorted(maps.Keys(c.lang.functions)), "days", "true", "false", "null")
	hint := didYouMean(name, append(candidates, c.known...))
	return fmt.Sprintf("there is no input and no name %q here%s", name, hint)
}

// unknownField finds the type that was asked for a field by elimination: CEL does
// not tell it, but the suggestion is only useful with it.
func (c *compiler) unknownField(text located, offset int, name string) string {
	of, fields := c.ownerOf(text, offset)
	if of == "" {
		return fmt.Sprintf("there is no field %q here", name)
	}
	return fmt.Sprintf("%s has no field %q%s", of, name, didYouMean(name, fields))
}

// ownerOf compiles what stands before a field's dot to learn its type.
func (c *compiler) ownerOf(text located, offset int) (string, []string) {
	end := offset
	for end > 0 && text.runes[end-1] != '.' {
		end--
	}
	if end == 0 {
		return "", nil
	}
	for start := range end - 1 {
		checked, issues := c.env.Compile(string(text.runes[start : end-1]))
		if issues.Err() != nil {
			continue
		}
		if fields, ok := c.lang.fields[checked.OutputType().TypeName()]; ok {
			return checked.OutputType().TypeName(), append(slices.Sorted(maps.Keys(fields)), "memberOf", "isAgent")
		}
	}
	return "", nil
}

// overloadWords says that types do not fit.
func overloadWords(function, signature string) string {
	operator := strings.Trim(function, "_")
	args := strings.TrimSuffix(strings.TrimPrefix(signature, "("), ")")
	parts := splitTypes(args)
	for i, p := range parts {
		parts[i] = typeName(p)
	}
	switch {
	case strings.HasPrefix(function, "_") && len(parts) == 2:
		return fmt.Sprintf("%s does not work between %s and %s", operator, parts[0], parts[1])
	case function == "@in" && len(parts) == 2 && !strings.HasPrefix(parts[1], "a list"):
		return fmt.Sprintf("in wants a list after it, not %s", parts[1])
	case function == "@in" && len(parts) == 2:
		return fmt.Sprintf("in does not work between %s and %s", parts[0], parts[1])
	case function == "_?_:_":
		return fmt.Sprintf("what stands before ? is yes or no, and the two after it are of one kind; these are %s", list(parts, "and"))
	case function == "!_":
		return fmt.Sprintf("! works on yes or no, not on %s", strings.Join(parts, ""))
	case strings.Contains(signature, ".("):
		target, inner, _ := strings.Cut(signature, ".(")
		inner = strings.TrimSuffix(inner, ")")
		if inner == "" {
			return fmt.Sprintf("%s() does not work on %s", function, typeName(target))
		}
		return fmt.Sprintf("%s does not work on %s with %s", function, typeName(target), list(named(splitTypes(inner)), "and"))
	case args == "":
		return fmt.Sprintf("%s wants something between its parentheses", function)
	}
	return fmt.Sprintf("%s does not work with %s", function, list(parts, "and"))
}

func named(types []string) []string {
	for i, t := range types {
		types[i] = typeName(t)
	}
	return types
}

// splitTypes splits "list(User), string" at the commas outside parentheses.
func splitTypes(s string) []string {
	if s == "" {
		return nil
	}
	var parts []string
	depth, start := 0, 0
	for i, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}

// typeWords names a type for people.
func typeWords(t *cel.Type) string {
	if t.Kind() == types.ErrorKind {
		return "something wrong"
	}
	return typeName(cel.FormatCELType(t))
}

func typeName(celName string) string {
	if inner, ok := strings.CutPrefix(celName, "list("); ok {
		return "a list of " + strings.TrimPrefix(strings.TrimPrefix(typeName(strings.TrimSuffix(inner, ")")), "a "), "an ") + "s"
	}
	if inner, ok := strings.CutPrefix(celName, "wrapper("); ok {
		return typeName(strings.TrimSuffix(inner, ")")) + " or null"
	}
	if strings.HasPrefix(celName, "map(") {
		return "a map"
	}
	known := map[string]string{
		"User": "a User", "Group": "a Group", "App": "an App", "Request": "a Request", "Approval": "an Approval", "Okta": "okta",
		"string": "a text", "int": "a number", "double": "a number", "bool": "yes or no", "null_type": "null", "null": "null",
		"timestamp": "a time", "google.protobuf.Timestamp": "a time", "duration": "a duration", "google.protobuf.Duration": "a duration",
	}
	if words, ok := known[celName]; ok {
		return words
	}
	return celName
}

// syntaxWords says what is wrong with an expression's grammar, with the usual
// slips of those who don't write code for a living.
func syntaxWords(text located, offset int, message string) string {
	rest := string(text.runes[min(offset, len(text.runes)):])
	switch {
	case strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "=="):
		return "to compare, write == instead of ="
	case strings.HasPrefix(rest, "&"):
		return "\"and\" is written &&"
	case strings.HasPrefix(rest, "|"):
		return "\"or\" is written ||"
	}
	for word, sign := range map[string]string{"and": "&&", "or": "||"} {
		if rest == word || strings.HasPrefix(rest, word+" ") {
			return fmt.Sprintf("%q is written %s", word, sign)
		}
	}
	if rest == "not" || strings.HasPrefix(rest, "not in ") {
		return "\"a not in b\" is written !(a in b)"
	}
	if strings.HasSuffix(strings.TrimRight(string(text.runes[:offset]), " "), "not") {
		return "\"not\" is written !"
	}
	if m := unrecognised.FindStringSubmatch(message); m != nil {
		if strings.ContainsAny(m[1], "“”„‘’") {
			return "these are typographic quotes; expressions want straight ones: \"…\""
		}
		if strings.HasPrefix(m[1], `"`) || strings.HasPrefix(m[1], "'") {
			return "this text is never closed by a quote"
		}
		return fmt.Sprintf("%s means nothing in an expression", m[1])
	}
	if m := unexpected.FindStringSubmatch(message); m != nil {
		if m[1] == "<EOF>" {
			return "the expression ends here, but something is missing"
		}
		return fmt.Sprintf("%q is not expected here", m[1])
	}
	if m := missing.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("a %s is missing", m[1])
	}
	return strings.TrimPrefix(message, "Syntax error: ")
}
