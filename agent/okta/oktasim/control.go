package oktasim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxWait bounds how long a control request may wait for a ledger entry.
const maxWait = time.Minute

// control builds the surface under /sim/ by which another process steers the
// tenant. Everything speaks JSON; nothing asks for credentials.
func (t *Tenant) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/operations", t.answer200(func(*http.Request) (any, error) { return t.routes.list(), nil }))
	mux.HandleFunc("GET /sim/state", t.answer200(func(*http.Request) (any, error) { return t.state(), nil }))
	mux.HandleFunc("GET /sim/ledger", t.answer200(t.simLedger))
	mux.HandleFunc("GET /sim/logs", t.answer200(func(r *http.Request) (any, error) { return t.Logs(r.URL.Query()["kind"]...), nil }))
	mux.HandleFunc("POST /sim/logs", t.answer200(t.simDelay))

	mux.HandleFunc("GET /sim/faults", t.answer200(func(*http.Request) (any, error) { return t.orderedFaults(), nil }))
	mux.HandleFunc("POST /sim/faults", t.answer200(t.simFault))
	mux.HandleFunc("DELETE /sim/faults", t.answer200(func(*http.Request) (any, error) { t.ClearFaults(); return empty{}, nil }))
	mux.HandleFunc("DELETE /sim/faults/{id}", t.answer200(func(r *http.Request) (any, error) {
		id, err := strconv.Atoi(r.PathValue("id"))
		t.removeFault(id)
		return empty{}, err
	}))

	mux.HandleFunc("GET /sim/push", t.answer200(func(*http.Request) (any, error) { return t.Pushes(), nil }))
	mux.HandleFunc("POST /sim/push", t.answer200(t.simPush))
	mux.HandleFunc("GET /sim/totp", t.answer200(func(r *http.Request) (any, error) { return t.simCode(r, TOTP) }))
	mux.HandleFunc("GET /sim/code", t.answer200(func(r *http.Request) (any, error) { return t.simCode(r, r.URL.Query().Get("kind")) }))

	mux.HandleFunc("GET /sim/users/{user}", t.answer200(func(r *http.Request) (any, error) {
		u, found := t.User(r.PathValue("user"))
		if !found {
			return nil, fmt.Errorf("no user %q", r.PathValue("user"))
		}
		return u, nil
	}))
	mux.HandleFunc("POST /sim/users", answerTo(t, func(u User) (any, error) { return t.AddUser(u) }))
	mux.HandleFunc("POST /sim/users/{user}/status", t.answer200(t.simStatus))
	mux.HandleFunc("POST /sim/users/{user}/factors", t.answer200(t.simFactor))
	mux.HandleFunc("POST /sim/groups", answerTo(t, func(g Group) (any, error) { return t.AddGroup(g) }))
	mux.HandleFunc("POST /sim/apps", answerTo(t, func(a App) (any, error) { return t.AddApp(a) }))
	mux.HandleFunc("POST /sim/rules", answerTo(t, func(r Rule) (any, error) {
		id, err := t.AddRule(r)
		return map[string]string{"id": id}, err
	}))
	mux.HandleFunc("POST /sim/generate", answerTo(t, func(c Crowd) (any, error) { return empty{}, t.Generate(c) }))
	mux.HandleFunc("POST /sim/roles", answerTo(t, func(r struct {
		Holder string   `json:"holder"`
		Roles  []string `json:"roles"`
	},
	) (any, error) {
		return empty{}, t.AssignRole(r.Holder, r.Roles...)
	}))
	mux.HandleFunc("POST /sim/tokens", answerTo(t, func(r struct {
		Token string `json:"token"`
		Owner string `json:"owner"`
	},
	) (any, error) {
		return empty{}, t.AllowToken(r.Token, r.Owner)
	}))
	mux.HandleFunc("DELETE /sim/tokens", answerTo(t, func(r struct {
		Token string `json:"token"`
	},
	) (any, error) {
		t.RevokeToken(r.Token)
		return empty{}, nil
	}))
	mux.HandleFunc("DELETE /sim/bearers", t.answer200(func(*http.Request) (any, error) { t.RevokeBearers(); return empty{}, nil }))
	mux.HandleFunc("POST /sim/clients", answerTo(t, func(r struct {
		ID     string             `json:"id"`
		Label  string             `json:"label"`
		JWKS   jose.JSONWebKeySet `json:"jwks"`
		Scopes []string           `json:"scopes"`
		Roles  []string           `json:"roles"`
		DPoP   bool               `json:"dpop"`
	},
	) (any, error) {
		return empty{}, t.RegisterClient(Client{
			ID: r.ID, Label: r.Label, Keys: r.JWKS.Keys, Scopes: r.Scopes, Roles: r.Roles, DPoP: r.DPoP,
		})
	}))
	return mux
}

// answer200 answers what a control function returns, or 400 with its error.
func (t *Tenant) answer200(act func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := act(r)
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			body = map[string]string{"error": err.Error()}
		}
		if err := json.NewEncoder(w).Encode(body); err != nil {
			t.log.DebugContext(r.Context(), "control answer not delivered", slog.Any("error", err))
		}
	}
}

