package action

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What may be typed at most.
const (
	MaxText    = 8000 // characters of a command
	MaxReason  = 4000 // characters of a reason
	MaxName    = 255  // characters of a name
	MaxObjects = 25   // groups or applications in one command
)

const doubleQuotes = `"“”„`

type tokenKind int

const (
	tokenWord tokenKind = iota
	tokenQuoted
	tokenComma
	tokenPerson    // arg is a mention, an email, a handle
	tokenHole      // arg is a hole
	tokenBroadcast // a user group or @here
	tokenBecause   // with everything after it; the last one
)

type token struct {
	kind tokenKind
	text string // of a word or a quoted name, as it is meant
	// keys are what a word is compared with phrases and keywords by: lower case,
	// split at dashes, without punctuation around. None if the word is a link.
	keys       []string
	arg        Arg
	reason     []Arg
	start, end int
}

func (t token) is(words ...string) bool {
	if len(t.keys) != 1 {
		return false
	}
	return slices.Contains(words, t.keys[0])
}

// scanner cuts a text into tokens. It knows marks, quotes and holes, and
// nothing about actions.
type scanner struct {
	text   string
	holes  bool // ${…} is a hole
	pos    int
	tokens []token
	exprs  []Expression
	// unpaired tells that no single quote closes a name from here on.
	unpaired bool
}

// scan returns the tokens before the first problem, too.
func scan(text string, holes bool) (*scanner, *SyntaxError) {
	s := &scanner{text: text, holes: holes}
	if err := checkCharacters(text); err != nil {
		return s, err
	}
	for {
		s.skipSpace()
		if s.pos >= len(s.text) {
			return s, nil
		}
		if err := s.next(); err != nil {
			return s, err
		}
	}
}

func checkCharacters(text string) *SyntaxError {
	if len(text) > MaxText && utf8.RuneCountInString(text) > MaxText {
		return &SyntaxError{Problem: "That is too long: a command has at most 8,000 characters.", Length: len(text)}
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return &SyntaxError{Problem: "There is a broken character in the text. Please type it again.", Offset: i, Length: 1}
			}
		}
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return &SyntaxError{
				Problem: "There is an invisible control character in the text. Please type it again.",
				Offset:  i, Length: utf8.RuneLen(r),
			}
		}
	}
	return nil
}

// next reads one token; it is called at something that is no space.
func (s *scanner) next() *SyntaxError {
	rest := s.text[s.pos:]
	r, n := utf8.DecodeRuneInString(rest)
	switch {
	case isComma(r):
		s.add(token{kind: tokenComma}, n)
		return nil
	case strings.ContainsRune(doubleQuotes, r):
		return s.quoted(n, func(text string, size int) { s.add(token{kind: tokenQuoted, text: text}, size) })
	case (r == '\'' || r == '‘') && !s.unpaired:
		if text, size, ok := s.singleQuoted(n); ok {
			s.add(token{kind: tokenQuoted, text: text}, size)
			return nil
		}
	case r == '@' && len(rest) > 1:
		if q, m := utf8.DecodeRuneInString(rest[1:]); strings.ContainsRune(doubleQuotes, q) {
			return s.quoted(1+m, func(text string, size int) {
				s.add(token{kind: tokenPerson, arg: Arg{Kind: Handle, Text: text}}, size)
			})
		}
		// Slack makes "@<mailto:…>" of an @ before an address.
		if f, ok := slackForm(rest[1:], s.holes); ok && f.kind != formText {
			s.pos++
			s.form(f)
			return nil
		}
	case s.atHole():
		return s.hole()
	case r == '<':
		if f, ok := slackForm(rest, s.holes); ok && f.kind != formText {
			s.form(f)
			return nil
		}
	}
	return s.word()
}

// form takes one of Slack's marks that stands for somebody.
func (s *scanner) form(f form) {
	size := f.size + possessive(s.text[s.pos+f.size:])
	switch email, ok := asEmail(f.text); {
	case f.kind == formMention:
		s.add(token{kind: tokenPerson, arg: Arg{Kind: Mention, Text: f.text}}, size)
	case f.kind == formMail && ok:
		s.add(token{kind: tokenPerson, arg: Arg{Kind: Email, Text: email}}, size)
	case f.kind == formMail:
		s.add(token{text: f.text}, size)
	default:
		s.add(token{kind: tokenBroadcast, text: f.text}, size)
	}
}

