package store_test

import (
	"testing"
	"time"

	"frontdesk/store"
)

func TestOptionsRefuseWhatCannotWork(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Time{} }
	for name, o := range map[string]store.Options{
		"no clock":                {},
		"rescue before the end":   {Now: now, JobTimeout: time.Minute, RescueAfter: time.Second},
		"rescue right at the end": {Now: now, JobTimeout: time.Minute, RescueAfter: time.Minute},
	} {
		if _, err := o.WithDefaults(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	o, err := store.Options{Now: now, JobTimeout: 2 * time.Minute}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if o.Logger == nil || o.NewID() == "" || o.Workers < 1 || o.SweepEvery <= 0 || o.RescueAfter <= o.JobTimeout {
		t.Errorf("defaults are missing: %+v", o)
	}
}
