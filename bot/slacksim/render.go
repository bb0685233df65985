package slacksim

import (
	"fmt"
	"regexp"
	"strings"
)

// Render draws a message as plain text for a terminal, a transcript or a
// golden file: its blocks, with buttons numbered as [User.Press] counts them,
// or its text if it has no blocks. Mentions show ids.
func Render(m Message) string {
	return (&renderer{}).message(m)
}

// RenderView draws a modal or Home tab in the same way.
func RenderView(v View) string {
	return (&renderer{}).view(v)
}

// Render is like the function, with the names of people and channels in place
// of their ids.
func (w *Workspace) Render(m Message) string {
	return w.renderer().message(m)
}

// RenderView is like the function, with the names of people and channels in
// place of their ids.
func (w *Workspace) RenderView(v View) string {
	return w.renderer().view(v)
}

func (w *Workspace) renderer() *renderer {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := make(map[string]string, len(w.people)+len(w.channels))
	for id, p := range w.people {
		names[id] = p.display()
	}
	for id, c := range w.channels {
		if c.Name != "" {
			names[id] = c.Name
		}
	}
	return &renderer{names: names}
}

// renderer draws line by line and counts buttons.
type renderer struct {
	names   map[string]string
	lines   []string
	buttons int
}

func (r *renderer) message(m Message) string {
	if len(m.Blocks) == 0 && m.Text != "" {
		r.add(r.mrkdwn(m.Text))
	}
	r.blocks(m.Blocks)
	for _, a := range m.Attachments {
		for _, key := range []string{"pretext", "title", "text", "footer"} {
			if s := str(a, key); s != "" {
				r.add("| " + r.mrkdwn(s))
			}
		}
		r.blocks(objects(a["blocks"]))
	}
	return strings.Join(r.lines, "\n")
}

func (r *renderer) view(v View) string {
	if v.Title != "" {
		r.add("== " + v.Title + " ==")
	}
	if v.Error != "" {
		r.add("! " + v.Error)
	}
	for _, b := range v.Blocks {
		r.block(b)
		if problem, ok := v.Errors[str(b, "block_id")]; ok {
			r.add("  ! " + problem)
		}
	}
	var ends []string
	for _, word := range []string{v.Close, v.Submit} {
		if word != "" {
			ends = append(ends, "("+word+")")
		}
	}
	if len(ends) > 0 {
		r.add(strings.Join(ends, " "))
	}
	return strings.Join(r.lines, "\n")
}

func (r *renderer) add(text string) {
	r.lines = append(r.lines, strings.Split(text, "\n")...)
}

func (r *renderer) blocks(blocks []object) {
	for _, b := range blocks {
		r.block(b)
	}
}

func (r *renderer) block(b object) {
	switch str(b, "type") {
	case "header":
		r.add("# " + r.text(obj(b, "text")))
	case "section":
		r.section(b)
	case "divider":
		r.add("---")
	case "context":
		var parts []string
		for _, e := range objects(b["elements"]) {
			if str(e, "type") == "image" {
				parts = append(parts, "["+str(e, "alt_text")+"]")
				continue
			}
			parts = append(parts, r.text(e))
		}
		r.add("~ " + strings.Join(parts, "  "))
	case "actions", "context_actions":
		var parts []string
		for _, e := range objects(b["elements"]) {
			parts = append(parts, r.element(e))
		}
		r.add(strings.Join(parts, "  "))
	case "input":
		label := r.text(obj(b, "label"))
		if boolean(b, "optional") {
			label += " (optional)"
		}
		r.add(label + ": " + r.element(obj(b, "element")))
		if hint := obj(b, "hint"); hint != nil {
			r.add("  " + r.text(hint))
		}
	case "image":
		r.add("[image: " + str(b, "alt_text") + "]")
	case "markdown":
		r.add(str(b, "text"))
	case "rich_text":
		r.add(strings.TrimRight(r.rich(b), "\n"))
	default:
		r.add("[" + str(b, "type") + "]")
	}
}

