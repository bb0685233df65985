package slacksim

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// surface is what a person touches: a message or an open view.
type surface struct {
	person  *Person
	key     inputKey
	blocks  []object
	message *Message // as the person sees it
	stored  *Message // as the workspace has it, nil once deleted
	view    *openView
}

// surface finds what ref points at on the person's screen. It needs mu.
func (u *User) surface(ref Ref) (surface, error) {
	if ref.View != "" {
		p, v, err := u.viewing(ref.View)
		if err != nil {
			return surface{}, err
		}
		return surface{person: p, key: inputKey{p.ID, v.ID}, blocks: v.Blocks, view: v}, nil
	}
	p, m, err := u.on(ref)
	if err != nil {
		return surface{}, err
	}
	return messageSurface(p, m, m), nil
}

func messageSurface(p *Person, seen, stored *Message) surface {
	return surface{person: p, key: inputKey{p.ID, seen.Channel + " " + seen.TS}, blocks: blocksOf(seen), message: seen, stored: stored}
}

// Press presses a button in a message or view: by action id, by
// "block_id/action_id", by its text, or by its number as Render counts.
func (u *User) Press(ctx context.Context, ref Ref, button string) (Reply, error) {
	var reply Reply
	u.w.mu.Lock()
	on, err := u.surface(ref)
	if err != nil {
		u.w.mu.Unlock()
		return Reply{}, err
	}
	d, err := u.w.press(on, button, &reply)
	u.w.mu.Unlock()
	return u.finish(ctx, d, &reply, err)
}

// PressSeen presses a button in a message as it was when m was read, though it
// may have been changed or deleted since: a person whose screen lags behind.
func (u *User) PressSeen(ctx context.Context, m Message, button string) (Reply, error) {
	var reply Reply
	u.w.mu.Lock()
	p, err := u.present()
	if err != nil {
		u.w.mu.Unlock()
		return Reply{}, err
	}
	_, stored, _ := u.on(m.Ref()) // gone is fine
	d, err := u.w.press(messageSurface(p, &m, stored), button, &reply)
	u.w.mu.Unlock()
	return u.finish(ctx, d, &reply, err)
}

// Select puts a value into an element of a message or view, and tells the app
// where Slack does so at once. The value is what Submit takes.
func (u *User) Select(ctx context.Context, ref Ref, element string, value any) (Reply, error) {
	var reply Reply
	d, told, err := u.choose(ref, element, value, &reply)
	if err != nil || !told {
		return Reply{}, err
	}
	return u.finish(ctx, d, &reply, nil)
}

func (u *User) choose(ref Ref, element string, value any, reply *Reply) (d *delivery, told bool, err error) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	on, err := u.surface(ref)
	if err != nil {
		return nil, false, err
	}
	p, err := findElement(on.blocks, element, isNoButton)
	if err != nil {
		return nil, false, err
	}
	var entry object
	if str(p.element, "type") == "overflow" {
		var option any
		option, err = w.choose(on.person.ID, p.element, "selected_option", value)
		entry = object{"type": "overflow", "selected_option": option}
	} else if entry, err = w.entryFor(on.person.ID, p.element, value); err == nil {
		w.remember(on.key, p, entry)
	}
	if err != nil || !dispatches(p) {
		return nil, false, err
	}
	return w.act(on, p, entry, reply), true, nil
}

// finish waits for the ack of a gesture.
func (u *User) finish(ctx context.Context, d *delivery, reply *Reply, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	if err := u.w.settle(ctx, d, reply); err != nil {
		return Reply{}, err
	}
	if reply.Failure != "" {
		reply.Error = fmt.Sprintf("the app did not respond (%s)", reply.Failure)
	}
	return *reply, nil
}