func (s *scanner) hole() *SyntaxError {
	e, size, ok := holeAt(s.text[s.pos:])
	problem := ""
	switch {
	case !ok:
		problem = "This ${ is never closed: a } is missing."
	case e.Source == "":
		problem = "There is nothing between ${ and }."
	case !s.boundary(s.pos + size):
		problem = "${…} stands for a whole argument: put a space or a comma after it."
	}
	if problem != "" {
		return &SyntaxError{Problem: problem, Offset: s.pos, Length: max(size, len("${"))}
	}
	s.add(token{kind: tokenHole, arg: s.expression(e, s.pos)}, size)
	return nil
}

// expression keeps the source of a hole whose ${ is at offset.
func (s *scanner) expression(e Expression, offset int) Arg {
	e.Offset += offset
	s.exprs = append(s.exprs, e)
	return Arg{Kind: Hole, Text: e.Source, Hole: len(s.exprs) - 1}
}

// word reads to the next space, comma, or mark that stands for somebody.
func (s *scanner) word() *SyntaxError {
	var text strings.Builder
	link := false
	i := s.pos
	for !s.boundary(i) {
		if s.holes && strings.HasPrefix(s.text[i:], "${") {
			return &SyntaxError{
				Problem: "${…} stands for a whole argument: put a space or a comma before it.",
				Offset:  i, Length: len("${"),
			}
		}
		if s.text[i] == '<' {
			if f, ok := slackForm(s.text[i:], s.holes); ok {
				if f.kind != formText {
					break
				}
				text.WriteString(f.text)
				link = true
				i += f.size
				continue
			}
		}
		r, n := readRune(s.text[i:])
		if !ignorable(r) {
			text.WriteRune(r)
		}
		i += n
	}
	t, size := asToken(text.String(), link), i-s.pos
	if t.is("because") {
		s.pos += size
		return s.because(s.pos - size)
	}
	if t.text == "" && t.kind == tokenWord {
		s.pos += size // nothing but what cannot be seen
		return nil
	}
	s.add(t, size)
	return nil
}

// asToken tells what a word is: a person or just a word.
func asToken(text string, link bool) token {
	t := token{text: text}
	if link {
		return t
	}
	bare := withoutPossessive(text)
	if email, ok := asEmail(strings.TrimLeft(bare, "@")); ok {
		return token{kind: tokenPerson, arg: Arg{Kind: Email, Text: email}}
	}
	if name := strings.TrimRight(strings.TrimLeft(bare, "@"), ".!?:;"); strings.HasPrefix(bare, "@") && name != "" {
		return token{kind: tokenPerson, arg: Arg{Kind: Handle, Text: name}}
	}
	t.keys = keysOf(text)
	return t
}

// because takes the rest of the text as the reason; the word is at start.
func (s *scanner) because(start int) *SyntaxError {
	t := token{kind: tokenBecause}
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			t.reason = append(t.reason, Arg{Kind: Name, Text: b.String()})
			b.Reset()
		}
	}
	space := false
	write := func(text string) {
		if space && (b.Len() > 0 || len(t.reason) > 0) {
			b.WriteByte(' ')
		}
		space = false
		b.WriteString(text)
	}
	i := s.pos
	for i < len(s.text) {
		if s.holes && strings.HasPrefix(s.text[i:], "${") {
			e, size, ok := holeAt(s.text[i:])
			if !ok || e.Source == "" {
				s.pos = i
				return s.hole()
			}
			write("")
			flush()
			t.reason = append(t.reason, s.expression(e, i))
			i += size
			continue
		}
		text, n := unit(s.text[i:], s.holes)
		i += n
		switch text {
		case "":
		case " ":
			space = true
		default:
			write(strings.Join(strings.Fields(text), " "))
		}
	}
	flush()
	s.pos = start
	s.add(t, len(s.text)-start)
	return nil
}

func (s *scanner) add(t token, size int) {
	t.start, t.end = s.pos, s.pos+size
	s.tokens = append(s.tokens, t)
	s.pos += size
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[s.pos:])
		if !unicode.IsSpace(r) && !ignorable(r) {
			return
		}
		s.pos += n
	}
}

// boundary tells whether a word that reaches i ends there.
func (s *scanner) boundary(i int) bool {
	if i >= len(s.text) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s.text[i:])
	return unicode.IsSpace(r) || isComma(r)
}

func (s *scanner) atHole() bool {
	return s.holes && strings.HasPrefix(s.text[s.pos:], "${")
}

func isComma(r rune) bool {
	switch r {
	case ',', '،', '，', '、':
		return true
	}
	return false
}
