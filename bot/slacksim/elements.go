package slacksim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrNoElement means that nothing on the screen fits what the person is to
// press, select or fill in.
var ErrNoElement = errors.New("no such element")

// inputKey says whose unsent input, and where.
type inputKey struct{ person, where string }

// placed is an interactive element and the block it is in.
type placed struct{ block, element object }

// valueField is the field of a state entry that holds an element's value, by
// the element's type; elements that keep no value have none.
var valueField = map[string]string{
	"plain_text_input": "value", "email_text_input": "value", "url_text_input": "value", "number_input": "value",
	"rich_text_input": "rich_text_value",
	"static_select":   "selected_option", "external_select": "selected_option", "radio_buttons": "selected_option",
	"users_select": "selected_user", "conversations_select": "selected_conversation", "channels_select": "selected_channel",
	"multi_static_select": "selected_options", "multi_external_select": "selected_options", "checkboxes": "selected_options",
	"multi_users_select": "selected_users", "multi_conversations_select": "selected_conversations",
	"multi_channels_select": "selected_channels",
	"datepicker":            "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
}

// elementsOf lists the interactive elements of a block, in reading order.
func elementsOf(block object) []object {
	var found []object
	for _, key := range []string{"accessory", "element"} {
		if e := obj(block, key); e != nil && str(e, "action_id") != "" {
			found = append(found, e)
		}
	}
	for _, key := range []string{"elements", "actions"} {
		for _, e := range objects(block[key]) {
			if str(e, "action_id") != "" {
				found = append(found, e)
			}
		}
	}
	return found
}

func allPlaced(blocks []object) []placed {
	var all []placed
	for _, b := range blocks {
		for _, e := range elementsOf(b) {
			all = append(all, placed{b, e})
		}
	}
	return all
}

// blocksOf is every block of a message, those in attachments included.
func blocksOf(m *Message) []object {
	blocks := m.Blocks
	for _, a := range m.Attachments {
		blocks = append(slices.Clip(blocks), objects(a["blocks"])...)
	}
	return blocks
}

// findElement finds an element among those that fit by its action id, its
// "block_id/action_id", its visible text, or its number from 1.
func findElement(blocks []object, what string, fits func(element object) bool) (placed, error) {
	var all []placed
	for _, p := range allPlaced(blocks) {
		if fits(p.element) {
			all = append(all, p)
		}
	}
	for _, match := range []func(placed) bool{
		func(p placed) bool { return str(p.element, "action_id") == what },
		func(p placed) bool { return str(p.block, "block_id")+"/"+str(p.element, "action_id") == what },
		func(p placed) bool { return strings.EqualFold(str(obj(p.element, "text"), "text"), what) },
	} {
		var found []placed
		for _, p := range all {
			if match(p) {
				found = append(found, p)
			}
		}
		if len(found) > 1 {
			return placed{}, fmt.Errorf("element %q: %w", what, ErrAmbiguous)
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	if n, err := strconv.Atoi(what); err == nil && n >= 1 && n <= len(all) {
		return all[n-1], nil
	}
	return placed{}, fmt.Errorf("element %q: %w", what, ErrNoElement)
}

func isButton(e object) bool { return str(e, "type") == "button" }

func isNoButton(e object) bool { return !isButton(e) }

// initialEntry is the state entry of an element nobody touched.
func initialEntry(e object) object {
	kind := str(e, "type")
	field := valueField[kind]
	entry := object{"type": kind, field: e["initial_"+strings.TrimPrefix(field, "selected_")]}
	if entry[field] == nil && strings.HasSuffix(field, "s") {
		entry[field] = []any{}
	}
	return entry
}

// optionsOf lists the options an element offers, those in groups included.
func optionsOf(e object) []object {
	list := objects(e["options"])
	for _, g := range objects(e["option_groups"]) {
		list = append(slices.Clip(list), objects(g["options"])...)
	}
	return list
}

// entryFor is the state entry of an element after the person put value in: a
// string (typed text, an option's value or text, a person or channel, a date)
// or, where several can be chosen, a list of them. Objects are taken as they
// are. It needs mu.
func (w *Workspace) entryFor(person string, e object, value any) (object, error) {
	kind := str(e, "type")
	field, ok := valueField[kind]
	if !ok {
		return nil, fmt.Errorf("%s holds no value: %w", kind, ErrNoElement)
	}
	if value == nil || value == "" {
		blank := object{"type": kind, "action_id": e["action_id"]}
		return initialEntry(blank), nil
	}
	if !strings.HasSuffix(field, "s") {
		one, err := w.choose(person, e, field, value)
		return object{"type": kind, field: one}, err
	}
	var wanted []any
	switch v := value.(type) {
	case []string:
		for _, s := range v {
			wanted = append(wanted, s)
		}
	case []any:
		wanted = v
	default:
		wanted = []any{v}
	}
	chosen := []any{}
	for _, v := range wanted {
		one, err := w.choose(person, e, field, v)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, one)
	}
	return object{"type": kind, field: chosen}, nil
}

// choose makes one value of the kind that field holds. It needs mu.
func (w *Workspace) choose(person string, e object, field string, value any) (any, error) {
	text, isText := value.(string)
	if !isText {
		return value, nil
	}
	switch strings.TrimSuffix(field, "s") {
	case "selected_option":
		options := optionsOf(e)
		if strings.Contains(str(e, "type"), "external") {
			for _, o := range w.suggested[person+" "+str(e, "action_id")] {
				options = append(options, o)
			}
			options = append(options, initialOptions(e)...)
		}
		for _, o := range options {
			if str(o, "value") == text || str(obj(o, "text"), "text") == text {
				return o, nil
			}
		}
		return nil, fmt.Errorf("option %q of %s: %w", text, str(e, "action_id"), ErrNoElement)
	case "selected_user":
		p, err := w.person(text)
		if err != nil {
			return nil, err
		}
		return p.ID, nil
	case "selected_channel", "selected_conversation":
		c, err := w.channel(text)
		if err != nil {
			return nil, err
		}
		return c.ID, nil
	case "selected_date_time":
		return strconv.ParseInt(text, 10, 64)
	}
	return text, nil
}

func initialOptions(e object) []object {
	if o := obj(e, "initial_option"); o != nil {
		return []object{o}
	}
	return objects(e["initial_options"])
}

// valuesOf is the state of every element that keeps a value: what the person
// put in, or else what the app preset. It needs mu.
func (w *Workspace) valuesOf(key inputKey, blocks []object) map[string]map[string]object {
	values := map[string]map[string]object{}
	for _, p := range allPlaced(blocks) {
		kind := str(p.element, "type")
		if valueField[kind] == "" {
			continue
		}
		block, action := str(p.block, "block_id"), str(p.element, "action_id")
		entry, ok := w.inputs[key][block][action]
		if !ok || str(entry, "type") != kind {
			entry = initialEntry(p.element)
		}
		if values[block] == nil {
			values[block] = map[string]object{}
		}
		values[block][action] = entry
	}
	return values
}

// remember keeps what a person put into an element. It needs mu.
func (w *Workspace) remember(key inputKey, p placed, entry object) {
	if w.inputs[key] == nil {
		w.inputs[key] = map[string]map[string]object{}
	}
	block := str(p.block, "block_id")
	if w.inputs[key][block] == nil {
		w.inputs[key][block] = map[string]object{}
	}
	w.inputs[key][block][str(p.element, "action_id")] = entry
	w.touch()
}

// dispatches says whether touching the element tells the app at once: always,
// except in an input block that did not ask for it.
func dispatches(p placed) bool {
	return str(p.block, "type") != "input" || boolean(p.block, "dispatch_action")
}
