package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"frontdesk/playbooks"
)

const (
	maxConfigFile = 256 << 10
	maxOktaName   = 255 // characters of a group's name or an app's label
)

// readConfigFile reads the text of frontdesk.yaml into c and gives everything that
// is wrong with it, each with its place, its line and a caret.
func readConfigFile(name, text string, c *Config) Problems {
	r := &configReader{file: name, lines: strings.Split(text, "\n")}
	if root := r.document(text); root != nil {
		r.mapping(root, "the configuration", map[string]setter{
			"admins":       r.name(&c.Who.Admins),
			"agents":       r.name(&c.Who.Agents),
			"fallback":     r.name(&c.Who.Fallback),
			"break_glass":  r.name(&c.Who.BreakGlass),
			"command":      r.matching(&c.Command, slashCommand, "a slash command in small letters, such as /okta"),
			"settle_after": r.duration(&c.SettleAfter, 5*time.Second, time.Hour),
			"approval": r.fields("approval", map[string]setter{
				"expires": r.duration(&c.Expires, time.Minute, 90*24*time.Hour),
			}),
			"playbooks": r.fields("playbooks", map[string]setter{
				"folder": r.name(&c.Playbooks.Folder),
				"off":    r.names(&c.Playbooks.Off),
			}),
			"bundles": r.bundles(&c.Bundles),
		})
	}
	slices.SortStableFunc(r.found, func(a, b playbooks.Diagnostic) int {
		return slices.Compare([]int{a.Line, a.Column}, []int{b.Line, b.Column})
	})
	problems := make(Problems, 0, len(r.found))
	for _, d := range r.found {
		problems = append(problems, d.String())
	}
	return problems
}

var slashCommand = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)

// configReader walks the file's nodes and collects what is wrong with them.
type configReader struct {
	file  string
	lines []string
	found []playbooks.Diagnostic
}

// setter takes the value of one key.
type setter func(*yaml.Node)

// errorf reports a finding and goes on. A line that may hold a secret is not shown.
func (r *configReader) errorf(line, column int, format string, args ...any) {
	line = min(max(line, 1), len(r.lines))
	d := playbooks.Diagnostic{File: r.file, Line: line, Column: max(column, 1), Message: fmt.Sprintf(format, args...)}
	if text := strings.TrimSuffix(r.lines[line-1], "\r"); utf8.ValidString(text) && !looksSecret(text) {
		d.Source = text
	}
	r.found = append(r.found, d)
}

func (r *configReader) at(n *yaml.Node, format string, args ...any) {
	r.errorf(n.Line, n.Column, format, args...)
}

// secretShapes are what tokens, keys and URLs with passwords look like.
var secretShapes = regexp.MustCompile(`xox[a-z]-|xapp-|(?i)ssws |-----BEGIN|\b00[A-Za-z0-9_-]{40}\b|://[^/\s]*@`)

// secretRuns are what is left of a key in the middle of it.
var secretRuns = regexp.MustCompile(`[A-Za-z0-9+/=_-]{40,}`)

// secretKeys are what keys are called that are given one.
var secretKeys = regexp.MustCompile(`(?i)token|secret|passw|private|api_?key|database_?url|redis_?url`)

// looksSecret tells whether a line may hold a secret, by its shape or its key.
func looksSecret(line string) bool {
	key, _, _ := strings.Cut(line, ":")
	return secretShapes.MatchString(line) || secretRuns.MatchString(line) || secretKeys.MatchString(key)
}

// belongsElsewhere tells which variable to use for what a secret's key names;
// empty for any other key.
func belongsElsewhere(key string) string {
	if !secretKeys.MatchString(key) {
		return ""
	}
	variables := []string{
		"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OKTA_API_TOKEN", "OKTA_PRIVATE_KEY_FILE", "DATABASE_URL", "REDIS_URL",
	}
	if best := nearest(strings.ToUpper(key), variables); best != "" {
		return best
	}
	last := len(variables) - 1
	return strings.Join(variables[:last], ", ") + " or " + variables[last]
}

// document reads the file's one document; nil when there is nothing to go on with.
// An empty file is a configuration without wishes.
func (r *configReader) document(text string) *yaml.Node {
	if len(text) > maxConfigFile {
		r.errorf(1, 1, "the file is longer than %d KiB", maxConfigFile>>10)
		return nil
	}
	for i, line := range r.lines {
		if !utf8.ValidString(line) {
			r.errorf(i+1, 1, "this line is not UTF-8 text")
			return nil
		}
	}
	var first, second yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&first); err != nil {
		r.syntax(err)
		return nil
	}
	if err := decoder.Decode(&second); err == nil {
		r.at(&second, "a second document begins here; the file holds one")
	} else {
		r.syntax(err)
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) != 1 || first.Content[0].Tag == "!!null" {
		return nil
	}
	return first.Content[0]
}

// syntax reports what is not YAML at all; the end of the file is none of it.
func (r *configReader) syntax(err error) {
	var broken *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
	case errors.As(err, &broken):
		at := broken.Mark
		if at.Line > len(r.lines) || r.lines[max(at.Line, 1)-1] == "" {
			at = broken.ContextMark // it ran to the end of the file: say where it began
		}
		r.errorf(at.Line, at.Column, "this is not YAML: %s", strings.TrimSuffix(broken.Message, "."))
	default:
		r.errorf(1, 1, "this is not YAML")
	}
}

