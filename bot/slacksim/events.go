package slacksim

import (
	"context"
	"strings"
)

// Say posts a message as the person ("" for the direct message with the app)
// and delivers the events that follow from it: message.im, message.channels,
// app_mention. It does not wait for the app.
func (u *User) Say(ctx context.Context, channel, text string) (Message, error) {
	return u.say(ctx, channel, "", text)
}

// Answer posts a message in the thread of another one.
func (u *User) Answer(ctx context.Context, ref Ref, text string) (Message, error) {
	u.w.mu.Lock()
	_, m, err := u.on(ref)
	if err != nil {
		u.w.mu.Unlock()
		return Message{}, err
	}
	thread := m.TS
	if m.ThreadTS != "" {
		thread = m.ThreadTS
	}
	u.w.mu.Unlock()
	return u.say(ctx, ref.Channel, thread, text)
}

// Mention posts a message that begins by mentioning the app.
func (u *User) Mention(ctx context.Context, channel, text string) (Message, error) {
	return u.say(ctx, channel, "", "@"+u.w.cfg.App.Name+" "+text)
}

func (u *User) say(ctx context.Context, name, thread, text string) (Message, error) {
	if err := ctx.Err(); err != nil {
		return Message{}, err
	}
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	p, c, err := u.in(name)
	if err != nil {
		return Message{}, err
	}
	m := &Message{User: p.ID, Text: w.escape(text, true, true), ThreadTS: thread}
	w.add(c, m)
	if strings.Contains(m.Text, "<@"+w.cfg.App.BotUser+">") && c.has(w.cfg.App.BotUser) && c.with == "" {
		mention := w.messageEvent(c, m)
		mention["type"] = "app_mention"
		delete(mention, "channel_type")
		w.emit(mention)
	}
	return m.copy(), nil
}

// OpenHome opens the app's page at a tab, "home" or "messages", and delivers
// app_home_opened.
func (u *User) OpenHome(ctx context.Context, tab string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := u.w
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := u.present()
	if err != nil {
		return err
	}
	event := object{"type": "app_home_opened", "user": p.ID, "channel": w.dm(p).ID, "tab": tab, "event_ts": w.nextTS()}
	if v, ok := w.views[w.homes[p.ID]]; ok && tab == "home" {
		event["view"] = w.viewJSON(v)
	}
	w.emit(event)
	w.touch()
	return nil
}
