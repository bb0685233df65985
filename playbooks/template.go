package playbooks

import (
	"slices"
	"strings"
)

// template is text with ${…} in it.
type template struct{ parts []piece }

// piece is a part of a template: words, or an expression.
type piece struct {
	words string
	hole  *expression
}

// template reads and compiles a text. What can't be compiled is reported.
func (c *compiler) template(text located) *template {
	t := &template{}
	words := 0
	keep := func(end int) {
		if end > words {
			t.parts = append(t.parts, piece{words: string(text.runes[words:end])})
		}
	}
	for i := 0; i < len(text.runes); i++ {
		if text.runes[i] != '$' {
			continue
		}
		rest := text.runes[i:]
		switch {
		case hasPrefix(rest, "$${"): // the way to write ${ itself
			keep(i)
			words = i + 1
			i += 2
		case hasPrefix(rest, "${"):
			keep(i)
			end := holeEnd(text.runes, i+2)
			if end < 0 {
				c.errorf(text.position(i), "this ${ is never closed by }; for the two characters themselves write $${")
				return t
			}
			inside := text.slice(i+2, end)
			if strings.TrimSpace(inside.String()) == "" {
				c.errorf(text.position(i), "there is nothing between ${ and }")
			} else if x := c.compile(inside, wantShown); x != nil {
				t.parts = append(t.parts, piece{hole: x})
			}
			words = end + 1
			i = end
		}
	}
	keep(len(text.runes))
	return t
}

func hasPrefix(runes []rune, prefix string) bool {
	p := []rune(prefix)
	return len(runes) >= len(p) && slices.Equal(runes[:len(p)], p)
}

// holeEnd finds the } that closes a hole, past strings and nested braces; -1 if none does.
func holeEnd(runes []rune, from int) int {
	depth := 0
	var quote rune
	for i := from; i < len(runes); i++ {
		switch r := runes[i]; {
		case quote != 0 && r == '\\':
			i++
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '{':
			depth++
		case r == '}' && depth == 0:
			return i
		case r == '}':
			depth--
		}
	}
	return -1
}

// fill writes the text with its holes filled.
func (e *evaluation) fill(t *template) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.hole == nil {
			b.WriteString(p.words)
			continue
		}
		v, err := e.run(p.hole)
		if err != nil {
			return "", err
		}
		words, err := e.show(v)
		if err != nil {
			return "", e.misfit(p.hole, err)
		}
		b.WriteString(words)
	}
	return b.String(), nil
}
