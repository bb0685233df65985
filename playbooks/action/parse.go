package action

import (
	"strings"
	"unicode/utf8"
)

// Parse reads what a person typed after /okta; /okta itself may be in front.
//
// The error is always a *SyntaxError. With it the command is what was
// understood (SyntaxError.Partial): good for filling a form, never for acting
// on. A ${…} is nothing special here.
func Parse(text string) (Command, error) {
	s, scanErr := scan(text, false)
	p := newParser(s)
	if len(p.tokens) > 0 && strings.EqualFold(p.tokens[0].text, "/okta") {
		p.tokens = p.tokens[1:]
	}
	p.dropPolite()
	return p.finish(scanErr)
}

// ParseStep reads a command of a playbook, /okta included, which must be a
// whole action. Each ${…} in it is one argument and never read as text; its CEL
// source is returned at Arg.Hole.
//
// "for ${x}" names the person, unless somebody else is named: then it is how
// long it lasts. The error is always a *SyntaxError.
func ParseStep(text string) (Command, []Expression, error) {
	s, scanErr := scan(text, true)
	p := newParser(s)
	if len(p.tokens) == 0 || p.tokens[0].text != "/okta" {
		if scanErr == nil {
			scanErr = &SyntaxError{Problem: "A step that runs an action begins with /okta.", Length: len(text)}
		}
		return Command{}, nil, scanErr
	}
	p.tokens = p.tokens[1:]
	cmd, err := p.finish(scanErr)
	if err == nil && cmd.Verb != Act {
		err = &SyntaxError{
			Understood: cmd.String(), Problem: "A step needs one of the actions, such as /okta reset password.",
			Length: len(text), Partial: cmd,
		}
	}
	return cmd, s.exprs, err
}

// ParsePhrase reads the name of an action and nothing else, as in a playbook's
// "command: /okta reset multi-factor". The error is always a *SyntaxError.
func ParsePhrase(text string) (Kind, error) {
	s, scanErr := scan(text, false)
	if scanErr != nil {
		return "", scanErr
	}
	p := newParser(s)
	if len(p.tokens) > 0 && p.tokens[0].text == "/okta" {
		p.tokens = p.tokens[1:]
	}
	m, ok := match(p.tokens)
	switch {
	case !ok && len(p.tokens) == 0:
		return "", &SyntaxError{Problem: "The name of an action is missing, such as reset password.", Length: len(text)}
	case !ok:
		p.unknown()
		return "", p.err
	case m.kind == "":
		return "", p.problemAt(p.tokens[:m.used], "“"+m.canonical()+"” is not an action that a playbook can answer.")
	case m.person != nil:
		return "", p.problemAt(m.person, "Only the name of an action belongs here: “"+m.canonical()+"”.")
	case m.used < len(p.tokens):
		return "", p.problemAt(p.tokens[m.used:], "Only the name of an action belongs here: “"+m.canonical()+"”.")
	}
	return m.kind, nil
}

// parser turns tokens into a command. It goes on after a problem, so that as
// much as possible can be filled into a form, and keeps the first one.
type parser struct {
	text   string
	tokens []token
	pos    int
	cmd    Command
	spec   Spec
	err    *SyntaxError

	guess     bool    // the phrase was misspelt, and cmd is a guess
	start     int     // where the arguments begin
	named     bool    // somebody is named, if only as "me"
	forPerson bool    // the target is a hole that came after "for"
	run       []token // the words of the name that is being read
	comma     bool    // a comma came just before it
	closed    bool    // a name ended: another one needs a comma
	keyword   bool    // the problem is a keyword in a name without quotes
}

func newParser(s *scanner) *parser { return &parser{text: s.text, tokens: s.tokens} }

// finish parses all tokens and makes one answer of what scanner and parser found.
func (p *parser) finish(scanErr *SyntaxError) (Command, error) {
	p.command()
	if p.err == nil && scanErr == nil && utf8.RuneCountInString(p.cmd.String()) > MaxText {
		scanErr = &SyntaxError{Problem: "That is too long: a command has at most 8,000 characters.", Length: len(p.text)}
	}
	err := scanErr
	if err == nil {
		err = p.err
	}
	if err == nil {
		return p.cmd, nil
	}
	err.Partial = p.cmd
	if !p.guess && !p.keyword && (p.cmd.Kind != "" || p.cmd.Verb != Act) {
		err.Understood = first(err.Understood, p.cmd.String())
	}
	return p.cmd, err
}

// dropPolite forgets "please" at the beginning, and it and a full stop at the end.
func (p *parser) dropPolite() {
	for len(p.tokens) > 1 && isPolite(p.tokens[0]) {
		p.tokens = p.tokens[1:]
	}
	for len(p.tokens) > 1 {
		last := p.tokens[len(p.tokens)-1]
		if !isPolite(last) && (last.kind != tokenWord || strings.Trim(last.text, ".!?") != "") {
			return
		}
		p.tokens = p.tokens[:len(p.tokens)-1]
	}
}

