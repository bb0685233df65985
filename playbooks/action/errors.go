package action

import (
	"strings"
	"unicode/utf8"
)

// What SyntaxError.Missing may name.
const (
	MissingAction       = "action" // which of the Suggestions
	MissingPerson       = "person"
	MissingGroups       = string(Groups)
	MissingApplications = string(Applications)
)

// SyntaxError says what of a command was understood and what was not.
//
// If Missing is not empty, nothing that was typed is wrong: it is only not
// enough, and a form filled with Partial is a kinder answer than a complaint.
type SyntaxError struct {
	Understood string // canonical text of what was understood; mentions stand as <@U…>
	Problem    string // a whole sentence about the first thing that was not
	// Offset and Length are the bytes of the text that Problem is about.
	Offset, Length int
	// Suggestions are what might have been meant: phrases or whole commands.
	Suggestions []string
	// Partial is what was understood; after a misspelt phrase, what the first
	// suggestion would do. It is for filling a form, never for acting on.
	Partial Command
	Missing []string
}

// Incomplete tells that something is missing and nothing is wrong.
func (e *SyntaxError) Incomplete() bool { return len(e.Missing) > 0 }

// Error says it to a person, in words that can be shown as they are.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	if e.Understood != "" && !e.Incomplete() {
		b.WriteString("I understood “" + clip(e.Understood, 120) + "”. ")
	}
	b.WriteString(e.Problem)
	if len(e.Suggestions) > 0 {
		said := make([]string, len(e.Suggestions))
		for i, s := range e.Suggestions {
			said[i] = "“" + clip(s, 120) + "”"
		}
		b.WriteString(" Did you mean " + or(said) + "?")
	}
	return b.String()
}

// or joins alternatives as people do: "a, b or c".
func or(items []string) string {
	n := len(items)
	if n < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:n-1], ", ") + " or " + items[n-1]
}

// clip shortens what is only quoted back.
func clip(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:runes-1])) + "…"
}
