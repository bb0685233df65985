package slacksim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// User is a human at the keyboard. Its gestures fail with an error only when
// the person could not have made them; what the app does with them, or fails
// to do, is in what they return.
type User struct {
	w   *Workspace
	who string
}

// Errors of gestures.
var (
	// ErrNotSeen means that the person does not have that on the screen.
	ErrNotSeen = errors.New("not on this person's screen")
	// ErrSignedOut means that the account is deactivated.
	ErrSignedOut = errors.New("account is deactivated")
)

// As is the person with that id, handle, email or name. Whether there is such
// a person shows at the first gesture.
func (w *Workspace) As(nameOrIDOrEmail string) *User {
	return &User{w: w, who: nameOrIDOrEmail}
}

// ID is the person's id, or "" if there is no such person.
func (u *User) ID() string {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	p, err := u.w.person(u.who)
	if err != nil {
		return ""
	}
	return p.ID
}

// Reply is what came of a gesture.
type Reply struct {
	// Acked is true if the app acknowledged in time.
	Acked bool `json:"acked"`
	// Failure is a code such as FailedTimeout, and Error what the person
	// reads because of it; both are empty if all went well.
	Failure string `json:"failure,omitempty"`
	Error   string `json:"error,omitempty"`
	// Payload is the ack's payload as sent.
	Payload string `json:"payload,omitempty"`
	// Message is what the ack itself showed, if anything.
	Message     *Message `json:"message,omitempty"`
	TriggerID   string   `json:"trigger_id,omitempty"`
	ResponseURL string   `json:"response_url,omitempty"`
}

// present is the person, able to act. It needs mu.
func (u *User) present() (*Person, error) {
	p, err := u.w.person(u.who)
	if err != nil {
		return nil, err
	}
	if p.Deactivated {
		return nil, fmt.Errorf("%s: %w", p.Name, ErrSignedOut)
	}
	return p, nil
}

// in is the person and a conversation they are in: an id, a name, or "" for
// the direct message with the app. It needs mu.
func (u *User) in(name string) (*Person, *channel, error) {
	p, err := u.present()
	if err != nil {
		return nil, nil, err
	}
	if name == "" {
		return p, u.w.dm(p), nil
	}
	c, err := u.w.channel(name)
	if err != nil {
		return nil, nil, err
	}
	if !c.has(p.ID) {
		return nil, nil, fmt.Errorf("%s in %s: %w", p.Name, name, ErrNoChannel)
	}
	return p, c, nil
}

// on is the person and a message on their screen. It needs mu.
func (u *User) on(ref Ref) (*Person, *Message, error) {
	p, err := u.present()
	if err != nil {
		return nil, nil, err
	}
	for _, m := range slices.Backward(u.w.ephemerals) {
		if m.OnlyFor == p.ID && m.TS == ref.TS && (ref.Channel == "" || m.Channel == ref.Channel) {
			return p, m, nil
		}
	}
	if c, err := u.w.channel(ref.Channel); err == nil && c.has(p.ID) {
		if m := c.message(ref.TS); m != nil {
			return p, m, nil
		}
	}
	return nil, nil, fmt.Errorf("message %s in %s for %s: %w", ref.TS, ref.Channel, p.Name, ErrNotSeen)
}

