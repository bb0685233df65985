package slacksim

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func modalView(title string, more ...object) object {
	v := object{"type": "modal", "title": plain(title), "submit": plain("Go"), "close": plain("Back"), "blocks": []any{section(title)}}
	for _, m := range more {
		maps.Copy(v, m)
	}
	return v
}

// modal opens a modal for ada and returns its id.
func (w *world) modal(t *testing.T, view object) string {
	t.Helper()
	got := w.post(t, "views.open", object{"trigger_id": w.trigger("U0ADA"), "view": view})
	if got["ok"] != true {
		t.Fatalf("views.open: %v", got)
	}
	return str(obj(got, "view"), "id")
}

func (w *world) title() string {
	v, _ := w.As("ada").View()
	return v.Title
}

func TestTriggerIDIsForOneUseWithin3Seconds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	open := func(trigger string) any {
		return w.post(t, "views.open", object{"trigger_id": trigger, "view": modalView("M")})["error"]
	}
	trigger := w.trigger("U0ADA")
	w.clock.Advance(3 * time.Second)
	if got := open(trigger); got != nil {
		t.Errorf("after 3 s: %v", got)
	}
	if got := open(trigger); got != "exchanged_trigger_id" {
		t.Errorf("twice: %v", got)
	}
	late := w.trigger("U0ADA")
	w.clock.Advance(3*time.Second + time.Millisecond)
	if got := open(late); got != "expired_trigger_id" {
		t.Errorf("late: %v", got)
	}
	if got := open("1.2.abc"); got != "invalid_trigger_id" {
		t.Errorf("made up: %v", got)
	}
	if got := open(""); got != "invalid_arguments" {
		t.Errorf("none: %v", got)
	}
}

func TestStaleHashIsAConflict(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.post(t, "views.open", object{"trigger_id": w.trigger("U0ADA"), "view": modalView("One", object{"external_id": "ext"})})
	id, hash := str(obj(got, "view"), "id"), str(obj(got, "view"), "hash")
	update := func(arguments object) object { return w.post(t, "views.update", arguments) }
	second := update(object{"view_id": id, "hash": hash, "view": modalView("Two", object{"external_id": "ext"})})
	if second["ok"] != true || str(obj(second, "view"), "hash") == hash {
		t.Errorf("%v", second)
	}
	if got := update(object{"view_id": id, "hash": hash, "view": modalView("Three")}); got["error"] != "hash_conflict" {
		t.Errorf("%v", got)
	}
	if got := update(object{"external_id": "ext", "view": modalView("Four")}); got["ok"] != true || w.title() != "Four" {
		t.Errorf("%v", got)
	}
	if got := update(object{"view_id": "V0NONE", "view": modalView("x")}); got["error"] != "not_found" {
		t.Errorf("%v", got)
	}
}

func TestExternalIDIsUnique(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.modal(t, modalView("One", object{"external_id": "ext"}))
	got := w.post(t, "views.open", object{"trigger_id": w.trigger("U0BOB"), "view": modalView("Two", object{"external_id": "ext"})})
	if got["error"] != "duplicate_external_id" {
		t.Errorf("%v", got)
	}
}

func TestModalsStackThreeHigh(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer(t, ackOnly)
	first := modalView("1", object{"blocks": []any{actions(button("more", "More", ""))}, "notify_on_close": true})
	w.modal(t, first)
	push := func() object {
		top, _ := w.As("ada").View()
		pressed, err := w.As("ada").Press(t.Context(), top.Ref(), "more")
		if err != nil {
			t.Fatal(err)
		}
		next := modalView(top.Title+"+", object{"blocks": first["blocks"]})
		return w.post(t, "views.push", object{"trigger_id": pressed.TriggerID, "view": next})
	}
	second := push()
	if view := obj(second, "view"); view["previous_view_id"] != view["root_view_id"] || view["id"] == view["root_view_id"] {
		t.Errorf("%v", second)
	}
	if got := push(); got["ok"] != true {
		t.Errorf("%v", got)
	}
	if got := push(); got["error"] != "push_limit_reached" {
		t.Errorf("%v", got)
	}
	top, _ := w.As("ada").View()
	result, err := w.As("ada").CloseView(t.Context(), top.ID)
	if err != nil || result.View == nil || result.View.Title != "1+" {
		t.Errorf("after closing the top: %+v %v", result, err)
	}
	if got := w.post(t, "views.push", object{"trigger_id": w.trigger("U0ADA"), "view": modalView("x")}); got["error"] != "not_found" {
		t.Errorf("push by a trigger from elsewhere: %v", got)
	}
}

func TestClosingIsToldOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	silent := w.modal(t, modalView("silent"))
	if result, err := w.As("ada").CloseView(t.Context(), silent); err != nil || result.View != nil {
		t.Errorf("%+v %v", result, err)
	}
	id := w.modal(t, modalView("told", object{"notify_on_close": true, "private_metadata": "key"}))
	done := later(func() (ViewResult, error) { return w.As("ada").CloseAll(t.Context(), id) })
	e := l.next()
	payload := obj(e, "payload")
	if payload["type"] != "view_closed" || payload["is_cleared"] != true || str(obj(payload, "view"), "private_metadata") != "key" {
		t.Errorf("%v", payload)
	}
	l.ack(e, nil)
	if got := <-done; !got.Acked || got.View != nil {
		t.Errorf("%+v", got)
	}
}

