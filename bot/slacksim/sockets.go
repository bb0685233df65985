package slacksim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// DisconnectReason is why the workspace asks clients to leave a socket.
type DisconnectReason string

// The reasons Slack gives.
const (
	// Warning says that the socket will close soon.
	Warning DisconnectReason = "warning"
	// RefreshRequested asks for another socket now.
	RefreshRequested DisconnectReason = "refresh_requested"
	// LinkDisabled says that Socket Mode was switched off: every socket
	// closes, and new ones too, until EnableSocketMode.
	LinkDisabled DisconnectReason = "link_disabled"
)

const (
	maxSockets  = 10
	ticketTTL   = 30 * time.Second
	debugLife   = 360 * time.Second
	maxAck      = 20 << 10 // acks of this size and more are dropped
	queueLength = 4096
)

// socket is one Socket Mode connection.
type socket struct {
	out    chan frame
	cancel context.CancelFunc
	// draining is set once the client was asked to leave; guarded by Workspace.mu.
	draining bool
}

// frame is one text message to a client. After a frame with closeAfter the
// socket is closed that much later.
type frame struct {
	data       []byte
	closing    bool
	closeAfter time.Duration
}

type ticket struct {
	expires time.Time
	life    time.Duration
}

// connectionsOpen hands out a single-use address for one socket.
func connectionsOpen(w *Workspace, c *call) (object, error) {
	w.base = c.base
	id := randomHex(16)
	t := ticket{expires: w.cfg.Now().Add(ticketTTL), life: w.cfg.SocketLifetime}
	w.tickets[id] = t
	query := url.Values{"ticket": {id}, "app_id": {w.cfg.App.ID}}
	return object{"url": "ws" + strings.TrimPrefix(c.base, "http") + "/link/?" + query.Encode()}, nil
}

func (w *Workspace) serveSocket(rw http.ResponseWriter, r *http.Request) {
	if w.faulty(rw, r, "socket", args{}, nil) {
		return
	}
	life, ok := w.redeem(r.URL.Query().Get("ticket"))
	if !ok {
		http.Error(rw, "invalid or used ticket", http.StatusForbidden)
		return
	}
	if r.URL.Query().Get("debug_reconnects") == "true" {
		life = debugLife
	}
	// Origin is whatever the client library likes to send.
	conn, err := websocket.Accept(rw, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		w.cfg.Logger.WarnContext(r.Context(), "socket refused", "error", err)
		return
	}
	conn.SetReadLimit(maxBody)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &socket{out: make(chan frame, queueLength), cancel: cancel}
	var parts sync.WaitGroup
	parts.Go(func() { s.write(ctx, conn, life, w.cfg.DisconnectGrace) })
	parts.Go(func() { s.ping(ctx, conn, w.cfg.PingEvery, w.cfg.PongTimeout) })
	parts.Go(func() {
		select {
		case <-w.closing:
			cancel()
		case <-ctx.Done():
		}
	})
	w.attach(s, life)
	w.read(ctx, conn)
	w.detach(s)
	cancel()
	parts.Wait()
	conn.CloseNow()
}

func (w *Workspace) redeem(id string) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t, ok := w.tickets[id]
	delete(w.tickets, id)
	return t.life, ok && !w.cfg.Now().After(t.expires)
}

// attach greets a new socket. The eleventh, and every one while Socket Mode is
// off, is sent away at once.
func (w *Workspace) attach(s *socket, life time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.linkDisabled:
		s.disconnect(LinkDisabled, 0)
		return
	case len(w.sockets) >= maxSockets:
		s.disconnect("too_many_websockets", 0)
		return
	}
	w.sockets = append(w.sockets, s)
	s.send(object{
		"type": "hello", "num_connections": len(w.sockets), "connection_info": object{"app_id": w.cfg.App.ID},
		"debug_info": object{"host": "applink-1", "build_number": 14, "approximate_connection_time": int(life.Seconds())},
	})
	w.touch()
}

func (w *Workspace) detach(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sockets = slices.DeleteFunc(w.sockets, func(other *socket) bool { return other == s })
	w.touch()
}

// read takes acknowledgements until the socket ends.
func (w *Workspace) read(ctx context.Context, conn *websocket.Conn) {
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if kind == websocket.MessageText {
			w.acknowledge(data)
		}
	}
}

// send queues a frame. A client that does not read loses its socket, as a
// half-open connection does. It needs Workspace.mu.
func (s *socket) send(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		s.cancel()
		return
	}
	s.queue(frame{data: data})
}

func (s *socket) queue(f frame) {
	select {
	case s.out <- f:
	default:
		s.cancel()
	}
}

func (s *socket) disconnect(reason DisconnectReason, grace time.Duration) {
	s.draining = true
	data, _ := json.Marshal(object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "applink-1"}})
	s.queue(frame{data: data, closing: true, closeAfter: grace})
}

// write sends what is queued, and ends the socket at the end of its life.
func (s *socket) write(ctx context.Context, conn *websocket.Conn, life, grace time.Duration) {
	defer s.cancel()
	warn := time.NewTimer(max(0, life-grace))
	defer warn.Stop()
	end := time.NewTimer(life)
	defer end.Stop()
	for {
		select {
		case f := <-s.out:
			if conn.Write(ctx, websocket.MessageText, f.data) != nil {
				return
			}
			if f.closing {
				end.Reset(f.closeAfter)
			}
		case <-warn.C:
			frame, _ := json.Marshal(object{"type": "disconnect", "reason": Warning, "debug_info": object{"host": "applink-1"}})
			if conn.Write(ctx, websocket.MessageText, frame) != nil {
				return
			}
		case <-end.C:
			_ = conn.Close(websocket.StatusNormalClosure, "") // it may be gone already
			return
		case <-ctx.Done():
			return
		}
	}
}

// ping asks the client for a sign of life, first at once, and ends the socket
// when none comes in time.
func (s *socket) ping(ctx context.Context, conn *websocket.Conn, every, patience time.Duration) {
	defer s.cancel()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		waiting, stop := context.WithTimeout(ctx, patience)
		err := conn.Ping(waiting)
		stop()
		if err != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Sockets is the number of open Socket Mode connections.
func (w *Workspace) Sockets() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sockets)
}

// Disconnect sends a disconnect frame on every socket and closes it after the
// grace period; with LinkDisabled at once.
func (w *Workspace) Disconnect(reason DisconnectReason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	grace := w.cfg.DisconnectGrace
	if reason == LinkDisabled {
		w.linkDisabled, grace = true, 0
	}
	for _, s := range w.sockets {
		s.disconnect(reason, grace)
	}
	w.touch()
}

// EnableSocketMode switches Socket Mode on again after LinkDisabled.
func (w *Workspace) EnableSocketMode() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.linkDisabled = false
	w.touch()
}

// CutSockets drops every socket without a word, as a failing network does.
func (w *Workspace) CutSockets() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sockets {
		s.cancel()
	}
	w.sockets = nil
	w.touch()
}
