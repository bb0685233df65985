package slacksim

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

func repeat(n int, item func(i int) any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item(i)
	}
	return list
}

func option(value string) object { return object{"text": plain(value), "value": value} }

func long(n int) string { return strings.Repeat("x", n) }

func accessory(e object) object {
	return object{"type": "section", "text": mrkdwn("x"), "accessory": e}
}

func staticSelect(options ...any) object {
	return object{"type": "static_select", "action_id": "pick", "options": options}
}

func input(e object) object {
	return object{"type": "input", "block_id": "in", "label": plain("Label"), "element": e}
}

func textInput() object { return object{"type": "plain_text_input", "action_id": "text"} }

func TestBlockLimits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	counter := func(i int) string { return fmt.Sprint(i) }
	for _, c := range []struct {
		name   string
		blocks []any
		want   string // part of the explanation, or "" if allowed
	}{
		{"50 blocks", repeat(50, func(int) any { return object{"type": "divider"} }), ""},
		{"51 blocks", repeat(51, func(int) any { return object{"type": "divider"} }), "no more than 50 items allowed [json-pointer:/blocks]"},
		{"unknown block", []any{object{"type": "sekshun"}}, "unsupported type: sekshun [json-pointer:/blocks/0/type]"},
		{"section text 3000", []any{section(long(3000))}, ""},
		{"section text 3001", []any{section(long(3001))}, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"3000 characters that are not bytes", []any{section(strings.Repeat("ü", 3000))}, ""},
		{"empty text", []any{section("")}, "must be more than 0 characters"},
		{"empty section", []any{object{"type": "section"}}, "missing required field: text or fields"},
		{"10 fields", []any{object{"type": "section", "fields": repeat(10, func(int) any { return mrkdwn("x") })}}, ""},
		{"11 fields", []any{object{"type": "section", "fields": repeat(11, func(int) any { return mrkdwn("x") })}}, "no more than 10"},
		{"long field", []any{object{"type": "section", "fields": []any{mrkdwn(long(2001))}}}, "/blocks/0/fields/0/text"},
		{"header 150", []any{object{"type": "header", "text": plain(long(150))}}, ""},
		{"header 151", []any{object{"type": "header", "text": plain(long(151))}}, "less than 151"},
		{"header in mrkdwn", []any{object{"type": "header", "text": mrkdwn("x")}}, "must be plain_text"},
		{"context 10", []any{object{"type": "context", "elements": repeat(10, func(int) any { return mrkdwn("x") })}}, ""},
		{"context 11", []any{object{"type": "context", "elements": repeat(11, func(int) any { return mrkdwn("x") })}}, "no more than 10"},
		{"no actions", []any{actions()}, "no less than 1"},
		{"25 actions", []any{actions(repeat(25, func(i int) any { return button(counter(i), "x", "") })...)}, ""},
		{"26 actions", []any{actions(repeat(26, func(i int) any { return button(counter(i), "x", "") })...)}, "no more than 25"},
		{"button text 76", []any{actions(button("a", long(76), ""))}, "less than 76"},
		{"button without text", []any{actions(object{"type": "button", "action_id": "a"})}, "missing required field: text"},
		{"button value 2001", []any{actions(button("a", "x", long(2001)))}, "less than 2001"},
		{"button in mrkdwn", []any{actions(object{"type": "button", "action_id": "a", "text": mrkdwn("x")})}, "must be plain_text"},
		{"button style", []any{actions(object{"type": "button", "text": plain("x"), "style": "loud"})}, "valid enum value"},
		{"action_id 256", []any{actions(button(long(256), "x", ""))}, "less than 256"},
		{"same action_id in a block", []any{actions(button("a", "x", ""), button("a", "y", ""))}, "duplicate action_id"},
		{"same action_id in two blocks", []any{accessory(button("a", "x", "")), accessory(button("a", "y", ""))}, ""},
		{"same block_id", []any{actions(button("a", "x", "")), actions(button("b", "x", ""))}, "duplicate block_id"},
		{"input in actions", []any{actions(textInput())}, "unsupported type in actions: plain_text_input"},
		{"100 options", []any{accessory(staticSelect(repeat(100, func(i int) any { return option(counter(i)) })...))}, ""},
		{"101 options", []any{accessory(staticSelect(repeat(101, func(i int) any { return option(counter(i)) })...))}, "no more than 100"},
		{"option text 76", []any{accessory(staticSelect(option(long(76))))}, "less than 76"},
		{"option value 151", []any{accessory(staticSelect(object{"text": plain("x"), "value": long(151)}))}, "less than 151"},
		{"same option twice", []any{accessory(staticSelect(option("a"), option("a")))}, "duplicate option value"},
		{
			"preset that is not offered",
			[]any{accessory(object{"type": "static_select", "action_id": "a", "options": []any{option("a")}, "initial_option": option("b")})},
			"not among the options",
		},
		{"overflow 5", []any{accessory(object{"type": "overflow", "action_id": "o", "options": repeat(5, func(i int) any { return option(counter(i)) })})}, ""},
		{"overflow 6", []any{accessory(object{"type": "overflow", "action_id": "o", "options": repeat(6, func(i int) any { return option(counter(i)) })})}, "no more than 5"},
		{"radio 11", []any{accessory(object{"type": "radio_buttons", "action_id": "o", "options": repeat(11, func(i int) any { return option(counter(i)) })})}, "no more than 10"},
		{"placeholder 151", []any{accessory(object{"type": "users_select", "action_id": "u", "placeholder": plain(long(151))})}, "less than 151"},
		{"initial date", []any{accessory(object{"type": "datepicker", "action_id": "d", "initial_date": "tomorrow"})}, "YYYY-MM-DD"},
		{"unknown field", []any{object{"type": "divider", "text": plain("x")}}, "invalid additional property: text"},
		{
			"confirm without deny",
			[]any{actions(object{"type": "button", "text": plain("x"), "confirm": object{"title": plain("t"), "text": plain("x"), "confirm": plain("y")}})},
			"missing required field: deny",
		},
		{"image without alt", []any{object{"type": "image", "image_url": "https://x.example/a.png"}}, "missing required field: alt_text"},
		{"markdown 12001", []any{object{"type": "markdown", "text": long(6001)}, object{"type": "markdown", "text": long(6001)}}, "less than 12001"},
		{
			"rich text", []any{object{"type": "rich_text", "elements": []any{
				object{"type": "rich_text_section", "elements": []any{object{"type": "text", "text": "x"}}},
			}}}, "",
		},
		{"input label missing", []any{object{"type": "input", "element": textInput()}}, "missing required field: label"},
		{"max_length 3001", []any{input(object{"type": "plain_text_input", "max_length": 3001})}, "from 1 to 3000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := w.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "x", "blocks": c.blocks})
			explanation := fmt.Sprint(obj(got, "response_metadata")["messages"])
			switch {
			case c.want == "" && got["ok"] != true:
				t.Errorf("refused: %v", got)
			case c.want != "" && (got["error"] != "invalid_blocks" || !strings.Contains(explanation, c.want)):
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestBlocksTogetherHaveALimitThatCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	five := repeat(5, func(int) any { return section(long(2900)) })
	w := setup(t)
	if got := w.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "x", "blocks": five}); got["error"] != "msg_blocks_too_long" {
		t.Errorf("%v", got)
	}
	off := setup(t, func(c *Config) { c.BlocksTotal = -1 })
	if got := off.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "x", "blocks": five}); got["ok"] != true {
		t.Errorf("%v", got)
	}
}

