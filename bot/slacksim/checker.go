package slacksim

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// checker collects what is wrong with blocks, in Slack's words and with a JSON
// pointer each.
type checker struct {
	problems []string
	blockIDs map[string]bool
	// actionIDs are those seen in the block, or in a view in the whole view.
	actionIDs map[string]bool
	inView    bool
	text      int // characters over all blocks
	markdown  int // characters in markdown blocks
	hasInput  bool
	focused   bool
}

func newChecker(inView bool) *checker {
	return &checker{blockIDs: map[string]bool{}, actionIDs: map[string]bool{}, inView: inView}
}

func (c *checker) fail(path, format string, values ...any) {
	c.problems = append(c.problems, "[ERROR] "+fmt.Sprintf(format, values...)+" [json-pointer:"+path+"]")
}

// known refuses fields that the object does not have.
func (c *checker) known(path string, o object, fields ...string) {
	for key := range o {
		if key != "type" && !slices.Contains(fields, key) {
			c.fail(path, "invalid additional property: %s", key)
		}
	}
}

// str checks a string field. With most 0 it may be of any length.
func (c *checker) str(path string, o object, key string, needed bool, most int) string {
	v, present := o[key]
	if !present || v == nil {
		if needed {
			c.fail(path, "missing required field: %s", key)
		}
		return ""
	}
	s, ok := v.(string)
	if !ok {
		c.fail(path+"/"+key, "must provide a string")
		return ""
	}
	n := utf8.RuneCountInString(s)
	if needed && n == 0 {
		c.fail(path+"/"+key, "must be more than 0 characters")
	}
	if most > 0 && n > most {
		c.fail(path+"/"+key, "must be less than %d characters", most+1)
	}
	return s
}

func (c *checker) flags(path string, o object, keys ...string) {
	for _, key := range keys {
		if v, ok := o[key]; ok {
			if _, ok := v.(bool); !ok {
				c.fail(path+"/"+key, "must provide a boolean")
			}
		}
	}
}

// number checks an integer field; it is least if the field is missing.
func (c *checker) number(path string, o object, key string, least, most int) {
	v, ok := o[key]
	if !ok {
		return
	}
	n, ok := v.(float64)
	if !ok || n != float64(int(n)) || int(n) < least || int(n) > most {
		c.fail(path+"/"+key, "must be an integer from %d to %d", least, most)
	}
}

func (c *checker) oneOf(path string, o object, key string, allowed ...string) {
	if v, ok := o[key]; ok && !slices.Contains(allowed, str(o, key)) {
		c.fail(path+"/"+key, "must be a valid enum value, not %v", v)
	}
}

// list checks a list of objects.
func (c *checker) list(path string, o object, key string, least, most int) []object {
	v, present := o[key]
	if !present {
		if least > 0 {
			c.fail(path, "missing required field: %s", key)
		}
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		c.fail(path+"/"+key, "must provide an array")
		return nil
	}
	if len(items) < least {
		c.fail(path+"/"+key, "no less than %d items allowed", least)
	}
	if len(items) > most {
		c.fail(path+"/"+key, "no more than %d items allowed", most)
	}
	list := make([]object, 0, len(items))
	for i, item := range items {
		inner, ok := item.(object)
		if !ok {
			c.fail(fmt.Sprintf("%s/%s/%d", path, key, i), "must provide an object")
			inner = object{}
		}
		list = append(list, inner)
	}
	return list
}

// Kinds of text objects.
const (
	plainOnly = "plain_text"
	anyText   = "plain_text or mrkdwn"
)

// textObject checks a text object that is never empty.
func (c *checker) textObject(path string, o object, key string, needed bool, kind string, most int) {
	v, present := o[key]
	if !present || v == nil {
		if needed {
			c.fail(path, "missing required field: %s", key)
		}
		return
	}
	path += "/" + key
	text, ok := v.(object)
	if !ok {
		c.fail(path, "must provide an object")
		return
	}
	switch t := str(text, "type"); {
	case t == "plain_text":
		c.known(path, text, "text", "emoji")
	case t == "mrkdwn" && kind == anyText:
		c.known(path, text, "text", "verbatim")
	default:
		c.fail(path+"/type", "must be %s, not %q", kind, t)
	}
	c.flags(path, text, "emoji", "verbatim")
	c.text += utf8.RuneCountInString(c.str(path, text, "text", true, most))
}

// blockID checks a block_id and that it is not taken.
func (c *checker) blockID(path string, o object) {
	id := c.str(path, o, "block_id", false, 255)
	if id != "" && c.blockIDs[id] {
		c.fail(path+"/block_id", "duplicate block_id: %s", id)
	}
	c.blockIDs[id] = true
}

// actionID checks an action_id and that it is not taken.
func (c *checker) actionID(path string, o object) {
	id := c.str(path, o, "action_id", false, 255)
	if id != "" && c.actionIDs[id] {
		c.fail(path+"/action_id", "duplicate action_id: %s", id)
	}
	c.actionIDs[id] = true
}

// options checks the options of a menu.
func (c *checker) options(path string, o object, least, most int) {
	values := map[string]bool{}
	for i, option := range c.list(path, o, "options", least, most) {
		at := fmt.Sprintf("%s/options/%d", path, i)
		c.option(at, option)
		if v := str(option, "value"); values[v] {
			c.fail(at+"/value", "duplicate option value: %s", v)
		} else {
			values[v] = true
		}
	}
}

func (c *checker) option(path string, option object) {
	c.known(path, option, "text", "value", "description", "url")
	c.textObject(path, option, "text", true, anyText, 75)
	c.str(path, option, "value", true, 150)
	c.textObject(path, option, "description", false, anyText, 75)
	c.str(path, option, "url", false, 3000)
}

// groups checks the option groups of a menu.
func (c *checker) groups(path string, o object) {
	for i, g := range c.list(path, o, "option_groups", 1, 100) {
		at := fmt.Sprintf("%s/option_groups/%d", path, i)
		c.known(at, g, "label", "options")
		c.textObject(at, g, "label", true, plainOnly, 75)
		c.options(at, g, 0, 100)
	}
}

func (c *checker) confirm(path string, o object) {
	v, present := o["confirm"]
	if !present {
		return
	}
	path += "/confirm"
	dialog, ok := v.(object)
	if !ok {
		c.fail(path, "must provide an object")
		return
	}
	c.known(path, dialog, "title", "text", "confirm", "deny", "style")
	c.textObject(path, dialog, "title", true, plainOnly, 100)
	c.textObject(path, dialog, "text", true, anyText, 300)
	c.textObject(path, dialog, "confirm", true, plainOnly, 30)
	c.textObject(path, dialog, "deny", true, plainOnly, 30)
	c.oneOf(path, dialog, "style", "primary", "danger")
}
