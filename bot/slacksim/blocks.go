package slacksim

import (
	"encoding/json"
	"fmt"
	"slices"
)

const (
	maxInView = 100
	modalWord = 24 // title, submit and close of a modal
)

// passed are block types that are taken as they are: their inside is not
// checked.
var passed = []string{
	"alert", "call", "card", "carousel", "data_table", "data_visualization", "file", "plan", "table", "task_card", "video",
}

// checkMessageBlocks validates the blocks of a message and returns a copy in
// which each block and element has an id. It needs mu.
func (w *Workspace) checkMessageBlocks(given []object) ([]object, error) {
	if len(given) == 0 {
		return nil, nil
	}
	blocks := deepCopy(given)
	c := newChecker(false)
	if len(blocks) > maxInMessage {
		c.fail("/blocks", "no more than %d items allowed", maxInMessage)
	}
	c.blocks("/blocks", blocks)
	if c.markdown > markdownMax {
		c.fail("/blocks", "markdown text must be less than %d characters in total", markdownMax+1)
	}
	if len(c.problems) > 0 {
		return nil, refuse("invalid_blocks", c.problems...)
	}
	if limit := w.cfg.BlocksTotal; limit > 0 && c.text > limit {
		return nil, refuse("msg_blocks_too_long")
	}
	w.nameBlocks(blocks)
	return blocks, nil
}

// checkView validates a view of one of the kinds and returns its blocks.
func checkView(view object, kinds []string) (blocks []object, problems []string) {
	c := newChecker(true)
	kind := str(view, "type")
	if !slices.Contains(kinds, kind) {
		c.fail("/view/type", "must be %s, not %q", kinds[0], kind)
		return nil, c.problems
	}
	c.known("/view", view, "title", "submit", "close", "blocks", "private_metadata", "callback_id", "external_id",
		"clear_on_close", "notify_on_close", "submit_disabled")
	c.flags("/view", view, "clear_on_close", "notify_on_close", "submit_disabled")
	c.str("/view", view, "private_metadata", false, 3000)
	c.str("/view", view, "callback_id", false, 255)
	c.str("/view", view, "external_id", false, 255)
	if kind == "modal" {
		c.textObject("/view", view, "title", true, plainOnly, modalWord)
		c.textObject("/view", view, "submit", false, plainOnly, modalWord)
		c.textObject("/view", view, "close", false, plainOnly, modalWord)
	}
	blocks = c.list("/view", view, "blocks", 1, maxInView)
	c.blocks("/view/blocks", blocks)
	if kind == "modal" && c.hasInput && view["submit"] == nil {
		c.fail("/view", "missing required field: submit, because there are input blocks")
	}
	return blocks, c.problems
}

func (c *checker) blocks(path string, blocks []object) {
	for i, b := range blocks {
		if !c.inView {
			clear(c.actionIDs)
		}
		c.block(fmt.Sprintf("%s/%d", path, i), b)
	}
}

func (c *checker) block(path string, b object) {
	c.blockID(path, b)
	switch kind := str(b, "type"); kind {
	case "section":
		c.section(path, b)
	case "header":
		c.known(path, b, "block_id", "text", "level")
		c.textObject(path, b, "text", true, plainOnly, 150)
	case "divider":
		c.known(path, b, "block_id")
	case "context":
		c.context(path, b)
	case "actions":
		c.known(path, b, "block_id", "elements")
		for i, e := range c.list(path, b, "elements", 1, 25) {
			c.element(fmt.Sprintf("%s/elements/%d", path, i), e, inActions)
		}
	case "input":
		c.input(path, b)
	case "image":
		c.known(path, b, "block_id", "image_url", "slack_file", "alt_text", "title", "is_animated")
		c.image(path, b)
		c.textObject(path, b, "title", false, plainOnly, 2000)
	case "rich_text":
		c.known(path, b, "block_id", "elements")
		c.richText(path, b)
	case "markdown":
		c.known(path, b, "block_id", "text")
		if c.inView {
			c.fail(path+"/type", "markdown is not allowed in views")
		}
		n := len([]rune(c.str(path, b, "text", true, markdownMax)))
		c.markdown += n
		c.text += n
	case "context_actions":
		c.known(path, b, "block_id", "elements")
		for i, e := range c.list(path, b, "elements", 1, 5) {
			c.actionID(fmt.Sprintf("%s/elements/%d", path, i), e)
		}
	default:
		if !slices.Contains(passed, kind) {
			c.fail(path+"/type", "unsupported type: %s", kind)
		}
	}
}

