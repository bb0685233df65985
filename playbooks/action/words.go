package action

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoted reads a name in double quotes; skip is the size of what opens it.
func (s *scanner) quoted(skip int, found func(text string, size int)) *SyntaxError {
	var b strings.Builder
	for i := s.pos + skip; i < len(s.text); {
		r, n := readRune(s.text[i:])
		switch {
		case isClosing(r):
			return s.quotedText(b.String(), i+n-s.pos, found)
		case s.holes && strings.HasPrefix(s.text[i:], "${"):
			return &SyntaxError{
				Problem: "${…} stands for a whole argument and cannot be inside quotation marks.",
				Offset:  i, Length: len("${"),
			}
		case r == '\\':
			if next, m := utf8.DecodeRuneInString(s.text[i+n:]); next == '\\' || isClosing(next) {
				r, n = next, n+m
			}
			b.WriteRune(r)
		default:
			var text string
			text, n = unit(s.text[i:], s.holes)
			b.WriteString(text)
		}
		i += n
	}
	return &SyntaxError{
		Problem: "The quotation mark before “" + clip(strings.TrimSpace(b.String()), 30) + "” is never closed.",
		Offset:  s.pos, Length: len(s.text) - s.pos,
	}
}

func (s *scanner) quotedText(text string, size int, found func(string, int)) *SyntaxError {
	text = strings.TrimSpace(text)
	if text == "" {
		return &SyntaxError{Problem: "There is nothing between the quotation marks.", Offset: s.pos, Length: size}
	}
	found(text, size)
	return nil
}

// singleQuoted reads a name in single quotes. An apostrophe closes it only at
// the end of a word; if none does, it was no quotation mark.
func (s *scanner) singleQuoted(skip int) (text string, size int, ok bool) {
	for i := s.pos + skip; i < len(s.text); {
		r, n := utf8.DecodeRuneInString(s.text[i:])
		switch {
		case s.holes && strings.HasPrefix(s.text[i:], "${"):
			return "", 0, false
		case (r == '\'' || r == '’') && s.boundary(i+n):
			text = plain(s.text[s.pos+skip : i])
			return text, i + n - s.pos, text != ""
		}
		i += n
	}
	s.unpaired = true
	return "", 0, false
}

func isClosing(r rune) bool { return r == '"' || r == '“' || r == '”' }

// quote writes a name such that reading it gives the name again.
func quote(name string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range escape(name) {
		if r == '\\' || isClosing(r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// isPlainName tells whether a name can stand without quotes: one ordinary word
// that means nothing else.
func isPlainName(name string) bool {
	for i, r := range name {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), i > 0 && unicode.IsMark(r):
		case i > 0 && i < len(name)-1 && strings.ContainsRune("-_.", r):
		default:
			return false
		}
	}
	t := asToken(name, false)
	return name != "" && t.kind == tokenWord && !isReserved(t)
}

// isPlainHandle tells whether a handle reads the same without quotes.
func isPlainHandle(name string) bool {
	s, err := scan("@"+name, false)
	return err == nil && len(s.tokens) == 1 && s.tokens[0].arg == Arg{Kind: Handle, Text: name}
}

// isReserved tells words that mean something among names.
func isReserved(t token) bool {
	return isClause(t) || isPolite(t) || t.is("because", "with", "to", "from", "of", "on", "and", "me", "myself") ||
		t.is("user", "person", "account", "employee", "the") ||
		t.is("group", "groups", "app", "apps", "application", "applications")
}

func isClause(t token) bool { return t.kind == tokenBecause || t.is("for", "until", "till") }

func isPolite(t token) bool { return t.is("please", "pls", "plz", "thanks", "thx") }

// keysOf splits a word into what phrases are made of.
func keysOf(word string) []string {
	word = strings.Trim(strings.ToLower(word), ".:;!?…")
	return strings.FieldsFunc(word, isDash)
}

func isDash(r rune) bool { return r == '_' || unicode.Is(unicode.Pd, r) || r == '−' }

// asEmail returns an email address in its canonical form.
func asEmail(s string) (string, bool) {
	s = strings.TrimRight(s, ".!?:;")
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > 254 || local[0] == '\'' {
		return "", false
	}
	for _, r := range local {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("._-+'&%=~!", r) {
			return "", false
		}
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			return "", false
		}
	}
	return strings.ToLower(s), len(labels) > 1
}

// possessive returns the size of an 's at the beginning of s, as in "<@U1>'s".
func possessive(s string) int {
	for _, suffix := range [...]string{"'s", "’s"} {
		if rest, ok := strings.CutPrefix(s, suffix); ok && (rest == "" || strings.ContainsAny(rest[:1], " \t\n\r")) {
			return len(suffix)
		}
	}
	return 0
}

func withoutPossessive(word string) string {
	if !strings.Contains(word, "@") {
		return word
	}
	return strings.TrimSuffix(strings.TrimSuffix(word, "'s"), "’s")
}
