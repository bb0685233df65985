package slacksim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// What a person is told, as a code, when a gesture did not reach the app or
// brought nothing usable back.
const (
	FailedDispatch = "dispatch_failed"          // no socket was open
	FailedTimeout  = "operation_timeout"        // nobody acknowledged in time
	FailedResponse = "invalid_command_response" // the ack's payload could not be used
)

type envelope struct {
	ID      string  `json:"envelope_id"`
	Type    string  `json:"type"`
	Accepts bool    `json:"accepts_response_payload"`
	Attempt *int    `json:"retry_attempt,omitempty"`
	Reason  *string `json:"retry_reason,omitempty"`
	Payload object  `json:"payload"`
}

// delivery is an envelope that waits for its ack.
type delivery struct {
	id    string
	acked chan struct{}
	// onAck uses the payload of the ack, with Workspace.mu held, before
	// acked is closed. It may be nil.
	onAck func(payload []byte)
}

// dispatch queues an envelope on one of the sockets, or on two in turn when
// deliveries are doubled. It returns nil if no socket is open. It needs mu.
func (w *Workspace) dispatch(e envelope, onAck func([]byte)) *delivery {
	e.ID = newUUID()
	times := 1
	if w.double {
		times = 2
	}
	var d *delivery
	for range times {
		s := w.pick()
		if s == nil {
			break
		}
		if d == nil {
			d = &delivery{id: e.ID, acked: make(chan struct{}), onAck: onAck}
			w.waiting[d.id] = d
		}
		s.send(e)
	}
	return d
}

// pick takes sockets in turn, those that were asked to leave last. It needs mu.
func (w *Workspace) pick() *socket {
	for _, draining := range []bool{false, true} {
		for range w.sockets {
			s := w.sockets[w.nextSocket%len(w.sockets)]
			w.nextSocket++
			if s.draining == draining {
				return s
			}
		}
	}
	return nil
}

// DoubleDelivery makes every envelope arrive twice, with the same id.
func (w *Workspace) DoubleDelivery(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.double = on
	w.touch()
}

// acknowledge takes a frame from a client.
func (w *Workspace) acknowledge(data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ack struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(data, &ack); err != nil || ack.ID == "" {
		w.problem("unreadable_frame", fmt.Sprintf("%d bytes without an envelope_id", len(data)))
		return
	}
	w.record("ack", object{"envelope_id": ack.ID, "payload": ack.Payload}, 0, nil)
	if len(data) >= maxAck {
		w.problem("ack_dropped", fmt.Sprintf("%s: %d bytes", ack.ID, len(data)))
		return
	}
	d, ok := w.waiting[ack.ID]
	switch {
	case ok:
	case w.settled.has[ack.ID]:
		if !w.double {
			w.problem("ack_repeated", ack.ID)
		}
		return
	default:
		w.problem("ack_late_or_unknown", ack.ID)
		return
	}
	delete(w.waiting, d.id)
	w.settled.add(d.id)
	if bytes.Equal(ack.Payload, []byte("null")) {
		ack.Payload = nil
	}
	if d.onAck != nil {
		d.onAck(ack.Payload)
	}
	close(d.acked)
	w.touch()
}

// await waits for the ack of a person's gesture. It returns what failed, or ""
// if the ack came in time; the error is for a ctx that ended first.
func (w *Workspace) await(ctx context.Context, d *delivery) (failure string, err error) {
	if d == nil {
		return FailedDispatch, nil
	}
	timer := time.NewTimer(w.cfg.AckTimeout)
	defer timer.Stop()
	select {
	case <-d.acked:
		return "", nil
	case <-timer.C:
	case <-w.closing:
	case <-ctx.Done():
		err = fmt.Errorf("wait for the app's ack: %w", ctx.Err())
	}
	if w.abandon(d) {
		return FailedTimeout, err
	}
	return "", nil // it came just now
}

// abandon gives up on an ack, and is false if it has come after all.
func (w *Workspace) abandon(d *delivery) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, waiting := w.waiting[d.id]
	delete(w.waiting, d.id)
	w.touch()
	return waiting
}

// Emit sends any event to the app, with retries, and returns its event id. It
// is for events that no gesture here makes.
func (w *Workspace) Emit(event map[string]any) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.emit(event)
}

// emit delivers an event if the app subscribed to it, and again while it is
// not acknowledged: a new envelope, the same event id. It needs mu.
func (w *Workspace) emit(event object) string {
	if !w.subscribed(event) {
		return ""
	}
	id := w.nextID("Ev")
	payload := object{
		"token": "legacy", "team_id": w.cfg.Team.ID, "api_app_id": w.cfg.App.ID, "type": "event_callback",
		"event": event, "event_id": id, "event_time": w.cfg.Now().Unix(), "event_context": "4-" + id,
		"is_ext_shared_channel": w.sharedChannel(event),
		"authorizations": []object{{
			"enterprise_id": nullable(w.cfg.Team.EnterpriseID), "team_id": w.cfg.Team.ID, "user_id": w.cfg.App.BotUser,
			"is_bot": true, "is_enterprise_install": false,
		}},
	}
	first := w.dispatch(eventEnvelope(payload, 0), nil)
	w.spawn(func() { w.insist(payload, first) })
	return id
}

// insist repeats an event until it is acknowledged or the retries are spent.
func (w *Workspace) insist(payload object, d *delivery) {
	for attempt, wait := range w.cfg.EventRetries {
		if w.landed(d) || !w.pause(wait) {
			return
		}
		w.mu.Lock()
		d = w.dispatch(eventEnvelope(payload, attempt+1), nil)
		w.mu.Unlock()
	}
	w.landed(d)
}

func (w *Workspace) landed(d *delivery) bool {
	failure, _ := w.await(context.Background(), d)
	return failure == ""
}

// pause waits, and is false if the workspace closed meanwhile.
func (w *Workspace) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-w.closing:
		return false
	}
}

func eventEnvelope(payload object, attempt int) envelope {
	reason := ""
	if attempt > 0 {
		reason = "timeout"
	}
	return envelope{Type: "events_api", Payload: payload, Attempt: &attempt, Reason: &reason}
}

func (w *Workspace) subscribed(event object) bool {
	if len(w.cfg.Events) == 0 {
		return true
	}
	name := str(event, "type")
	if name == "message" {
		if c, ok := w.channels[str(event, "channel")]; ok {
			_, name = c.prefix()
		}
	}
	return slices.Contains(w.cfg.Events, name)
}

func (w *Workspace) sharedChannel(event object) bool {
	c, ok := w.channels[str(event, "channel")]
	return ok && c.Shared
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
