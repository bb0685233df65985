package slacksim

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"
)

// Values is what a person fills into a modal: block id, then action id, then
// the value. A block id of "" means whichever block has that action. A value
// is a string (text, the value or text of an option, a person, a channel, a
// date), or a list of strings where several can be chosen.
type Values map[string]map[string]any

// ViewResult is what came of submitting or closing a modal.
type ViewResult struct {
	Reply
	// Action is the response_action of the ack: errors, update, push, clear,
	// or "" when the modal closed.
	Action string `json:"action,omitempty"`
	// Errors are shown beside the inputs, by block id.
	Errors map[string]string `json:"errors,omitempty"`
	// View is the modal that is on top afterwards, nil if none is.
	View *View `json:"view,omitempty"`
}

const noResponse = "We had some trouble connecting. Try again?"

// Submit fills in and submits a modal. What Slack's own form refuses, such as
// an empty required input, is shown as Errors and never reaches the app.
func (u *User) Submit(ctx context.Context, viewID string, values Values) (ViewResult, error) {
	var result ViewResult
	d, sent, err := u.submit(viewID, values, &result)
	if err != nil {
		return ViewResult{}, err
	}
	if sent {
		if err := u.w.settle(ctx, d, &result.Reply); err != nil {
			return ViewResult{}, err
		}
	}
	u.w.concludeView(viewID, &result)
	if v, ok := u.View(); ok {
		result.View = &v
	}
	return result, nil
}

// concludeView puts the error line into the modal if the app failed.
func (w *Workspace) concludeView(id string, result *ViewResult) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if result.Failure == "" {
		return
	}
	result.Error = noResponse
	if v, ok := w.views[id]; ok {
		v.Error = noResponse
		w.touch()
	}
}

func (u *User) submit(viewID string, values Values, result *ViewResult) (d *delivery, sent bool, err error) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	on, err := u.surface(Ref{View: viewID})
	if err != nil {
		return nil, false, err
	}
	if on.view.Submit == "" || on.view.Type != "modal" {
		return nil, false, fmt.Errorf("view %s cannot be submitted: %w", viewID, ErrNoElement)
	}
	if err := w.fill(on, values); err != nil {
		return nil, false, err
	}
	state := w.valuesOf(on.key, on.blocks)
	on.view.Error, on.view.Errors = "", formErrors(on.blocks, state)
	w.touch()
	if len(on.view.Errors) > 0 {
		result.Action, result.Errors = "errors", maps.Clone(on.view.Errors)
		return nil, false, nil
	}
	payload := w.interaction("view_submission", on, &result.Reply)
	delete(payload, "container")
	payload["response_urls"] = []object{}
	return w.dispatch(envelope{Type: "interactive", Accepts: true, Payload: payload}, func(raw []byte) {
		result.Payload = string(raw)
		if err := w.submitted(on, raw, result); err != nil {
			result.Failure = FailedResponse
			w.problem("ack_unusable", "view_submission: "+explained(err).Error())
		}
	}), true, nil
}

// fill puts values into a modal. It needs mu.
func (w *Workspace) fill(on surface, values Values) error {
	for block, actions := range values {
		for action, value := range actions {
			what := action
			if block != "" {
				what = block + "/" + action
			}
			p, err := findElement(on.blocks, what, isNoButton)
			if err != nil {
				return err
			}
			entry, err := w.entryFor(on.person.ID, p.element, value)
			if err != nil {
				return err
			}
			w.remember(on.key, p, entry)
		}
	}
	return nil
}

// formErrors is what Slack's form itself objects to.
func formErrors(blocks []object, state map[string]map[string]object) map[string]string {
	found := map[string]string{}
	for _, b := range blocks {
		e := obj(b, "element")
		if str(b, "type") != "input" || e == nil {
			continue
		}
		id := str(b, "block_id")
		value := state[id][str(e, "action_id")][valueField[str(e, "type")]]
		if !filled(value) {
			if !boolean(b, "optional") {
				found[id] = "Please complete this required field."
			}
			continue
		}
		text, isText := value.(string)
		if !isText || str(e, "type") != "plain_text_input" {
			continue
		}
		length := utf8.RuneCountInString(text)
		if most, ok := e["max_length"].(float64); ok && length > int(most) {
			found[id] = fmt.Sprintf("Please enter at most %d characters.", int(most))
		}
		if least, ok := e["min_length"].(float64); ok && length < int(least) {
			found[id] = fmt.Sprintf("Please enter at least %d characters.", int(least))
		}
	}
	return found
}

