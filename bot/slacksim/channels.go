package slacksim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Channel is a conversation. Members are people by id, handle, email or name;
// add the bot by its handle where it should be in.
type Channel struct {
	ID       string   `json:"id"` // made up if empty
	Name     string   `json:"name"`
	Private  bool     `json:"private,omitempty"`
	Archived bool     `json:"archived,omitempty"`
	Shared   bool     `json:"shared,omitempty"` // with another workspace, by Slack Connect
	Members  []string `json:"members"`
}

type channel struct {
	Channel
	with     string // the person of a direct message with the bot
	group    bool   // a direct message of several people
	messages []*Message
}

const generalID = "C00GENERAL"

// ErrNoChannel means that a conversation does not exist, or not for them.
var ErrNoChannel = errors.New("no such channel")

func (c *channel) join(id string) {
	if !slices.Contains(c.Members, id) {
		c.Members = append(c.Members, id)
	}
}

// AddChannel creates a channel, or replaces the one with that id, and returns
// it as completed. It fails if a member is not known.
func (w *Workspace) AddChannel(c Channel) (Channel, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.ID == "" {
		c.ID = w.nextID("C")
	}
	added := &channel{Channel: c}
	added.Members = nil
	for _, who := range c.Members {
		p, err := w.person(who)
		if err != nil {
			return Channel{}, fmt.Errorf("member of #%s: %w", c.Name, err)
		}
		added.join(p.ID)
	}
	w.channels[c.ID] = added
	w.touch()
	return added.copy(), nil
}

// Join puts somebody (the bot, for instance) into a channel.
func (w *Workspace) Join(name, who string) error {
	return w.member(name, who, (*channel).join)
}

// Leave takes somebody out of a channel.
func (w *Workspace) Leave(name, who string) error {
	return w.member(name, who, func(c *channel, id string) {
		c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == id })
	})
}

func (w *Workspace) member(name, who string, change func(*channel, string)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.channel(name)
	if err != nil {
		return err
	}
	p, err := w.person(who)
	if err != nil {
		return err
	}
	change(c, p.ID)
	w.touch()
	return nil
}

// Channels lists every conversation, ordered by id.
func (w *Workspace) Channels() []Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Channel
	for _, c := range w.sortedChannels() {
		all = append(all, c.copy())
	}
	return all
}

func (w *Workspace) sortedChannels() []*channel {
	all := make([]*channel, 0, len(w.channels))
	for _, c := range w.channels {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *channel) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (c *channel) copy() Channel {
	out := c.Channel
	out.Members = slices.Clone(out.Members)
	return out
}

// channel finds a conversation by id or name, with or without #. It needs mu.
func (w *Workspace) channel(name string) (*channel, error) {
	if c, ok := w.channels[name]; ok {
		return c, nil
	}
	name = strings.TrimPrefix(name, "#")
	for _, c := range w.channels {
		if name != "" && c.Name == name && !c.direct() {
			return c, nil
		}
	}
	return nil, fmt.Errorf("channel %q: %w", name, ErrNoChannel)
}

// dm opens the conversation between the bot and a person. It needs mu.
func (w *Workspace) dm(p *Person) *channel {
	id := "D" + strings.TrimLeft(p.ID, "UW")
	c, ok := w.channels[id]
	if !ok {
		c = &channel{Channel: Channel{ID: id, Members: []string{w.cfg.App.BotUser, p.ID}}, with: p.ID}
		w.channels[id] = c
	}
	return c
}

func (c *channel) direct() bool { return c.with != "" || c.group }

func (c *channel) has(id string) bool { return slices.Contains(c.Members, id) }

// prefix is the family of scopes and of message events for this conversation.
func (c *channel) prefix() (scope, event string) {
	switch {
	case c.group:
		return "mpim", "message.mpim"
	case c.with != "":
		return "im", "message.im"
	case c.Private:
		return "groups", "message.groups"
	}
	return "channels", "message.channels"
}

// kind is the channel_type of message events.
func (c *channel) kind() string {
	switch {
	case c.group:
		return "mpim"
	case c.with != "":
		return "im"
	case c.Private:
		return "group"
	}
	return "channel"
}

// payloadName is channel_name as payloads carry it.
func (c *channel) payloadName() string {
	if c.with != "" {
		return "directmessage"
	}
	return c.Name
}

func (w *Workspace) channelJSON(c *channel) object {
	bot := c.has(w.cfg.App.BotUser)
	if c.with != "" {
		return object{
			"id": c.ID, "is_im": true, "user": c.with, "is_org_shared": false, "created": 1,
			"is_user_deleted": w.people[c.with].Deactivated, "context_team_id": w.cfg.Team.ID,
		}
	}
	return object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "created": 1, "context_team_id": w.cfg.Team.ID,
		"is_channel": !c.Private && !c.group, "is_group": c.Private, "is_im": false, "is_mpim": c.group,
		"is_private": c.Private || c.group, "is_archived": c.Archived, "is_general": c.ID == generalID, "is_member": bot,
		"is_ext_shared": c.Shared, "is_shared": c.Shared, "is_org_shared": false,
		"topic": object{"value": ""}, "purpose": object{"value": ""}, "num_members": len(c.Members),
	}
}

// seen is the conversation that an API call names, if the bot may know of it
// and holds the scope family:suffix for its type. It needs mu.
func (w *Workspace) seen(c *call, suffix string) (*channel, error) {
	ch, ok := w.channels[c.args.str("channel")]
	if !ok {
		return nil, refuse("channel_not_found")
	}
	family, _ := ch.prefix()
	if err := c.need(family + ":" + suffix); err != nil {
		return nil, err
	}
	if family != "channels" && !ch.has(w.cfg.App.BotUser) {
		return nil, refuse("channel_not_found")
	}
	return ch, nil
}

