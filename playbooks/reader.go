package playbooks

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxFile is the size of the largest playbook that is read.
const maxFile = 256 << 10

// reader turns one file into nodes and collects what is wrong with it.
type reader struct {
	src   *source
	found []Diagnostic
}

// errorf reports a finding and goes on.
func (r *reader) errorf(at position, format string, args ...any) {
	r.found = append(r.found, r.src.diagnostic(at, fmt.Sprintf(format, args...)))
}

// document reads the file's one document. nil: there is nothing to go on with.
func (r *reader) document(text string) *yaml.Node {
	switch {
	case len(text) > maxFile:
		r.errorf(position{1, 1}, "a playbook may be %d KiB long, this file is longer", maxFile>>10)
		return nil
	case !utf8.ValidString(text):
		for i, line := range strings.Split(text, "\n") {
			if !utf8.ValidString(line) {
				r.errorf(position{i + 1, 1}, "this line is not UTF-8 text")
			}
		}
		return nil
	}
	var first, second yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&first); err != nil {
		if errors.Is(err, io.EOF) {
			r.errorf(position{1, 1}, "the file is empty")
		} else {
			r.syntax(err)
		}
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		r.errorf(position{second.Line, second.Column}, "a second document begins here; a file holds one playbook")
	case !errors.Is(err, io.EOF):
		r.syntax(err)
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) != 1 {
		r.errorf(position{1, 1}, "the file is empty")
		return nil
	}
	root := first.Content[0]
	r.refuse(root)
	return root
}

// refuse reports everywhere what YAML can do and playbooks don't: tags, anchors, aliases.
func (r *reader) refuse(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.errorf(nodeAt(n), "YAML takes %q for an alias, which playbooks don't have; %s", "*"+n.Value, r.quote(nodeAt(n)))
	case n.Style&yaml.TaggedStyle != 0:
		r.errorf(nodeAt(n), "YAML takes a word that begins with ! for a tag, which playbooks don't have; %s", r.quote(nodeAt(n)))
	case n.Anchor != "":
		r.errorf(nodeAt(n), "YAML takes %q for an anchor, which playbooks don't have; %s", "&"+n.Anchor, r.quote(nodeAt(n)))
	}
	for _, child := range n.Content {
		r.refuse(child)
	}
}

// strange tells whether refuse has reported the node, so that nothing more is said of it.
func strange(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0
}

func nodeAt(n *yaml.Node) position { return position{n.Line, n.Column} }

// keyValue recognises a line that gives a key one plain value.
var keyValue = regexp.MustCompile(`^\s*(?:- +)*([A-Za-z_]+):[ \t]+(.*\S)\s*$`)

// quote says which words to put in quotes: those that a key gives from here on.
func (r *reader) quote(at position) string {
	line := withoutComment(r.src.line(at.line))
	m := keyValue.FindStringSubmatchIndex(line)
	if m == nil || 1+utf8.RuneCountInString(line[:m[4]]) != at.column {
		return "put the words in quotes"
	}
	return fmt.Sprintf("put the words in quotes: %s: %s", line[m[2]:m[3]], quoted(line[m[4]:m[5]]))
}

var comment = regexp.MustCompile(`\s#\s.*$`)

// withoutComment leaves out what is surely a comment.
func withoutComment(line string) string { return comment.ReplaceAllString(line, "") }

// quoted writes words as one YAML scalar.
func quoted(words string) string { return "'" + strings.ReplaceAll(words, "'", "''") + "'" }

// syntax reports a file that is not YAML, with the cause where it can be guessed:
// mostly CEL or prose whose first letters or colons mean something to YAML.
func (r *reader) syntax(err error) {
	var broken *yaml.LoadError
	if !errors.As(err, &broken) {
		r.errorf(position{1, 1}, "this is not YAML: %s", err)
		return
	}
	for _, line := range []int{broken.Mark.Line, broken.ContextMark.Line, broken.Mark.Line - 1} {
		text := r.src.line(line)
		if indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]; strings.Contains(indent, "\t") {
			r.errorf(position{line, 1 + strings.IndexByte(indent, '\t')}, "YAML wants spaces, not tabs, at the beginning of a line")
			return
		}
		m := keyValue.FindStringSubmatch(withoutComment(text))
		if m == nil {
			continue
		}
		if why := swallowed(m[2]); why != "" {
			column := 1 + utf8.RuneCountInString(text[:strings.LastIndex(text, m[2])])
			r.errorf(position{line, column}, "%s; put all of it in quotes: %s: %s", why, m[1], quoted(m[2]))
			return
		}
	}
	message := strings.TrimSuffix(broken.Message, ".")
	if strings.HasPrefix(message, "mapping values are not allowed") {
		message = "a key is not expected here; is the line indented as it should be?"
	} else if broken.ContextMsg != "" {
		message = broken.ContextMsg + ", " + message
	}
	r.errorf(position{broken.Mark.Line, broken.Mark.Column}, "this is not YAML: %s", message)
}

// swallowed says what YAML makes of a value that was meant as it stands.
func swallowed(value string) string {
	first, size := utf8.DecodeRuneInString(value)
	switch first {
	case '"', '\'':
		rest := value[size:]
		if end := strings.IndexRune(rest, first); end >= 0 && strings.TrimSpace(rest[end+1:]) != "" && !strings.HasPrefix(strings.TrimSpace(rest[end+1:]), "#") {
			return "YAML ends this value at the closing quote"
		}
		return ""
	case '!':
		return "YAML takes a word that begins with ! for a tag"
	case '&':
		return "YAML takes a word that begins with & for an anchor"
	case '*':
		return "YAML takes a word that begins with * for an alias"
	case '[', '{':
		if !goesOn(value) {
			return ""
		}
		return "YAML takes a value that begins with " + string(first) + " for a list or a mapping of its own"
	case '|', '>', '%', '@', '`':
		return "for YAML a value can't begin with " + string(first)
	}
	if strings.Contains(value, ": ") || strings.HasSuffix(value, ":") {
		return "YAML takes the colon in this value for a key of its own"
	}
	return ""
}