func TestSubmissionFollowsTheAck(t *testing.T) {
	t.Parallel()
	form := modalView("Form", object{"blocks": []any{input(textInput())}})
	for _, c := range []struct {
		name    string
		ack     any
		title   string // of the modal on top afterwards
		failure string
		errors  map[string]string
	}{
		{"nothing closes", nil, "", "", nil},
		{"clear closes", object{"response_action": "clear"}, "", "", nil},
		{"errors stay", object{"response_action": "errors", "errors": object{"in": "No such group"}}, "Form", "", map[string]string{"in": "No such group"}},
		{"update", object{"response_action": "update", "view": modalView("Working")}, "Working", "", nil},
		{"push", object{"response_action": "push", "view": modalView("More")}, "More", "", nil},
		{"errors for no input", object{"response_action": "errors", "errors": object{"other": "x"}}, "Form", FailedResponse, nil},
		{"invalid view", object{"response_action": "update", "view": object{"type": "modal"}}, "Form", FailedResponse, nil},
		{"unknown action", object{"response_action": "explode"}, "Form", FailedResponse, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.answer(t, func(object) any { return c.ack })
			id := w.modal(t, form)
			got, err := w.As("ada").Submit(t.Context(), id, Values{"": {"text": "hello"}})
			if err != nil || got.Failure != c.failure || w.title() != c.title {
				t.Errorf("%+v %v, on top %q", got, err, w.title())
			}
			if diff := cmp.Diff(c.errors, got.Errors); diff != "" {
				t.Error(diff)
			}
			if top, _ := w.As("ada").View(); c.failure != "" && top.Error == "" {
				t.Error("the modal shows no error line")
			}
		})
	}
}

func TestSubmissionWithoutAckLeavesAnErrorLine(t *testing.T) {
	t.Parallel()
	w := setup(t, quickAcks)
	w.connect(t)
	id := w.modal(t, modalView("Form"))
	got, err := w.As("ada").Submit(t.Context(), id, nil)
	if err != nil || got.Failure != FailedTimeout || got.View == nil || got.View.Error != noResponse {
		t.Errorf("%+v %v", got, err)
	}
}

