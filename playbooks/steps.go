package playbooks

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// stepKeys tells the keys of each step that this version knows, besides when and name.
func stepKeys() map[StepKind][]string {
	return map[StepKind][]string{
		StepRun:     {"on_failure"},
		StepApprove: {"need", "expires"},
		StepDM:      {"text"},
		StepReply:   {"text"},
		StepClose:   {"text"},
	}
}

// laterStepKeys are options of the known steps which this version does not read.
func laterStepKeys() map[StepKind][]string {
	return map[StepKind][]string{StepApprove: {"reason", "remind", "escalate", "another", "step_up"}}
}

// verbs are the steps that this version knows, in the order of the manual.
func verbs() []string { return []string{"run", "approve", "dm", "reply", "close"} }

// laterVerbs are steps of the language which this version does not know yet.
func laterVerbs() []string {
	return []string{"verify", "ask", "post", "request", "wait", "until", "each", "choose", "play", "webhook"}
}

// readSteps reads what happens.
func (p *Playbook) readSteps(c *compiler, n *yaml.Node) {
	entries, ok := c.sequence(n, "steps")
	if !ok {
		return
	}
	closed := 0 // the line of a close that is never skipped
	for _, entry := range entries {
		if closed > 0 {
			c.errorf(nodeAt(entry), "this step is never reached: the request is closed in line %d", closed)
			closed = 0
		}
		all, ok := c.mapping(entry, "a step")
		if !ok {
			continue
		}
		verb, ok := c.verb(entry, all)
		if !ok {
			continue
		}
		s := p.readStep(c, entry, StepKind(verb), all)
		p.Steps = append(p.Steps, s)
		if s.Kind == StepClose && !s.When {
			closed = s.Line
		}
	}
}

// verb finds the one key that says what a step does.
func (r *reader) verb(entry *yaml.Node, all []keyed) (string, bool) {
	var said []keyed
	for _, k := range all {
		if slices.Contains(laterVerbs(), k.key) {
			r.errorf(k.at, "the step %q is part of the language but not supported by this version", k.key)
			return "", false
		}
		if slices.Contains(verbs(), k.key) {
			said = append(said, k)
		}
	}
	switch len(said) {
	case 1:
		return said[0].key, true
	case 0:
		for _, k := range all {
			if hint := didYouMean(k.key, slices.Concat(verbs(), laterVerbs())); hint != "" {
				r.errorf(k.at, "there is no step %q%s", k.key, hint)
				return "", false
			}
		}
		r.errorf(nodeAt(entry), "this step does not say what to do: a step is %s", list(verbs(), "or"))
	default:
		r.errorf(said[1].at, "a step does one thing, but this one says %q and %q; make it two steps", said[0].key, said[1].key)
	}
	return "", false
}

// readStep reads a step of a known kind.
func (p *Playbook) readStep(c *compiler, entry *yaml.Node, kind StepKind, all []keyed) Step {
	known := append([]string{string(kind), "when", "name"}, stepKeys()[kind]...)
	fields := c.keys(all, article(string(kind))+" step", known, laterStepKeys()[kind])
	s := Step{Kind: kind, Line: entry.Line, OnFailure: Stop}
	if k, ok := fields["name"]; ok {
		if name, ok := c.prose(k.value, "name"); ok {
			s.Name = name.trim().String()
		}
	}
	if k, ok := fields["when"]; ok {
		s.When = true
		if text, ok := c.prose(k.value, "when"); ok {
			s.when = c.compile(text, wantBool)
		}
	}
	value := fields[string(kind)].value
	switch kind {
	case StepRun:
		p.readRun(c, &s, value, fields)
	case StepApprove:
		p.readApprove(c, &s, value, fields)
		c.approved = true
	case StepDM:
		if text, ok := c.prose(value, "dm"); ok {
			s.people = c.compile(text, wantPeople)
		}
		c.stepText(&s, entry, fields, nil)
	case StepReply:
		c.stepText(&s, entry, fields, value)
	case StepClose:
		if word, ok := c.oneOf(value, "close", []string{"done", "failed"}); ok {
			s.Failed = word == "failed"
		}
		if _, ok := fields["text"]; ok {
			c.stepText(&s, entry, fields, nil)
		}
	}
	return s
}

// article puts a or an before a word.
func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// stepText reads a step's text: beside the verb, or, for a reply, after it.
func (c *compiler) stepText(s *Step, entry *yaml.Node, fields map[string]keyed, after *yaml.Node) {
	of := "text"
	k, ok := fields["text"]
	n := k.value
	if after != nil && (after.Kind != yaml.ScalarNode || after.Value != "") {
		if ok {
			c.errorf(k.at, "the text is given twice: after %s and as text", s.Kind)
			return
		}
		n, of, ok = after, string(s.Kind), true
	}
	if !ok {
		c.errorf(nodeAt(entry), "this %s step has no \"text\"", s.Kind)
		return
	}
	if text, ok := c.prose(n, of); ok {
		s.text = c.template(text.trim())
	}
}

// readApprove reads who must agree, and how.
func (p *Playbook) readApprove(c *compiler, s *Step, value *yaml.Node, fields map[string]keyed) {
	s.Need = 1
	if text, ok := c.prose(value, "approve"); ok {
		s.people = c.compile(text, wantPeople)
	}
	if k, ok := fields["need"]; ok {
		if text, ok := c.text(k.value, "need"); ok {
			n, err := strconv.Atoi(text.String())
			switch {
			case text.String() == "all":
				s.Need, s.All = 0, true
			case err != nil || n < 1 || n > 20:
				c.errorf(text.start(), "need is how many must agree, from 1 to 20, or all")
			default:
				s.Need = n
			}
		}
	}
	if k, ok := fields["expires"]; ok {
		s.Expires = c.duration(k.value, "expires")
	}
}

// duration reads a duration like 8h.
func (r *reader) duration(n *yaml.Node, of string) time.Duration {
	text, ok := r.text(n, of)
	if !ok {
		return 0
	}
	d, err := parseDuration(strings.TrimSpace(text.String()))
	if err != nil {
		r.errorf(text.start(), "%s: %s", of, err)
	}
	return d
}
