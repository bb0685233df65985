package playbooks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxDiagnostics is how many findings are reported at once; nobody reads more.
const maxDiagnostics = 100

// Diagnostic is one thing that is wrong with a file, and where.
type Diagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Message string `json:"message"`
	Source  string `json:"source"` // the line of the file, without its end
}

// String gives file:line:column, the message, the line, and a caret under the place.
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", d.File, d.Line, d.Column, d.Message)
	if strings.TrimSpace(d.Source) == "" {
		return b.String()
	}
	line, column := window([]rune(d.Source), d.Column)
	b.WriteString("\n | " + string(line) + "\n | ")
	for _, r := range line[:column-1] {
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteByte('^')
	return b.String()
}

// window cuts a very long line to what is around column.
func window(line []rune, column int) ([]rune, int) {
	const before, after = 100, 60
	column = min(max(column, 1), len(line)+1)
	if len(line) > column+after {
		line = append(slices.Clone(line[:column+after]), '…')
	}
	if cut := column - before; cut > 0 {
		line = append([]rune{'…'}, line[cut:]...)
		column = column - cut + 1
	}
	return line, column
}

// Diagnostics is everything that is wrong, in the order of the files.
type Diagnostics struct { //nolint:errname // it is a list of findings, and an error only as a whole
	List []Diagnostic
	More int // how many further findings were left out
}

// Error prints every finding with its line and caret.
func (d *Diagnostics) Error() string {
	parts := make([]string, 0, len(d.List)+1)
	for _, one := range d.List {
		parts = append(parts, one.String())
	}
	if d.More > 0 {
		parts = append(parts, fmt.Sprintf("… and %d more", d.More))
	}
	return strings.Join(parts, "\n")
}

// newDiagnostics sorts and caps found, or gives nil when there is nothing.
func newDiagnostics(found []Diagnostic) *Diagnostics {
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	found = slices.Compact(found)
	d := &Diagnostics{List: found}
	if len(found) > maxDiagnostics {
		d.List, d.More = found[:maxDiagnostics], len(found)-maxDiagnostics
	}
	return d
}