func conversationsInfo(w *Workspace, c *call) (object, error) {
	ch, err := w.seen(c, "read")
	if err != nil {
		return nil, err
	}
	return object{"channel": w.channelJSON(ch)}, nil
}

func conversationsMembers(w *Workspace, c *call) (object, error) {
	ch, err := w.seen(c, "read")
	if err != nil {
		return nil, err
	}
	page, next, err := paged(ch.Members, c.args, 100)
	if err != nil {
		return nil, err
	}
	return object{"members": append([]string{}, page...), "response_metadata": object{"next_cursor": next}}, nil
}

func conversationsList(w *Workspace, c *call) (object, error) {
	types := strings.Split(c.args.str("types"), ",")
	wanted := map[string]bool{"channels": c.args.str("types") == ""}
	for _, t := range types {
		wanted[map[string]string{"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}[strings.TrimSpace(t)]] = true
	}
	var listed []*channel
	for _, ch := range w.sortedChannels() {
		family, _ := ch.prefix()
		if !wanted[family] || (family != "channels" && !ch.has(w.cfg.App.BotUser)) || (ch.Archived && c.args.flag("exclude_archived")) {
			continue
		}
		if err := c.need(family + ":read"); err != nil {
			return nil, err
		}
		listed = append(listed, ch)
	}
	page, next, err := paged(listed, c.args, 100)
	if err != nil {
		return nil, err
	}
	channels := make([]object, 0, len(page))
	for _, ch := range page {
		channels = append(channels, w.channelJSON(ch))
	}
	return object{"channels": channels, "response_metadata": object{"next_cursor": next}}, nil
}

func conversationsJoin(w *Workspace, c *call) (object, error) {
	ch, ok := w.channels[c.args.str("channel")]
	switch {
	case !ok || ch.Private || ch.direct():
		return nil, refuse("channel_not_found")
	case ch.Archived:
		return nil, refuse("is_archived")
	}
	ch.join(w.cfg.App.BotUser)
	return object{"channel": w.channelJSON(ch)}, nil
}

func conversationsOpen(w *Workspace, c *call) (object, error) {
	if id := c.args.str("channel"); id != "" {
		ch, ok := w.channels[id]
		if !ok || !ch.direct() {
			return nil, refuse("channel_not_found")
		}
		return object{"no_op": true, "already_open": true, "channel": object{"id": ch.ID}}, nil
	}
	ids := strings.FieldsFunc(c.args.str("users"), func(r rune) bool { return r == ',' || r == ' ' })
	switch {
	case len(ids) == 0:
		return nil, refuse("users_list_not_supplied")
	case len(ids) > 8:
		return nil, refuse("too_many_users")
	}
	for _, id := range ids {
		if err := w.reachable(id); err != nil {
			return nil, err
		}
	}
	if len(ids) > 1 {
		if err := c.need("mpim:write"); err != nil {
			return nil, err
		}
		return w.openGroup(ids), nil
	}
	if err := c.need("im:write"); err != nil {
		return nil, err
	}
	p := w.people[ids[0]]
	_, already := w.channels["D"+strings.TrimLeft(p.ID, "UW")]
	ch := w.dm(p)
	opened := object{"channel": object{"id": ch.ID}}
	if c.args.flag("return_im") {
		opened["channel"] = w.channelJSON(ch)
	}
	if already {
		opened["no_op"], opened["already_open"] = true, true
	}
	return opened, nil
}

// reachable says whether the bot may begin a conversation with somebody.
func (w *Workspace) reachable(id string) error {
	p, ok := w.people[id]
	switch {
	case !ok:
		return refuse("user_not_found")
	case p.Deactivated:
		return refuse("user_disabled")
	case p.Kind == Stranger:
		return refuse("user_not_visible")
	case p.Kind == Bot || p.ID == "USLACKBOT":
		return refuse("cannot_dm_bot")
	}
	return nil
}

func (w *Workspace) openGroup(ids []string) object {
	members := slices.Sorted(slices.Values(append([]string{w.cfg.App.BotUser}, ids...)))
	members = slices.Compact(members)
	for _, c := range w.channels {
		if c.group && slices.Equal(slices.Sorted(slices.Values(c.Members)), members) {
			return object{"no_op": true, "already_open": true, "channel": object{"id": c.ID}}
		}
	}
	id := w.nextID("G")
	w.channels[id] = &channel{Channel: Channel{ID: id, Name: "mpdm-" + strings.ToLower(id), Members: members}, group: true}
	return object{"channel": object{"id": id}}
}

// paged cuts one page out of a list, by the limit and cursor arguments.
// Without a limit it takes fallback, where 0 means everything.
func paged[T any](list []T, a args, fallback int) (page []T, next string, err error) {
	start := 0
	if cursor := a.str("cursor"); cursor != "" {
		raw, decodeErr := base64.StdEncoding.DecodeString(cursor)
		n, convErr := strconv.Atoi(strings.TrimPrefix(string(raw), "at:"))
		if decodeErr != nil || convErr != nil || n < 0 || n > len(list) {
			return nil, "", refuse("invalid_cursor")
		}
		start = n
	}
	limit := a.number("limit", fallback)
	if limit < 0 || limit > 1000 {
		return nil, "", refuse("invalid_limit")
	}
	end := len(list)
	if limit > 0 {
		end = min(end, start+limit)
	}
	if end < len(list) {
		next = base64.StdEncoding.EncodeToString([]byte("at:" + strconv.Itoa(end)))
	}
	return list[start:end], next, nil
}