// plain reports what YAML can do and a configuration has no use for.
func (r *configReader) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode, n.Anchor != "":
		r.at(n, "anchors and aliases are not read here; write the value out, or put it in quotes if it begins with & or *")
	case n.Style&yaml.TaggedStyle != 0:
		r.at(n, "tags are not read here; put a value that begins with ! in quotes")
	default:
		return true
	}
	return false
}

// mapping reads the keys of n, each by its setter.
func (r *configReader) mapping(n *yaml.Node, of string, setters map[string]setter) {
	r.entries(n, of, func(key, value *yaml.Node) {
		if set, known := setters[key.Value]; known {
			set(value)
			return
		}
		if variable := belongsElsewhere(key.Value); variable != "" {
			r.at(key, "%q does not belong in a file; set %s in the environment", key.Value, variable)
			return
		}
		known := slices.Sorted(maps.Keys(setters))
		if best := nearest(key.Value, known); best != "" {
			r.at(key, "unknown key %q in %s; did you mean %s?", key.Value, of, best)
			return
		}
		r.at(key, "unknown key %q in %s, which has %s", key.Value, of, strings.Join(known, ", "))
	})
}

// fields is mapping as a setter.
func (r *configReader) fields(of string, setters map[string]setter) setter {
	return func(n *yaml.Node) { r.mapping(n, of, setters) }
}

// entries calls take for every key of n, once.
func (r *configReader) entries(n *yaml.Node, of string, take func(key, value *yaml.Node)) {
	if !r.plain(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.at(n, "%s is a mapping: a key, a colon, a value", of)
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch line, twice := lines[key.Value]; {
		case !r.plain(key):
		case key.Kind != yaml.ScalarNode:
			r.at(key, "a key is a word")
		case twice:
			r.at(key, "%q is there twice; it was first given in line %d", key.Value, line)
		default:
			lines[key.Value] = key.Line
			take(key, n.Content[i+1])
		}
	}
}

// text reads words; false after reporting why there are none.
func (r *configReader) text(n *yaml.Node) (string, bool) {
	switch {
	case !r.plain(n):
	case n.Kind != yaml.ScalarNode:
		r.at(n, "one value is wanted here, not a list or a mapping")
	case strings.TrimSpace(n.Value) == "", n.Tag == "!!null":
		r.at(n, "the value is empty; leave the key out, or put the value in quotes if it begins with #")
	case secretShapes.MatchString(n.Value):
		r.at(n, "this looks like a secret, which does not belong in a file; set it in the environment")
	default:
		return strings.TrimSpace(n.Value), true
	}
	return "", false
}

// name takes the name of a group, an app or a folder.
func (r *configReader) name(into *string) setter {
	return func(n *yaml.Node) {
		name, ok := r.text(n)
		switch {
		case !ok:
		case utf8.RuneCountInString(name) > maxOktaName:
			r.at(n, "a name has at most %d characters", maxOktaName)
		case strings.ContainsAny(name, "\n\x00"):
			r.at(n, "a name is one line")
		default:
			*into = name
		}
	}
}

// names takes a list of names.
func (r *configReader) names(into *[]string) setter {
	return func(n *yaml.Node) {
		if !r.plain(n) {
			return
		}
		if n.Kind != yaml.SequenceNode {
			r.at(n, "a list is wanted here: [one, another]")
			return
		}
		for _, entry := range n.Content {
			var name string
			if r.name(&name)(entry); name == "" {
				continue
			}
			if slices.Contains(*into, name) {
				r.at(entry, "%q is in the list twice", name)
				continue
			}
			*into = append(*into, name)
		}
	}
}

// matching takes a word of a certain form.
func (r *configReader) matching(into *string, form *regexp.Regexp, meaning string) setter {
	return func(n *yaml.Node) {
		word, ok := r.text(n)
		switch {
		case ok && form.MatchString(word):
			*into = word
		case ok:
			r.at(n, "%q is not %s", word, meaning)
		}
	}
}

// duration takes a span of time within bounds.
func (r *configReader) duration(into *time.Duration, least, most time.Duration) setter {
	return func(n *yaml.Node) {
		word, ok := r.text(n)
		if !ok {
			return
		}
		switch d, err := time.ParseDuration(word); {
		case err != nil:
			r.at(n, "%q is not a span of time; write it like 30s, 90m or 24h", word)
		case d < least || d > most:
			r.at(n, "%s is outside what is sensible here: %s to %s", word, least, most)
		default:
			*into = d
		}
	}
}

// bundles takes what the people of each department get.
func (r *configReader) bundles(into *map[string]Bundle) setter {
	return func(n *yaml.Node) {
		r.entries(n, "bundles", func(department, value *yaml.Node) {
			var b Bundle
			r.mapping(value, fmt.Sprintf("the bundle of %q", department.Value), map[string]setter{
				"groups": r.names(&b.Groups),
				"apps":   r.names(&b.Apps),
			})
			if *into == nil {
				*into = map[string]Bundle{}
			}
			(*into)[department.Value] = b
		})
	}
}

// nearest finds the candidate that a misspelt word was probably meant to be; empty
// when none is near.
func nearest(word string, candidates []string) string {
	best, within := "", 1+utf8.RuneCountInString(word)/3
	for _, c := range candidates {
		if d := editDistance([]rune(word), []rune(c)); d <= within && (best == "" || d < within) {
			best, within = c, d
		}
	}
	return best
}

// editDistance counts the letters to insert, drop or replace between two words.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
