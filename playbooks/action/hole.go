package action

import "strings"

// Expression is the CEL source of one ${…} in a playbook's command.
type Expression struct {
	Source string // without the braces and the space around it
	Offset int    // of Source in the text, in bytes
}

// holeAt reads the ${…} at the beginning of s. It knows enough of CEL to find
// the brace that closes it: nested braces, every kind of string, comments.
func holeAt(s string) (e Expression, size int, ok bool) {
	depth := 0
	for i := len("${"); i < len(s); {
		switch c := s[i]; {
		case c == '{':
			depth++
			i++
		case c == '}' && depth > 0:
			depth--
			i++
		case c == '}':
			inner := s[len("${"):i]
			source := strings.TrimLeft(inner, " \t\r\n")
			e = Expression{Offset: len("${") + len(inner) - len(source)}
			e.Source = strings.TrimRight(source, " \t") // a line's end may end a comment
			return e, i + 1, true
		case c == '"' || c == '\'':
			n := celString(s[i:], isRaw(s[:i]))
			if n == 0 {
				return Expression{}, 0, false
			}
			i += n
		case strings.HasPrefix(s[i:], "//"):
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return Expression{}, 0, false
			}
			i += end
		default:
			i++
		}
	}
	return Expression{}, 0, false
}

// celString returns the size of the CEL string at the beginning of s, which
// begins with its quote, or 0 if it does not end.
func celString(s string, raw bool) int {
	closing := s[:1]
	if triple := strings.Repeat(closing, 3); strings.HasPrefix(s, triple) {
		closing = triple
	}
	for i := len(closing); i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], closing):
			return i + len(closing)
		case s[i] == '\\' && !raw:
			i++
		}
	}
	return 0
}

// isRaw tells whether a string that follows before has the prefix r, rb or br.
func isRaw(before string) bool {
	prefix := before[len(strings.TrimRight(before, "rRbB")):]
	rest := before[:len(before)-len(prefix)]
	if rest != "" && isIdentByte(rest[len(rest)-1]) {
		return false // the end of a name, not a prefix
	}
	return len(prefix) <= 2 && strings.ContainsAny(prefix, "rR")
}

func isIdentByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
