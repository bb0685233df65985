package action

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Slack marks up what people type: <@U…|name>, <mailto:a@b|a@b>,
// <https://…|text>, <#C…|name>, <!here>, and & < > as entities. A playbook is
// not marked up, but reads the same.

type formKind int

const (
	formText      formKind = iota // a link or a channel: stands for its text
	formMention                   // one person
	formMail                      // an email address
	formBroadcast                 // a user group, @here: stands for many
)

type form struct {
	kind formKind
	text string // of a mention the user id, else what people see
	seen string // how it reads within a sentence
	size int    // bytes of the source
}

// slackForm reads the mark at the beginning of s. What holds a quotation mark,
// another "<" or a hole is none.
func slackForm(s string, holes bool) (form, bool) {
	end := strings.IndexByte(s, '>')
	if end < 2 || s[0] != '<' {
		return form{}, false
	}
	body := s[1:end]
	if strings.ContainsAny(body, "<"+doubleQuotes) || holes && strings.Contains(body, "${") ||
		strings.ContainsFunc(body, unicode.IsControl) {
		return form{}, false
	}
	head, label, _ := strings.Cut(body, "|")
	head, label = plain(head), plain(label)
	f := form{size: end + 1}
	switch scheme, rest, isLink := strings.Cut(head, ":"); {
	case head == "":
		return form{}, false
	case head[0] == '@':
		if !isUserID(head[1:]) {
			return form{}, false
		}
		f.kind, f.text, f.seen = formMention, head[1:], "@"+first(strings.TrimLeft(label, "@"), head[1:])
	case head[0] == '#':
		f.text = "#" + first(label, head[1:])
		f.seen = f.text
	case head[0] == '!':
		f.kind, f.text = formBroadcast, first(label, "@"+strings.TrimLeft(head[1:], "@"))
		f.seen = f.text
	case isLink && strings.EqualFold(scheme, "mailto") && rest != "":
		f.kind, f.text, f.seen = formMail, rest, rest
	case isLink && isScheme(scheme) && rest != "" && !strings.ContainsFunc(head, unicode.IsSpace):
		f.text = first(label, head)
		f.seen = f.text
	default:
		return form{}, false
	}
	return f, true
}

func isUserID(s string) bool {
	if len(s) < 2 || len(s) > 32 || s[0] != 'U' && s[0] != 'W' {
		return false
	}
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func isScheme(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz") == ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// plain resolves entities, drops what cannot be seen and makes every space a
// plain one.
func plain(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := readRune(s[i:])
		i += n
		switch {
		case ignorable(r):
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// escape writes a text such that reading it gives the text again: it escapes
// what would be read as an entity or as one of Slack's marks, and nothing else.
func escape(s string) string {
	if !strings.ContainsAny(s, "&<") {
		return s
	}
	s = strings.NewReplacer("&amp;", "&amp;amp;", "&lt;", "&amp;lt;", "&gt;", "&amp;gt;").Replace(s)
	// From the end, because whether a "<" begins a mark depends on what follows.
	for i := strings.LastIndexByte(s, '<'); i >= 0; i = strings.LastIndexByte(s[:i], '<') {
		if _, ok := slackForm(s[i:], false); ok {
			s = s[:i] + "&lt;" + s[i+1:]
		}
	}
	return s
}

// readRune returns the first character of s, an entity counting as one, and
// its size in bytes.
func readRune(s string) (rune, int) {
	if s[0] == '&' {
		switch {
		case strings.HasPrefix(s, "&amp;"):
			return '&', len("&amp;")
		case strings.HasPrefix(s, "&lt;"):
			return '<', len("&lt;")
		case strings.HasPrefix(s, "&gt;"):
			return '>', len("&gt;")
		}
	}
	return utf8.DecodeRuneInString(s)
}

// unit returns how the first character or mark of s reads within a text, every
// space as a plain one, and its size in bytes.
func unit(s string, holes bool) (text string, size int) {
	if s[0] == '<' {
		if f, ok := slackForm(s, holes); ok {
			return f.seen, f.size
		}
	}
	r, n := readRune(s)
	switch {
	case ignorable(r):
		return "", n
	case unicode.IsSpace(r):
		return " ", n
	}
	return string(r), n
}

// readable returns a text as people see it in Slack.
func readable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		text, n := unit(s[i:], false)
		b.WriteString(text)
		i += n
	}
	return b.String()
}

// ignorable tells characters that nobody sees: some hide what a text says, all
// of them make equal names differ. The joiners within emoji and words stay.
func ignorable(r rune) bool {
	switch {
	case r == '\u00ad', r == '\u200b', r == '\u200e', r == '\u200f', r == '\ufeff':
		return true
	case '\u202a' <= r && r <= '\u202e', '\u2060' <= r && r <= '\u2069':
		return true
	}
	return false
}
