package slacksim

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object.
type object = map[string]any

// apiError is a refusal in Slack's form: ok false and a code.
type apiError struct {
	code     string
	messages []string // response_metadata.messages
	extra    object   // further fields of the answer
}

func (e *apiError) Error() string { return e.code }

func refuse(code string, messages ...string) error {
	return &apiError{code: code, messages: messages}
}

// args are the arguments of one call, whichever way they were encoded.
type args map[string]any

func (a args) has(key string) bool {
	v, ok := a[key]
	return ok && v != nil
}

func (a args) str(key string) string {
	switch v := a[key].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (a args) flag(key string) bool {
	s := strings.ToLower(a.str(key))
	return s == "true" || s == "1"
}

func (a args) number(key string, fallback int) int {
	s := a.str(key)
	if s == "" {
		return fallback
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// decode reads an argument that is JSON, or a string that holds JSON.
func (a args) decode(key string, into any) error {
	raw, isText := a[key].(string)
	if !isText {
		b, err := json.Marshal(a[key])
		if err != nil {
			return err
		}
		raw = string(b)
	}
	return json.Unmarshal([]byte(raw), into)
}

// call is one Web API call on its way.
type call struct {
	method string
	args   args
	token  string // as presented
	bot    bool   // token is the bot's
	scopes []string
	base   string // how the caller reached us
}

func (c *call) granted(scope string) bool { return slices.Contains(c.scopes, scope) }

// need refuses the call unless one of the scopes is granted.
func (c *call) need(anyOf ...string) error {
	if len(anyOf) == 0 || slices.ContainsFunc(anyOf, c.granted) {
		return nil
	}
	return &apiError{code: "missing_scope", extra: object{
		"needed": strings.Join(anyOf, ","), "provided": strings.Join(c.scopes, ","),
	}}
}

// APICall is one line of the ledger: something the app sent us. Method is a
// Web API method, "response_url", or "ack" for an acknowledgement over a socket.
type APICall struct {
	Seq      int             `json:"seq"`
	At       time.Time       `json:"at"`
	Method   string          `json:"method"`
	Args     json.RawMessage `json:"args"` // without the token
	Response json.RawMessage `json:"response,omitempty"`
	Status   int             `json:"status,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// Calls is the ledger of everything the app sent: every Web API call, response
// URL post and ack, with its arguments but never its token.
func (w *Workspace) Calls() []APICall {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.ledger)
}

// CallsOf is the part of the ledger that concerns one method.
func (w *Workspace) CallsOf(method string) []APICall {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []APICall
	for _, c := range w.ledger {
		if c.Method == method {
			found = append(found, c)
		}
	}
	return found
}

// record writes a line of the ledger. It needs mu.
func (w *Workspace) record(method string, sent any, status int, answer object) {
	w.callSeq++
	line := APICall{Seq: w.callSeq, At: w.cfg.Now(), Method: method, Status: status}
	line.Args, _ = json.Marshal(sent)
	if answer != nil {
		line.Response, _ = json.Marshal(answer)
		line.Error, _ = answer["error"].(string)
	}
	w.ledger = append(trimmed(w.ledger), line)
	w.touch()
}

// maxBody is more than any request that Slack accepts.
const maxBody = 1 << 20

func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: r.PathValue("method"), base: baseOf(r)}
	r.Body = http.MaxBytesReader(rw, r.Body, maxBody)
	parseErr := c.read(r)
	w.faulty(rw, r, c.method, c.args, func() (answer, http.Header) {
		var result object
		err := parseErr
		w.mu.Lock()
		defer w.mu.Unlock()
		m := w.methods[c.method]
		if err == nil {
			result, err = w.invoke(m, c, r)
		}
		result = envelopeOf(result, err)
		w.record(c.method, c.args, http.StatusOK, result)
		header := http.Header{}
		if c.bot {
			header.Set("X-OAuth-Scopes", strings.Join(c.scopes, ","))
			header.Set("X-Accepted-OAuth-Scopes", strings.Join(m.scopes, ","))
		}
		return answer{status: http.StatusOK, body: result}, header
	})
}

// invoke authorises and runs a method. It needs mu.
func (w *Workspace) invoke(m method, c *call, r *http.Request) (object, error) {
	if m.run == nil {
		return nil, refuse("unknown_method")
	}
	if c.method == "apps.connections.open" && r.Method != http.MethodPost {
		return nil, refuse("insecure_request")
	}
	if m.formOnly && isJSON(r) {
		c.args = args{} // Slack does not look at JSON bodies here
	}
	if err := w.authorise(m, c); err != nil {
		return nil, err
	}
	return m.run(w, c)
}

// envelopeOf adds ok and the error to a result.
func envelopeOf(result object, err error) object {
	if err == nil {
		out := object{"ok": true}
		maps.Copy(out, result)
		return out
	}
	out := object{"ok": false, "error": "internal_error"}
	if refusal, ok := errors.AsType[*apiError](err); ok {
		maps.Copy(out, refusal.extra)
		out["error"] = refusal.code
		if len(refusal.messages) > 0 {
			out["response_metadata"] = object{"messages": refusal.messages}
		}
	}
	return out
}

func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// read takes the arguments and the token out of a request: query, form or JSON
// body; token in the Authorization header, the form or the query.
func (c *call) read(r *http.Request) error {
	c.args = args{}
	for key, values := range r.URL.Query() {
		c.args[key] = values[0]
	}
	err := c.readBody(r)
	inArgs := c.args.str("token")
	delete(c.args, "token")
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		c.token = strings.TrimSpace(token)
	} else if !isJSON(r) {
		c.token = inArgs
	}
	return err
}

func (c *call) readBody(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Header.Get("Content-Type") == "":
		if n, _ := io.ReadFull(r.Body, make([]byte, 1)); n > 0 {
			return refuse("missing_post_type")
		}
		return nil
	case err != nil:
		return refuse("invalid_post_type")
	}
	switch kind {
	case "application/json":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return refuse("invalid_json")
		}
		if len(body) == 0 {
			return nil
		}
		var sent map[string]any
		if err := json.Unmarshal(body, &sent); err != nil {
			return refuse("invalid_json")
		}
		maps.Copy(c.args, sent)
	case "application/x-www-form-urlencoded", "multipart/form-data":
		if err := parseForm(r, kind); err != nil {
			return refuse("invalid_form_data")
		}
		for key, values := range r.PostForm {
			c.args[key] = values[0]
		}
	default:
		return refuse("invalid_post_type")
	}
	return nil
}

func parseForm(r *http.Request, kind string) error {
	if kind == "multipart/form-data" {
		return r.ParseMultipartForm(maxBody) //nolint:gosec // serveAPI bounds the body
	}
	return r.ParseForm()
}

// answer is what goes back over HTTP.
type answer struct {
	status int
	body   object
}

func (a answer) write(rw http.ResponseWriter, header http.Header) {
	maps.Copy(rw.Header(), header)
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(a.status)
	// A client that went away is no concern of the server.
	_ = json.NewEncoder(rw).Encode(a.body)
}