func (w *Workspace) press(on surface, button string, reply *Reply) (*delivery, error) {
	p, err := findElement(on.blocks, button, isButton)
	if err != nil {
		return nil, err
	}
	entry := object{"type": "button", "text": p.element["text"]}
	for _, key := range []string{"value", "url", "style"} {
		if v, ok := p.element[key]; ok {
			entry[key] = v
		}
	}
	return w.act(on, p, entry, reply), nil
}

// act delivers block_actions. It needs mu.
func (w *Workspace) act(on surface, p placed, entry object, reply *Reply) *delivery {
	action := maps.Clone(entry)
	action["block_id"], action["action_id"], action["action_ts"] = p.block["block_id"], p.element["action_id"], w.nextTS()
	payload := w.interaction("block_actions", on, reply)
	payload["actions"] = []object{action}
	payload["state"] = object{"values": w.valuesOf(on.key, on.blocks)}
	return w.dispatch(envelope{Type: "interactive", Accepts: true, Payload: payload}, func(raw []byte) {
		reply.Payload = string(raw)
		if len(raw) > 0 && string(raw) != "{}" {
			w.problem("ack_payload_ignored", "block_actions: "+string(raw))
		}
	})
}

// interaction is what every interactive payload has in common, with the
// surface it happened on; the trigger and response URL go into reply. It needs mu.
func (w *Workspace) interaction(kind string, on surface, reply *Reply) object {
	payload := object{
		"type": kind, "api_app_id": w.cfg.App.ID, "token": "legacy", "is_enterprise_install": false, "enterprise": nil,
		"user": object{"id": on.person.ID, "username": on.person.Name, "name": on.person.Name, "team_id": on.person.TeamID},
		"team": object{"id": w.cfg.Team.ID, "domain": w.cfg.Team.Domain},
	}
	if w.cfg.Team.EnterpriseID != "" {
		payload["enterprise"] = object{"id": w.cfg.Team.EnterpriseID, "name": w.cfg.Team.EnterpriseName}
	}
	if on.view != nil {
		reply.TriggerID = w.newTrigger(on.person.ID, on.view.ID)
		payload["container"] = object{"type": "view", "view_id": on.view.ID}
		payload["view"] = w.viewJSON(on.view)
	} else {
		reply.TriggerID = w.newTrigger(on.person.ID, "")
		w.messageContext(payload, on, reply)
	}
	payload["trigger_id"] = reply.TriggerID
	return payload
}

func (w *Workspace) messageContext(payload object, on surface, reply *Reply) {
	m := on.message
	c := w.channels[m.Channel]
	container := object{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.OnlyFor != ""}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	payload["container"] = container
	payload["channel"] = object{"id": c.ID, "name": c.payloadName()}
	if m.OnlyFor == "" {
		payload["message"] = w.messageJSON(m, true)
	}
	response := w.newResponseURL(on.person.ID, c, on.stored)
	reply.ResponseURL = w.base + "/response/" + response.key
	payload["response_url"] = reply.ResponseURL
}

// Shortcut uses one of the app's global shortcuts.
func (u *User) Shortcut(ctx context.Context, callbackID string) (Reply, error) {
	var reply Reply
	u.w.mu.Lock()
	p, err := u.present()
	if err != nil {
		u.w.mu.Unlock()
		return Reply{}, err
	}
	d := u.w.shortcut(p, callbackID, &reply)
	u.w.mu.Unlock()
	return u.finish(ctx, d, &reply, nil)
}

func (w *Workspace) shortcut(p *Person, callbackID string, reply *Reply) *delivery {
	reply.TriggerID = w.newTrigger(p.ID, "")
	return w.dispatch(envelope{Type: "interactive", Accepts: true, Payload: object{
		"type": "shortcut", "callback_id": callbackID, "trigger_id": reply.TriggerID, "action_ts": w.nextTS(), "token": "legacy",
		"user": object{"id": p.ID, "username": p.Name, "team_id": p.TeamID}, "enterprise": nil, "is_enterprise_install": false,
		"team": object{"id": w.cfg.Team.ID, "domain": w.cfg.Team.Domain},
	}}, func(raw []byte) { reply.Payload = string(raw) })
}

