package playbooks

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"go.yaml.in/yaml/v4"
)

var inputName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func inputKeys() []string {
	return []string{"type", "default", "ask", "options", "where", "optional"}
}

// readInputs reads what the playbook needs to know. Their names and types are read
// first, because a default, a where or an option is an expression of its own.
func (p *Playbook) readInputs(c *compiler, n *yaml.Node) {
	all, ok := c.mapping(n, "inputs")
	if !ok {
		return
	}
	for _, k := range all {
		switch {
		case !inputName.MatchString(k.key):
			c.errorf(k.at, "an input's name is made of small letters, digits and _, and begins with a letter; %q is not", k.key)
			continue
		case reserved(k.key):
			c.errorf(k.at, "%q means something else in expressions; call the input something else", k.key)
			continue
		}
		keys, ok := c.mapping(k.value, "an input")
		if !ok {
			c.unclear = append(c.unclear, k.key)
			continue
		}
		fields := c.keys(keys, "an input", inputKeys(), nil)
		i := Input{Name: k.key}
		if t, ok := fields["type"]; ok {
			if !p.readType(c, &i, t.value) {
				c.unclear = append(c.unclear, k.key)
				continue
			}
		} else {
			c.unclear = append(c.unclear, k.key)
			if !misspelt(keys, "type", inputKeys()) {
				c.errorf(k.at, "the input %q has no type: it is %s", k.key, list(typeNames(), "or"))
			}
			continue
		}
		if o, ok := fields["optional"]; ok {
			i.Optional = c.yesNo(o.value, "optional")
		}
		if a, ok := fields["ask"]; ok {
			if ask, ok := c.prose(a.value, "ask"); ok {
				i.Ask = ask.trim().String()
			}
		}
		if i.Ask == "" {
			i.Ask = strings.ToUpper(i.Name[:1]) + strings.ReplaceAll(i.Name[1:], "_", " ") + "?"
		}
		p.readOptions(c, &i, k.at, fields)
		if d, ok := fields["default"]; ok {
			i.Default = true
			p.readDefault(c, &i, d.value)
		}
		if w, ok := fields["where"]; ok {
			p.readWhere(c, &i, w)
		}
		p.Inputs = append(p.Inputs, i)
	}
}

func typeNames() []string {
	var names []string
	for _, t := range inputTypes() {
		names = append(names, string(t))
	}
	return names
}

// readType reads a type: a word, or a word in brackets for a list.
func (p *Playbook) readType(c *compiler, i *Input, n *yaml.Node) bool {
	if n.Kind == yaml.SequenceNode && !strange(n) {
		if len(n.Content) != 1 {
			c.errorf(nodeAt(n), "a list's type is one word in brackets, like [group]")
			return false
		}
		i.List = true
		n = n.Content[0]
	}
	word, ok := c.oneOf(n, "type", typeNames())
	i.Type = Type(word)
	if ok && i.List && (i.Type == TypeYesNo || i.Type == TypeDuration || i.Type == TypeDate || i.Type == TypeNumber) {
		c.errorf(nodeAt(n), "there are lists of user, group, app, text and choice, but not of %s", i.Type)
		return false
	}
	return ok
}

// readOptions reads options: a list of words, or an expression that gives one.
func (p *Playbook) readOptions(c *compiler, i *Input, at position, fields map[string]keyed) {
	o, ok := fields["options"]
	switch {
	case !ok && i.Type == TypeChoice:
		c.errorf(at, "the input %q is a choice, but it has no options", i.Name)
		return
	case !ok:
		return
	case i.Type != TypeChoice:
		c.errorf(o.at, "only a choice has options; which users, groups or apps may be chosen is said by where")
		return
	}
	if o.value.Kind == yaml.SequenceNode {
		entries, ok := c.sequence(o.value, "options")
		if !ok {
			return
		}
		for _, entry := range entries {
			word, ok := c.prose(entry, "an option")
			switch {
			case !ok:
			case slices.Contains(i.choices, word.String()):
				c.errorf(word.start(), "the option %q is there twice", word)
			default:
				i.choices = append(i.choices, word.String())
			}
		}
		return
	}
	if text, ok := c.prose(o.value, "options"); ok {
		i.options = c.compile(text, wantOf(cel.ListType(cel.StringType), "a list of texts"))
	}
}

// readDefault reads a default: an expression for users, groups and applications, a
// literal for the rest.
func (p *Playbook) readDefault(c *compiler, i *Input, n *yaml.Node) {
	if i.Type.Object() {
		text, ok := c.prose(n, "default")
		if !ok {
			return
		}
		of := celType(i.Type, false, false)
		wanted := wantOf(of, "one "+string(i.Type))
		if i.List {
			wanted = wantOneOrList(of, "a list of "+string(i.Type)+"s")
		}
		i.fallback = c.compile(text, wanted)
		return
	}
	nodes := []*yaml.Node{n}
	if i.List {
		var ok bool
		if nodes, ok = c.sequence(n, "default"); !ok {
			return
		}
	}
	i.literal = Value{Type: i.Type, List: i.List}
	for _, n := range nodes {
		text, ok := c.prose(n, "default")
		if !ok {
			return
		}
		item, why := parseItem(*i, text.String())
		if why != "" {
			c.errorf(text.start(), "%s", why)
			return
		}
		i.literal.Items = append(i.literal.Items, item)
	}
}

// parseItem reads what a person or a file wrote for an input that is not an
// object of Okta; why says what is wrong with it.
func parseItem(i Input, text string) (item, why string) {
	switch i.Type {
	case TypeNumber:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", "a number is written in digits, like 12"
		}
		return strconv.FormatInt(n, 10), ""
	case TypeDuration:
		d, err := parseDuration(text)
		if err != nil {
			return "", err.Error()
		}
		return d.String(), ""
	case TypeDate:
		d, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return "", "a date is written like 2026-12-01"
		}
		return d.Format(time.RFC3339), ""
	case TypeYesNo:
		switch strings.ToLower(text) {
		case "yes", "true":
			return "true", ""
		case "no", "false":
			return "false", ""
		}
		return "", "this is yes or no"
	case TypeChoice:
		if len(i.choices) > 0 && !slices.Contains(i.choices, text) {
			return "", "this must be one of the options: " + list(i.choices, "or") + strings.ReplaceAll(didYouMean(text, i.choices), ";", " –")
		}
		return text, ""
	case TypeText, TypeUser, TypeGroup, TypeApp:
	}
	return text, ""
}

// readWhere compiles which users, groups or applications may be chosen. It knows the
// thing itself as it, and no other input: those may not have been given yet.
func (p *Playbook) readWhere(c *compiler, i *Input, k keyed) {
	text, ok := c.prose(k.value, "where")
	if !ok {
		return
	}
	base := c.env
	defer func() { c.env = base }()
	extended, err := c.lang.env.Extend(cel.Variable("it", celType(i.Type, false, false)))
	if err != nil {
		c.errorf(k.at, "where can't be used here: %s", firstLine(err))
		return
	}
	c.env = extended
	i.where = c.compile(text, wantBool)
}
