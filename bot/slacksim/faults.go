package slacksim

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	RateLimited  FaultKind = "rate_limited"  // HTTP 429 with Retry-After, nothing done
	ErrorBefore  FaultKind = "error_before"  // ok false, nothing done
	ErrorAfter   FaultKind = "error_after"   // ok false, yet it was done
	StatusBefore FaultKind = "status_before" // an HTTP status without JSON, nothing done
	StatusAfter  FaultKind = "status_after"  // an HTTP status without JSON, yet it was done
	ResetBefore  FaultKind = "reset_before"  // the connection breaks, nothing done
	ResetAfter   FaultKind = "reset_after"   // the connection breaks, yet it was done
	Hang         FaultKind = "hang"          // no answer until the client gives up, nothing done
	Slow         FaultKind = "slow"          // the answer comes late
)

var faultKinds = []FaultKind{
	RateLimited, ErrorBefore, ErrorAfter, StatusBefore, StatusAfter, ResetBefore, ResetAfter, Hang, Slow,
}

// Fault is a misfortune that befalls calls of the app.
type Fault struct {
	// Method is a Web API method, "response_url", "socket" (a socket being
	// opened) or "*" for all of them.
	Method string    `json:"method"`
	Kind   FaultKind `json:"kind"`
	// Error is the code for ErrorBefore and ErrorAfter: "internal_error".
	Error string `json:"error,omitempty"`
	// Status is the HTTP status for StatusBefore and StatusAfter: 503.
	Status int `json:"status,omitempty"`
	// RetryAfter goes with RateLimited, in whole seconds: 1 s.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	// Delay goes with Slow.
	Delay time.Duration `json:"delay,omitempty"`
	// Match limits the fault to calls one of whose arguments contains it.
	Match string `json:"match,omitempty"`
	// Skip lets so many calls through first, Every then takes each n-th, and
	// Times ends the fault after so many; zero means none, each, and never.
	Skip  int `json:"skip,omitempty"`
	Every int `json:"every,omitempty"`
	Times int `json:"times,omitempty"`
}

type activeFault struct {
	Fault
	id   int
	seen int
	hit  int
}

// Fault lets something go wrong from now on and returns how to end it.
func (w *Workspace) Fault(f Fault) (remove func()) {
	id := w.addFault(f)
	return func() { w.removeFault(id) }
}

func (w *Workspace) addFault(f Fault) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	orString(&f.Error, "internal_error")
	if f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	orDuration(&f.RetryAfter, time.Second)
	w.serial++
	w.faults = append(w.faults, &activeFault{Fault: f, id: int(w.serial & math.MaxInt32)})
	return w.faults[len(w.faults)-1].id
}

func (w *Workspace) removeFault(id int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = slices.DeleteFunc(w.faults, func(f *activeFault) bool { return f.id == id })
}

// ClearFaults ends every fault.
func (w *Workspace) ClearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

// due finds the fault that befalls this call, if any.
func (w *Workspace) due(method string, a args) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.faults {
		if f.Method != "*" && f.Method != method || !f.matches(a) || f.Times > 0 && f.hit >= f.Times {
			continue
		}
		f.seen++
		if n := f.seen - f.Skip; n <= 0 || f.Every > 1 && n%f.Every != 0 {
			continue
		}
		f.hit++
		fault := f.Fault
		return &fault
	}
	return nil
}

func (f *activeFault) matches(a args) bool {
	if f.Match == "" {
		return true
	}
	for _, v := range a {
		if strings.Contains(fmt.Sprint(v), f.Match) {
			return true
		}
	}
	return false
}

// faulty runs act and writes its answer, unless a fault comes between. With a
// nil act it only plays the fault; it is false if there was nothing to play.
func (w *Workspace) faulty(rw http.ResponseWriter, r *http.Request, method string, a args, act func() (answer, http.Header)) (handled bool) {
	f := w.due(method, a)
	if f != nil {
		switch f.Kind {
		case ErrorAfter, StatusAfter, ResetAfter:
			if act != nil {
				act()
			}
		case Slow:
			w.linger(r, f.Delay)
			f = nil
		case Hang:
			w.linger(r, math.MaxInt64)
		case RateLimited, ErrorBefore, StatusBefore, ResetBefore:
			w.mu.Lock()
			w.record(method, a, f.Status, object{"ok": false, "error": "fault: " + string(f.Kind)})
			w.mu.Unlock()
		}
	}
	if f != nil {
		f.write(rw)
		return true
	}
	if act == nil {
		return false
	}
	result, header := act()
	result.write(rw, header)
	return true
}

// linger waits until the client gives up, the workspace closes or d is over.
func (w *Workspace) linger(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-w.closing:
	}
}

func (f *Fault) write(rw http.ResponseWriter) {
	switch f.Kind {
	case RateLimited:
		header := http.Header{"Retry-After": {strconv.Itoa(max(1, int(f.RetryAfter.Seconds())))}}
		answer{status: http.StatusTooManyRequests, body: envelopeOf(nil, refuse("ratelimited"))}.write(rw, header)
	case ErrorBefore, ErrorAfter:
		answer{status: http.StatusOK, body: envelopeOf(nil, refuse(f.Error))}.write(rw, nil)
	case StatusBefore, StatusAfter:
		http.Error(rw, http.StatusText(f.Status), f.Status)
	case ResetBefore, ResetAfter, Hang, Slow:
		reset(rw)
	}
}

// reset breaks the connection so that the client sees a reset, not an end.
func reset(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetLinger(0)
	}
	if closeErr := conn.Close(); errors.Join(err, closeErr) != nil {
		panic(http.ErrAbortHandler)
	}
}