// MessageShortcut uses one of the app's shortcuts in a message's menu.
func (u *User) MessageShortcut(ctx context.Context, ref Ref, callbackID string) (Reply, error) {
	var reply Reply
	d, err := u.messageShortcut(ref, callbackID, &reply)
	return u.finish(ctx, d, &reply, err)
}

func (u *User) messageShortcut(ref Ref, callbackID string, reply *Reply) (*delivery, error) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	on, err := u.surface(Ref{Channel: ref.Channel, TS: ref.TS})
	if err != nil {
		return nil, err
	}
	payload := w.interaction("message_action", on, reply)
	delete(payload, "container")
	payload["callback_id"], payload["message_ts"], payload["action_ts"] = callbackID, on.message.TS, w.nextTS()
	return w.dispatch(envelope{Type: "interactive", Accepts: true, Payload: payload}, func(raw []byte) { reply.Payload = string(raw) }), nil
}

// Suggestions is what an external select offers for what a person typed.
type Suggestions struct {
	Reply
	Options []Option `json:"options"`
}

// Option is one choice of a select menu.
type Option struct {
	Text        string `json:"text"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	Group       string `json:"group,omitempty"`
}

// defaultMinQuery is min_query_length where an external select names none.
const defaultMinQuery = 3

// Suggest types into an external select and returns what the app offers. With
// fewer characters than min_query_length nothing is sent.
func (u *User) Suggest(ctx context.Context, ref Ref, element, query string) (Suggestions, error) {
	var s Suggestions
	d, sent, err := u.suggest(ref, element, query, &s)
	if err != nil || !sent {
		return Suggestions{}, err
	}
	if err := u.w.settle(ctx, d, &s.Reply); err != nil {
		return Suggestions{}, err
	}
	if s.Failure != "" {
		s.Error = "No results"
	}
	return s, nil
}

func (u *User) suggest(ref Ref, element, query string, s *Suggestions) (d *delivery, sent bool, err error) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	on, err := u.surface(ref)
	if err != nil {
		return nil, false, err
	}
	p, err := findElement(on.blocks, element, func(e object) bool {
		return slices.Contains([]string{"external_select", "multi_external_select"}, str(e, "type"))
	})
	if err != nil {
		return nil, false, err
	}
	shortest := defaultMinQuery
	if n, ok := p.element["min_query_length"].(float64); ok {
		shortest = int(n)
	}
	if len([]rune(query)) < shortest {
		return nil, false, nil
	}
	payload := w.interaction("block_suggestion", on, &s.Reply)
	delete(payload, "trigger_id")
	delete(payload, "response_url")
	s.TriggerID, s.ResponseURL = "", ""
	payload["action_id"], payload["block_id"], payload["value"] = p.element["action_id"], p.block["block_id"], query
	key := on.person.ID + " " + str(p.element, "action_id")
	return w.dispatch(envelope{Type: "interactive", Accepts: true, Payload: payload}, func(raw []byte) {
		s.Payload = string(raw)
		options, err := readSuggestions(raw)
		if err != nil {
			s.Failure = FailedResponse
			w.problem("ack_unusable", "block_suggestion: "+err.Error())
			return
		}
		s.Options = w.offer(key, options)
	}), true, nil
}

// offer notes the options shown, so that the person can pick one. It needs mu.
func (w *Workspace) offer(key string, groups []object) []Option {
	var shown []Option
	w.suggested[key] = map[string]object{}
	for _, g := range groups {
		for _, o := range objects(g["options"]) {
			w.suggested[key][str(o, "value")] = o
			shown = append(shown, Option{
				Text: str(obj(o, "text"), "text"), Value: str(o, "value"),
				Description: str(obj(o, "description"), "text"), Group: str(obj(g, "label"), "text"),
			})
		}
	}
	return shown
}