func filled(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return strings.TrimSpace(v) != ""
	case []any:
		return len(v) > 0
	case object:
		return len(v) > 0
	}
	return true
}

// submitted does what the ack of a submission asks for. It needs mu.
func (w *Workspace) submitted(on surface, raw []byte, result *ViewResult) error {
	var ack struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   any               `json:"view"`
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &ack); err != nil {
			return refuse("invalid_payload")
		}
	}
	person := on.person.ID
	result.Action = ack.Action
	switch ack.Action {
	case "":
		if on.view.ClearOnClose {
			w.clear(person)
		} else {
			w.pop(person)
		}
	case "clear":
		w.clear(person)
	case "errors":
		if err := inputErrors(on.blocks, ack.Errors); err != nil {
			return err
		}
		on.view.Errors, result.Errors = maps.Clone(ack.Errors), maps.Clone(ack.Errors)
	case "update", "push":
		v, err := w.readView(ack.View, "modal")
		if err != nil {
			return err
		}
		if ack.Action == "push" {
			return w.push(v, person)
		}
		if err := w.uniqueExternalID(v.ExternalID, on.view); err != nil {
			return err
		}
		w.replace(on.view, v)
	default:
		return fmt.Errorf("response_action %q", ack.Action)
	}
	return nil
}

// inputErrors checks that every error belongs to an input block.
func inputErrors(blocks []object, problems map[string]string) error {
	if len(problems) == 0 {
		return refuse("invalid_arguments", "errors must not be empty")
	}
	inputs := map[string]bool{}
	for _, b := range blocks {
		if str(b, "type") == "input" {
			inputs[str(b, "block_id")] = true
		}
	}
	for id := range problems {
		if !inputs[id] {
			return refuse("invalid_arguments", "no input block has block_id "+id)
		}
	}
	return nil
}

// CloseView closes the modal on top with its cancel button and, if the app
// asked for it, delivers view_closed. The modal below shows again, unless the
// view has clear_on_close.
func (u *User) CloseView(ctx context.Context, viewID string) (ViewResult, error) {
	return u.closing(ctx, viewID, false)
}

// CloseAll closes the whole stack with the cross in the corner and delivers
// view_closed, with is_cleared, for every view that asked for it.
func (u *User) CloseAll(ctx context.Context, viewID string) (ViewResult, error) {
	return u.closing(ctx, viewID, true)
}

func (u *User) closing(ctx context.Context, viewID string, all bool) (ViewResult, error) {
	var result ViewResult
	told, err := u.leave(viewID, all, &result)
	if err != nil {
		return ViewResult{}, err
	}
	result.Acked = true
	for _, d := range told {
		failure, err := u.w.await(ctx, d)
		if err != nil {
			return ViewResult{}, err
		}
		if failure != "" {
			result.Acked, result.Failure = false, failure // the person sees nothing of it
		}
	}
	if v, ok := u.View(); ok {
		result.View = &v
	}
	return result, nil
}

// leave takes modals off the screen and begins the deliveries that tell of it.
func (u *User) leave(viewID string, all bool, result *ViewResult) ([]*delivery, error) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	on, err := u.surface(Ref{View: viewID})
	if err != nil {
		return nil, err
	}
	all = all || on.view.ClearOnClose
	closing := []string{viewID}
	if all {
		closing = w.stacks[on.person.ID]
	}
	var told []*delivery
	for _, id := range closing {
		on.view = w.views[id]
		if !on.view.NotifyOnClose {
			continue
		}
		payload := w.interaction("view_closed", on, &result.Reply)
		delete(payload, "container")
		delete(payload, "trigger_id")
		result.TriggerID = ""
		payload["is_cleared"] = all
		told = append(told, w.dispatch(envelope{Type: "interactive", Accepts: true, Payload: payload}, nil))
	}
	if all {
		w.clear(on.person.ID)
	} else {
		w.pop(on.person.ID)
	}
	return told, nil
}
