package oktasim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// expr is a parsed filter or search expression.
type expr interface {
	// match evaluates the expression over an attribute reader. An attribute with
	// several values matches if one does.
	match(values func(attribute string) []any, foldCase bool) bool
	// comparisons lists every comparison, for validation.
	comparisons() []*comparison
}

type (
	both       struct{ left, right expr }
	either     struct{ left, right expr }
	negation   struct{ inner expr }
	comparison struct {
		attribute string
		op        string
		value     any // string, float64, bool, nil
	}
)

func (e both) match(values func(string) []any, fold bool) bool {
	return e.left.match(values, fold) && e.right.match(values, fold)
}

func (e either) match(values func(string) []any, fold bool) bool {
	return e.left.match(values, fold) || e.right.match(values, fold)
}

func (e negation) match(values func(string) []any, fold bool) bool {
	return !e.inner.match(values, fold)
}

func (e both) comparisons() []*comparison {
	return append(e.left.comparisons(), e.right.comparisons()...)
}

func (e either) comparisons() []*comparison {
	return append(e.left.comparisons(), e.right.comparisons()...)
}
func (e negation) comparisons() []*comparison { return e.inner.comparisons() }

func (e *comparison) comparisons() []*comparison { return []*comparison{e} }

func (e *comparison) match(values func(string) []any, fold bool) bool {
	found := values(e.attribute)
	if e.op == "ne" {
		return !slices.ContainsFunc(found, func(v any) bool { return compareTo(v, "eq", e.value, fold) })
	}
	return slices.ContainsFunc(found, func(v any) bool {
		if inner, isList := v.([]any); isList {
			return slices.ContainsFunc(inner, func(v any) bool { return compareTo(v, e.op, e.value, fold) })
		}
		return compareTo(v, e.op, e.value, fold)
	})
}

func compareTo(have any, op string, want any, fold bool) bool {
	if op == "pr" {
		return have != nil && have != ""
	}
	if at, isTime := have.(time.Time); isTime {
		text, isText := want.(string)
		wanted, err := time.Parse(time.RFC3339, text)
		return isText && err == nil && ordered(op, at.Compare(wanted))
	}
	switch want := want.(type) {
	case string:
		text, isText := have.(string)
		if !isText {
			return false
		}
		if fold {
			text, want = strings.ToLower(text), strings.ToLower(want)
		}
		switch op {
		case "sw":
			return strings.HasPrefix(text, want)
		case "ew":
			return strings.HasSuffix(text, want)
		case "co":
			return strings.Contains(text, want)
		}
		return ordered(op, strings.Compare(text, want))
	case float64:
		switch have := have.(type) {
		case float64:
			return ordered(op, cmp.Compare(have, want))
		case int:
			return ordered(op, cmp.Compare(float64(have), want))
		}
		return false
	default:
		return op == "eq" && have == want
	}
}

func ordered(op string, order int) bool {
	switch op {
	case "eq":
		return order == 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	case "le":
		return order <= 0
	}
	return false
}

// parseExpr reads `a eq "x" and (b pr or not (c sw "y"))`.
func parseExpr(text string) (expr, error) {
	words, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &exprParser{words: words}
	e, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.words) {
		return nil, fmt.Errorf("unexpected %q", p.words[p.at].text)
	}
	return e, nil
}

// word is a token; quoted ones are string values.
type word struct {
	text   string
	quoted bool
}

// lex splits an expression into words, quoted strings and signs. It serves the
// filter language and the group-rule language.
func lex(text string) ([]word, error) {
	var words []word
	runes := []rune(text)
	for i := 0; i < len(runes); {
		r := runes[i]
		switch {
		case unicode.IsSpace(r):
			i++
		case r == '"' || r == '\'':
			quoted, length, err := quotedString(runes[i:])
			if err != nil {
				return nil, err
			}
			words = append(words, word{quoted, true})
			i += length
		case strings.ContainsRune("(),", r):
			words = append(words, word{text: string(r)})
			i++
		case strings.ContainsRune("=!<>&|", r):
			end := i + 1
			for end < len(runes) && strings.ContainsRune("=&|", runes[end]) {
				end++
			}
			words = append(words, word{text: string(runes[i:end])})
			i = end
		default:
			end := i
			for end < len(runes) && !unicode.IsSpace(runes[end]) && !strings.ContainsRune("(),\"'=!<>&|", runes[end]) {
				end++
			}
			words = append(words, word{text: string(runes[i:end])})
			i = end
		}
	}
	return words, nil
}

