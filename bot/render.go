package bot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// Face is a message as Slack takes it: blocks, and the text that notifications
// and screen readers use.
type Face struct {
	Text   string
	Blocks []slack.Block
}

// Render gives m its face. Whatever m holds, the result is within Slack's
// limits, and only agent.Mention makes mentions. The addresses in links, such as
// the one where people sign in, become links; nothing else does.
func Render(m agent.Message, links ...string) Face {
	// What matters most takes its share of the room first; the person's own
	// words may fill what is left.
	room := budget(maxTotal)
	title := room.plain(m.Title, maxSection)
	facts := make([][2][]span, 0, len(m.Facts))
	for _, f := range m.Facts {
		label, value := room.plain(f.Label, maxLabel), room.spans(f.Value, maxFact, links)
		if label != "" && len(value) > 0 {
			facts = append(facts, [2][]span{{{text: label + ": "}}, value})
		}
	}
	text := room.spans(leftToRight(m.Text), 2*maxSection, links)
	lines := room.lines(m.Lines, links)
	footer := room.plain(m.Footer, maxFooter)
	var notes []string
	for _, n := range m.Notes {
		if n = room.plain(n, maxNote); n != "" {
			notes = append(notes, n)
		}
	}
	quote := room.spans(m.Quote, 2*maxSection, nil)

	var blocks []slack.Block
	if icon := icons[m.Mood]; title != "" {
		blocks = append(blocks, titleBlocks(strings.TrimSpace(icon+" "+leftToRight(title)))...)
	} else if icon != "" && len(text) > 0 {
		text = append([]span{{text: icon + " "}}, text...)
	}
	blocks = append(blocks, textBlocks(text, false)...)
	blocks = append(blocks, factBlocks(facts)...)
	blocks = append(blocks, listBlocks(lines)...)
	blocks = append(blocks, quoteBlocks(quote)...)
	blocks = append(blocks, noteBlocks(notes)...)
	if len(m.Buttons) > 0 {
		blocks = append(blocks, buttonBlock(m.Buttons))
	}
	if footer != "" {
		blocks = append(blocks, slack.NewContextBlock("", plainText(footer)))
	}
	return Face{Text: fallback(m), Blocks: blocks}
}

// icons show the mood at a glance.
var icons = map[agent.Mood]string{
	agent.MoodWaiting: "⏳",
	agent.MoodGood:    "✅",
	agent.MoodBad:     "⛔",
	agent.MoodWarning: "⚠️",
	agent.MoodOver:    "▫️",
}

// titleBlocks never cuts a title short for the sake of the header's limit: who
// is concerned may stand at its end.
func titleBlocks(title string) []slack.Block {
	if size(title) <= maxHeader {
		return []slack.Block{slack.NewHeaderBlock(plainText(title))}
	}
	return textBlocks([]span{{text: title}}, true)
}

func factBlocks(facts [][2][]span) []slack.Block {
	var blocks []slack.Block
	var elements []slack.RichTextSectionElement
	used := 0
	flush := func() {
		if len(elements) > 0 {
			blocks = append(blocks, slack.NewRichTextBlock("", slack.NewRichTextSection(elements...)))
			elements, used = nil, 0
		}
	}
	for _, f := range facts {
		n := sizeOf(f[0]) + sizeOf(f[1]) + 1
		if used+n > maxSection {
			flush()
		}
		if len(elements) > 0 {
			elements = append(elements, slack.NewRichTextSectionTextElement("\n", nil))
		}
		elements = append(append(elements, words(f[0], true)...), words(f[1], false)...)
		used += n
	}
	flush()
	return blocks
}

// fallback is the message in a line or two, as a notification shows it.
func fallback(m agent.Message) string {
	title := m.Title
	if title != "" && slices.ContainsFunc(m.Buttons, func(b agent.Button) bool { return b.Verb == agent.ButtonApprove }) {
		title = sayPleaseDecide + title
	}
	parts := []string{title, m.Text}
	if m.Title == "" && m.Text == "" {
		parts = append(parts, m.Lines...)
		for _, f := range m.Facts {
			parts = append(parts, f.Label+": "+f.Value)
		}
		parts = append(parts, m.Quote)
	}
	var b strings.Builder
	for _, p := range parts {
		// Escaping makes text longer, and an entity must not be cut in two.
		if p = mrkdwn(cut(p, maxFallback)); p != "" && b.Len()+len(p) < 3*maxFallback {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(p)
		}
	}
	if b.Len() == 0 {
		return "Frontdesk"
	}
	return b.String()
}

// budget is how much room is left in a message.
type budget int

func (b *budget) plain(s string, limit int) string {
	s = cut(plain(s), min(limit, max(int(*b), 1)))
	*b -= budget(size(s))
	return s
}

func (b *budget) spans(s string, limit int, links []string) []span {
	spans := parse(strings.TrimSpace(s), links)
	if *b <= 1 || len(spans) == 0 {
		return nil
	}
	spans = cutSpans(spans, min(limit, int(*b)))
	*b -= budget(sizeOf(spans))
	return spans
}

// lines keeps as many lines as there is room for, and says how many it left out.
func (b *budget) lines(lines []string, links []string) [][]span {
	const reserve = 1500 // for notes, the footer and some of the quote
	var kept [][]span
	for i, line := range lines {
		room := min(*b-reserve, maxLine)
		if room < 100 {
			return append(kept, []span{{text: fmt.Sprintf("… and %d more", len(lines)-i)}})
		}
		if spans := (&room).spans(leftToRight(line), maxLine, links); len(spans) > 0 {
			kept = append(kept, spans)
			*b -= budget(sizeOf(spans))
		}
	}
	return kept
}
