package oktasim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	stamp         = "2006-01-02T15:04:05.000Z"
	logDefaultAge = 7 * 24 * time.Hour
	logMaximumAge = 180 * 24 * time.Hour
)

// eventSpec is what a handler says about something that happened.
type eventSpec struct {
	kind    string
	message string // empty: derived from the kind
	failed  string // the reason of a failure; empty: success
	targets []eventTarget
	actor   *eventActor // empty: the caller
	debug   map[string]any
}

// eventActor is who did it.
type eventActor struct {
	ID          string  `json:"id"`
	Type        string  `json:"type"`
	AlternateID string  `json:"alternateId"`
	DisplayName string  `json:"displayName"`
	DetailEntry *string `json:"detailEntry"`
}

// eventTarget is what it was done to.
type eventTarget struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	AlternateID string         `json:"alternateId"`
	DisplayName string         `json:"displayName"`
	DetailEntry map[string]any `json:"detailEntry"`
}

// event is one entry of the System Log. Its JSON is made when somebody reads it.
type event struct {
	eventSpec

	seq       int64
	uuid      string
	published time.Time
	visible   time.Time // when it is persisted, and readers may see it
	request   string
	path, uri string
	agent     string
	tokenID   string
}

// LogEvent is what tests see of a System Log event.
type LogEvent struct {
	UUID          string    `json:"uuid"`
	Type          string    `json:"eventType"`
	Published     time.Time `json:"published"`
	ActorID       string    `json:"actorId"`
	ActorType     string    `json:"actorType"`
	Targets       []string  `json:"targets"`
	TransactionID string    `json:"transactionId"`
	Result        string    `json:"result"`
	Visible       bool      `json:"visible"` // whether readers of the API can see it yet
}

// Logs returns every System Log event, those that are still on their way included.
func (t *Tenant) Logs(kinds ...string) []LogEvent {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	var events []LogEvent
	for _, e := range t.events {
		if len(kinds) > 0 && !slices.Contains(kinds, e.kind) {
			continue
		}
		line := LogEvent{
			UUID: e.uuid, Type: e.kind, Published: e.published, ActorID: e.actor.ID, ActorType: e.actor.Type,
			TransactionID: e.request, Result: e.result(), Visible: !e.visible.After(now),
		}
		for _, target := range e.targets {
			line.Targets = append(line.Targets, target.ID)
		}
		events = append(events, line)
	}
	return events
}

// DelayLogs makes later events appear in the System Log only after delay, plus a
// random part of jitter that also changes their order. Zero twice ends the delay
// and shows at once what was held back.
func (t *Tenant) DelayLogs(delay, jitter time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.delay, t.reorder = delay, jitter
	if delay > 0 || jitter > 0 {
		return
	}
	now := t.now()
	for _, e := range t.events {
		if e.visible.After(now) {
			e.visible = now
		}
	}
	t.touch()
}

// emit writes a System Log event. The caller holds mu.
func (t *Tenant) emit(c *call, spec eventSpec) {
	t.eventSeq++
	e := &event{
		eventSpec: spec, seq: t.eventSeq, uuid: t.newUUID(), published: c.at, visible: t.now().Add(t.delay),
		request: c.id, path: c.r.URL.Path, uri: c.r.URL.RequestURI(), agent: c.r.UserAgent(),
	}
	if t.reorder > 0 {
		e.visible = e.visible.Add(time.Duration(t.rand.Int64N(int64(t.reorder))))
	}
	if e.message == "" {
		e.message = e.kind
	}
	if e.actor == nil {
		e.actor = c.caller.actor()
	}
	if c.caller != nil && c.caller.token != nil {
		e.tokenID = c.caller.token.id
	}
	t.rand.Shuffle(len(e.targets), func(i, j int) { e.targets[i], e.targets[j] = e.targets[j], e.targets[i] })
	t.events = append(t.events, e)
	if extra := len(t.events) - t.cfg.LogCapacity; extra > 0 {
		t.events = slices.Delete(t.events, 0, max(extra, t.cfg.LogCapacity/10))
	}
	t.touch()
}

func (e *event) result() string {
	if e.failed != "" {
		return "FAILURE"
	}
	return "SUCCESS"
}

