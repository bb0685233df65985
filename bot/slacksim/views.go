package slacksim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// View is a modal on a person's screen, or their Home tab. It is a copy; treat
// the blocks as read-only.
type View struct {
	ID              string   `json:"id"`
	Type            string   `json:"type"` // "modal" or "home"
	User            string   `json:"user"` // who sees it
	Title           string   `json:"title,omitempty"`
	Submit          string   `json:"submit,omitempty"`
	Close           string   `json:"close,omitempty"`
	Blocks          []object `json:"blocks"`
	CallbackID      string   `json:"callback_id,omitempty"`
	ExternalID      string   `json:"external_id,omitempty"`
	PrivateMetadata string   `json:"private_metadata,omitempty"`
	Hash            string   `json:"hash"`
	RootID          string   `json:"root_view_id"`
	PreviousID      string   `json:"previous_view_id,omitempty"`
	NotifyOnClose   bool     `json:"notify_on_close,omitempty"`
	ClearOnClose    bool     `json:"clear_on_close,omitempty"`
	// Error is the line the person reads when the app did not respond, and
	// Errors the lines beside inputs, by block id.
	Error  string            `json:"error,omitempty"`
	Errors map[string]string `json:"errors,omitempty"`
}

// Ref points at the view.
func (v View) Ref() Ref { return Ref{View: v.ID} }

func (v View) copy() View {
	v.Errors = maps.Clone(v.Errors)
	return v
}

// openView is a view as the workspace keeps it.
type openView struct {
	View
	raw object // title, submit and close as given
}

const (
	maxStack = 3
	maxView  = 250 << 10
)

// View is the modal on top of the person's screen, if one is open.
func (u *User) View() (View, bool) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	p, err := u.w.person(u.who)
	if err != nil {
		return View{}, false
	}
	v := u.w.top(p.ID)
	if v == nil {
		return View{}, false
	}
	return v.copy(), true
}

// Home is the person's Home tab, if the app published one.
func (u *User) Home() (View, bool) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	p, err := u.w.person(u.who)
	if err != nil {
		return View{}, false
	}
	v, ok := u.w.views[u.w.homes[p.ID]]
	if !ok {
		return View{}, false
	}
	return v.copy(), true
}

// viewing is the person and a view on their screen: the modal on top, or the
// Home tab. It needs mu.
func (u *User) viewing(id string) (*Person, *openView, error) {
	p, err := u.present()
	if err != nil {
		return nil, nil, err
	}
	v, ok := u.w.views[id]
	if !ok || v.User != p.ID || v.Type == "modal" && u.w.top(p.ID) != v {
		return nil, nil, fmt.Errorf("view %s for %s: %w", id, p.Name, ErrNotSeen)
	}
	return p, v, nil
}

// top is the modal on top of somebody's stack, or nil. It needs mu.
func (w *Workspace) top(person string) *openView {
	stack := w.stacks[person]
	if len(stack) == 0 {
		return nil
	}
	return w.views[stack[len(stack)-1]]
}

// readView checks a view that the app sent. It needs mu.
func (w *Workspace) readView(given any, kinds ...string) (*openView, error) {
	if text, ok := given.(string); ok {
		var decoded any
		if json.Unmarshal([]byte(text), &decoded) != nil {
			return nil, refuse("invalid_arguments", "[ERROR] failed to parse view [json-pointer:/view]")
		}
		given = decoded
	}
	raw, ok := given.(object)
	if !ok {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: view")
	}
	if encoded, err := json.Marshal(raw); err != nil || len(encoded) > maxView {
		return nil, refuse("view_too_large")
	}
	raw = deepCopy(raw)
	blocks, problems := checkView(raw, kinds)
	if len(problems) > 0 {
		return nil, refuse("invalid_arguments", problems...)
	}
	w.nameBlocks(blocks)
	v := &openView{raw: raw, View: View{
		Type: str(raw, "type"), Blocks: blocks, CallbackID: str(raw, "callback_id"), ExternalID: str(raw, "external_id"),
		PrivateMetadata: str(raw, "private_metadata"), NotifyOnClose: boolean(raw, "notify_on_close"), ClearOnClose: boolean(raw, "clear_on_close"),
		Title: str(obj(raw, "title"), "text"), Submit: str(obj(raw, "submit"), "text"), Close: str(obj(raw, "close"), "text"),
	}}
	return v, nil
}

// nameBlocks gives ids to blocks and elements that the app left without. It
// needs mu.
func (w *Workspace) nameBlocks(blocks []object) {
	for _, b := range blocks {
		if str(b, "block_id") == "" {
			b["block_id"] = w.nextID("b")
		}
		for _, key := range []string{"accessory", "element"} {
			w.nameElement(obj(b, key))
		}
		if kind := str(b, "type"); kind == "actions" || kind == "context_actions" {
			for _, e := range objects(b["elements"]) {
				w.nameElement(e)
			}
		}
	}
}

func (w *Workspace) nameElement(e object) {
	if e != nil && str(e, "action_id") == "" && str(e, "type") != "image" {
		e["action_id"] = w.nextID("a")
	}
}

func (w *Workspace) viewJSON(v *openView) object {
	out := object{
		"id": v.ID, "team_id": w.cfg.Team.ID, "type": v.Type, "blocks": v.Blocks, "private_metadata": v.PrivateMetadata,
		"callback_id": v.CallbackID, "external_id": v.ExternalID, "hash": v.Hash, "clear_on_close": v.ClearOnClose,
		"notify_on_close": v.NotifyOnClose, "root_view_id": v.RootID, "previous_view_id": nullable(v.PreviousID),
		"app_id": w.cfg.App.ID, "bot_id": w.cfg.App.BotID, "app_installed_team_id": w.cfg.Team.ID,
		"state": object{"values": w.valuesOf(inputKey{v.User, v.ID}, v.Blocks)},
	}
	for _, key := range []string{"title", "submit", "close"} {
		out[key] = v.raw[key]
	}
	return out
}