func (r *renderer) section(b object) {
	if text := obj(b, "text"); text != nil {
		r.add(r.text(text))
	}
	for _, f := range objects(b["fields"]) {
		r.add("  " + strings.ReplaceAll(r.text(f), "\n", " "))
	}
	if e := obj(b, "accessory"); e != nil {
		r.add("  " + r.element(e))
	}
}

func (r *renderer) element(e object) string {
	kind := str(e, "type")
	switch kind {
	case "button", "workflow_button":
		label := r.text(obj(e, "text"))
		if kind == "button" {
			r.buttons++
			label = fmt.Sprintf("%d: %s", r.buttons, label)
		}
		return "[" + label + "]"
	case "image":
		return "[image: " + str(e, "alt_text") + "]"
	case "overflow", "radio_buttons", "checkboxes":
		return "{" + strings.Join(r.optionTexts(e), " | ") + "}"
	}
	return "<" + r.shown(e) + ">"
}

// shown is what stands in an input: what was preset, or its placeholder, and
// the choices of a short menu.
func (r *renderer) shown(e object) string {
	preset := ""
	switch v := initialEntry(e)[valueField[str(e, "type")]].(type) {
	case string:
		preset = r.name(v)
	case object:
		preset = r.text(obj(v, "text"))
	case []any:
		var parts []string
		for _, item := range v {
			switch one := item.(type) {
			case string:
				parts = append(parts, r.name(one))
			case object:
				parts = append(parts, r.text(obj(one, "text")))
			}
		}
		preset = strings.Join(parts, ", ")
	}
	if preset == "" {
		preset = r.text(obj(e, "placeholder"))
	}
	if choices := r.optionTexts(e); len(choices) > 0 {
		preset = strings.TrimSpace(preset + " {" + strings.Join(choices, " | ") + "}")
	}
	return preset
}

func (r *renderer) optionTexts(e object) []string {
	var texts []string
	for _, o := range optionsOf(e) {
		texts = append(texts, r.text(obj(o, "text")))
	}
	return texts
}

func (r *renderer) text(o object) string {
	if str(o, "type") == "mrkdwn" {
		return r.mrkdwn(str(o, "text"))
	}
	return str(o, "text")
}

var (
	angled   = regexp.MustCompile(`<([^<>]+)>`)
	entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// mrkdwn shows mentions, links and entities as a person reads them.
func (r *renderer) mrkdwn(text string) string {
	return entities.Replace(angled.ReplaceAllStringFunc(text, func(match string) string {
		target, label, labelled := strings.Cut(match[1:len(match)-1], "|")
		switch {
		case strings.HasPrefix(target, "@"):
			return "@" + r.name(target[1:])
		case strings.HasPrefix(target, "#"):
			return "#" + r.name(target[1:])
		case strings.HasPrefix(target, "!date^"), strings.HasPrefix(target, "!subteam^"):
			return label
		case strings.HasPrefix(target, "!"):
			return "@" + target[1:]
		case labelled && strings.TrimPrefix(target, "mailto:") == label:
			return label
		case labelled:
			return label + " (" + target + ")"
		}
		return target
	}))
}

func (r *renderer) name(id string) string {
	if name, ok := r.names[id]; ok {
		return name
	}
	return id
}

// rich draws rich text, one line per section, quote or list item.
func (r *renderer) rich(o object) string {
	var out strings.Builder
	for _, e := range objects(o["elements"]) {
		switch str(e, "type") {
		case "rich_text_section", "rich_text_preformatted", "rich_text_quote":
			out.WriteString(r.rich(e) + "\n")
		case "rich_text_list":
			for _, item := range objects(e["elements"]) {
				out.WriteString("- " + r.rich(item) + "\n")
			}
		case "user":
			out.WriteString("@" + r.name(str(e, "user_id")))
		case "channel":
			out.WriteString("#" + r.name(str(e, "channel_id")))
		case "emoji":
			out.WriteString(":" + str(e, "name") + ":")
		case "link":
			out.WriteString(strings.TrimSpace(str(e, "text") + " " + str(e, "url")))
		default:
			out.WriteString(str(e, "text"))
		}
	}
	return out.String()
}