func (p *parser) command() {
	if len(p.tokens) == 0 {
		return
	}
	if p.tokens[0].text == "?" {
		p.cmd.Verb = Help
		p.pos = 1
		p.help()
		return
	}
	m, ok := match(p.tokens)
	if !ok {
		if kind, person, rest, found := nounLast(p.tokens); found {
			p.tokens = rest
			p.action(kind, person)
			return
		}
		p.unknown()
		return
	}
	p.pos = m.used
	switch m.verb {
	case Act:
		p.action(m.kind, m.person)
	case Help:
		p.cmd.Verb = Help
		p.help()
	case Status, Timeline, Cancel, Requests, Verify, Menu:
		p.cmd.Verb = m.verb
		p.desk()
	}
}

func (p *parser) help() {
	from := p.tokens[p.pos-1].end
	p.cmd.Topic = strings.Join(strings.Fields(readable(p.text[from:])), " ")
}

// desk reads what follows a word to the desk: a request number, if it takes one.
func (p *parser) desk() {
	verb := p.cmd.Verb
	numbered := verb == Status || verb == Timeline || verb == Cancel
	for ; p.more(); p.pos++ {
		t := p.tokens[p.pos]
		number, isNumber := canonicalRequest(strings.TrimRight(t.text, ".!?"))
		switch {
		case t.kind == tokenBecause && verb == Cancel:
			p.because(t)
		case t.kind == tokenWord && isNumber && numbered && p.cmd.Request == "":
			p.cmd.Request = number
		case numbered && p.cmd.Request == "" && t.is("of", "for", "request", "ticket", "my", "the", "number"):
		case verb == Verify && t.is("me", "myself", "my", "identity"):
		case numbered:
			p.problem(p.tokens[p.pos:p.pos+1], p.seen(t)+" is not the number of a request: those look like R-12.")
		default:
			p.problem(p.tokens[p.pos:p.pos+1], p.seen(t)+" does not belong there.")
		}
	}
}

// action reads everything after the phrase.
func (p *parser) action(kind Kind, person []token) {
	p.cmd.Verb, p.cmd.Kind = Act, kind
	p.spec, _ = Of(kind)
	p.arguments(person)
	p.complete()
}

// complete says what is missing, unless something is wrong already.
func (p *parser) complete() {
	spec := p.spec
	switch {
	case p.cmd.Kind == "" || p.err != nil:
		return
	case len(p.cmd.Objects) > MaxObjects:
		p.problem(nil, "That is too many at once: at most 25.")
	case spec.Takes != NoObject && len(p.cmd.Objects) == 0:
		question := "Which group? For example: " + spec.Example
		if spec.Takes == Applications {
			question = "Which application? For example: " + spec.Example
		}
		p.problem(nil, question)
		p.err.Missing = []string{string(spec.Takes)}
	case !spec.Self && p.cmd.Target.Kind == Missing:
		p.problem(nil, "Who is it about? For example: "+spec.Example)
		p.err.Missing = []string{MissingPerson}
	}
}

// because keeps the reason.
func (p *parser) because(t token) {
	runes := 0
	for _, part := range t.reason {
		runes += utf8.RuneCountInString(part.Text)
	}
	switch {
	case len(t.reason) == 0:
		p.problem([]token{t}, "The reason is missing after “because”.")
	case runes > MaxReason:
		p.problem([]token{t}, "The reason is too long: it may have 4,000 characters.")
	case len(t.reason) == 1 && t.reason[0].Kind == Name:
		p.cmd.Because = t.reason[0].Text
	default:
		p.cmd.BecauseParts = t.reason
	}
}

func (p *parser) more() bool { return p.pos < len(p.tokens) }

// problem keeps the first thing that was not understood.
func (p *parser) problem(about []token, sentence string, suggestions ...string) {
	if p.err == nil {
		p.err = p.problemAt(about, sentence)
		p.err.Suggestions = suggestions
	}
}

func (p *parser) problemAt(about []token, sentence string) *SyntaxError {
	if len(about) == 0 {
		return &SyntaxError{Problem: sentence, Offset: len(p.text)}
	}
	start := about[0].start
	return &SyntaxError{Problem: sentence, Offset: start, Length: about[len(about)-1].end - start}
}

// seen quotes tokens back as they were typed.
func (p *parser) seen(tokens ...token) string {
	if len(tokens) == 1 && tokens[0].kind == tokenQuoted {
		return "“" + clip(tokens[0].text, 40) + "”"
	}
	source := p.text[tokens[0].start:tokens[len(tokens)-1].end]
	return "“" + clip(strings.Join(strings.Fields(readable(source)), " "), 40) + "”"
}
