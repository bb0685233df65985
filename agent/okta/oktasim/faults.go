package oktasim

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// What can go wrong with a call.
const (
	TooMany            FaultKind = "429"             // refused by rate, before the effect
	TooManyConcurrent  FaultKind = "429_concurrency" // too many at once: limit 0, remaining 0
	ErrorBefore        FaultKind = "500_before"      // 500, nothing happened
	ErrorAfter         FaultKind = "500_after"       // 500, although it happened
	ErrorPage          FaultKind = "500_page"        // 500 on a list's second or later page
	ResetBefore        FaultKind = "reset_before"    // connection reset, nothing happened
	ResetAfter         FaultKind = "reset_after"     // connection reset, although it happened
	Latency            FaultKind = "latency"         // answers late
	Hang               FaultKind = "hang"            // never answers
	faultKindNone      FaultKind = ""
	maxDefaultPatience           = time.Hour
)

// Fault is an order for something to go wrong. The empty selectors match every
// call; all that are given must match.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Operation is an operation's name, such as reset_factors or list_users.
	Operation string `json:"operation,omitempty"`
	Method    string `json:"method,omitempty"`
	// Path is a pattern as in path.Match: /api/v1/users/*/lifecycle/*.
	Path string `json:"path,omitempty"`
	// Skip lets the first matching calls pass.
	Skip int `json:"skip,omitempty"`
	// Count ends the fault after that many calls; zero means never.
	Count int `json:"count,omitempty"`
	// Probability makes the fault a matter of chance; zero means always.
	Probability float64 `json:"probability,omitempty"`
	// Latency is how late a late answer is.
	Latency time.Duration `json:"latency,omitempty"` // nanoseconds in JSON
}

// fault is an ordered fault with its counters. A nil fault is no fault.
type fault struct {
	Fault
	id   int
	hits int
	skip int
}

func (f *fault) kind() FaultKind {
	if f == nil {
		return faultKindNone
	}
	return f.Kind
}

func (f *fault) resets() bool {
	return f.kind() == ResetBefore || f.kind() == ResetAfter
}

// Fault orders a fault and returns how to take it back. Of several that match a
// call the oldest one strikes.
func (t *Tenant) Fault(f Fault) (remove func(), err error) {
	id, err := t.addFault(f)
	if err != nil {
		return nil, err
	}
	return func() { t.removeFault(id) }, nil
}

func (t *Tenant) addFault(f Fault) (int, error) {
	kinds := []FaultKind{
		TooMany, TooManyConcurrent, ErrorBefore, ErrorAfter, ErrorPage, ResetBefore, ResetAfter, Latency, Hang,
	}
	if !slices.Contains(kinds, f.Kind) {
		return 0, fmt.Errorf("no such kind of fault: %q", f.Kind)
	}
	if _, err := path.Match(f.Path, ""); err != nil {
		return 0, fmt.Errorf("fault path %q: %w", f.Path, err)
	}
	if f.Operation != "" && !t.routes.knows(f.Operation) {
		return 0, fmt.Errorf("no such operation: %q", f.Operation)
	}
	if f.Probability < 0 || f.Probability > 1 {
		return 0, errors.New("a probability is between 0 and 1")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faultN++
	t.faults = append(t.faults, &fault{Fault: f, id: t.faultN, skip: f.Skip})
	return t.faultN, nil
}

func (t *Tenant) removeFault(id int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = slices.DeleteFunc(t.faults, func(f *fault) bool { return f.id == id })
}

// ClearFaults takes back every fault and lets go of the calls that hang.
func (t *Tenant) ClearFaults() {
	t.mu.Lock()
	t.faults = nil
	t.mu.Unlock()
	t.release()
}

// Waiting is how many calls a fault keeps waiting right now.
func (t *Tenant) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held
}

// nextFault is the fault that strikes this call. The caller holds mu.
func (t *Tenant) nextFault(c *call) *fault {
	for i, f := range t.faults {
		if !f.matches(c) {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.Probability > 0 && t.rand.Float64() >= f.Probability {
			continue
		}
		f.hits++
		if f.Count > 0 && f.hits >= f.Count {
			t.faults = slices.Delete(t.faults, i, i+1)
		}
		return f
	}
	return nil
}

func (f *fault) matches(c *call) bool {
	if f.Operation != "" && (c.op == nil || c.op.name != f.Operation) {
		return false
	}
	if f.Method != "" && f.Method != c.r.Method {
		return false
	}
	if f.Path != "" {
		if hit, err := path.Match(f.Path, c.r.URL.Path); err != nil || !hit {
			return false
		}
	}
	return f.Kind != ErrorPage || c.query.Has("after")
}

// errGone ends a call whose caller does not wait any longer.
var errGone = errors.New("nobody waits for the answer")

// wait spends the time that latency and hangs take.
func (f *fault) wait(r *http.Request, t *Tenant) error {
	patience := maxDefaultPatience
	switch f.kind() {
	case Latency:
		patience = f.Latency
	case Hang:
	case TooMany, TooManyConcurrent, ErrorBefore, ErrorAfter, ErrorPage, ResetBefore, ResetAfter, faultKindNone:
		return nil
	}
	t.mu.Lock()
	released := t.closed
	t.held++
	t.touch()
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.held--
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-timer.C:
		if f.kind() == Hang {
			return errGone
		}
		return nil
	case <-r.Context().Done():
	case <-released:
		if f.kind() == Latency {
			return nil
		}
	}
	return errGone
}
