package oktasim

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const maxBody = 1 << 20

// call is one request on its way through the tenant.
type call struct {
	t      *Tenant
	r      *http.Request
	op     *operation
	params map[string]string
	query  url.Values
	body   []byte
	base   string // http://host
	id     string // the request id
	at     time.Time
	caller *caller

	effect  bool     // it was carried out
	targets []string // ids of what it was about
}

// reply is what a handler answers; nil body means an empty one.
type reply struct {
	status int
	body   any
	header http.Header
}

func ok(body any) (reply, error)      { return reply{status: http.StatusOK, body: body}, nil }
func created(body any) (reply, error) { return reply{status: http.StatusCreated, body: body}, nil }
func nothing() (reply, error)         { return reply{status: http.StatusNoContent}, nil }
func fail(err error) (reply, error)   { return reply{}, err }

// empty is the `{}` that void lifecycle operations answer.
type empty struct{}

// did records that the call was carried out, and on what.
func (c *call) did(targets ...string) {
	c.effect = true
	c.about(targets...)
}

// about records what the call was about, carried out or not.
func (c *call) about(targets ...string) {
	for _, target := range targets {
		known := false
		for _, have := range c.targets {
			known = known || have == target
		}
		if !known {
			c.targets = append(c.targets, target)
		}
	}
}

// decode reads the JSON body; an empty body leaves the value as it is.
func (c *call) decode(into any) error {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return malformed()
	}
	return nil
}

// flag reads a boolean query parameter.
func (c *call) flag(name string, absent bool) bool {
	value, err := strconv.ParseBool(c.query.Get(name))
	if err != nil {
		return absent
	}
	return value
}

// ServeHTTP answers the Management API, the token endpoint and, under /sim/, the
// control surface.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/sim/") {
		t.controls.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request body could not be read", http.StatusBadRequest)
		return
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	c := &call{t: t, r: r, query: r.URL.Query(), body: body, base: scheme + r.Host}

	t.mu.Lock()
	c.at = t.now()
	c.id = t.newID("req")
	op, params, routeErr := t.routes.match(r.Method, r.URL)
	c.op, c.params = op, params
	c.caller = t.identify(c)
	fault := t.nextFault(c)
	t.inFlight++
	t.mu.Unlock()
	defer t.leave()

	if fault.wait(r, t) != nil { // the caller has gone, or the tenant let go of it
		t.finish(c, fault, &reply{}, nil, http.Header{})
		cut(w)
		return
	}
	header := http.Header{}
	var answer reply
	var done error
	if fault.kind() != ResetBefore {
		answer, done = t.answer(c, fault, routeErr, header)
	}
	t.finish(c, fault, &answer, done, header)

	if fault.resets() {
		cut(w)
		return
	}
	t.write(w, c, answer, header)
}

// answer runs one call: limits, who is calling, what they may do, the act.
func (t *Tenant) answer(c *call, f *fault, unrouted error, header http.Header) (reply, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.at = t.now()
	if err := t.limit(c, f, header); err != nil {
		return fail(err)
	}
	if unrouted != nil {
		return fail(unrouted)
	}
	if err := t.authorize(c); err != nil {
		return fail(err)
	}
	if f.kind() == ErrorBefore || f.kind() == ErrorPage {
		return fail(broken())
	}
	return c.op.handle(t, c)
}

// leave ends what the concurrency limit counts.
func (t *Tenant) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
}

// finish turns an error into its answer, applies what a fault does to the answer,
// and writes the ledger.
func (t *Tenant) finish(c *call, f *fault, answer *reply, err error, header http.Header) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil && f.kind() == ErrorAfter {
		err = broken()
	}
	var code string
	if err != nil {
		var r *refusal
		if !errors.As(err, &r) {
			t.log.ErrorContext(c.r.Context(), "handler failed", slog.Any("error", err))
			r = broken()
		}
		code = r.code
		*answer = reply{status: r.status, body: r.body(t.newID("oae")), header: r.header}
		if isOAuth(c) && !strings.HasPrefix(r.code, "E0") {
			answer.body = oauthError{r.code, r.summary}
		}
	}
	if f.resets() {
		answer.status = 0
	}
	if mutates(c) {
		t.record(c, f, answer.status, code)
	}
	header.Set("X-Okta-Request-Id", c.id)
	header.Set("Date", t.now().Format(http.TimeFormat))
}

func mutates(c *call) bool {
	return c.r.Method != http.MethodGet && c.r.Method != http.MethodHead && c.r.URL.Path != tokenPath
}

func (t *Tenant) write(w http.ResponseWriter, c *call, answer reply, header http.Header) {
	for _, from := range []http.Header{header, answer.header} {
		maps.Copy(w.Header(), from)
	}
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	encoded, err := json.Marshal(answer.body)
	if err != nil {
		t.log.ErrorContext(c.r.Context(), "answer does not encode", slog.Any("error", err))
		answer.status, encoded = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status)
	if _, err := w.Write(encoded); err != nil {
		t.log.DebugContext(c.r.Context(), "caller went away", slog.Any("error", err))
	}
}

// cut ends the TCP connection with a reset, without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to drop a connection
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // best effort: without it the caller sees an orderly end instead of a reset
	}
	_ = conn.Close()
}
