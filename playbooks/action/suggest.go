package action

import (
	"slices"
	"strings"
)

const maxSuggestions = 3

// lead is the plain words at the beginning of a command that is no phrase.
type lead struct {
	keys   []string
	ends   []int   // how many tokens are read with this key; 0 within a token
	person []token // who was named among them,
	before int     // and how many tokens came before
	used   int
}

func (p *parser) lead() lead {
	var l lead
	for l.used < len(p.tokens) && len(l.keys) < 5 {
		t := p.tokens[l.used]
		n := personAt(p.tokens[l.used:])
		switch {
		case len(l.keys) > 0 && n > 0 && l.person == nil:
			l.person, l.before = p.tokens[l.used:l.used+n], l.used
			l.used += n
		case len(l.keys) > 0 && t.is("the", "a", "an", "my"):
			l.used++
		case t.kind == tokenWord && len(t.keys) > 0 && !isClause(t):
			l.used++
			l.keys = append(l.keys, t.keys...)
			l.ends = append(l.ends, make([]int, len(t.keys))...)
			l.ends[len(l.ends)-1] = l.used
		default:
			return l
		}
	}
	return l
}

// unknown explains a beginning that is no phrase.
func (p *parser) unknown() {
	l := p.lead()
	if len(l.keys) == 0 {
		p.problem(p.tokens[:1], "Begin with what to do, such as “reset password”. Type /okta help to see what I can do.")
		return
	}
	if near := nearest(l.keys); len(near) > 0 {
		p.misspelt(near, l)
		return
	}
	if verbOf(p.tokens) != "" {
		p.groupOrApplication()
		return
	}
	if meant := hints(l.keys[0]); len(meant) > 0 {
		p.misspelt(meant, l)
		return
	}
	var family []string
	for _, spec := range Catalogue() {
		if strings.HasPrefix(spec.Phrase, l.keys[0]+" ") {
			family = append(family, spec.Phrase)
		}
	}
	if len(family) == 0 || len(l.keys) > 1 || l.used < len(p.tokens) {
		p.notKnown(p.tokens[:l.used], family)
		return
	}
	p.cmd.Verb = Act
	if l.person != nil {
		p.person(l.person)
	}
	if p.err == nil {
		p.problem(p.tokens[:1], p.seen(p.tokens[0])+" alone is not enough.", family...)
		p.err.Missing = []string{MissingAction}
	}
}

func (p *parser) notKnown(tokens []token, suggestions []string) {
	sentence := "I don’t know " + p.seen(tokens...) + "."
	if len(suggestions) == 0 {
		sentence += " Type /okta help to see what I can do."
	}
	p.problem(tokens, sentence, suggestions...)
}

// misspelt offers what may have been meant, and guesses that the first of it
// was, to fill a form.
func (p *parser) misspelt(near []candidate, l lead) {
	suggestions := make([]string, len(near))
	for i, c := range near {
		suggestions[i] = c.canonical()
	}
	best := near[0]
	end := l.ends[best.keys-1]
	p.guess = true
	p.notKnown(p.tokens[:max(end, 1)], suggestions)
	if end == 0 {
		return
	}
	var tokens []token
	for _, w := range best.words {
		tokens = append(tokens, token{text: w, keys: []string{w}, end: len(p.text)})
	}
	if l.before < end {
		tokens = append(tokens, l.person...)
	}
	guess := parser{text: p.text, tokens: append(tokens, p.tokens[end:]...)}
	guess.command()
	p.cmd = guess.cmd
}

// groupOrApplication asks which of both was meant by "add @ada to Figma".
func (p *parser) groupOrApplication() {
	p.cmd.Verb, p.pos = Act, 1
	var person []token
	if n := personAt(p.tokens[1:]); n > 0 {
		person = p.take(n)
	}
	for p.more() && p.tokens[p.pos].is("to", "from", "the") {
		p.pos++
	}
	p.arguments(person)
	if p.err != nil {
		return
	}
	names := make([]string, 0, len(p.cmd.Objects))
	for _, o := range p.cmd.Objects {
		names = append(names, "“"+clip(o.Text, 40)+"”")
	}
	sentence := p.seen(p.tokens[0]) + " alone is not enough."
	switch len(names) {
	case 0:
	case 1:
		sentence = "Is " + names[0] + " a group or an application?"
	default:
		sentence = "Are " + list(names, "") + " groups or applications?"
	}
	if verbOf(p.tokens) == "add" {
		p.problem(p.tokens[:1], sentence, addToGroup().Phrase, addApplications().Phrase)
	} else {
		p.problem(p.tokens[:1], sentence, removeFromGroup().Phrase, removeApplications().Phrase)
	}
	p.err.Missing = []string{MissingAction}
}

