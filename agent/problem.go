package agent

import "errors"

// Problem carries words for people: what happened, why, and what to do now. It
// is the only error whose text is shown; for any other people read "Something
// broke" and the request's number.
type Problem struct { //nolint:errname // a domain word, used all over
	// Code is stable, for tests and logs: "not_yours", "stale_card", "unknown_group" ….
	Code string `json:"code"`
	// Text is one or two plain sentences.
	Text string `json:"text"`
	// Cause is for the log, never shown.
	Cause error `json:"-"`
}

// Error is the text.
func (p *Problem) Error() string { return p.Text }

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// AsProblem finds a Problem in err.
func AsProblem(err error) (*Problem, bool) {
	var p *Problem
	ok := errors.As(err, &p)
	return p, ok
}
