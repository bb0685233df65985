package slacksim

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

var (
	typedLink  = regexp.MustCompile(`^https?://[^\s<>|]+`)
	typedEmail = regexp.MustCompile(`^[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`)
)

// escape turns what a person typed into what Slack sends with should_escape:
// mentions, channels and links in angle brackets, & < > as entities. With
// bare, mentions carry no name; with emails, addresses become links. It needs mu.
func (w *Workspace) escape(typed string, bare, emails bool) string {
	var out strings.Builder
	boundary := true // a mention begins a word
	for typed != "" {
		escaped, length := "", 0
		if boundary {
			escaped, length = w.escapeWord(typed, bare, emails)
		}
		if length == 0 {
			length = 1
			escaped = cmp.Or(map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;"}[typed[0]], typed[:1])
		}
		boundary = strings.ContainsRune(" \t\n(,;:\"'", rune(typed[length-1]))
		out.WriteString(escaped)
		typed = typed[length:]
	}
	return out.String()
}

// escapeWord recognises a mention, a channel, a link or an address at the
// beginning of rest, and says how long it is.
func (w *Workspace) escapeWord(rest string, bare, emails bool) (escaped string, length int) {
	switch rest[0] {
	case '@':
		for id, g := range w.groups {
			if hasWord(rest[1:], g.handle) {
				return "<!subteam^" + id + "|@" + g.handle + ">", len(g.handle) + 1
			}
		}
		p, length := w.mentioned(rest[1:])
		if p == nil {
			return "", 0
		}
		if bare {
			return "<@" + p.ID + ">", length + 1
		}
		return "<@" + p.ID + "|" + p.Name + ">", length + 1
	case '#':
		var found *channel
		for _, c := range w.channels {
			if !c.direct() && hasWord(rest[1:], c.Name) && (found == nil || len(c.Name) > len(found.Name)) {
				found = c
			}
		}
		if found == nil {
			return "", 0
		}
		return "<#" + found.ID + "|" + found.Name + ">", len(found.Name) + 1
	}
	if link := typedLink.FindString(rest); link != "" {
		return "<" + strings.ReplaceAll(link, "&", "&amp;") + ">", len(link)
	}
	if address := typedEmail.FindString(rest); emails && address != "" {
		return "<mailto:" + address + "|" + address + ">", len(address)
	}
	return "", 0
}

// mentioned finds whose handle or name the text begins with, the longest first.
func (w *Workspace) mentioned(rest string) (*Person, int) {
	var found *Person
	length := 0
	for _, p := range w.sortedPeople() {
		for _, name := range slices.Compact([]string{p.Name, p.DisplayName, p.RealName}) {
			if hasWord(rest, name) && len(name) > length {
				found, length = p, len(name)
			}
		}
	}
	return found, length
}

// hasWord says whether text begins with a whole word.
func hasWord(text, word string) bool {
	if word == "" || len(text) < len(word) || !strings.EqualFold(text[:len(word)], word) {
		return false
	}
	rest := text[len(word):]
	return rest == "" || !isWordByte(rest[0]) && (rest[0] != '.' || len(rest) == 1 || !isWordByte(rest[1]))
}

func isWordByte(b byte) bool {
	return b == '_' || b == '-' || b >= 0x80 || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