// goesOn tells whether words follow where the bracket that begins a value is closed.
func goesOn(value string) bool {
	depth := 0
	for i, r := range value {
		switch r {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth == 0 {
			return i < len(value)-1
		}
	}
	return false
}

// text reads a scalar. It reports and answers false for anything else, and for
// nothing at all.
func (r *reader) text(n *yaml.Node, of string) (located, bool) {
	switch {
	case strange(n):
		return located{}, false
	case n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode:
		if n.Style&yaml.FlowStyle != 0 {
			r.errorf(nodeAt(n), "%s is a text, but YAML reads a list or a mapping here; %s", of, r.quote(nodeAt(n)))
		} else {
			r.errorf(nodeAt(n), "%s is a text, not a list or a mapping", of)
		}
		return located{}, false
	case strings.TrimSpace(n.Value) == "" || n.Tag == "!!null":
		if comment, at := r.commentAfter(nodeAt(n)); n.Value == "" && comment != "" {
			r.errorf(at, "%s is empty, because YAML takes %q for a comment; put the words in quotes: %s", of, comment, quoted(comment))
		} else {
			r.errorf(nodeAt(n), "%s is empty", of)
		}
		return located{}, false
	}
	return locate(r.src, n), true
}

// commentAfter finds a comment that is all there is on a line from a place on.
func (r *reader) commentAfter(at position) (string, position) {
	line := []rune(r.src.line(at.line))
	rest := string(line[min(at.column-1, len(line)):])
	trimmed := strings.TrimLeft(rest, " \t")
	if !strings.HasPrefix(trimmed, "#") {
		return "", at
	}
	at.column += utf8.RuneCountInString(rest) - utf8.RuneCountInString(trimmed)
	return strings.TrimSpace(trimmed), at
}

// prose reads a scalar for people or for CEL. Unlike text it does not let YAML
// take away words that begin with #.
func (r *reader) prose(n *yaml.Node, of string) (located, bool) {
	l, ok := r.text(n, of)
	if !ok {
		return l, false
	}
	comment := []rune(n.LineComment)
	if n.Style&^yaml.TaggedStyle == 0 && len(comment) > 1 && comment[0] == '#' && !unicode.IsSpace(comment[1]) && comment[1] != '#' {
		end := l.position(len(l.runes))
		line := r.src.line(end.line)
		at := position{end.line, 1 + utf8.RuneCountInString(line[:max(strings.LastIndex(line, n.LineComment), 0)])}
		r.errorf(at, "YAML takes %q for a comment; put the words in quotes, or a space after # if it is one", n.LineComment)
		return l, false
	}
	return l, true
}

// keyed is a mapping's value with its key.
type keyed struct {
	key   string
	at    position
	value *yaml.Node
}

// mapping reads the keys of a mapping in their order; of says what it is in
// messages. Duplicates are reported and left out.
func (r *reader) mapping(n *yaml.Node, of string) ([]keyed, bool) {
	if strange(n) {
		return nil, false
	}
	if n.Tag == "!!null" {
		r.errorf(nodeAt(n), "%s is empty", of)
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		r.errorf(nodeAt(n), "%s is a mapping of keys to values", of)
		return nil, false
	}
	var all []keyed
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if strange(key) {
			continue
		}
		if key.Kind != yaml.ScalarNode {
			r.errorf(nodeAt(key), "a key is a word; %s", r.quote(nodeAt(key)))
			continue
		}
		if j := slices.IndexFunc(all, func(k keyed) bool { return k.key == key.Value }); j >= 0 {
			r.errorf(nodeAt(key), "%s has %q twice; it was first given in line %d", of, key.Value, all[j].at.line)
			continue
		}
		all = append(all, keyed{key.Value, nodeAt(key), n.Content[i+1]})
	}
	return all, true
}

// sequence reads a list.
func (r *reader) sequence(n *yaml.Node, of string) ([]*yaml.Node, bool) {
	if strange(n) {
		return nil, false
	}
	if n.Tag == "!!null" {
		r.errorf(nodeAt(n), "%s is empty", of)
		return nil, false
	}
	if n.Kind != yaml.SequenceNode {
		r.errorf(nodeAt(n), "%s is a list: put a - before each entry", of)
		return nil, false
	}
	if len(n.Content) == 0 {
		r.errorf(nodeAt(n), "%s is empty", of)
		return nil, false
	}
	return n.Content, true
}

// keys checks a mapping's keys: those that are known, and those which the language
// has and this version does not read yet.
func (r *reader) keys(all []keyed, of string, known, later []string) map[string]keyed {
	fields := map[string]keyed{}
	for _, k := range all {
		switch {
		case slices.Contains(known, k.key):
			fields[k.key] = k
		case slices.Contains(later, k.key):
			r.errorf(k.at, "%q is part of the language but not supported by this version", k.key)
		default:
			r.errorf(k.at, "unknown key %q in %s%s", k.key, of, didYouMean(k.key, slices.Concat(known, later)))
		}
	}
	return fields
}
