package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"frontdesk/store"
)

const (
	// soon is how far ahead River schedules exactly. It looks for scheduled
	// jobs every five seconds, so what is due before that is enqueued at once
	// and put off by the worker, which River honours to the fetch interval.
	soon = 5 * time.Second
	// grace is how long handlers may finish after Work was told to stop.
	grace = 10 * time.Second
	// jobsKept is how long finished jobs stay: they are not the audit trail.
	jobsKept       = time.Hour
	failedJobsKept = 24 * time.Hour
)

// wake is one subject to be handed to Work.
type wake struct {
	subject string
	at      time.Time
}

// wakeJob is River's view of a wake.
type wakeJob struct {
	Subject   string `json:"subject"`
	NotBefore int64  `json:"not_before,omitempty"` // microseconds; only if it is soon
}

// Kind names the job in River's table.
func (wakeJob) Kind() string { return "wake" }

func (t *tx) Wake(_ context.Context, subject string, at time.Time) error {
	if t.readOnly {
		return errReadOnly
	}
	for i := range t.wakes {
		if t.wakes[i].subject == subject && t.wakes[i].at.Equal(at) {
			return nil
		}
	}
	t.wakes = append(t.wakes, wake{subject, at})
	return nil
}

// enqueue writes what was woken as jobs of the same transaction.
func (t *tx) enqueue(ctx context.Context) error {
	if len(t.wakes) == 0 {
		return nil
	}
	jobs := make([]river.InsertManyParams, 0, len(t.wakes))
	for _, w := range t.wakes {
		job := wakeJob{Subject: store.CleanText(w.subject)}
		opts := &river.InsertOpts{}
		switch ahead := w.at.Sub(t.now); {
		case w.at.IsZero() || ahead <= 0:
		case ahead < soon:
			job.NotBefore = w.at.UnixMicro()
		default:
			opts.ScheduledAt = w.at
		}
		jobs = append(jobs, river.InsertManyParams{Args: job, InsertOpts: opts})
	}
	if _, err := t.s.jobs.InsertManyTx(ctx, t.sql, jobs); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// Work runs the queue; see store.Store.
func (s *Store) Work(ctx context.Context, handle func(ctx context.Context, subject string) error) error {
	if s.jobs == nil {
		return errReadOnly
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{s: s, handle: handle}); err != nil {
		return fmt.Errorf("set up the queue: %w", err)
	}
	client, err := river.NewClient(s.engine.Driver, &river.Config{
		Logger:                      s.riverLogger(),
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: s.o.Workers}},
		Workers:                     workers,
		FetchCooldown:               s.engine.FetchCooldown,
		FetchPollInterval:           s.engine.FetchInterval,
		JobTimeout:                  s.o.JobTimeout,
		RescueStuckJobsAfter:        s.o.RescueAfter,
		RetryPolicy:                 patient{},
		SoftStopTimeout:             grace,
		CompletedJobRetentionPeriod: jobsKept,
		DiscardedJobRetentionPeriod: failedJobsKept,
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(
			river.PeriodicInterval(s.o.SweepEvery),
			func() (river.JobArgs, *river.InsertOpts) {
				return wakeJob{Subject: store.SweepSubject}, &river.InsertOpts{MaxAttempts: 1}
			}, nil)},
	})
	if err != nil {
		return fmt.Errorf("set up the queue: %w", err)
	}
	if err := s.start(ctx, client); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to stop before it began
		}
		return err
	}
	<-client.Stopped()
	return nil
}

func (s *Store) start(ctx context.Context, client *river.Client[*sql.Tx]) error {
	if s.engine.BeforeWork != nil {
		if err := s.engine.BeforeWork(ctx); err != nil {
			return err
		}
	}
	// The first sweep does not wait until a leader is elected: after a crash
	// the dead one stays in office for a quarter of a minute.
	if _, err := s.jobs.Insert(ctx, wakeJob{Subject: store.SweepSubject}, &river.InsertOpts{MaxAttempts: 1}); err != nil {
		return fmt.Errorf("enqueue the first sweep: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	return nil
}

// worker hands a job's subject to whoever called Work.
type worker struct {
	river.WorkerDefaults[wakeJob]
	s      *Store
	handle func(ctx context.Context, subject string) error
}

// Work runs one job.
func (w *worker) Work(ctx context.Context, job *river.Job[wakeJob]) error {
	if ahead := job.Args.NotBefore - w.s.now().UnixMicro(); job.Args.NotBefore > 0 && ahead > 0 {
		return river.JobSnooze(time.Duration(ahead) * time.Microsecond)
	}
	if job.Args.Subject == store.SweepSubject {
		if err := w.s.tidy(ctx); err != nil {
			w.s.o.Logger.WarnContext(ctx, "tidying the store failed", "error", err)
		}
	}
	err := w.handle(ctx, job.Args.Subject)
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		// Nobody above hears of it: River keeps it in its table and tries again.
		w.s.o.Logger.WarnContext(ctx, "handling a subject failed", "subject", job.Args.Subject, "attempt", job.Attempt, "error", err)
	}
	return err
}

// patient is River's retry policy (1, 16, 81 seconds) that stops growing at 256.
type patient struct{ river.DefaultClientRetryPolicy }

// NextRetry tells when to try again.
func (p patient) NextRetry(job *rivertype.JobRow) time.Time {
	const most = 3
	if len(job.Errors) > most {
		short := *job
		short.Errors = short.Errors[:most]
		job = &short
	}
	return p.DefaultClientRetryPolicy.NextRetry(job)
}