func (c *checker) section(path string, b object) {
	c.known(path, b, "block_id", "text", "fields", "accessory", "expand")
	if b["text"] == nil && b["fields"] == nil {
		c.fail(path, "missing required field: text or fields")
	}
	c.textObject(path, b, "text", false, anyText, 3000)
	if b["fields"] != nil {
		for i, f := range c.list(path, b, "fields", 1, 10) {
			at := fmt.Sprintf("%s/fields", path)
			c.textObject(at, object{fmt.Sprint(i): f}, fmt.Sprint(i), true, anyText, 2000)
		}
	}
	if v, ok := b["accessory"]; ok {
		e, _ := v.(object)
		c.element(path+"/accessory", e, inSection)
	}
}

func (c *checker) context(path string, b object) {
	c.known(path, b, "block_id", "elements")
	for i, e := range c.list(path, b, "elements", 1, 10) {
		key := fmt.Sprint(i)
		at := path + "/elements/" + key
		if str(e, "type") == "image" {
			c.known(at, e, "image_url", "slack_file", "alt_text")
			c.image(at, e)
			continue
		}
		c.textObject(path+"/elements", object{key: e}, key, true, anyText, 2000)
	}
}

func (c *checker) image(path string, o object) {
	c.str(path, o, "alt_text", true, 2000)
	c.str(path, o, "image_url", o["slack_file"] == nil, 3000)
}

func (c *checker) input(path string, b object) {
	c.hasInput = true
	c.known(path, b, "block_id", "label", "element", "hint", "optional", "dispatch_action")
	c.textObject(path, b, "label", true, plainOnly, 2000)
	c.textObject(path, b, "hint", false, plainOnly, 2000)
	c.flags(path, b, "optional", "dispatch_action")
	e := obj(b, "element")
	if e == nil {
		c.fail(path, "missing required field: element")
		return
	}
	c.element(path+"/element", e, inInput)
}

func (c *checker) richText(path string, b object) {
	kinds := []string{"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
	for i, e := range c.list(path, b, "elements", 1, 1000) {
		at := fmt.Sprintf("%s/elements/%d", path, i)
		if !slices.Contains(kinds, str(e, "type")) {
			c.fail(at+"/type", "unsupported type: %s", str(e, "type"))
			continue
		}
		if _, ok := e["elements"].([]any); !ok {
			c.fail(at, "missing required field: elements")
		}
		c.text += richLength(e)
	}
}

func richLength(e object) int {
	n := len([]rune(str(e, "text")))
	for _, inner := range objects(e["elements"]) {
		n += richLength(inner)
	}
	return n
}

// readSuggestions checks the ack of a block_suggestion and returns its groups;
// options without a group are in one without a label.
func readSuggestions(raw []byte) ([]object, error) {
	var ack object
	if err := json.Unmarshal(raw, &ack); err != nil || ack == nil {
		return nil, refuse("invalid_payload")
	}
	c := newChecker(false)
	c.known("", ack, "options", "option_groups")
	var groups []object
	switch {
	case ack["option_groups"] != nil:
		c.groups("", ack)
		groups = objects(ack["option_groups"])
	case ack["options"] != nil:
		c.options("", ack, 0, 100)
		groups = []object{{"options": ack["options"]}}
	default:
		c.fail("", "missing required field: options")
	}
	if len(c.problems) > 0 {
		return nil, explained(refuse("invalid_payload", c.problems...))
	}
	return groups, nil
}
