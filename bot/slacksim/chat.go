package slacksim

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// content is the part of a message that its author supplies.
type content struct {
	text           string
	hasText        bool
	blocks         []object
	hasBlocks      bool
	attachments    []object
	hasAttachments bool
	metadata       json.RawMessage
	hasMetadata    bool
}

// Lengths beyond which Slack cuts or refuses text.
const (
	cutAt        = 40_000
	updateLimit  = 4_000
	markdownMax  = 12_000
	metadataMax  = 16 << 10
	maxInMessage = 50
)

// readContent checks what a message is to consist of. It needs mu.
func (w *Workspace) readContent(a args) (content, error) {
	c := content{text: a.str("text"), hasText: a.has("text")}
	var err error
	if c.blocks, c.hasBlocks, err = readBlocks(a, "blocks"); err != nil {
		return c, err
	}
	if markdown := a.str("markdown_text"); markdown != "" {
		if c.text != "" || len(c.blocks) > 0 {
			return c, refuse("markdown_text_conflict")
		}
		if utf8.RuneCountInString(markdown) > markdownMax {
			return c, refuse("msg_too_long")
		}
		c.text, c.hasText = markdown, true
	}
	if c.blocks, err = w.checkMessageBlocks(c.blocks); err != nil {
		return c, err
	}
	if c.attachments, c.hasAttachments, err = readBlocks(a, "attachments"); err != nil {
		return c, refuse("invalid_attachments")
	}
	if len(c.attachments) > 100 {
		return c, refuse("too_many_attachments")
	}
	for _, attachment := range c.attachments {
		nested, err := w.checkMessageBlocks(objects(attachment["blocks"]))
		if err != nil {
			return c, err
		}
		if len(nested) > 0 {
			attachment["blocks"] = nested
		}
	}
	c.metadata, c.hasMetadata, err = readMetadata(a)
	return c, err
}

func (c content) empty() bool {
	return strings.TrimSpace(c.text) == "" && len(c.blocks) == 0 && len(c.attachments) == 0
}

// readBlocks reads a list of JSON objects from an argument.
func readBlocks(a args, key string) (list []object, present bool, err error) {
	if !a.has(key) || a[key] == "" {
		return nil, false, nil
	}
	if err := a.decode(key, &list); err != nil {
		return nil, true, refuse("invalid_blocks_format")
	}
	return list, true, nil
}

func readMetadata(a args) (metadata json.RawMessage, present bool, err error) {
	if !a.has("metadata") || a["metadata"] == "" {
		return nil, false, nil
	}
	var m struct {
		Type    string          `json:"event_type"`
		Payload json.RawMessage `json:"event_payload"`
	}
	var raw json.RawMessage
	if a.decode("metadata", &raw) != nil || json.Unmarshal(raw, &m) != nil {
		return nil, true, refuse("invalid_metadata_format")
	}
	if string(raw) == "{}" {
		return nil, true, nil
	}
	if m.Type == "" || !strings.HasPrefix(string(m.Payload), "{") {
		return nil, true, refuse("invalid_metadata_schema")
	}
	if len(raw) > metadataMax {
		return nil, true, refuse("metadata_too_large")
	}
	return raw, true, nil
}

