package playbooks

import "strings"

// position is a place in a file: line and column in characters, from 1.
type position struct{ line, column int }

// source is one file's text by lines, for reporting and for finding the place of
// a character of a YAML value.
type source struct {
	file  string
	lines [][]rune
}

func newSource(file, text string) *source {
	s := &source{file: file}
	for line := range strings.SplitSeq(text, "\n") {
		s.lines = append(s.lines, []rune(strings.TrimSuffix(line, "\r")))
	}
	return s
}

// line gives the text of a line, empty outside the file.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return string(s.lines[n-1])
}

// diagnostic makes a finding at a place of this file.
func (s *source) diagnostic(at position, message string) Diagnostic {
	at.line = min(max(at.line, 1), len(s.lines))
	at.column = min(max(at.column, 1), len(s.lines[at.line-1])+1)
	return Diagnostic{File: s.file, Line: at.line, Column: at.column, Message: message, Source: s.line(at.line)}
}

// located is a piece of text whose every character has a place in the file.
type located struct {
	runes []rune
	at    []position // one per character and one for the end
}

func (l located) String() string { return string(l.runes) }

// start is the place of the first character.
func (l located) start() position { return l.at[0] }

// position is the place of the i-th character, or the end.
func (l located) position(i int) position { return l.at[min(max(i, 0), len(l.runes))] }

// slice is the part from one character to before another.
func (l located) slice(from, to int) located {
	return located{runes: l.runes[from:to], at: l.at[from : to+1]}
}

// trim leaves out white space at both ends.
func (l located) trim() located {
	from, to := 0, len(l.runes)
	for from < to && strings.ContainsRune(" \t\n", l.runes[from]) {
		from++
	}
	for to > from && strings.ContainsRune(" \t\n", l.runes[to-1]) {
		to--
	}
	return l.slice(from, to)
}
