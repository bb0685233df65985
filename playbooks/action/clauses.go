package action

import (
	"strings"
	"sync"
)

// forClause reads "for 8h", and "for Ada" where only a person can be meant.
func (p *parser) forClause() {
	next, words := p.after()
	switch {
	case next.kind == tokenHole:
		p.closeName()
		if p.checkEnds(p.take(2)) {
			p.cmd.ForHole = next.arg
		}
		return
	case next.kind == tokenQuoted && !p.named:
		p.closeName()
		p.person(p.asPerson(p.take(2)[1:], next.text))
		return
	}
	if len(words) == 0 {
		p.closeName()
		p.problem(p.take(1), "Something is missing after “for”: how long, or who.")
		return
	}
	d, used, problem := readDuration(words)
	switch {
	case used > 0:
		p.closeName()
		tokens := p.take(1 + used)
		if problem != "" && p.mayEnd() {
			p.problem(tokens, problem)
		} else if p.checkEnds(tokens) {
			p.cmd.For = d
		}
	case p.takesObjects() && !p.closed:
		p.keywordInName()
	case !p.takesObjects() && !p.named:
		p.person(p.asPerson(p.take(1 + len(words))[1:], strings.Join(words, " ")))
	default:
		tokens := p.take(1 + len(words))
		p.problem(tokens, p.seen(tokens...)+" does not belong there.")
	}
}

// untilClause reads "until 2026-12-01" and "until 2026-12-01 18:00".
func (p *parser) untilClause() {
	p.closeName()
	next, words := p.after()
	switch {
	case next.kind == tokenHole:
		if p.checkEnds(p.take(2)) {
			p.cmd.UntilHole = next.arg
		}
		return
	case len(words) == 0:
		p.problem(p.take(1), "The date is missing after “until”."+dateAdvice)
		return
	}
	end, used, problem := readEnd(words)
	tokens := p.take(1 + used)
	if problem != "" && p.mayEnd() {
		p.problem(tokens, problem)
	} else if p.checkEnds(tokens) {
		p.cmd.Until = end
	}
}

// after returns the token after the keyword that comes next, and the plain
// words there, up to something that means something else.
func (p *parser) after() (next token, words []string) {
	rest := p.tokens[p.pos+1:]
	if len(rest) > 0 {
		next = rest[0]
	}
	for _, t := range rest {
		if t.kind != tokenWord || isClause(t) || t.is("with") {
			break
		}
		words = append(words, t.text)
	}
	return next, words
}

// checkEnds tells whether the action may end by itself and does not yet.
func (p *parser) checkEnds(clause []token) bool {
	switch {
	case !p.mayEnd():
		p.problem(clause, p.seen(clause...)+" does not fit: only groups and applications can be given for a time.")
		return false
	case p.ends():
		p.problem(clause, "I need one end, either “for” or “until”, so "+p.seen(clause...)+" is one too many.")
		return false
	}
	return true
}

// ends tells whether an end was given.
func (p *parser) ends() bool {
	c := p.cmd
	return c.For > 0 || !c.Until.IsZero() || c.ForHole.Kind == Hole || c.UntilHole.Kind == Hole
}

// keywordInName goes on as if the keyword were a part of the name, which it can
// be only in quotes.
func (p *parser) keywordInName() {
	t := p.take(1)[0]
	if p.err == nil {
		p.keyword = true
		expected := "a person, such as @ada"
		if p.mayEnd() {
			expected = "a time, such as 8h, or " + expected
		}
		p.problem([]token{t}, "After “for” I expected "+expected+". If it is part of the name, put the name in quotes.")
	}
	p.run = append(p.run, t)
}

// temporary is every way of asking for a temporary password. It is never changed.
var temporary = sync.OnceValue(func() []phrase {
	var all []phrase
	for _, words := range expand("[with] temporary|temp password|passwd|pw|pwd") {
		all = append(all, phrase{words: words})
	}
	return all
})

// temporaryPassword reads "with a temporary password".
func (p *parser) temporaryPassword() bool {
	if p.takesObjects() && !p.tokens[p.pos].is("with") {
		return false
	}
	for _, phrase := range temporary() {
		m, ok := phrase.match(p.tokens[p.pos:])
		if !ok || m.person != nil {
			continue
		}
		p.closeName()
		tokens := p.take(m.used)
		p.cmd.TempPassword = p.spec.Temp
		if !p.spec.Temp {
			p.problem(tokens, "Only “reset password” can be done with a temporary password.")
		}
		return true
	}
	return false
}