// destination is where the bot may post for the channel argument, which can be
// a person: their direct message is then opened. It needs mu.
func (w *Workspace) destination(c *call) (*channel, error) {
	id := c.args.str("channel")
	ch, err := w.channel(id)
	if p, ok := w.people[id]; ok && err != nil {
		if w.reachable(id) != nil {
			return nil, refuse("channel_not_found")
		}
		ch, err = w.dm(p), nil
	}
	if err != nil {
		return nil, refuse("channel_not_found")
	}
	in := ch.has(w.cfg.App.BotUser)
	switch {
	case !in && (ch.Private || ch.direct()):
		return nil, refuse("channel_not_found")
	case ch.Archived || ch.with != "" && w.people[ch.with].Deactivated:
		return nil, refuse("is_archived")
	case ch.with != "" && w.cfg.App.MessagesOff:
		return nil, refuse("messages_tab_disabled")
	case !in && !c.granted("chat:write.public"):
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

func chatPostMessage(w *Workspace, c *call) (object, error) {
	ch, err := w.destination(c)
	if err != nil {
		return nil, err
	}
	said, err := w.readContent(c.args)
	if err != nil {
		return nil, err
	}
	if said.empty() {
		return nil, refuse("no_text")
	}
	m := w.botMessage(said)
	if thread := c.args.str("thread_ts"); thread != "" {
		root := ch.message(thread)
		if root == nil {
			return nil, refuse("thread_not_found")
		}
		m.ThreadTS, m.Broadcast = thread, c.args.flag("reply_broadcast")
		if root.ThreadTS != "" {
			m.ThreadTS = root.ThreadTS
		}
	}
	w.add(ch, m)
	w.clearStatus(ch.ID, m.ThreadTS)
	return object{"channel": ch.ID, "ts": m.TS, "message": w.messageJSON(m, false)}, nil
}

func (w *Workspace) botMessage(said content) *Message {
	text := said.text
	if utf8.RuneCountInString(text) > cutAt {
		text = string([]rune(text)[:cutAt])
	}
	return &Message{
		User: w.cfg.App.BotUser, BotID: w.cfg.App.BotID, Text: text,
		Blocks: said.blocks, Attachments: said.attachments, Metadata: said.metadata,
	}
}

func chatUpdate(w *Workspace, c *call) (object, error) {
	ch, m, err := w.own(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	said, err := w.readContent(c.args)
	switch {
	case err != nil:
		return nil, err
	case !said.hasText && !said.hasBlocks && !said.hasAttachments && !said.hasMetadata:
		return nil, refuse("no_text")
	case utf8.RuneCountInString(said.text) > updateLimit:
		return nil, refuse("msg_too_long")
	}
	before := w.messageJSON(m, true)
	m.revise(said)
	m.Edited = w.nextTS()
	if ch.has(w.cfg.App.BotUser) {
		w.emit(object{
			"type": "message", "subtype": "message_changed", "channel": ch.ID, "channel_type": ch.kind(), "hidden": true,
			"message": w.messageJSON(m, true), "previous_message": before, "ts": m.Edited, "event_ts": m.Edited,
		})
	}
	w.touch()
	return object{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": w.messageJSON(m, false)}, nil
}

// revise changes what the update names. Blocks go when only text is given.
func (m *Message) revise(said content) {
	if said.hasText || said.hasBlocks {
		m.Blocks = said.blocks
	}
	if said.hasText {
		m.Text = said.text
	}
	if said.hasAttachments {
		m.Attachments = said.attachments
	}
	if said.hasMetadata {
		m.Metadata = said.metadata
	}
}

func chatDelete(w *Workspace, c *call) (object, error) {
	ch, m, err := w.own(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	w.remove(ch, m)
	return object{"channel": ch.ID, "ts": m.TS}, nil
}

func (w *Workspace) remove(ch *channel, m *Message) {
	before := w.messageJSON(m, true)
	for i, other := range ch.messages {
		if other == m {
			ch.messages = append(ch.messages[:i:i], ch.messages[i+1:]...)
			break
		}
	}
	if ts := w.nextTS(); ch.has(w.cfg.App.BotUser) {
		w.emit(object{
			"type": "message", "subtype": "message_deleted", "channel": ch.ID, "channel_type": ch.kind(), "hidden": true,
			"deleted_ts": m.TS, "previous_message": before, "ts": ts, "event_ts": ts,
		})
	}
	w.touch()
}

// own is the bot's message that a call names; of others it refuses with code.
// Ephemeral messages are not stored and so never found. It needs mu.
func (w *Workspace) own(c *call, code string) (*channel, *Message, error) {
	ch, ok := w.channels[c.args.str("channel")]
	if !ok {
		return nil, nil, refuse("channel_not_found")
	}
	m := ch.message(c.args.str("ts"))
	switch {
	case m == nil:
		return nil, nil, refuse("message_not_found")
	case m.BotID != w.cfg.App.BotID:
		return nil, nil, refuse(code)
	case ch.Archived:
		return nil, nil, refuse("is_archived")
	}
	return ch, m, nil
}

func chatPostEphemeral(w *Workspace, c *call) (object, error) {
	ch, err := w.destination(c)
	if err != nil {
		return nil, err
	}
	if !ch.has(c.args.str("user")) {
		return nil, refuse("user_not_in_channel")
	}
	said, err := w.readContent(c.args)
	if err != nil {
		return nil, err
	}
	if said.empty() {
		return nil, refuse("no_text")
	}
	m := w.whisper(ch, c.args.str("user"), said)
	m.ThreadTS = c.args.str("thread_ts")
	return object{"message_ts": m.TS}, nil
}

// whisper shows a message to one person only. It needs mu.
func (w *Workspace) whisper(ch *channel, person string, said content) *Message {
	m := w.botMessage(said)
	m.Channel, m.TS, m.OnlyFor = ch.ID, w.nextTS(), person
	w.ephemerals = append(trimmed(w.ephemerals), m)
	w.touch()
	return m
}

func chatGetPermalink(w *Workspace, c *call) (object, error) {
	ch, ok := w.channels[c.args.str("channel")]
	if !ok {
		return nil, refuse("channel_not_found")
	}
	m := ch.message(c.args.str("message_ts"))
	if m == nil {
		return nil, refuse("message_not_found")
	}
	link := fmt.Sprintf("%sarchives/%s/p%s", w.teamURL(), ch.ID, strings.ReplaceAll(m.TS, ".", ""))
	if m.ThreadTS != "" {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + ch.ID
	}
	return object{"channel": ch.ID, "permalink": link}, nil
}
