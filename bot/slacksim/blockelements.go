package slacksim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// place is where an element stands.
type place string

const (
	inSection place = "section"
	inActions place = "actions"
	inInput   place = "input"
)

var (
	menus = []string{
		"static_select", "external_select", "users_select", "conversations_select", "channels_select",
		"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select",
	}
	pickers   = []string{"datepicker", "timepicker", "datetimepicker", "radio_buttons", "checkboxes"}
	clickable = []string{"button", "workflow_button", "overflow"}
	textual   = []string{"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input"}

	isoDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	isoTime = regexp.MustCompile(`^\d{2}:\d{2}$`)
)

func (p place) allows(kind string) bool {
	if slices.Contains(menus, kind) || slices.Contains(pickers, kind) {
		return kind != "datetimepicker" || p != inSection
	}
	switch p {
	case inSection:
		return slices.Contains(clickable, kind) || kind == "image"
	case inActions:
		return slices.Contains(clickable, kind)
	case inInput:
		return slices.Contains(textual, kind)
	}
	return false
}

func (c *checker) element(path string, e object, at place) {
	kind := str(e, "type")
	if !at.allows(kind) {
		c.fail(path+"/type", "unsupported type in %s: %s", at, kind)
		return
	}
	if kind == "image" {
		c.known(path, e, "image_url", "slack_file", "alt_text")
		c.image(path, e)
		return
	}
	c.actionID(path, e)
	c.confirm(path, e)
	if boolean(e, "focus_on_load") {
		if c.focused {
			c.fail(path+"/focus_on_load", "only one element can be set to true")
		}
		c.focused = true
	}
	switch {
	case slices.Contains(menus, kind):
		c.menu(path, e, kind)
	case slices.Contains(pickers, kind):
		c.picker(path, e, kind)
	case slices.Contains(textual, kind):
		c.textInput(path, e, kind)
	default:
		c.button(path, e, kind)
	}
}

func (c *checker) button(path string, e object, kind string) {
	switch kind {
	case "overflow":
		c.known(path, e, "action_id", "options", "confirm")
		c.options(path, e, 1, 5)
	case "workflow_button":
		c.known(path, e, "action_id", "text", "workflow", "style", "accessibility_label")
		c.textObject(path, e, "text", true, plainOnly, 75)
	default:
		c.known(path, e, "action_id", "text", "url", "value", "style", "confirm", "accessibility_label")
		c.textObject(path, e, "text", true, plainOnly, 75)
		c.str(path, e, "url", false, 3000)
		c.str(path, e, "value", false, 2000)
		c.oneOf(path, e, "style", "primary", "danger")
		c.str(path, e, "accessibility_label", false, 75)
	}
}

func (c *checker) menu(path string, e object, kind string) {
	allowed := []string{"action_id", "placeholder", "confirm", "focus_on_load"}
	multi := strings.HasPrefix(kind, "multi_")
	if multi {
		allowed = append(allowed, "max_selected_items")
		c.number(path, e, "max_selected_items", 1, 1000)
	}
	c.textObject(path, e, "placeholder", false, plainOnly, 150)
	switch strings.TrimPrefix(kind, "multi_") {
	case "static_select":
		allowed = append(allowed, "options", "option_groups", initialField(kind))
		c.staticOptions(path, e)
		c.initial(path, e)
	case "external_select":
		allowed = append(allowed, "min_query_length", initialField(kind))
		c.number(path, e, "min_query_length", 0, 3000)
		for i, o := range initialOptions(e) {
			c.option(fmt.Sprintf("%s/%s/%d", path, initialField(kind), i), o)
		}
	case "conversations_select":
		allowed = append(allowed, initialField(kind), "default_to_current_conversation", "filter", "response_url_enabled")
	default: // users, channels
		allowed = append(allowed, initialField(kind), "response_url_enabled")
	}
	c.known(path, e, allowed...)
}

func (c *checker) staticOptions(path string, e object) {
	switch {
	case e["options"] != nil && e["option_groups"] != nil:
		c.fail(path, "options and option_groups exclude each other")
	case e["option_groups"] != nil:
		c.groups(path, e)
	default:
		c.options(path, e, 1, 100)
	}
}

// initial checks that preset options are among those offered.
func (c *checker) initial(path string, e object) {
	offered := map[string]bool{}
	for _, o := range optionsOf(e) {
		offered[str(o, "value")] = true
	}
	for _, o := range initialOptions(e) {
		if !offered[str(o, "value")] {
			c.fail(path, "initial option is not among the options: %s", str(o, "value"))
		}
	}
}

func initialField(kind string) string {
	return "initial_" + strings.TrimPrefix(valueField[kind], "selected_")
}

func (c *checker) picker(path string, e object, kind string) {
	switch kind {
	case "radio_buttons", "checkboxes":
		c.known(path, e, "action_id", "options", initialField(kind), "confirm", "focus_on_load")
		c.options(path, e, 1, 10)
		c.initial(path, e)
		return
	case "datepicker":
		if d := str(e, "initial_date"); d != "" && !isoDate.MatchString(d) {
			c.fail(path+"/initial_date", "must be a date in the format YYYY-MM-DD")
		}
	case "timepicker":
		if t := str(e, "initial_time"); t != "" && !isoTime.MatchString(t) {
			c.fail(path+"/initial_time", "must be a time in the format HH:mm")
		}
	case "datetimepicker":
		c.number(path, e, "initial_date_time", 1_000_000_000, 9_999_999_999)
	}
	c.known(path, e, "action_id", "placeholder", "confirm", "focus_on_load", "timezone", initialField(kind))
	c.textObject(path, e, "placeholder", false, plainOnly, 150)
}

func (c *checker) textInput(path string, e object, kind string) {
	c.textObject(path, e, "placeholder", false, plainOnly, 150)
	switch kind {
	case "plain_text_input":
		c.known(path, e, "action_id", "placeholder", "initial_value", "multiline", "min_length", "max_length",
			"dispatch_action_config", "focus_on_load")
		c.number(path, e, "min_length", 0, 3000)
		c.number(path, e, "max_length", 1, 3000)
		c.flags(path, e, "multiline")
		most := 3000
		if n, ok := e["max_length"].(float64); ok {
			most = int(n)
		}
		c.str(path, e, "initial_value", false, most)
	case "number_input":
		c.known(path, e, "action_id", "placeholder", "is_decimal_allowed", "initial_value", "min_value", "max_value",
			"dispatch_action_config", "focus_on_load")
		if e["is_decimal_allowed"] == nil {
			c.fail(path, "missing required field: is_decimal_allowed")
		}
	case "file_input":
		c.known(path, e, "action_id", "filetypes", "max_files")
	default:
		c.known(path, e, "action_id", "placeholder", "initial_value", "dispatch_action_config", "focus_on_load")
	}
}
