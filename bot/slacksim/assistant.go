package slacksim

import "unicode/utf8"

// AssistantThread is what the app set on a conversation with its assistant.
type AssistantThread struct {
	Status  string   `json:"status,omitempty"`
	Title   string   `json:"title,omitempty"`
	Prompts []object `json:"prompts,omitempty"`
}

// Assistant is the state of an assistant conversation; thread may be "" for
// what was set without one.
func (w *Workspace) Assistant(channel, thread string) AssistantThread {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.threads[channel+" "+thread]
}

// assistantThread finds the conversation a call is about. It needs mu.
func (w *Workspace) assistantThread(c *call, threadNeeded bool) (key string, t AssistantThread, err error) {
	ch, ok := w.channels[c.args.str("channel_id")]
	if !ok || !ch.has(w.cfg.App.BotUser) {
		return "", t, refuse("channel_not_found")
	}
	thread := c.args.str("thread_ts")
	if thread == "" && threadNeeded || thread != "" && ch.message(thread) == nil {
		return "", t, refuse("invalid_thread_ts")
	}
	key = ch.ID + " " + thread
	return key, w.threads[key], nil
}

func (w *Workspace) setThread(key string, t AssistantThread) {
	w.threads[key] = t
	w.touch()
}

func assistantSetStatus(w *Workspace, c *call) (object, error) {
	key, t, err := w.assistantThread(c, true)
	if err != nil {
		return nil, err
	}
	var loading []string
	if c.args.has("loading_messages") && c.args.decode("loading_messages", &loading) != nil || len(loading) > 10 {
		return nil, refuse("invalid_arguments", "[ERROR] loading_messages must be at most 10 strings")
	}
	for _, m := range loading {
		if utf8.RuneCountInString(m) > 50 {
			return nil, refuse("invalid_arguments", "[ERROR] a loading message must be at most 50 characters")
		}
	}
	t.Status = c.args.str("status")
	w.setThread(key, t)
	return object{}, nil
}

func assistantSetPrompts(w *Workspace, c *call) (object, error) {
	key, t, err := w.assistantThread(c, false)
	if err != nil {
		return nil, err
	}
	var prompts []object
	if c.args.decode("prompts", &prompts) != nil || len(prompts) == 0 || len(prompts) > 4 {
		return nil, refuse("invalid_arguments", "[ERROR] prompts must be 1 to 4 items")
	}
	for _, p := range prompts {
		if str(p, "title") == "" || str(p, "message") == "" {
			return nil, refuse("invalid_arguments", "[ERROR] a prompt needs title and message")
		}
	}
	t.Prompts = prompts
	w.setThread(key, t)
	return object{}, nil
}

func assistantSetTitle(w *Workspace, c *call) (object, error) {
	key, t, err := w.assistantThread(c, true)
	if err != nil {
		return nil, err
	}
	if t.Title = c.args.str("title"); t.Title == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: title")
	}
	w.setThread(key, t)
	return object{}, nil
}

// clearStatus ends the status of a thread, as the bot's next message in it
// does. It needs mu.
func (w *Workspace) clearStatus(channel, thread string) {
	key := channel + " " + thread
	if t, ok := w.threads[key]; ok && t.Status != "" {
		t.Status = ""
		w.threads[key] = t
	}
}
