package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdesk/agent"
)

// span is a run of plain text, a mentioned account, or a trusted link.
type span struct {
	text string
	user string
	link string
}

// parse splits what the engine wrote into spans. Only agent.EachMention makes
// mentions and only the addresses in links become links.
func parse(s string, links []string) []span {
	var spans []span
	agent.EachMention(s, func(text string) {
		spans = append(spans, linkify(clean(text), links)...)
	}, func(user string) {
		if account(user) {
			spans = append(spans, span{user: user})
		}
	})
	return spans
}

// account tells whether s has the shape of a Slack user id.
func account(s string) bool {
	if len(s) < 2 || len(s) > 32 || (s[0] != 'U' && s[0] != 'W') {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') }) < 0
}

func linkify(s string, links []string) []span {
	for _, link := range links {
		at := strings.Index(s, link)
		if link == "" || at < 0 {
			continue
		}
		before, after := s[:at], s[at+len(link):]
		if !ends(after) {
			continue
		}
		spans := linkify(before, links)
		spans = append(spans, span{link: link})
		return append(spans, linkify(after, links)...)
	}
	if s == "" {
		return nil
	}
	return []span{{text: s}}
}

// ends tells whether an address ends where rest begins: what follows must not
// make it another address.
func ends(rest string) bool {
	rest = strings.TrimPrefix(rest, ".")
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || unicode.IsSpace(r) || strings.ContainsRune(`,;)!?"`, r)
}

// clean drops what could change how the text around it reads: control
// characters, private-use runes and bidirectional overrides. Names in any
// script, emoji and line breaks stay.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069', unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, s)
}

// plain is s without mentions or links, for places that take plain text only.
func plain(s string) string {
	var b strings.Builder
	for _, p := range parse(s, nil) {
		if p.user != "" {
			b.WriteString("@" + p.user)
		}
		b.WriteString(p.text)
	}
	return strings.TrimSpace(b.String())
}

// mrkdwn is s for Slack's message text, which notifications show: entities
// escaped, so that only our own mentions are mentions.
func mrkdwn(s string) string {
	var b strings.Builder
	for _, p := range parse(s, nil) {
		if p.user != "" {
			b.WriteString("<@" + p.user + ">")
		}
		b.WriteString(escape(p.text))
	}
	return strings.TrimSpace(b.String())
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// leftToRight keeps a line of ours that begins with a right-to-left name from
// being laid out right to left as a whole.
func leftToRight(s string) string {
	for _, r := range s {
		if unicode.Is(unicode.Latin, r) {
			return s
		}
		if unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			return "\u200E" + s
		}
	}
	return s
}

// size is the length of s as Slack's limits count it.
func size(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF { // a surrogate pair in JSON and JavaScript
			n++
		}
	}
	return n
}

// cut shortens s to at most limit, ending in an ellipsis, between runes.
func cut(s string, limit int) string {
	if size(s) <= limit {
		return s
	}
	head := split(s, limit-1)
	head = strings.TrimRightFunc(head, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200D' || unicode.Is(unicode.Mn, r) // half an emoji sequence
	})
	return head + "…"
}

// split takes as many runes from s as fit into limit.
func split(s string, limit int) string {
	n := 0
	for i, r := range s {
		n += size(string(r))
		if n > limit {
			return s[:i]
		}
	}
	return s
}

func (p span) size() int {
	switch {
	case p.user != "":
		return len(p.user) + 3
	case p.link != "":
		return len(p.link)
	}
	return size(p.text)
}

func sizeOf(spans []span) int {
	n := 0
	for _, p := range spans {
		n += p.size()
	}
	return n
}

// cutSpans shortens spans to at most limit; mentions and links stay whole.
func cutSpans(spans []span, limit int) []span {
	if sizeOf(spans) <= limit {
		return spans
	}
	var kept []span
	left := limit
	for _, p := range spans {
		if p.size() < left {
			kept = append(kept, p)
			left -= p.size()
			continue
		}
		if p.text != "" && left > 1 {
			return append(kept, span{text: cut(p.text, left)})
		}
		break
	}
	return append(kept, span{text: "…"})
}

// pages breaks spans into pieces of at most limit, at line breaks or spaces
// where there are any near the end.
func pages(spans []span, limit int) [][]span {
	var all [][]span
	var page []span
	left := limit
	for _, p := range spans {
		for p.size() > left {
			if p.text == "" || size(p.text) <= limit && left < limit/4 {
				all, page, left = append(all, page), nil, limit
				continue
			}
			head := split(p.text, left)
			if at := strings.LastIndexAny(head, "\n "); at > len(head)/2 {
				head = head[:at+1]
			}
			all, page, left = append(all, append(page, span{text: head})), nil, limit
			p.text = p.text[len(head):]
		}
		if p.size() > 0 {
			page, left = append(page, p), left-p.size()
		}
	}
	if len(page) > 0 {
		all = append(all, page)
	}
	return all
}