// body is the event as the API shows it.
func (e *event) body() map[string]any {
	severity, reason := "INFO", any(nil)
	if e.failed != "" {
		severity, reason = "WARN", e.failed
	}
	debug := map[string]any{"requestId": e.request, "requestUri": e.path, "url": e.uri}
	maps.Copy(debug, e.debug)
	detail := map[string]any{}
	if e.tokenID != "" {
		detail["requestApiTokenId"] = e.tokenID
	}
	targets := e.targets
	if targets == nil {
		targets = []eventTarget{}
	}
	return map[string]any{
		"uuid":           e.uuid,
		"published":      e.published.Format(stamp),
		"eventType":      e.kind,
		"version":        "0",
		"displayMessage": e.message,
		"severity":       severity,
		"actor":          *e.actor,
		"client": map[string]any{
			"userAgent": map[string]any{"rawUserAgent": e.agent, "os": "Unknown", "browser": "UNKNOWN"},
			"zone":      "null", "device": "Unknown", "id": nil, "ipAddress": "127.0.0.1",
			"geographicalContext": map[string]any{
				"city": "London", "state": "England", "country": "United Kingdom", "postalCode": "EC1A",
				"geolocation": map[string]any{"lat": 51.5, "lon": -0.12},
			},
		},
		"device": nil,
		"authenticationContext": map[string]any{
			"authenticationStep": 0, "externalSessionId": e.request, "rootSessionId": e.request,
		},
		"outcome":      map[string]any{"result": e.result(), "reason": reason},
		"target":       targets,
		"transaction":  map[string]any{"id": e.request, "type": "WEB", "detail": detail},
		"debugContext": map[string]any{"debugData": debug},
		"request": map[string]any{
			"ipChain": []any{map[string]any{"ip": "127.0.0.1", "version": "V4", "source": nil}},
		},
		"securityContext": map[string]any{"asNumber": nil, "asOrg": nil, "isp": nil, "domain": nil, "isProxy": nil},
		"legacyEventType": nil,
	}
}

// newUUID makes a version-4-shaped uuid. The caller holds mu.
func (t *Tenant) newUUID() string {
	a, b := t.rand.Uint64(), t.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

var systemActor = eventActor{
	ID: "00uSystemPrincipal00", Type: "SystemPrincipal", AlternateID: "system@okta.com", DisplayName: "Okta System",
}

// actor is the caller as the System Log names it.
func (c *caller) actor() *eventActor {
	switch {
	case c == nil:
		return &eventActor{ID: "unknown", Type: "User", AlternateID: "unknown", DisplayName: "unknown"}
	case c.owner != nil:
		return &eventActor{ID: c.owner.id, Type: "User", AlternateID: c.owner.login(), DisplayName: c.owner.name()}
	default:
		return &eventActor{
			ID: c.client.ID, Type: "PublicClientApp", AlternateID: c.client.ID, DisplayName: c.client.label(),
		}
	}
}

func (cl *client) label() string {
	if cl.Label != "" {
		return cl.Label
	}
	return cl.ID
}

func (cl *client) target() eventTarget {
	return eventTarget{ID: cl.ID, Type: "PublicClientApp", AlternateID: cl.ID, DisplayName: cl.label()}
}

func (u *user) target() eventTarget {
	return eventTarget{ID: u.id, Type: "User", AlternateID: u.login(), DisplayName: u.name()}
}

func (g *group) target() eventTarget {
	return eventTarget{ID: g.id, Type: "UserGroup", AlternateID: "unknown", DisplayName: g.name}
}

func (a *app) target() eventTarget {
	return eventTarget{ID: a.id, Type: "AppInstance", AlternateID: a.label, DisplayName: a.label}
}

func (a *app) userTarget(u *user) eventTarget {
	return eventTarget{ID: "0ua" + strings.TrimPrefix(u.id, "00u"), Type: "AppUser", AlternateID: u.login(), DisplayName: u.name()}
}

// logQuery is a parsed request for log events.
type logQuery struct {
	since, until time.Time
	ascending    bool
	polling      bool
	limit        int
	filter       expr
	words        []string
	after        cursor
}

// cursor says where a list goes on: after (at, seq).
type cursor struct {
	At  int64 `json:"a"`
	Seq int64 `json:"s"`
}

func (t *Tenant) logQuery(c *call) (q logQuery, err error) {
	q.ascending = c.query.Get("sortOrder") != "DESCENDING"
	q.polling = q.ascending && !c.query.Has("until")
	q.since, q.until = c.at.Add(-logDefaultAge), c.at.Add(time.Hour)
	for name, into := range map[string]*time.Time{"since": &q.since, "until": &q.until} {
		if value := c.query.Get(name); value != "" {
			if *into, err = time.Parse(time.RFC3339, value); err != nil {
				return q, invalid(name, name+": not a valid date")
			}
		}
	}
	if c.at.Sub(q.since) > logMaximumAge {
		return q, invalid("since", "The since parameter is over 180 days prior to the current day.")
	}
	if q.limit, err = limitOf(c, 100, 0, 1000); err != nil {
		return q, err
	}
	if text := c.query.Get("filter"); text != "" {
		if q.filter, err = parseExpr(text); err != nil {
			return q, badSearch(text, err)
		}
	}
	q.words = strings.Fields(strings.ToLower(c.query.Get("q")))
	if token := c.query.Get("after"); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || json.Unmarshal(raw, &q.after) != nil {
			return q, badPage("The after parameter is not a cursor.")
		}
	}
	return q, nil
}

