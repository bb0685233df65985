package action

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// arguments reads everything after the phrase, in any order; person is whom
// the phrase itself named, as in "add @ada to group".
func (p *parser) arguments(person []token) {
	p.start = p.pos
	if person != nil {
		p.person(person)
	}
	for p.more() {
		t := p.tokens[p.pos]
		if n := p.personHere(); n > 0 {
			p.closeName()
			p.person(p.take(n))
			continue
		}
		switch {
		case t.kind == tokenBecause:
			p.closeName()
			p.take(1)
			p.because(t)
		case t.kind == tokenComma:
			p.take(1)
			p.endName()
			p.comma, p.closed = true, false
		case t.is("for"):
			p.forClause()
		case t.is("until", "till"):
			p.untilClause()
		case p.temporaryPassword():
		case p.takesObjects():
			p.name()
		default:
			p.stray()
		}
	}
	p.endName()
	if p.keyword && p.cmd.Kind != "" {
		p.err.Suggestions = []string{p.cmd.String()}
	}
}

// takesObjects also holds while it is open whether groups or applications are
// meant.
func (p *parser) takesObjects() bool { return p.cmd.Kind == "" || p.spec.Takes != NoObject }

// mayEnd likewise.
func (p *parser) mayEnd() bool { return p.cmd.Kind == "" || p.spec.Ends }

func (p *parser) take(n int) []token {
	p.pos += n
	return p.tokens[p.pos-n : p.pos]
}

// endsAt tells whether the names end n tokens from here.
func (p *parser) endsAt(n int) bool {
	i := p.pos + n
	return i >= len(p.tokens) || isClause(p.tokens[i]) || p.tokens[i].kind == tokenComma
}

// personHere returns how many of the next tokens name a person: "@ada", "for
// @ada", "to user @ada", "me".
func (p *parser) personHere() int {
	rest := p.tokens[p.pos:]
	t := rest[0]
	switch {
	case t.kind == tokenHole && p.takesObjects() && len(p.run) == 0 && !p.closed:
		return 0
	case t.kind == tokenHole, t.kind == tokenPerson, t.kind == tokenBroadcast:
		return 1
	case t.is("to", "from", "of", "on"):
		// "to me" may be part of a name: "Talk to me more".
		if n := personAt(rest[1:]); n > 0 && (rest[n].kind != tokenWord || p.endsAt(n+1)) {
			return n + 1
		}
	case t.is("for"):
		n := personAt(rest[1:])
		if n > 0 && rest[n].kind == tokenHole && p.named && p.mayEnd() {
			return 0 // for how long
		}
		if n > 0 {
			return n + 1
		}
	case t.is("and") && p.named && len(rest) > 1 && rest[1].kind == tokenPerson:
		return 2 // one too many
	case t.is("me", "myself"):
		if p.pos == p.start || p.endsAt(1) {
			return 1
		}
	case !p.takesObjects():
		return personAt(rest)
	}
	return 0
}

// person keeps whom the command is about; the last of the tokens names them.
func (p *parser) person(tokens []token) {
	t := tokens[len(tokens)-1]
	arg := t.arg // of "me" and "my": none
	switch {
	case t.kind == tokenBroadcast:
		p.problem(tokens, p.seen(t)+" stands for several people. Name one person.")
	case utf8.RuneCountInString(arg.Text) > MaxName && arg.Kind == Handle:
		p.problem(tokens, "That name is too long: it may have 255 characters.")
	case !p.named:
		p.named, p.cmd.Target = true, arg
		p.forPerson = arg.Kind == Hole && tokens[0].is("for")
	case arg == p.cmd.Target:
	case p.forPerson && arg.Kind == Hole && p.mayEnd() && !p.ends():
		// "for ${duration} ${person}": only now it is clear which is which.
		p.forPerson = false
		p.cmd.ForHole, p.cmd.Target = p.cmd.Target, arg
	default:
		p.problem(tokens, "I can do this for one person at a time, and here are two.")
	}
}

// name reads one more piece of a group's or an application's name.
func (p *parser) name() {
	t := p.take(1)[0]
	switch {
	case p.closed || t.kind == tokenQuoted && len(p.run) > 0:
		p.problem([]token{t}, p.seen(t)+" does not fit there. Between two names I need a comma.")
	case t.kind == tokenWord:
		p.run = append(p.run, t)
	case t.kind == tokenHole:
		p.cmd.Objects = append(p.cmd.Objects, t.arg)
		p.comma, p.closed = false, true
	default:
		p.object(t.text, []token{t})
		p.comma, p.closed = false, true
	}
}

// endName makes an object of the words read so far.
func (p *parser) endName() {
	words := p.run
	p.run = nil
	if p.comma && len(words) > 1 && (words[0].is("and") || words[0].text == "&") {
		words = words[1:] // "Figma, GitHub, and Zoom"
	}
	if len(words) == 0 {
		return
	}
	p.comma = false
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	p.object(strings.TrimSpace(strings.Join(texts, " ")), words)
}

// closeName ends the name because something else follows; after it, another
// name needs a comma.
func (p *parser) closeName() {
	p.endName()
	p.closed = len(p.cmd.Objects) > 0
}

func (p *parser) object(name string, tokens []token) {
	if utf8.RuneCountInString(name) > MaxName {
		p.problem(tokens, "That name is too long: it may have 255 characters.")
		return
	}
	twice := slices.ContainsFunc(p.cmd.Objects, func(a Arg) bool { return a.Kind == Name && strings.EqualFold(a.Text, name) })
	if !twice {
		p.cmd.Objects = append(p.cmd.Objects, Arg{Kind: Name, Text: name})
	}
}

// stray refuses what has no place in an action that takes a person only. A
// quoted text can be nothing but a person.
func (p *parser) stray() {
	if t := p.tokens[p.pos]; t.kind == tokenQuoted && !p.named {
		p.person(p.asPerson(p.take(1), t.text))
		return
	}
	tokens := p.take(1)
	for p.more() && p.tokens[p.pos].kind == tokenWord && !p.endsAt(0) && !p.tokens[p.pos].is("with") && p.personHere() == 0 {
		tokens = p.tokens[p.pos-len(tokens) : p.pos+1]
		p.pos++
	}
	advice := ""
	if !p.named {
		advice = " Name a person with @ or by email."
	}
	p.problem(tokens, p.seen(tokens...)+" does not belong there."+advice)
}

// asPerson takes what was typed for the name of a person, who has to be asked
// for unless it is an email.
func (p *parser) asPerson(typed []token, text string) []token {
	t := token{kind: tokenPerson, arg: Arg{Kind: Handle, Text: text}, start: typed[0].start, end: typed[len(typed)-1].end}
	if email, ok := asEmail(text); ok {
		t.arg = Arg{Kind: Email, Text: email}
	}
	return []token{t}
}
