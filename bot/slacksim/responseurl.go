package slacksim

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// responseURL lets the app answer a gesture for a while without being in the
// conversation.
type responseURL struct {
	key      string
	person   string
	channel  *channel
	original *Message // what replace_original and delete_original are about
	expires  time.Time
	uses     int
}

// newResponseURL issues a response URL. It needs mu.
func (w *Workspace) newResponseURL(person string, c *channel, original *Message) *responseURL {
	u := &responseURL{
		key: randomHex(16), person: person, channel: c, original: original,
		expires: w.cfg.Now().Add(w.cfg.ResponseTTL), uses: w.cfg.ResponseUses,
	}
	w.responses[u.key] = u
	w.forgetResponses()
	return u
}

// forgetResponses drops the expired, so that the map stays small. It needs mu.
func (w *Workspace) forgetResponses() {
	if len(w.responses)%10_000 != 0 {
		return
	}
	for key, u := range w.responses {
		if w.cfg.Now().After(u.expires) {
			delete(w.responses, key)
		}
	}
}

func (w *Workspace) serveResponseURL(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		answer{status: http.StatusBadRequest, body: envelopeOf(nil, refuse("invalid_payload"))}.write(rw, nil)
		return
	}
	a, err := argsOf(body)
	w.faulty(rw, r, "response_url", a, func() (answer, http.Header) {
		w.mu.Lock()
		defer w.mu.Unlock()
		status, result := http.StatusBadRequest, err
		if result == nil {
			status, result = w.useResponseURL(r.PathValue("key"), a)
		}
		reply := answer{status: status, body: envelopeOf(nil, result)}
		w.record("response_url", a, status, reply.body)
		return reply, nil
	})
}

// argsOf reads a JSON body as arguments.
func argsOf(body []byte) (args, error) {
	var a args
	if err := json.Unmarshal(body, &a); err != nil || a == nil {
		return nil, refuse("invalid_payload")
	}
	return a, nil
}

// useResponseURL does what one post asks for. It needs mu.
func (w *Workspace) useResponseURL(key string, a args) (status int, err error) {
	u, ok := w.responses[key]
	switch {
	case !ok || w.cfg.Now().After(u.expires):
		return http.StatusNotFound, refuse("expired_url")
	case u.uses == 0:
		return http.StatusNotFound, refuse("used_url")
	}
	said, err := w.readContent(a)
	if err == nil && said.empty() && !a.flag("delete_original") {
		err = refuse("no_text")
	}
	if err != nil {
		return http.StatusBadRequest, err
	}
	u.uses--
	switch {
	case a.flag("delete_original"):
		w.removeOriginal(u)
	case a.flag("replace_original") && u.original != nil:
		w.replaceOriginal(u, said)
	default:
		m := w.respond(u.person, u.channel, said, a.str("response_type") == "in_channel", a.str("thread_ts"))
		if u.original == nil {
			u.original = m
		}
	}
	return http.StatusOK, nil
}

func (w *Workspace) replaceOriginal(u *responseURL, said content) {
	said.hasText, said.hasBlocks = true, true
	u.original.revise(said)
	u.original.Edited = w.nextTS()
	w.touch()
}

func (w *Workspace) removeOriginal(u *responseURL) {
	m := u.original
	if m == nil {
		return
	}
	u.original = nil
	if m.OnlyFor == "" {
		w.remove(u.channel, m)
		return
	}
	for i, other := range w.ephemerals {
		if other == m {
			w.ephemerals = append(w.ephemerals[:i:i], w.ephemerals[i+1:]...)
			break
		}
	}
	w.touch()
}