// key orders an event: by persistence when polling, else by publication.
func (q *logQuery) key(e *event) cursor {
	if q.polling {
		return cursor{e.visible.UnixNano(), e.seq}
	}
	return cursor{e.published.UnixNano(), e.seq}
}

func (c cursor) compare(other cursor) int {
	if c.At != other.At {
		return int(min(1, max(-1, c.At-other.At)))
	}
	return int(c.Seq - other.Seq)
}

// logs answers GET /logs: bounded, or polling when ascending without an end.
func (t *Tenant) logs(c *call) (reply, error) {
	q, err := t.logQuery(c)
	if err != nil {
		return fail(err)
	}
	var found []*event
	for _, e := range t.events {
		if q.matches(e, c.at) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *event) int {
		if q.ascending {
			return q.key(a).compare(q.key(b))
		}
		return q.key(b).compare(q.key(a))
	})
	more := len(found) > q.limit
	if more {
		found = found[:q.limit]
	}
	bodies := make([]any, 0, len(found))
	next := q.after
	for _, e := range found {
		bodies = append(bodies, e.body())
		next = q.key(e)
	}
	header := http.Header{}
	link(header, "self", c.base+c.r.URL.RequestURI())
	if more || q.polling {
		raw, err := json.Marshal(next)
		if err != nil {
			return fail(err)
		}
		params := url.Values{}
		maps.Copy(params, c.query)
		params.Set("after", base64.RawURLEncoding.EncodeToString(raw))
		params.Set("limit", strconv.Itoa(q.limit))
		link(header, "next", c.base+c.r.URL.EscapedPath()+"?"+params.Encode())
	}
	return reply{status: http.StatusOK, body: bodies, header: header}, nil
}

func (q *logQuery) matches(e *event, now time.Time) bool {
	if e.visible.After(now) {
		return false
	}
	if q.after != (cursor{}) {
		order := q.key(e).compare(q.after)
		if q.ascending && order <= 0 || !q.ascending && order >= 0 {
			return false
		}
	}
	at := e.published
	if q.polling {
		at = e.visible
	}
	if at.Before(q.since) || !q.polling && !at.Before(q.until) {
		return false
	}
	if q.filter != nil && !q.filter.match(e.values, true) {
		return false
	}
	if len(q.words) == 0 {
		return true
	}
	text, err := json.Marshal(e.body())
	return err == nil && !slices.ContainsFunc(q.words, func(word string) bool {
		return !strings.Contains(strings.ToLower(string(text)), word)
	})
}

// values finds what a dotted attribute such as target.id stands for.
func (e *event) values(attribute string) []any {
	switch first, rest, _ := strings.Cut(attribute, "."); first {
	case "uuid":
		return []any{e.uuid}
	case "published":
		return []any{e.published}
	case "eventType":
		return []any{e.kind}
	case "actor":
		return pick(fields(e.actor.ID, e.actor.Type, e.actor.AlternateID, e.actor.DisplayName), rest)
	case "target":
		var all []any
		for _, t := range e.targets {
			all = append(all, pick(fields(t.ID, t.Type, t.AlternateID, t.DisplayName), rest)...)
		}
		return all
	default:
		return pick(e.body(), attribute)
	}
}

func fields(id, kind, alternateID, displayName string) map[string]any {
	return map[string]any{"id": id, "type": kind, "alternateId": alternateID, "displayName": displayName}
}

func pick(from map[string]any, dotted string) []any {
	first, rest, deeper := strings.Cut(dotted, ".")
	value, found := from[first]
	if !found || value == nil {
		return nil
	}
	if !deeper {
		return []any{value}
	}
	if inner, isMap := value.(map[string]any); isMap {
		return pick(inner, rest)
	}
	return nil
}
