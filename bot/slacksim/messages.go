package slacksim

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Message is something said in a conversation. It is a copy: the workspace
// changes its own, never this one; treat the blocks as read-only.
type Message struct {
	Channel     string          `json:"channel"`
	TS          string          `json:"ts"`
	ThreadTS    string          `json:"thread_ts,omitempty"`
	User        string          `json:"user"`             // who wrote it
	BotID       string          `json:"bot_id,omitempty"` // set when the bot did
	Text        string          `json:"text"`
	Blocks      []object        `json:"blocks,omitempty"`
	Attachments []object        `json:"attachments,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	OnlyFor     string          `json:"only_for,omitempty"` // the one person who sees an ephemeral message
	Edited      string          `json:"edited,omitempty"`   // when it was last updated
	Reactions   []Reaction      `json:"reactions,omitempty"`
	Broadcast   bool            `json:"broadcast,omitempty"` // a reply that is shown in the channel as well
}

// Reaction is an emoji under a message and who put it there.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
}

// Ref points at something on a person's screen: a message or a view.
type Ref struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	View    string `json:"view,omitempty"`
}

// Ref points at the message.
func (m Message) Ref() Ref { return Ref{Channel: m.Channel, TS: m.TS} }

func (m Message) copy() Message {
	m.Reactions = slices.Clone(m.Reactions)
	return m
}

// Messages lists what everybody in a conversation sees, thread replies
// included, oldest first. An unknown conversation has none.
func (w *Workspace) Messages(name string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.channel(name)
	if err != nil {
		return nil
	}
	return copies(c.messages)
}

func copies(list []*Message) []Message {
	out := make([]Message, 0, len(list))
	for _, m := range list {
		out = append(out, m.copy())
	}
	return out
}

func (c *channel) message(ts string) *Message {
	for _, m := range slices.Backward(c.messages) {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// add puts a message into its conversation and tells the app, if the bot is
// there. It needs mu.
func (w *Workspace) add(c *channel, m *Message) {
	m.Channel, m.TS = c.ID, w.nextTS()
	c.messages = append(c.messages, m)
	if c.has(w.cfg.App.BotUser) {
		w.emit(w.messageEvent(c, m))
	}
	w.touch()
}

func (w *Workspace) messageEvent(c *channel, m *Message) object {
	event := w.messageJSON(m, true)
	event["channel"], event["channel_type"], event["event_ts"] = c.ID, c.kind(), m.TS
	return event
}

// messageJSON is a message as the API shows it. It needs mu.
func (w *Workspace) messageJSON(m *Message, withMetadata bool) object {
	out := object{"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "team": w.teamOf(m.User)}
	if m.BotID != "" {
		out["bot_id"], out["app_id"] = m.BotID, w.cfg.App.ID
		out["bot_profile"] = object{
			"id": m.BotID, "app_id": w.cfg.App.ID, "user_id": m.User, "name": w.cfg.App.Name,
			"team_id": w.cfg.Team.ID, "deleted": false, "updated": 1, "icons": object{},
		}
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if len(m.Attachments) > 0 {
		out["attachments"] = m.Attachments
	}
	if withMetadata && len(m.Metadata) > 0 {
		out["metadata"] = m.Metadata
	}
	if m.Edited != "" {
		out["edited"] = object{"user": m.User, "ts": m.Edited}
	}
	if len(m.Reactions) > 0 {
		reactions := make([]object, 0, len(m.Reactions))
		for _, r := range m.Reactions {
			reactions = append(reactions, object{"name": r.Name, "users": slices.Clone(r.Users), "count": len(r.Users)})
		}
		out["reactions"] = reactions
	}
	w.threadFields(out, m)
	return out
}

func (w *Workspace) threadFields(out object, m *Message) {
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	c := w.channels[m.Channel]
	if c == nil || m.OnlyFor != "" || (m.ThreadTS != "" && m.ThreadTS != m.TS) {
		return
	}
	var replies []string
	for _, reply := range c.messages {
		if reply.ThreadTS == m.TS && reply.TS != m.TS {
			replies = append(replies, reply.TS)
		}
	}
	if len(replies) > 0 {
		out["thread_ts"], out["reply_count"], out["latest_reply"] = m.TS, len(replies), replies[len(replies)-1]
	}
}

func (w *Workspace) teamOf(id string) string {
	if p, ok := w.people[id]; ok {
		return p.TeamID
	}
	return w.cfg.Team.ID
}

// history is the messages of a conversation within oldest and latest, oldest
// first, of those that keep lets through.
func history(c *channel, a args, keep func(*Message) bool) ([]*Message, error) {
	oldest, latest := int64(0), int64(1)<<62
	for key, into := range map[string]*int64{"oldest": &oldest, "latest": &latest} {
		if s := a.str(key); s != "" && s != "0" && s != "now" {
			micros, ok := parseTS(s)
			if !ok {
				return nil, refuse("invalid_ts_" + key)
			}
			*into = micros
		}
	}
	inclusive := a.flag("inclusive")
	var found []*Message
	for _, m := range c.messages {
		ts, _ := parseTS(m.TS)
		inside := ts > oldest && ts < latest || inclusive && (ts == oldest || ts == latest)
		if inside && keep(m) {
			found = append(found, m)
		}
	}
	return found, nil
}

func conversationsHistory(w *Workspace, c *call) (object, error) {
	ch, err := w.readable(c)
	if err != nil {
		return nil, err
	}
	found, err := history(ch, c.args, func(m *Message) bool {
		return m.ThreadTS == "" || m.ThreadTS == m.TS || m.Broadcast
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(found)
	return w.messagePage(found, c)
}

func conversationsReplies(w *Workspace, c *call) (object, error) {
	ch, err := w.readable(c)
	if err != nil {
		return nil, err
	}
	root := ch.message(c.args.str("ts"))
	if root == nil {
		return nil, refuse("thread_not_found")
	}
	thread := cmp.Or(root.ThreadTS, root.TS)
	found, err := history(ch, c.args, func(m *Message) bool { return m.TS == thread || m.ThreadTS == thread })
	if err != nil {
		return nil, err
	}
	return w.messagePage(found, c)
}

// readable is the conversation whose messages a call wants to read.
func (w *Workspace) readable(c *call) (*channel, error) {
	ch, err := w.seen(c, "history")
	if err != nil {
		return nil, err
	}
	if !ch.has(w.cfg.App.BotUser) {
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

func (w *Workspace) messagePage(found []*Message, c *call) (object, error) {
	page, next, err := paged(found, c.args, 100)
	if err != nil {
		return nil, err
	}
	messages := make([]object, 0, len(page))
	for _, m := range page {
		messages = append(messages, w.messageJSON(m, c.args.flag("include_all_metadata")))
	}
	out := object{"messages": messages, "has_more": next != "", "pin_count": 0}
	if next != "" {
		out["response_metadata"] = object{"next_cursor": next}
	}
	return out, nil
}

func reactionsAdd(w *Workspace, c *call) (object, error) {
	ch, ok := w.channels[c.args.str("channel")]
	if !ok {
		return nil, refuse("channel_not_found")
	}
	ts, name := c.args.str("timestamp"), strings.Trim(c.args.str("name"), ":")
	if _, ok := parseTS(ts); !ok {
		return nil, refuse("bad_timestamp")
	}
	if name == "" || strings.ContainsAny(name, " \t:") {
		return nil, refuse("invalid_name")
	}
	if ch.Archived {
		return nil, refuse("is_archived")
	}
	m := ch.message(ts)
	if m == nil {
		return nil, refuse("message_not_found")
	}
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	if i < 0 {
		m.Reactions = append(m.Reactions, Reaction{Name: name})
		i = len(m.Reactions) - 1
	}
	if slices.Contains(m.Reactions[i].Users, w.cfg.App.BotUser) {
		return nil, refuse("already_reacted")
	}
	m.Reactions[i].Users = append(slices.Clone(m.Reactions[i].Users), w.cfg.App.BotUser)
	w.touch()
	return object{}, nil
}