func TestFormItselfRefusesWhatIsMissingOrTooLong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.modal(t, modalView("Form", object{"blocks": []any{
		input(object{"type": "plain_text_input", "action_id": "text", "max_length": 5}),
		object{"type": "input", "block_id": "opt", "optional": true, "label": plain("L"), "element": object{"type": "datepicker", "action_id": "day"}},
	}}))
	for _, text := range []string{"", "too long"} {
		got, err := w.As("ada").Submit(t.Context(), id, Values{"in": {"text": text}})
		if err != nil || got.Errors["in"] == "" || got.Acked || len(got.Errors) != 1 {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
}

func TestSubmittedStateHasEveryKindOfValue(t *testing.T) {
	t.Parallel()
	w := setup(t)
	values := make(chan object, 1)
	w.answer(t, func(e object) any {
		switch payload := obj(e, "payload"); str(payload, "type") {
		case "block_suggestion":
			return object{"options": []any{option("slack"), option("sheets")}}
		case "view_submission":
			values <- obj(obj(obj(payload, "view"), "state"), "values")
		}
		return nil
	})
	field := func(block string, e object) object {
		return object{"type": "input", "block_id": block, "optional": true, "label": plain(block), "element": e}
	}
	id := w.modal(t, modalView("Form", object{"blocks": []any{
		field("text", object{"type": "plain_text_input", "action_id": "a1", "initial_value": "preset"}),
		field("untouched", object{"type": "plain_text_input", "action_id": "a2"}),
		field("one", object{"type": "static_select", "action_id": "a3", "options": []any{option("x"), option("y")}}),
		field("person", object{"type": "users_select", "action_id": "a4"}),
		field("people", object{"type": "multi_users_select", "action_id": "a5"}),
		field("app", object{"type": "external_select", "action_id": "a6", "min_query_length": 1}),
		field("many", object{"type": "checkboxes", "action_id": "a7", "options": []any{option("x"), option("y")}}),
		field("day", object{"type": "datepicker", "action_id": "a8"}),
		field("none", object{"type": "multi_static_select", "action_id": "a9", "options": []any{option("x")}}),
	}}))
	offered, err := w.As("ada").Suggest(t.Context(), Ref{View: id}, "a6", "s")
	if err != nil || len(offered.Options) != 2 {
		t.Fatalf("%+v %v", offered, err)
	}
	_, err = w.As("ada").Submit(t.Context(), id, Values{
		"one": {"a3": "y"}, "person": {"a4": "bob"}, "people": {"a5": []string{"ada", "bob"}},
		"app": {"a6": "sheets"}, "many": {"a7": []any{"x", "y"}}, "": {"a8": "2026-12-01"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := object{
		"text":      object{"a1": object{"type": "plain_text_input", "value": "preset"}},
		"untouched": object{"a2": object{"type": "plain_text_input", "value": nil}},
		"one":       object{"a3": object{"type": "static_select", "selected_option": option("y")}},
		"person":    object{"a4": object{"type": "users_select", "selected_user": "U0BOB"}},
		"people":    object{"a5": object{"type": "multi_users_select", "selected_users": []any{"U0ADA", "U0BOB"}}},
		"app":       object{"a6": object{"type": "external_select", "selected_option": option("sheets")}},
		"many":      object{"a7": object{"type": "checkboxes", "selected_options": []any{option("x"), option("y")}}},
		"day":       object{"a8": object{"type": "datepicker", "selected_date": "2026-12-01"}},
		"none":      object{"a9": object{"type": "multi_static_select", "selected_options": []any{}}},
	}
	if diff := cmp.Diff(want, <-values); diff != "" {
		t.Error(diff)
	}
}

func TestInputSurvivesAnUpdateOfTheSameBlock(t *testing.T) {
	t.Parallel()
	w := setup(t)
	states := make(chan object, 1)
	w.answer(t, func(e object) any {
		states <- obj(obj(obj(obj(e, "payload"), "view"), "state"), "values")
		return nil
	})
	form := modalView("Form", object{"blocks": []any{input(textInput())}})
	id := w.modal(t, form)
	if _, err := w.As("ada").Select(t.Context(), Ref{View: id}, "text", "typed"); err != nil {
		t.Fatal(err)
	}
	w.post(t, "views.update", object{"view_id": id, "view": form})
	if _, err := w.As("ada").Submit(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	if got := str(obj(obj(<-states, "in"), "text"), "value"); got != "typed" {
		t.Errorf("%q", got)
	}
}

func TestExternalSelectOffersWhatTheAckBrings(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	id := w.modal(t, modalView("Form", object{"blocks": []any{input(object{"type": "external_select", "action_id": "apps"})}}))
	if got, err := w.As("ada").Suggest(t.Context(), Ref{View: id}, "apps", "sl"); err != nil || got.Acked || got.Options != nil {
		t.Errorf("two characters were sent: %+v %v", got, err)
	}
	done := later(func() (Suggestions, error) { return w.As("ada").Suggest(t.Context(), Ref{View: id}, "apps", "sla") })
	e := l.next()
	payload := obj(e, "payload")
	if e["type"] != "interactive" || e["accepts_response_payload"] != true || payload["type"] != "block_suggestion" ||
		payload["value"] != "sla" || payload["action_id"] != "apps" || payload["block_id"] != "in" || obj(payload, "view") == nil {
		t.Errorf("%v", e)
	}
	l.ack(e, object{"option_groups": []any{object{"label": plain("Chat"), "options": []any{option("slack")}}}})
	want := []Option{{Text: "slack", Value: "slack", Group: "Chat"}}
	if diff := cmp.Diff(want, (<-done).Options); diff != "" {
		t.Error(diff)
	}
	done = later(func() (Suggestions, error) { return w.As("ada").Suggest(t.Context(), Ref{View: id}, "apps", "sla") })
	l.ack(l.next(), object{"options": repeat(101, func(int) any { return option("x") })})
	if got := <-done; got.Error != "No results" || len(got.Options) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestHomeIsPublishedPerPerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	publish := func(more object) object {
		arguments := object{"user_id": "U0ADA", "view": object{"type": "home", "blocks": []any{section("hi")}}}
		maps.Copy(arguments, more)
		return w.post(t, "views.publish", arguments)
	}
	first := publish(nil)
	if v, ok := w.As("ada").Home(); !ok || v.Type != "home" {
		t.Errorf("%v %v", v, first)
	}
	if _, ok := w.As("bob").Home(); ok {
		t.Error("bob has ada's home")
	}
	if got := publish(object{"hash": "stale"}); got["error"] != "hash_conflict" {
		t.Errorf("%v", got)
	}
	if got := publish(object{"hash": str(obj(first, "view"), "hash")}); str(obj(got, "view"), "id") != str(obj(first, "view"), "id") {
		t.Errorf("%v", got)
	}
	if got := publish(object{"view": modalView("M")}); got["error"] != "invalid_arguments" {
		t.Errorf("%v", got)
	}
	off := setup(t, func(c *Config) { c.App.HomeOff = true })
	if got := off.post(t, "views.publish", object{"user_id": "U0ADA"}); got["error"] != "not_enabled" {
		t.Errorf("%v", got)
	}
}

func TestModalIsOnOneScreenOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.modal(t, modalView("Form"))
	if _, err := w.As("bob").Submit(t.Context(), id, nil); err == nil {
		t.Error("bob submitted ada's modal")
	}
}
