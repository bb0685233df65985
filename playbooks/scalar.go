package playbooks

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// locate finds the place in the file of every character of a scalar's value. YAML
// has unquoted, unescaped and folded the value by the time it is seen here, so the
// raw text is read again beside it. Where the two cannot be brought together, all
// characters get the place where the scalar begins.
func locate(src *source, n *yaml.Node) located {
	value := []rune(n.Value)
	start := position{n.Line, n.Column}
	a := aligner{src: src, value: value, at: make([]position, 0, len(value)+1), line: n.Line, column: n.Column}
	var ok bool
	single, double := n.Style&yaml.SingleQuotedStyle != 0, n.Style&yaml.DoubleQuotedStyle != 0
	switch {
	case single || double:
		a.column++
		ok = a.flow(single, double)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		ok = a.block()
	default:
		ok = a.flow(false, false)
	}
	if ok {
		return located{runes: value, at: append(a.at, position{a.line, a.column})}
	}
	at := make([]position, len(value)+1)
	for i := range at {
		at[i] = start
	}
	return located{runes: value, at: at}
}

// aligner walks a raw scalar and its value together.
type aligner struct {
	src          *source
	value        []rune
	at           []position
	line, column int
}

// rest is the raw line from here on; false past the end of the file.
func (a *aligner) rest() ([]rune, bool) {
	if a.line < 1 || a.line > len(a.src.lines) || a.column < 1 {
		return nil, false
	}
	line := a.src.lines[a.line-1]
	return line[min(a.column-1, len(line)):], true
}

// take gives the next character of the value the place where the walk stands.
func (a *aligner) take() { a.at = append(a.at, position{a.line, a.column}) }

func (a *aligner) next() rune { return a.value[len(a.at)] }

// flow aligns plain and quoted scalars, whose line breaks fold.
func (a *aligner) flow(single, double bool) bool {
	for len(a.at) < len(a.value) {
		rest, ok := a.rest()
		if !ok {
			return false
		}
		switch {
		case double && len(rest) > 0 && rest[0] == '\\':
			if !a.escape(rest) {
				return false
			}
		case single && len(rest) > 1 && rest[0] == '\'' && rest[1] == '\'':
			if a.next() != '\'' {
				return false
			}
			a.take()
			a.column += 2
		case len(strings.TrimSpace(string(rest))) == 0:
			if a.next() != ' ' && a.next() != '\n' {
				return false
			}
			a.breaks()
			a.indent(-1)
		case rest[0] == a.next():
			a.take()
			a.column++
		default:
			return false
		}
	}
	return true
}

// escape aligns one escape of a double-quoted scalar.
func (a *aligner) escape(rest []rune) bool {
	if len(rest) == 1 { // the break is escaped: the lines are joined
		a.line, a.column = a.line+1, 1
		a.indent(-1)
		return a.line <= len(a.src.lines)
	}
	length := 2
	switch rest[1] {
	case 'x':
		length = 4
	case 'u':
		length = 6
	case 'U':
		length = 10
	}
	a.take()
	a.column += length
	return true
}

// block aligns literal and folded scalars: the value begins on the line after the
// indicator, and each line is indented by what the first one is.
func (a *aligner) block() bool {
	rest, ok := a.rest()
	if !ok {
		return false
	}
	indent := a.blockIndent(rest)
	a.line, a.column = a.line+1, 1
	a.indent(indent)
	for len(a.at) < len(a.value) {
		rest, ok := a.rest()
		switch {
		case !ok && slices.ContainsFunc(a.value[len(a.at):], func(r rune) bool { return r != '\n' }):
			return false
		case !ok:
			a.take()
		case len(rest) == 0:
			if a.next() != ' ' && a.next() != '\n' {
				return false
			}
			a.breaks()
			a.indent(indent)
		case rest[0] == a.next():
			a.take()
			a.column++
		default:
			return false
		}
	}
	return true
}

// blockIndent is the indicated indent of a block scalar, or that of its first
// line which is not blank.
func (a *aligner) blockIndent(header []rune) int {
	parent := 0
	for _, r := range a.src.lines[a.line-1] {
		if r != ' ' && r != '-' {
			break
		}
		parent++
	}
	for _, r := range header {
		if n, err := strconv.Atoi(string(r)); err == nil && n > 0 {
			return parent + n
		}
		if r == ' ' || r == '#' {
			break
		}
	}
	for _, line := range a.src.lines[min(a.line, len(a.src.lines)):] {
		text := strings.TrimLeft(string(line), " ")
		if text != "" {
			return len(line) - len([]rune(text))
		}
	}
	return 0
}

// breaks gives the value's next space, or its next run of line breaks, the place
// at the end of this line, and goes on with the next line that has text.
func (a *aligner) breaks() {
	if a.next() == ' ' {
		a.take()
	} else {
		for len(a.at) < len(a.value) && a.next() == '\n' {
			a.take()
		}
	}
	for a.line++; a.line <= len(a.src.lines); a.line++ {
		if strings.TrimSpace(string(a.src.lines[a.line-1])) != "" {
			break
		}
	}
	a.column = 1
}

// indent skips the white space that begins a line, at most width characters of it
// unless that is negative.
func (a *aligner) indent(width int) {
	rest, ok := a.rest()
	if !ok {
		return
	}
	for _, r := range rest {
		if width == 0 || (r != ' ' && r != '\t') {
			return
		}
		width--
		a.column++
	}
}
