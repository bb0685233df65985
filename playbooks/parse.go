package playbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"go.yaml.in/yaml/v4"

	"frontdesk/playbooks/action"
)

// Parse reads one playbook. The error is *Diagnostics with everything that is
// wrong with the file.
func Parse(file string, src []byte) (*Playbook, error) {
	p, found, err := parse(file, src)
	if err != nil {
		return nil, err
	}
	if d := newDiagnostics(found); d != nil {
		return nil, d
	}
	return p, nil
}

// parse reads one playbook and tells what is wrong with it, in no order.
func parse(file string, src []byte) (*Playbook, []Diagnostic, error) {
	lang, err := theLanguage()
	if err != nil {
		return nil, nil, err
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	r := &reader{src: newSource(file, text)}
	sum := sha256.Sum256(src)
	p := &Playbook{
		File: file, Source: slices.Clone(src), Hash: hex.EncodeToString(sum[:]),
		Autonomy: Approve, claimed: map[action.Kind]position{}, src: r.src,
	}
	if root := r.document(text); root != nil {
		p.read(&compiler{reader: r, lang: lang, env: lang.env}, root)
	}
	return p, r.found, nil
}

// slug is what a playbook may be called.
var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func playbookKeys() []string {
	return []string{"playbook", "title", "about", "autonomy", "simulate", "on", "inputs", "guards", "steps"}
}

// read reads the whole file: first what expressions may mention, then what mentions it.
func (p *Playbook) read(c *compiler, root *yaml.Node) {
	all, ok := c.mapping(root, "a playbook")
	if !ok {
		return
	}
	fields := c.keys(all, "a playbook", playbookKeys(), nil)
	for _, key := range []string{"playbook", "title", "on", "steps"} {
		if _, ok := fields[key]; !ok && !misspelt(all, key, playbookKeys()) {
			c.errorf(nodeAt(root), "the playbook has no %q", key)
		}
	}
	p.readHead(c, fields)
	if k, ok := fields["on"]; ok {
		p.readTriggers(c, k.value)
	}
	if k, ok := fields["inputs"]; ok {
		p.readInputs(c, k.value)
	}
	p.environment(c)
	if k, ok := fields["guards"]; ok {
		p.readGuards(c, k.value)
	}
	if k, ok := fields["steps"]; ok {
		p.readSteps(c, k.value)
	}
	slices.SortStableFunc(c.names, func(a, b NameRef) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	p.names = c.names
}

// misspelt tells whether one of the keys given was probably meant to be key, so
// that its absence need not be reported as well.
func misspelt(all []keyed, key string, known []string) bool {
	return slices.ContainsFunc(all, func(k keyed) bool {
		return k.key == key || (!slices.Contains(known, k.key) && strings.HasSuffix(didYouMean(k.key, known), " "+key+"?"))
	})
}

// readHead reads what a playbook says about itself.
func (p *Playbook) readHead(c *compiler, fields map[string]keyed) {
	if k, ok := fields["playbook"]; ok {
		if name, ok := c.text(k.value, "playbook"); ok {
			p.Name, p.at = name.String(), name.start()
			if !slug.MatchString(p.Name) {
				c.errorf(p.at, "a playbook's name is made of small letters, digits and single hyphens, like reset-mfa")
			}
		}
	}
	if k, ok := fields["title"]; ok {
		if title, ok := c.prose(k.value, "title"); ok {
			p.Title = title.trim().String()
		}
	}
	if k, ok := fields["about"]; ok {
		if about, ok := c.prose(k.value, "about"); ok {
			p.About = about.trim().String()
		}
	}
	if k, ok := fields["autonomy"]; ok {
		known := []string{string(Suggest), string(Approve), string(Auto)}
		if word, ok := c.oneOf(k.value, "autonomy", known); ok {
			p.Autonomy = Autonomy(word)
		}
	}
	if k, ok := fields["simulate"]; ok {
		p.Simulate = c.yesNo(k.value, "simulate")
	}
}

// oneOf reads a word out of a few.
func (r *reader) oneOf(n *yaml.Node, of string, known []string) (string, bool) {
	word, ok := r.text(n, of)
	if !ok {
		return "", false
	}
	if len(known) == 1 && word.String() != known[0] {
		r.errorf(word.start(), "%s can only be %q, not %q", of, known[0], word)
		return "", false
	}
	if !slices.Contains(known, word.String()) {
		r.errorf(word.start(), "%s is %s, not %q%s", of, list(known, "or"), word, didYouMean(word.String(), known))
		return "", false
	}
	return word.String(), true
}

// yesNo reads true or false.
func (r *reader) yesNo(n *yaml.Node, of string) bool {
	word, ok := r.oneOf(n, of, []string{"true", "false"})
	return ok && word == "true"
}

// laterTriggers are what starts a playbook in the language, but not in this version.
func laterTriggers() []string {
	return []string{"phrases", "service", "start_date", "end_date", "schedule", "request", "webhook", "okta"}
}

// readTriggers reads on.
func (p *Playbook) readTriggers(c *compiler, n *yaml.Node) {
	entries, ok := c.sequence(n, "on")
	if !ok {
		return
	}
	for _, entry := range entries {
		all, ok := c.mapping(entry, "a trigger")
		if !ok {
			continue
		}
		if len(all) == 0 {
			c.errorf(nodeAt(entry), "this trigger is empty")
		}
		later := slices.IndexFunc(all, func(k keyed) bool { return slices.Contains(laterTriggers(), k.key) })
		if later >= 0 {
			c.errorf(all[later].at, "the trigger %q is part of the language but not supported by this version", all[later].key)
			continue
		}
		fields := c.keys(all, "a trigger", []string{"command"}, append(laterTriggers(), "when"))
		if k, ok := fields["command"]; ok {
			p.claim(c, k.value)
		}
	}
}

// claim reads a command that starts the playbook.
func (p *Playbook) claim(c *compiler, n *yaml.Node) {
	text, ok := c.prose(n, "command")
	if !ok {
		return
	}
	kind, ok := c.phrase(text)
	if !ok {
		return
	}
	if first, twice := p.claimed[kind]; twice {
		c.errorf(text.start(), "this playbook claims this command already in line %d", first.line)
		return
	}
	p.claimed[kind] = text.start()
	p.Commands = append(p.Commands, kind)
}

// environment makes the compiler know the inputs.
func (p *Playbook) environment(c *compiler) {
	c.known = builtInNames()
	var options []cel.EnvOption
	for _, i := range p.Inputs {
		c.known = append(c.known, i.Name)
		options = append(options, cel.Variable(i.Name, celType(i.Type, i.List, i.Optional)))
	}
	for _, name := range c.unclear {
		c.vague = true
		options = append(options, cel.Variable(name, cel.DynType))
	}
	extended, err := c.lang.env.Extend(options...)
	if err != nil {
		c.errorf(p.at, "the inputs can't be used in expressions: %s", firstLine(err))
		return
	}
	c.env = extended
}

// readGuards reads who may.
func (p *Playbook) readGuards(c *compiler, n *yaml.Node) {
	entries, ok := c.sequence(n, "guards")
	if !ok {
		return
	}
	for _, entry := range entries {
		all, ok := c.mapping(entry, "a guard")
		if !ok {
			continue
		}
		known := []string{"allow", "else"}
		fields := c.keys(all, "a guard", known, nil)
		if _, ok := fields["allow"]; !ok && !misspelt(all, "allow", known) {
			c.errorf(nodeAt(entry), "this guard has no \"allow\": it says what must be true")
		}
		var g guard
		if k, ok := fields["allow"]; ok {
			if text, ok := c.prose(k.value, "allow"); ok {
				g.allow = c.compile(text, wantBool)
				c.watch(g.allow)
			}
		}
		if k, ok := fields["else"]; ok {
			if text, ok := c.prose(k.value, "else"); ok {
				g.refuse = c.template(text.trim())
			}
		}
		p.guards = append(p.guards, g)
	}
}
