package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/store"
)

// RunBenchmarks measures what a durable store costs: an empty transaction, the
// transaction that a command makes, and the time from the commit that wakes a
// subject until that is handed out.
func RunBenchmarks(b *testing.B, open func(b *testing.B, o store.Options) store.Store) {
	clock := &Clock{}
	o := store.Options{Now: clock.Now}

	b.Run("empty transaction", func(b *testing.B) {
		s := open(b, o)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := s.Write(b.Context(), func(store.Tx) error { return nil }); err != nil {
					b.Error(err)
				}
			}
		})
	})

	b.Run("command transaction", func(b *testing.B) {
		s := open(b, o)
		var n atomic.Int64
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := s.Write(b.Context(), command(b.Context(), n.Add(1))); err != nil {
					b.Error(err)
				}
			}
		})
	})

	b.Run("wake to work", func(b *testing.B) {
		s := open(b, o)
		ctx, cancel := context.WithCancel(b.Context())
		came := make(chan time.Time, 1)
		ready := make(chan struct{}, 100)
		done := make(chan error, 1)
		go func() {
			done <- s.Work(ctx, func(_ context.Context, subject string) error {
				if subject == store.SweepSubject {
					ready <- struct{}{}
					return nil
				}
				came <- clock.Now()
				return nil
			})
		}()
		<-ready
		var took []time.Duration
		for b.Loop() {
			start := clock.Now()
			if err := s.Write(ctx, func(tx store.Tx) error { return tx.Wake(ctx, "run/1", time.Time{}) }); err != nil {
				b.Fatal(err)
			}
			took = append(took, (<-came).Sub(start))
		}
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	})
}

// command is what one slash command writes before it is acknowledged.
func command(ctx context.Context, n int64) func(store.Tx) error {
	return func(tx store.Tx) error {
		r := store.Request{
			ID: fmt.Sprintf("q%d", n), Delivery: fmt.Sprintf("d%d", n), Source: "command",
			SlackTeam: "T1", SlackUser: "U1", Text: "reset mfa", OpenedAt: tx.Now(),
		}
		run := store.Run{ID: fmt.Sprintf("run%d", n), RequestID: r.ID, State: store.Received, WakeAt: tx.Now(), StartedAt: tx.Now()}
		if err := tx.CreateRequest(ctx, &r, &run); err != nil {
			return err
		}
		opened := store.Event{Kind: "request.opened", RequestID: r.ID, RunID: run.ID, Personal: map[string]string{"text": r.Text}}
		if err := tx.Append(ctx, &opened); err != nil {
			return err
		}
		return tx.Wake(ctx, "run/"+run.ID, time.Time{})
	}
}
