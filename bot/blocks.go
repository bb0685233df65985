package bot

import (
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"frontdesk/agent"
)

// Slack's limits, and two of ours below its undocumented total.
// Source: Slack, "Block Kit" reference; bolt-js issue 2509 for the total.
const (
	maxHeader    = 150
	maxSection   = 3000
	maxTotal     = 11_500 // Slack refuses beyond about 13,200, buttons included
	maxButtons   = 25
	maxLabel     = 75
	maxConfirm   = 300
	maxConfirmBy = 30
	maxValue     = 255
	maxFact      = 1000
	maxLine      = 600
	maxNote      = 1000
	maxFooter    = 300
	maxFallback  = 1000
)

// Rich text is Slack's structured format: its text elements are shown as they
// are, so that nothing in them becomes markup, a link or a mention.

func words(spans []span, bold bool) []slack.RichTextSectionElement {
	var style *slack.RichTextSectionTextStyle
	if bold {
		style = &slack.RichTextSectionTextStyle{Bold: true}
	}
	var elements []slack.RichTextSectionElement
	for _, p := range spans {
		switch {
		case p.user != "":
			elements = append(elements, slack.NewRichTextSectionUserElement(p.user, style))
		case p.link != "":
			elements = append(elements, slack.NewRichTextSectionLinkElement(p.link, "", style))
		case p.text != "":
			elements = append(elements, slack.NewRichTextSectionTextElement(p.text, style))
		}
	}
	return elements
}

func textBlocks(spans []span, bold bool) []slack.Block {
	var blocks []slack.Block
	for _, page := range pages(spans, maxSection) {
		blocks = append(blocks, slack.NewRichTextBlock("", slack.NewRichTextSection(words(page, bold)...)))
	}
	return blocks
}

func quoteBlocks(spans []span) []slack.Block {
	var blocks []slack.Block
	for _, page := range pages(spans, maxSection) {
		quote := &slack.RichTextQuote{Type: slack.RTEQuote, Elements: words(page, false)}
		blocks = append(blocks, slack.NewRichTextBlock("", quote))
	}
	return blocks
}

// listBlocks shows lines as a bulleted list, in as many blocks as it takes.
func listBlocks(lines [][]span) []slack.Block {
	var blocks []slack.Block
	var items []slack.RichTextElement
	used := 0
	flush := func() {
		if len(items) > 0 {
			blocks = append(blocks, slack.NewRichTextBlock("", slack.NewRichTextList(slack.RTEListBullet, 0, items...)))
			items, used = nil, 0
		}
	}
	for _, line := range lines {
		if n := sizeOf(line); used+n > maxSection {
			flush()
		} else {
			used += n
		}
		items = append(items, slack.NewRichTextSection(words(line, false)...))
	}
	flush()
	return blocks
}

// noteBlocks shows small print.
func noteBlocks(notes []string) []slack.Block {
	var blocks []slack.Block
	var page []string
	used := 0
	flush := func() {
		if len(page) > 0 {
			blocks = append(blocks, slack.NewContextBlock("", plainText(strings.Join(page, "\n"))))
			page, used = nil, 0
		}
	}
	for _, note := range notes {
		if used += size(note) + 1; used > 2000 {
			flush()
			used = size(note) + 1
		}
		page = append(page, note)
	}
	flush()
	return blocks
}

func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

func buttonBlock(buttons []agent.Button) slack.Block {
	var elements []slack.BlockElement
	seen := map[agent.ButtonVerb]int{}
	for _, b := range buttons[:min(len(buttons), maxButtons)] {
		id := actionID(b.Verb)
		if seen[b.Verb]++; seen[b.Verb] > 1 { // action ids are unique within a block
			id += ":" + strconv.Itoa(seen[b.Verb])
		}
		button := slack.NewButtonBlockElement(id, cut(b.ID, maxValue), plainText(cut(labelOf(b), maxLabel)))
		button.Style = slack.Style(b.Style)
		if b.Confirm != "" {
			button.Confirm = &slack.ConfirmationBlockObject{
				Title:   plainText(cut(labelOf(b)+"?", 100)),
				Text:    plainText(cut(plain(b.Confirm), maxConfirm)),
				Confirm: plainText(cut(labelOf(b), maxConfirmBy)),
				Deny:    plainText("Not yet"),
				Style:   slack.Style(b.Style),
			}
		}
		elements = append(elements, button)
	}
	return slack.NewActionBlock("", elements...)
}

func labelOf(b agent.Button) string {
	if label := plain(b.Label); label != "" {
		return label
	}
	return string(b.Verb)
}

// actionPrefix marks the buttons of cards.
const actionPrefix = "fd:"

func actionID(v agent.ButtonVerb) string { return actionPrefix + string(v) }

// verbOf reads a button's action id back.
func verbOf(id string) (agent.ButtonVerb, bool) {
	rest, ok := strings.CutPrefix(id, actionPrefix)
	if !ok {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, ":")
	switch v := agent.ButtonVerb(rest); v {
	case agent.ButtonApprove, agent.ButtonDeny, agent.ButtonHappened, agent.ButtonNotHappened, agent.ButtonProve, agent.ButtonCancel:
		return v, true
	}
	return "", false
}
