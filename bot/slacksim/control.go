package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// gesture is what the control surface is told to do: the fields that a route
// does not need stay empty.
type gesture struct {
	As       string `json:"as"`
	Channel  string `json:"channel"`
	TS       string `json:"ts"`
	View     string `json:"view"`
	Text     string `json:"text"`
	Action   string `json:"action"` // action id, text or number of an element
	Value    any    `json:"value"`
	Values   Values `json:"values"`
	Query    string `json:"query"`
	Thread   string `json:"thread"`
	Tab      string `json:"tab"`
	All      bool   `json:"all"`
	Callback string `json:"callback_id"`
}

func (g gesture) ref() Ref { return Ref{Channel: g.Channel, TS: g.TS, View: g.View} }

// control is the JSON surface for humans in another process. It answers only
// this machine, and no web page of another origin.
func (w *Workspace) control() http.Handler {
	mux := http.NewServeMux()
	for route, do := range map[string]func(context.Context, *User, gesture) (any, error){
		"slash": func(ctx context.Context, u *User, g gesture) (any, error) { return u.Slash(ctx, g.Channel, g.Text) },
		"press": func(ctx context.Context, u *User, g gesture) (any, error) { return u.Press(ctx, g.ref(), g.Action) },
		"select": func(ctx context.Context, u *User, g gesture) (any, error) {
			return u.Select(ctx, g.ref(), g.Action, g.Value)
		},
		"suggest": func(ctx context.Context, u *User, g gesture) (any, error) {
			return u.Suggest(ctx, g.ref(), g.Action, g.Query)
		},
		"submit": func(ctx context.Context, u *User, g gesture) (any, error) { return u.Submit(ctx, g.View, g.Values) },
		"close":  closeGesture,
		"say":    sayGesture,
		"home": func(ctx context.Context, u *User, g gesture) (any, error) {
			if g.Tab == "" {
				g.Tab = "home"
			}
			return object{}, u.OpenHome(ctx, g.Tab)
		},
		"shortcut": func(ctx context.Context, u *User, g gesture) (any, error) {
			if g.TS != "" {
				return u.MessageShortcut(ctx, g.ref(), g.Callback)
			}
			return u.Shortcut(ctx, g.Callback)
		},
	} {
		mux.HandleFunc("POST /sim/"+route, takes(func(r *http.Request, g gesture) (any, error) {
			return do(r.Context(), w.As(g.As), g)
		}))
	}
	w.readRoutes(mux)
	w.setupRoutes(mux)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err == nil && ip != nil && !ip.IsLoopback() {
			http.Error(rw, "the control surface answers loopback only", http.StatusForbidden)
			return
		}
		guarded.ServeHTTP(rw, r)
	})
}

func closeGesture(ctx context.Context, u *User, g gesture) (any, error) {
	if g.All {
		return u.CloseAll(ctx, g.View)
	}
	return u.CloseView(ctx, g.View)
}

func sayGesture(ctx context.Context, u *User, g gesture) (any, error) {
	if g.Thread != "" {
		return u.Answer(ctx, Ref{Channel: g.Channel, TS: g.Thread}, g.Text)
	}
	return u.Say(ctx, g.Channel, g.Text)
}

// drawn is a message or view with how it looks.
type drawn struct {
	Message  *Message `json:"message,omitempty"`
	View     *View    `json:"view,omitempty"`
	Rendered string   `json:"rendered"`
}

// readRoutes lets the humans look.
func (w *Workspace) readRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sim/messages", w.listMessages)
	mux.HandleFunc("GET /sim/views", func(rw http.ResponseWriter, r *http.Request) {
		u := w.As(r.FormValue("as"))
		found := object{"modal": nil, "home": nil}
		if v, ok := u.View(); ok {
			found["modal"] = drawn{View: &v, Rendered: w.RenderView(v)}
		}
		if v, ok := u.Home(); ok {
			found["home"] = drawn{View: &v, Rendered: w.RenderView(v)}
		}
		reply(rw, found, nil)
	})
	mux.HandleFunc("GET /sim/calls", func(rw http.ResponseWriter, r *http.Request) {
		calls := w.Calls()
		if method := r.FormValue("method"); method != "" {
			calls = w.CallsOf(method)
		}
		since, _ := strconv.Atoi(r.FormValue("since"))
		calls = slices.DeleteFunc(calls, func(c APICall) bool { return c.Seq <= since })
		reply(rw, object{"calls": append([]APICall{}, calls...)}, nil)
	})
	mux.HandleFunc("GET /sim/people", func(rw http.ResponseWriter, _ *http.Request) {
		reply(rw, object{"people": w.People()}, nil)
	})
	mux.HandleFunc("GET /sim/channels", func(rw http.ResponseWriter, _ *http.Request) {
		reply(rw, object{"channels": w.Channels()}, nil)
	})
	mux.HandleFunc("GET /sim/problems", func(rw http.ResponseWriter, _ *http.Request) {
		reply(rw, object{"problems": append([]Problem{}, w.Problems()...), "sockets": w.Sockets()}, nil)
	})
	mux.HandleFunc("GET /sim/changes", w.awaitChange)
}

