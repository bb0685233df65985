package oktasim

import (
	"slices"
	"time"
)

// Call is one line of the ledger: a call that would change something, and
// whether it was carried out. Adding a member who is one already is not.
type Call struct {
	Seq       int       `json:"seq"`
	Time      time.Time `json:"time"`
	Kind      string    `json:"kind"` // the operation, such as reset_factors; empty for an unknown path
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Query     string    `json:"query,omitempty"`
	Status    int       `json:"status"` // 0: the connection was cut without an answer
	ErrorCode string    `json:"errorCode,omitempty"`
	Caller    string    `json:"caller,omitempty"` // client id, or the id of the token's owner
	RequestID string    `json:"requestId"`
	Effect    bool      `json:"effect"` // it was carried out, whatever the status says
	Targets   []string  `json:"targets,omitempty"`
	Fault     FaultKind `json:"fault,omitempty"`
}

// record appends a call to the ledger. The caller holds mu.
func (t *Tenant) record(c *call, f *fault, status int, code string) {
	line := Call{
		Seq: len(t.ledger) + 1, Time: c.at, Method: c.r.Method, Path: c.r.URL.Path, Query: c.r.URL.RawQuery,
		Status: status, ErrorCode: code, Caller: c.caller.id(), RequestID: c.id,
		Effect: c.effect, Targets: c.targets, Fault: f.kind(),
	}
	if c.op != nil {
		line.Kind = c.op.name
	}
	t.ledger = append(t.ledger, line)
	t.touch()
}

// Ledger returns every mutating call so far, oldest first, optionally only those
// of the given kinds.
func (t *Tenant) Ledger(kinds ...string) []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	var calls []Call
	for _, line := range t.ledger {
		if len(kinds) == 0 || slices.Contains(kinds, line.Kind) {
			calls = append(calls, line)
		}
	}
	return calls
}

// Effects returns the calls of the ledger that were carried out.
func (t *Tenant) Effects(kinds ...string) []Call {
	return slices.DeleteFunc(t.Ledger(kinds...), func(c Call) bool { return !c.Effect })
}