func TestViewLimits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	modal := func(changes object) object {
		v := object{"type": "modal", "title": plain("Title"), "submit": plain("Go"), "blocks": []any{section("x")}}
		maps.Copy(v, changes)
		return v
	}
	for _, c := range []struct {
		name string
		view object
		want string
	}{
		{"fits", modal(nil), ""},
		{"no title", modal(object{"title": nil}), "missing required field: title"},
		{"title 25", modal(object{"title": plain(long(25))}), "less than 25 characters [json-pointer:/view/title/text]"},
		{"submit 25", modal(object{"submit": plain(long(25))}), "/view/submit/text"},
		{"close 25", modal(object{"close": plain(long(25))}), "/view/close/text"},
		{"title in mrkdwn", modal(object{"title": mrkdwn("x")}), "must be plain_text"},
		{"input without submit", modal(object{"submit": nil, "blocks": []any{input(textInput())}}), "missing required field: submit"},
		{"100 blocks", modal(object{"blocks": repeat(100, func(int) any { return object{"type": "divider"} })}), ""},
		{"101 blocks", modal(object{"blocks": repeat(101, func(int) any { return object{"type": "divider"} })}), "no more than 100"},
		{"no blocks", modal(object{"blocks": []any{}}), "no less than 1"},
		{"private_metadata 3001", modal(object{"private_metadata": long(3001)}), "less than 3001"},
		{"callback_id 256", modal(object{"callback_id": long(256)}), "less than 256"},
		{"unknown field", modal(object{"colour": "red"}), "invalid additional property: colour"},
		{"same action_id in two blocks", modal(object{"blocks": []any{accessory(button("a", "x", "")), accessory(button("a", "y", ""))}}), "duplicate action_id"},
		{"markdown block", modal(object{"blocks": []any{object{"type": "markdown", "text": "x"}}}), "not allowed in views"},
		{"home instead", object{"type": "home", "blocks": []any{section("x")}}, "must be modal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trigger := w.trigger("U0ADA")
			got := w.post(t, "views.open", object{"trigger_id": trigger, "view": c.view})
			explanation := fmt.Sprint(obj(got, "response_metadata")["messages"])
			switch {
			case c.want == "" && got["ok"] != true:
				t.Errorf("refused: %v", got)
			case c.want != "" && (got["error"] != "invalid_arguments" || !strings.Contains(explanation, c.want)):
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
	huge := modal(object{"blocks": repeat(100, func(int) any { return section(long(2999)) })})
	if got := w.post(t, "views.open", object{"trigger_id": w.trigger("U0ADA"), "view": huge}); got["error"] != "view_too_large" {
		t.Errorf("%v", got)
	}
}

// trigger issues a trigger id as a gesture of that person would.
func (w *world) trigger(person string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.newTrigger(person, "")
}
