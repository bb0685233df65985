package store

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"time"
)

// Options are what every engine is opened with.
type Options struct {
	Logger *slog.Logger     // nothing is logged without one
	Now    func() time.Time // required
	NewID  func() string    // names events that have no ID; random text without one

	Workers     int           // how many subjects are handled at a time; 16
	SweepEvery  time.Duration // pause between sweeps; 15 seconds
	JobTimeout  time.Duration // how long one subject may take; 60 seconds
	RescueAfter time.Duration // when a subject whose worker died is handed out again; JobTimeout and 5 seconds
}

// WithDefaults fills what was left out and fails if what is needed is missing
// or the times contradict each other.
func (o Options) WithDefaults() (Options, error) {
	if o.Now == nil {
		return o, errors.New("store options name no clock")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if o.SweepEvery <= 0 {
		o.SweepEvery = 15 * time.Second
	}
	if o.JobTimeout <= 0 {
		o.JobTimeout = time.Minute
	}
	if o.RescueAfter <= 0 {
		o.RescueAfter = o.JobTimeout + 5*time.Second
	}
	if o.RescueAfter <= o.JobTimeout {
		return o, errors.New("store options rescue jobs that may still be running: RescueAfter must exceed JobTimeout")
	}
	return o, nil
}
