package action

import (
	"strconv"
	"strings"
	"time"
)

// Verb is what a command asks for: an action, or a word to the desk itself.
type Verb string

// The verbs. Menu is what /okta alone means.
const (
	Menu     Verb = ""
	Act      Verb = "act"
	Help     Verb = "help"
	Status   Verb = "status"
	Requests Verb = "requests"
	Timeline Verb = "timeline"
	Cancel   Verb = "cancel"
	Verify   Verb = "verify"
)

// ArgKind tells how an argument was written.
type ArgKind string

// The kinds of argument.
const (
	Missing ArgKind = ""        // not given
	Mention ArgKind = "mention" // a Slack user id, U… or W…
	Email   ArgKind = "email"   // in lower case
	Handle  ArgKind = "handle"  // @ada: could be several people, so it is asked back, never resolved
	Name    ArgKind = "name"    // of a group or an application
	Hole    ArgKind = "hole"    // ${…} in a playbook
)

// Arg is one argument. The zero Arg was not given.
type Arg struct {
	Kind ArgKind
	Text string // the id, the email, the name; of a hole, its CEL source
	Hole int    // of a hole: its index in what ParseStep returns beside the command
}

// Command is one command, as typed by a person or written in a playbook.
type Command struct {
	Verb Verb
	Kind Kind // with Act: which action

	// Target is the person whom it is about; not given, it is whoever typed it.
	Target Arg
	// Objects are the groups or applications, each once, in the order typed.
	Objects []Arg

	// For is how long it lasts; Until the instant at which it ends. At most one
	// is given. The end is typed without a zone and kept as if it were in UTC;
	// a date alone lasts to the end of that day, which is the next midnight.
	For   time.Duration
	Until time.Time
	// ForHole and UntilHole stand for For and Until in a playbook.
	ForHole, UntilHole Arg

	// Because is the reason. A playbook's reason with ${…} in it is in
	// BecauseParts instead: text (Kind Name) and holes, in order.
	Because      string
	BecauseParts []Arg

	TempPassword bool

	Request string // of status, timeline, cancel: "R-12", or empty
	Topic   string // of help: the words after it
}

// Options is how an action is done, beside to whom and with what.
type Options struct {
	For          time.Duration
	Until        time.Time
	TempPassword bool
}

// Options returns the part of the command that Sentence and Past take.
func (c Command) Options() Options {
	return Options{For: c.For, Until: c.Until, TempPassword: c.TempPassword}
}

// String returns the canonical text, without /okta. Parse reads it back to the
// same command. It is for people and for Parse: in a playbook, a ${…} that a
// person typed would become a hole.
func (c Command) String() string {
	var words []string
	switch c.Verb {
	case Menu:
		return ""
	case Help:
		words = []string{"help", escape(c.Topic)}
	case Status, Timeline, Cancel, Requests, Verify:
		words = []string{string(c.Verb), c.Request}
	case Act:
		words = c.actionWords()
	}
	if r := c.reason(); r != "" {
		words = append(words, "because", r)
	}
	return strings.Join(withoutEmpty(words), " ")
}

func (c Command) actionWords() []string {
	spec, _ := Of(c.Kind)
	words := []string{spec.Phrase, c.objects(), c.Target.String()}
	if c.Target.Kind == Missing && c.ForHole.Kind == Hole {
		words = append(words, "me") // else "for ${…}" would name the person
	}
	if c.TempPassword {
		words = append(words, "with a temporary password")
	}
	switch {
	case c.For > 0:
		words = append(words, "for", shortDuration(c.For))
	case c.ForHole.Kind == Hole:
		words = append(words, "for", c.ForHole.String())
	}
	switch {
	case !c.Until.IsZero():
		words = append(words, "until", shortEnd(c.Until))
	case c.UntilHole.Kind == Hole:
		words = append(words, "until", c.UntilHole.String())
	}
	return words
}

func (c Command) objects() string {
	texts := make([]string, len(c.Objects))
	for i, o := range c.Objects {
		texts[i] = o.String()
	}
	return strings.Join(texts, ", ")
}

func (c Command) reason() string {
	if len(c.BecauseParts) == 0 {
		return escape(c.Because)
	}
	var b strings.Builder
	for _, p := range c.BecauseParts {
		if p.Kind == Hole {
			b.WriteString(p.String())
		} else {
			b.WriteString(escape(p.Text))
		}
	}
	return b.String()
}

// String returns the argument as it would be typed; empty if it was not given.
func (a Arg) String() string {
	switch a.Kind {
	case Missing:
		return ""
	case Mention:
		return "<@" + a.Text + ">"
	case Email:
		return a.Text
	case Handle:
		if isPlainHandle(a.Text) {
			return "@" + a.Text
		}
		return "@" + quote(a.Text)
	case Name:
		if isPlainName(a.Text) {
			return a.Text
		}
		return quote(a.Text)
	case Hole:
		return "${" + a.Text + "}"
	}
	return ""
}

// RequestNumber returns the number of "R-12", and false for anything else.
func RequestNumber(request string) (int64, bool) {
	canonical, ok := canonicalRequest(request)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(canonical, "R-"), 10, 64)
	return n, err == nil
}

// canonicalRequest reads R-12, r12, #12 and 12 as "R-12".
func canonicalRequest(s string) (string, bool) {
	digits := strings.TrimLeft(s, "#")
	if len(digits) > 0 && (digits[0] == 'R' || digits[0] == 'r') {
		digits = strings.TrimPrefix(digits[1:], "-")
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return "R-" + digits, true
}

func withoutEmpty(words []string) []string {
	kept := words[:0]
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}