// answerTo is answer200 for functions of the request body.
func answerTo[T any](t *Tenant, act func(T) (any, error)) http.HandlerFunc {
	return t.answer200(func(r *http.Request) (any, error) {
		var body T
		if err := read(r, &body); err != nil {
			return nil, err
		}
		return act(body)
	})
}

// read takes a strict JSON body.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	return nil
}

// simLedger answers the ledger after a line: ?since=12&kind=reset_factors. With
// wait=5s it waits for the first such line.
func (t *Tenant) simLedger(r *http.Request) (any, error) {
	query := r.URL.Query()
	since, err := strconv.Atoi(query.Get("since"))
	if query.Has("since") && err != nil {
		return nil, fmt.Errorf("since: %w", err)
	}
	read := func() []Call {
		calls := []Call{}
		for _, line := range t.Ledger(query["kind"]...) {
			if line.Seq > since && (query.Get("effects") != "true" || line.Effect) {
				calls = append(calls, line)
			}
		}
		return calls
	}
	if query.Has("wait") {
		patience, err := time.ParseDuration(query.Get("wait"))
		if err != nil {
			return nil, fmt.Errorf("wait: %w", err)
		}
		ctx, cancel := context.WithTimeout(r.Context(), min(patience, maxWait))
		defer cancel()
		err = t.WaitFor(ctx, func() bool { return len(read()) > 0 })
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
	}
	return read(), nil
}

// simDelay sets the System Log's delay and jitter.
func (t *Tenant) simDelay(r *http.Request) (any, error) {
	var body struct {
		DelayMS  int64 `json:"delayMs"`
		JitterMS int64 `json:"jitterMs"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	t.DelayLogs(time.Duration(body.DelayMS)*time.Millisecond, time.Duration(body.JitterMS)*time.Millisecond)
	return empty{}, nil
}

// simFault orders a fault; latencyMs says how late an answer is.
func (t *Tenant) simFault(r *http.Request) (any, error) {
	var body struct {
		Fault

		LatencyMS int64 `json:"latencyMs"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if body.LatencyMS > 0 {
		body.Latency = time.Duration(body.LatencyMS) * time.Millisecond
	}
	id, err := t.addFault(body.Fault)
	return map[string]int{"id": id}, err
}

// orderedFault is a fault with its number and how often it struck.
type orderedFault struct {
	Fault

	ID   int `json:"id"`
	Hits int `json:"hits"`
}

func (t *Tenant) orderedFaults() []orderedFault {
	t.mu.Lock()
	defer t.mu.Unlock()
	ordered := []orderedFault{}
	for _, f := range t.faults {
		ordered = append(ordered, orderedFault{f.Fault, f.id, f.hits})
	}
	return ordered
}

// simPush answers a person's push: {"user":"ada","approve":true,"number":17}.
func (t *Tenant) simPush(r *http.Request) (any, error) {
	var body struct {
		User    string `json:"user"`
		Approve bool   `json:"approve"`
		Number  int    `json:"number"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	return empty{}, t.answerPush(body.User, body.Approve, body.Number)
}

func (t *Tenant) simCode(r *http.Request, kind string) (any, error) {
	code, found := t.Code(r.URL.Query().Get("user"), kind)
	if !found {
		return nil, errors.New("that person has no such code")
	}
	return map[string]string{"code": code}, nil
}

func (t *Tenant) simStatus(r *http.Request) (any, error) {
	var body struct {
		Status Status `json:"status"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	return empty{}, t.SetStatus(r.PathValue("user"), body.Status)
}

func (t *Tenant) simFactor(r *http.Request) (any, error) {
	var f Factor
	if err := read(r, &f); err != nil {
		return nil, err
	}
	return t.AddFactor(r.PathValue("user"), f)
}

// state is an overview of the tenant for people and other processes. Of a crowd
// it shows only those who were changed.
type state struct {
	People  int           `json:"people"`
	Users   []User        `json:"users"`
	Groups  []Group       `json:"groups"`
	Apps    []App         `json:"apps"`
	Rules   []Rule        `json:"rules"`
	Pushes  []PendingPush `json:"pushes"`
	Clients []string      `json:"clients"`
	Calls   int           `json:"calls"` // lines in the ledger
}

func (t *Tenant) state() state {
	s := state{People: t.UserCount(), Groups: t.Groups(""), Apps: t.Apps(""), Pushes: t.Pushes()}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Calls = len(t.ledger)
	for _, id := range t.order {
		if u := t.users[id]; u != nil {
			s.Users = append(s.Users, t.snapshot(u))
		}
	}
	for _, index := range t.touched {
		if u := t.users[t.crowd.id(index)]; u != nil {
			s.Users = append(s.Users, t.snapshot(u))
		}
	}
	for _, id := range t.ruleOrder {
		if r := t.rules[id]; r != nil {
			s.Rules = append(s.Rules, Rule{
				ID: r.id, Name: r.name, Expression: r.expression, Groups: r.groups, Exclude: r.exclude, Inactive: r.status != "ACTIVE",
			})
		}
	}
	for id := range t.clients {
		s.Clients = append(s.Clients, id)
	}
	return s
}