func quotedString(runes []rune) (text string, length int, err error) {
	var out strings.Builder
	for i := 1; i < len(runes); i++ {
		switch {
		case runes[i] == '\\' && i+1 < len(runes):
			i++
			out.WriteRune(runes[i])
		case runes[i] == runes[0]:
			return out.String(), i + 1, nil
		default:
			out.WriteRune(runes[i])
		}
	}
	return "", 0, errors.New("unterminated string")
}

type exprParser struct {
	words []word
	at    int
}

// keyword takes the next word if it is the given one.
func (p *exprParser) keyword(want string) bool {
	if p.at < len(p.words) && !p.words[p.at].quoted && strings.EqualFold(p.words[p.at].text, want) {
		p.at++
		return true
	}
	return false
}

func (p *exprParser) either() (expr, error) {
	left, err := p.both()
	for err == nil && p.keyword("or") {
		var right expr
		right, err = p.both()
		left = either{left, right}
	}
	return left, err
}

func (p *exprParser) both() (expr, error) {
	left, err := p.single()
	for err == nil && p.keyword("and") {
		var right expr
		right, err = p.single()
		left = both{left, right}
	}
	return left, err
}

func (p *exprParser) single() (expr, error) {
	if p.keyword("not") {
		inner, err := p.single()
		return negation{inner}, err
	}
	if p.keyword("(") {
		inner, err := p.either()
		if err == nil && !p.keyword(")") {
			err = errors.New("a closing parenthesis is missing")
		}
		return inner, err
	}
	if p.at+1 >= len(p.words) || p.words[p.at].quoted {
		return nil, errors.New("a comparison is missing")
	}
	c := &comparison{attribute: p.words[p.at].text, op: strings.ToLower(p.words[p.at+1].text)}
	p.at += 2
	if !slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le", "sw", "ew", "co", "pr"}, c.op) {
		return nil, fmt.Errorf("unrecognized operator %q", c.op)
	}
	if c.op == "pr" {
		return c, nil
	}
	if p.at >= len(p.words) {
		return nil, errors.New("a value is missing")
	}
	var err error
	c.value, err = literal(p.words[p.at])
	p.at++
	return c, err
}

func literal(w word) (any, error) {
	if w.quoted {
		return w.text, nil
	}
	switch strings.ToLower(w.text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	var number float64
	if _, err := fmt.Sscanf(w.text, "%g", &number); err != nil {
		return nil, fmt.Errorf("a value needs quotes: %s", w.text)
	}
	return number, nil
}

// check refuses comparisons that the endpoint does not support.
func check(e expr, supports func(attribute, op string) bool) error {
	for _, c := range e.comparisons() {
		if !supports(c.attribute, c.op) {
			return fmt.Errorf("the attribute or operator is not supported: %s %s", c.attribute, c.op)
		}
	}
	return nil
}

// required returns the value an expression demands for an attribute, if it does:
// it is what makes a look-up possible in place of a scan.
func required(e expr, attribute string) (string, bool) {
	switch e := e.(type) {
	case both:
		if value, found := required(e.left, attribute); found {
			return value, true
		}
		return required(e.right, attribute)
	case *comparison:
		value, isText := e.value.(string)
		return value, isText && e.op == "eq" && e.attribute == attribute
	}
	return "", false
}

// negates tells whether the expression uses not.
func negates(e expr) bool {
	switch e := e.(type) {
	case both:
		return negates(e.left) || negates(e.right)
	case either:
		return negates(e.left) || negates(e.right)
	case negation:
		return true
	}
	return false
}