// listMessages answers what ?as= sees in ?channel= (their direct message with
// the app if none), or what everybody sees in ?channel=.
func (w *Workspace) listMessages(rw http.ResponseWriter, r *http.Request) {
	name := r.FormValue("channel")
	seen := w.Messages(name)
	if as := r.FormValue("as"); as != "" {
		if w.As(as).ID() == "" {
			reply(rw, nil, fmt.Errorf("person %q: %w", as, ErrNoPerson))
			return
		}
		seen = w.As(as).Messages(name)
		if name == "*" {
			seen = w.As(as).Ephemerals()
		}
	}
	list := make([]drawn, 0, len(seen))
	for _, m := range seen {
		list = append(list, drawn{Message: &m, Rendered: w.Render(m)})
	}
	reply(rw, object{"messages": list}, nil)
}

// longestPoll bounds how long /sim/changes waits.
const longestPoll = 30 * time.Second

// awaitChange answers as soon as the workspace has changed since ?since=, or
// after a while if it has not.
func (w *Workspace) awaitChange(rw http.ResponseWriter, r *http.Request) {
	since, _ := strconv.ParseUint(r.FormValue("since"), 10, 64)
	ctx, cancel := context.WithTimeout(r.Context(), longestPoll)
	defer cancel()
	for {
		changed, seq := w.change()
		if seq > since || ctx.Err() != nil {
			reply(rw, object{"seq": seq}, nil)
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-w.closing:
			cancel()
		}
	}
}

// wireFault is a Fault whose durations are seconds.
type wireFault struct {
	Fault
	RetryAfter float64 `json:"retry_after"`
	Delay      float64 `json:"delay"`
}

// setupRoutes change the workspace itself.
func (w *Workspace) setupRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /sim/faults", takes(func(_ *http.Request, f wireFault) (any, error) {
		f.Fault.RetryAfter, f.Fault.Delay = seconds(f.RetryAfter), seconds(f.Delay)
		if !slices.Contains(faultKinds, f.Kind) || f.Method == "" {
			return nil, fmt.Errorf("a fault needs a method and one of the kinds %v", faultKinds)
		}
		return object{"id": w.addFault(f.Fault)}, nil
	}))
	mux.HandleFunc("DELETE /sim/faults", func(rw http.ResponseWriter, r *http.Request) {
		if id, err := strconv.Atoi(r.FormValue("id")); err == nil {
			w.removeFault(id)
		} else {
			w.ClearFaults()
		}
		reply(rw, object{}, nil)
	})
	mux.HandleFunc("POST /sim/disconnect", takes(func(_ *http.Request, body struct {
		Reason DisconnectReason `json:"reason"`
	},
	) (any, error) {
		switch body.Reason {
		case "":
			w.CutSockets()
		case "enable":
			w.EnableSocketMode()
		case Warning, RefreshRequested, LinkDisabled:
			w.Disconnect(body.Reason)
		default:
			return nil, fmt.Errorf("unknown reason %q", body.Reason)
		}
		return object{}, nil
	}))
	mux.HandleFunc("POST /sim/double", takes(func(_ *http.Request, body struct {
		On bool `json:"on"`
	},
	) (any, error) {
		w.DoubleDelivery(body.On)
		return object{}, nil
	}))
	mux.HandleFunc("POST /sim/people", takes(w.putPerson))
	mux.HandleFunc("POST /sim/channels", takes(func(_ *http.Request, c Channel) (any, error) { return w.AddChannel(c) }))
	mux.HandleFunc("POST /sim/events", takes(func(_ *http.Request, event object) (any, error) {
		return object{"event_id": w.Emit(event)}, nil
	}))
}

// putPerson adds a person, or changes one that is there, which the app hears of.
func (w *Workspace) putPerson(_ *http.Request, p Person) (any, error) {
	if p.ID == "" || w.As(p.ID).ID() != p.ID {
		return w.AddPerson(p), nil
	}
	if p.Kind == "" {
		p.Kind = Member
	}
	orString(&p.TeamID, w.cfg.Team.ID)
	return p, w.ChangePerson(p.ID, func(known *Person) { *known = p })
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// takes reads a JSON body, does something with it and answers with JSON.
func takes[T any](do func(*http.Request, T) (any, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var body T
		if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody)).Decode(&body); err != nil {
			reply(rw, nil, fmt.Errorf("read the request: %w", err))
			return
		}
		result, err := do(r, body)
		reply(rw, result, err)
	}
}

// reply writes a result, or an error with a fitting status.
func reply(rw http.ResponseWriter, result any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		if errors.Is(err, ErrNoPerson) || errors.Is(err, ErrNoChannel) || errors.Is(err, ErrNotSeen) || errors.Is(err, ErrNoElement) {
			status = http.StatusNotFound
		}
		result = object{"error": err.Error()}
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	// A client that went away is no concern of the server.
	_ = json.NewEncoder(rw).Encode(result)
}