// Messages lists what the person sees in a conversation ("" for the direct
// message with the app), ephemeral messages included, oldest first.
func (u *User) Messages(name string) []Message {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	p, c, err := u.in(name)
	if err != nil {
		return nil
	}
	seen := copies(c.messages)
	for _, m := range u.w.ephemerals {
		if m.OnlyFor == p.ID && m.Channel == c.ID {
			seen = append(seen, m.copy())
		}
	}
	slices.SortFunc(seen, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
	return seen
}

// DM lists the person's conversation with the app, oldest first.
func (u *User) DM() []Message { return u.Messages("") }

// Ephemerals lists the messages that only this person sees, in every
// conversation, oldest first.
func (u *User) Ephemerals() []Message {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	p, err := u.w.person(u.who)
	if err != nil {
		return nil
	}
	var mine []Message
	for _, m := range u.w.ephemerals {
		if m.OnlyFor == p.ID {
			mine = append(mine, m.copy())
		}
	}
	return mine
}

// Slash types a slash command in a conversation ("" for the direct message
// with the app) and waits for the app's ack, or for the visible failure.
func (u *User) Slash(ctx context.Context, channel, line string) (Reply, error) {
	var reply Reply
	d, err := u.slash(channel, line, &reply)
	if err != nil {
		return Reply{}, err
	}
	if err := u.w.settle(ctx, d, &reply); err != nil {
		return Reply{}, err
	}
	if reply.Failure != "" {
		name, _, _ := strings.Cut(line, " ")
		reply.Error = fmt.Sprintf("%s failed with the error %q", name, reply.Failure)
	}
	return reply, nil
}

// settle waits for the ack of a gesture and completes its reply.
func (w *Workspace) settle(ctx context.Context, d *delivery, reply *Reply) error {
	failure, err := w.await(ctx, d)
	if err != nil {
		return err
	}
	if failure != "" {
		reply.Failure = failure
	} else {
		reply.Acked = true
	}
	return nil
}

func (u *User) slash(channel, line string, reply *Reply) (*delivery, error) {
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	p, c, err := u.in(channel)
	if err != nil {
		return nil, err
	}
	name, text, _ := strings.Cut(line, " ")
	command, ok := w.cfg.command(name)
	if !ok || !strings.HasPrefix(name, "/") {
		return nil, fmt.Errorf("%s is not a valid command", name)
	}
	text = strings.TrimSpace(text)
	if !command.Unescaped {
		text = w.escape(text, command.BareMentions, command.LinkedEmails)
	}
	response := w.newResponseURL(p.ID, c, nil)
	reply.TriggerID, reply.ResponseURL = w.newTrigger(p.ID, ""), w.base+"/response/"+response.key
	payload := object{
		"token": "legacy", "team_id": w.cfg.Team.ID, "team_domain": w.cfg.Team.Domain, "is_enterprise_install": "false",
		"channel_id": c.ID, "channel_name": c.payloadName(), "user_id": p.ID, "user_name": p.Name,
		"command": name, "text": text, "api_app_id": w.cfg.App.ID,
		"response_url": reply.ResponseURL, "trigger_id": reply.TriggerID,
	}
	if w.cfg.Team.EnterpriseID != "" {
		payload["enterprise_id"], payload["enterprise_name"] = w.cfg.Team.EnterpriseID, w.cfg.Team.EnterpriseName
	}
	return w.dispatch(envelope{Type: "slash_commands", Accepts: true, Payload: payload}, func(raw []byte) {
		reply.Payload = string(raw)
		m, err := w.slashAnswer(p.ID, c, raw)
		if err != nil {
			reply.Failure = FailedResponse
			w.problem("ack_unusable", err.Error())
			return
		}
		if m != nil {
			response.original = m
			shown := m.copy()
			reply.Message = &shown
		}
	}), nil
}

// slashAnswer shows the message that an ack of a slash command carries. It
// needs mu.
func (w *Workspace) slashAnswer(person string, c *channel, raw []byte) (*Message, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	a, err := argsOf(raw)
	if err != nil {
		return nil, err
	}
	said, err := w.readContent(a)
	if err != nil {
		return nil, explained(err)
	}
	if said.empty() {
		return nil, nil
	}
	return w.respond(person, c, said, a.str("response_type") == "in_channel", ""), nil
}

// respond shows an answer to one person, or to everybody in the conversation.
// It needs mu.
func (w *Workspace) respond(person string, c *channel, said content, inChannel bool, thread string) *Message {
	if !inChannel {
		m := w.whisper(c, person, said)
		m.ThreadTS = thread
		return m
	}
	m := w.botMessage(said)
	m.ThreadTS = thread
	w.add(c, m)
	return m
}

// explained adds to a refusal what Slack's response_metadata would say.
func explained(err error) error {
	if refusal, ok := errors.AsType[*apiError](err); ok && len(refusal.messages) > 0 {
		return fmt.Errorf("%w: %s", err, strings.Join(refusal.messages, "; "))
	}
	return err
}