// show puts a checked view on somebody's screen, above previous if given. It
// needs mu.
func (w *Workspace) show(v *openView, person string, previous *openView) {
	v.ID, v.User = w.nextID("V"), person
	v.Hash = w.newHash()
	v.RootID = v.ID
	if previous != nil {
		v.RootID, v.PreviousID = previous.RootID, previous.ID
	}
	w.views[v.ID] = v
	w.touch()
}

func (w *Workspace) newHash() string {
	w.serial++
	return fmt.Sprintf("%d.%s", w.cfg.Now().Unix(), randomHex(4))
}

// replace gives an open view new content. Input stays where block and action
// remain. It needs mu.
func (w *Workspace) replace(old, with *openView) {
	id, user, root, previous := old.ID, old.User, old.RootID, old.PreviousID
	*old = *with
	old.ID, old.User, old.RootID, old.PreviousID, old.Hash = id, user, root, previous, w.newHash()
	w.touch()
}

// push puts a modal on top of somebody's stack. It needs mu.
func (w *Workspace) push(v *openView, person string) error {
	stack := w.stacks[person]
	if len(stack) >= maxStack {
		return refuse("push_limit_reached")
	}
	w.show(v, person, w.top(person))
	w.stacks[person] = append(slices.Clone(stack), v.ID)
	return nil
}

// pop takes the modal on top away. It needs mu.
func (w *Workspace) pop(person string) {
	stack := w.stacks[person]
	if len(stack) == 0 {
		return
	}
	w.discard(stack[len(stack)-1])
	w.stacks[person] = slices.Clone(stack[:len(stack)-1])
	w.touch()
}

// clear takes all modals away. It needs mu.
func (w *Workspace) clear(person string) {
	for _, id := range w.stacks[person] {
		w.discard(id)
	}
	delete(w.stacks, person)
	w.touch()
}

func (w *Workspace) discard(id string) {
	if v, ok := w.views[id]; ok {
		delete(w.inputs, inputKey{v.User, id})
		delete(w.views, id)
	}
}

// uniqueExternalID refuses an external id that another view has. It needs mu.
func (w *Workspace) uniqueExternalID(id string, except *openView) error {
	for _, v := range w.views {
		if id != "" && v.ExternalID == id && v != except {
			return refuse("duplicate_external_id")
		}
	}
	return nil
}

func viewsOpen(w *Workspace, c *call) (object, error) {
	return w.openModal(c, func(t *trigger) error {
		w.clear(t.person) // what was open is covered by the new modal
		return nil
	})
}

func viewsPush(w *Workspace, c *call) (object, error) {
	return w.openModal(c, func(t *trigger) error {
		switch {
		case w.views[t.view] == nil || w.top(t.person) == nil:
			return refuse("not_found")
		case len(w.stacks[t.person]) >= maxStack:
			return refuse("push_limit_reached")
		}
		return nil
	})
}

// openModal exchanges the trigger and shows the view, after prepare.
func (w *Workspace) openModal(c *call, prepare func(*trigger) error) (object, error) {
	id := c.args.str("trigger_id")
	if id == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: trigger_id")
	}
	v, err := w.readView(c.args["view"], "modal")
	if err != nil {
		return nil, err
	}
	if err := w.uniqueExternalID(v.ExternalID, nil); err != nil {
		return nil, err
	}
	t, err := w.exchange(id)
	if err != nil {
		return nil, err
	}
	if err := prepare(t); err != nil {
		return nil, err
	}
	if err := w.push(v, t.person); err != nil {
		return nil, err
	}
	return object{"view": w.viewJSON(v)}, nil
}

func viewsUpdate(w *Workspace, c *call) (object, error) {
	var old *openView
	external := c.args.str("external_id")
	for _, v := range w.views {
		if v.ID == c.args.str("view_id") || external != "" && v.ExternalID == external {
			old = v
		}
	}
	if old == nil {
		return nil, refuse("not_found")
	}
	v, err := w.readView(c.args["view"], old.Type)
	if err != nil {
		return nil, err
	}
	if hash := c.args.str("hash"); hash != "" && hash != old.Hash {
		return nil, refuse("hash_conflict")
	}
	if err := w.uniqueExternalID(v.ExternalID, old); err != nil {
		return nil, err
	}
	w.replace(old, v)
	return object{"view": w.viewJSON(old)}, nil
}

func viewsPublish(w *Workspace, c *call) (object, error) {
	if w.cfg.App.HomeOff {
		return nil, refuse("not_enabled")
	}
	p, ok := w.people[c.args.str("user_id")]
	if !ok || p.Deactivated {
		return nil, refuse("invalid_arguments", "[ERROR] user_id is not a valid user [json-pointer:/user_id]")
	}
	v, err := w.readView(c.args["view"], "home")
	if err != nil {
		return nil, err
	}
	old := w.views[w.homes[p.ID]]
	if hash := c.args.str("hash"); hash != "" && (old == nil || hash != old.Hash) {
		return nil, refuse("hash_conflict")
	}
	if err := w.uniqueExternalID(v.ExternalID, old); err != nil {
		return nil, err
	}
	if old != nil {
		w.replace(old, v)
		return object{"view": w.viewJSON(old)}, nil
	}
	w.show(v, p.ID, nil)
	w.homes[p.ID] = v.ID
	return object{"view": w.viewJSON(v)}, nil
}
