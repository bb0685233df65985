package action

import (
	"slices"
	"strings"
	"sync"
)

// phrase is one way of naming an action or a word to the desk.
type phrase struct {
	verb  Verb
	kind  Kind
	words []string
}

// canonical returns the phrase as it is offered to people.
func (p phrase) canonical() string {
	if spec, ok := Of(p.kind); ok {
		return spec.Phrase
	}
	return string(p.verb)
}

// phrases is every way of naming something, the canonical ones of Catalogue
// included. It is never changed.
var phrases = sync.OnceValue(func() []phrase {
	var all []phrase
	for _, p := range [...]struct {
		kind    Kind
		pattern string
	}{
		{ResetPassword, "reset password|passwords|passwd|pw|pwd"},
		{ResetPassword, "password|pw reset"},
		{ResetPassword, "forgot password"},
		{ResetMultifactor, "reset multi|two|2 factor|factors [authentication|auth]"},
		{ResetMultifactor, "reset mfa|2fa|multifactor|factor|factors|authenticator|authenticators"},
		{ResetMultifactor, "multi factor reset"},
		{ResetMultifactor, "mfa|2fa|multifactor reset"},
		{RevokeSessions, "revoke|clear|end session|sessions [everywhere]"},
		{RevokeSessions, "sign|log out [everywhere]"},
		{RevokeSessions, "signout|logout [everywhere]"},
		{RestoreSessions, "restore [session|sessions|access]"},
		{RestoreSessions, "unlock|unsuspend [user|account]"},
		{AddToGroup, "add|assign [to] group|groups"},
		{AddToGroup, "join group|groups"},
		{RemoveFromGroup, "remove|unassign [from] group|groups"},
		{RemoveFromGroup, "leave group|groups"},
		{AddApplications, "add|assign [to] application|applications|app|apps"},
		{RemoveApplications, "remove|unassign [from] application|applications|app|apps"},
		{ActivateUser, "activate|reactivate [user|account]"},
		{SuspendUser, "suspend [user|account]"},
		{DeprovisionUser, "deprovision|deactivate [user|account]"},
	} {
		for _, words := range expand(p.pattern) {
			all = append(all, phrase{verb: Act, kind: p.kind, words: words})
		}
	}
	for _, w := range Desk() {
		all = append(all, phrase{verb: w.Verb, words: []string{string(w.Verb)}})
	}
	return append(all, phrase{verb: Requests, words: []string{"my", "requests"}})
})

// expand returns every reading of a pattern: a|b is a choice, […] may be left out.
func expand(pattern string) [][]string {
	readings := [][]string{nil}
	for word := range strings.FieldsSeq(pattern) {
		bare := strings.Trim(word, "[]")
		var next [][]string
		for choice := range strings.SplitSeq(bare, "|") {
			for _, r := range readings {
				next = append(next, append(slices.Clone(r), choice))
			}
		}
		if bare != word {
			next = append(next, readings...)
		}
		readings = next
	}
	return readings
}

// DeskWord is a word to the desk itself, for a help page.
type DeskWord struct {
	Verb  Verb
	Usage string
	About string
}

// Desk returns the words to the desk itself, in the order in which people see
// them. The caller may keep and change what it gets.
func Desk() []DeskWord {
	return []DeskWord{
		{Help, "help [words]", "What you may ask for."},
		{Status, "status [R-12]", "How a request of yours is doing; without a number, the latest."},
		{Requests, "requests", "Your requests."},
		{Timeline, "timeline [R-12]", "Everything that happened in a request."},
		{Cancel, "cancel [R-12]", "Withdraws a request of yours."},
		{Verify, "verify", "Proves that you are you."},
	}
}

// matched is a phrase found at the beginning of tokens.
type matched struct {
	phrase
	used   int
	person []token // somebody named within it: "add @ada to group"
}

// match finds the longest phrase at the beginning of tokens.
func match(tokens []token) (best matched, found bool) {
	for _, p := range phrases() {
		if found && len(p.words) <= len(best.words) {
			continue
		}
		if m, ok := p.match(tokens); ok {
			best, found = m, true
		}
	}
	return best, found
}

func (p phrase) match(tokens []token) (matched, bool) {
	m := matched{phrase: p}
	for done := 0; done < len(p.words); {
		if m.used >= len(tokens) {
			return matched{}, false
		}
		t := tokens[m.used]
		switch n := len(t.keys); {
		case n > 0 && n <= len(p.words)-done && slices.Equal(t.keys, p.words[done:done+n]):
			done += n
			m.used++
		case done == 0:
			return matched{}, false
		case t.is("the", "a", "an"):
			m.used++
		default:
			used := personAt(tokens[m.used:])
			if t.is("my") {
				used = 1
			}
			if used == 0 || m.person != nil {
				return matched{}, false
			}
			m.person = tokens[m.used : m.used+used]
			m.used += used
		}
	}
	return m, true
}

// personAt returns how many of the tokens name a person: "@ada", "user @ada",
// "me". It is 0 if the first ones do not.
func personAt(tokens []token) int {
	i := 0
	for i < len(tokens) && tokens[i].is("user", "person", "account", "employee", "the") {
		i++
	}
	switch {
	case i < len(tokens) && (tokens[i].kind == tokenPerson || tokens[i].kind == tokenHole || tokens[i].kind == tokenBroadcast):
		return i + 1
	case i == 0 && len(tokens) > 0 && tokens[0].is("me", "myself"):
		return 1
	}
	return 0
}

// nounLast reads "add @ada to the Sales group": the noun that tells groups from
// applications comes last. It returns the tokens in the order of the grammar.
func nounLast(tokens []token) (kind Kind, person, rest []token, found bool) {
	v := verbOf(tokens)
	if v == "" {
		return "", nil, nil, false
	}
	i := 1
	if n := personAt(tokens[i:]); n > 0 {
		person = tokens[i : i+n]
		i += n
	}
	for i < len(tokens) && tokens[i].is("to", "from", "the") {
		i++
	}
	end := i
	for end < len(tokens) && !isClause(tokens[end]) && tokens[end].kind != tokenPerson &&
		(!tokens[end].is("to", "from") || personAt(tokens[end+1:]) == 0) {
		end++
	}
	if end-i < 2 {
		return "", nil, nil, false
	}
	switch last := tokens[end-1]; {
	case last.is("group", "groups"):
		kind = pick(v == "add", AddToGroup, RemoveFromGroup)
	case last.is("app", "apps", "application", "applications"):
		kind = pick(v == "add", AddApplications, RemoveApplications)
	default:
		return "", nil, nil, false
	}
	return kind, person, slices.Concat(tokens[i:end-1], tokens[end:]), true
}

// verbOf returns "add" or "remove" if that is what the first word says.
func verbOf(tokens []token) string {
	switch {
	case len(tokens) == 0:
		return ""
	case tokens[0].is("add", "assign"):
		return "add"
	case tokens[0].is("remove", "unassign"):
		return "remove"
	}
	return ""
}

func pick(yes bool, a, b Kind) Kind {
	if yes {
		return a
	}
	return b
}