// hints returns what people may mean by a first word that begins no phrase.
func hints(word string) []candidate {
	var kinds []Kind
	switch word {
	case "disable", "block", "lock", "freeze", "stop":
		kinds = []Kind{SuspendUser, DeprovisionUser}
	case "delete", "offboard", "terminate":
		kinds = []Kind{DeprovisionUser}
	case "enable", "onboard":
		kinds = []Kind{ActivateUser}
	case "unblock", "unfreeze", "resume":
		kinds = []Kind{RestoreSessions}
	case "grant", "give", "request", "get", "need", "access", "install":
		kinds = []Kind{AddApplications, AddToGroup}
	case "drop", "take", "uninstall":
		kinds = []Kind{RemoveApplications, RemoveFromGroup}
	case "kick", "logoff":
		kinds = []Kind{RevokeSessions}
	case "mfa", "2fa", "multifactor", "factor", "factors", "phone":
		kinds = []Kind{ResetMultifactor}
	case "password", "passwords", "pw", "forgot", "forgotten":
		kinds = []Kind{ResetPassword}
	case "lost", "stolen":
		kinds = []Kind{ResetMultifactor, RevokeSessions}
	case "change", "new", "renew":
		kinds = []Kind{ResetPassword, ResetMultifactor}
	}
	meant := make([]candidate, len(kinds))
	for i, k := range kinds {
		spec, _ := Of(k)
		words := strings.FieldsFunc(spec.Phrase, func(r rune) bool { return r == ' ' || isDash(r) })
		meant[i] = candidate{phrase: phrase{verb: Act, kind: k, words: words}, keys: 1}
	}
	return meant
}

// candidate is a phrase that the first keys of a command are nearly.
type candidate struct {
	phrase
	keys, distance int
}

// nearest returns the phrases that differ least from what was typed, at most
// one for each action, the nearest first.
func nearest(typed []string) []candidate {
	var all []candidate
	for _, p := range phrases() {
		for n := max(len(p.words)-1, 1); n <= min(len(p.words)+1, len(typed)); n++ {
			if d, ok := near(typed[:n], p.words); ok {
				all = append(all, candidate{phrase: p, keys: n, distance: d})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return a.distance - b.distance })
	var best []candidate
	for _, c := range all {
		known := slices.ContainsFunc(best, func(b candidate) bool { return b.canonical() == c.canonical() })
		if !known && len(best) < maxSuggestions && c.distance <= all[0].distance+1 {
			best = append(best, c)
		}
	}
	return best
}

// near tells how far the typed words are from a phrase, and whether that is
// near enough for a slip of the fingers. Words that agree at either end do not
// count, so that a long phrase does not forgive a wrong noun.
func near(typed, words []string) (distance int, ok bool) {
	for len(typed) > 0 && len(words) > 0 && typed[0] == words[0] {
		typed, words = typed[1:], words[1:]
	}
	for len(typed) > 0 && len(words) > 0 && typed[len(typed)-1] == words[len(words)-1] {
		typed, words = typed[:len(typed)-1], words[:len(words)-1]
	}
	a, b := []rune(strings.Join(typed, " ")), []rune(strings.Join(words, " "))
	if len(a) == 0 || len(b) == 0 {
		return 0, len(a) == len(b)
	}
	allowed := 3
	switch {
	case len(b) <= 2:
		allowed = 0
	case len(b) <= 5:
		allowed = 1
	case len(b) <= 10:
		allowed = 2
	}
	if max(len(a), len(b))-min(len(a), len(b)) > allowed {
		return 0, false
	}
	distance = editDistance(a, b)
	return distance, distance <= allowed
}

// editDistance counts letters put in, left out, changed, and neighbours swapped.
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
