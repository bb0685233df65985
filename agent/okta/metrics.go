package okta

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts what goes to Okta.
type meter struct {
	calls  *prometheus.CounterVec
	took   *prometheus.HistogramVec
	waits  *prometheus.CounterVec
	tokens *prometheus.CounterVec
}

func newMeter(r prometheus.Registerer) (*meter, error) {
	m := &meter{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "frontdesk_okta_calls_total", Help: "Calls to Okta by method, rate-limit bucket and HTTP status; 0 where no answer came.",
		}, []string{"method", "bucket", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "frontdesk_okta_call_seconds", Help: "How long calls to Okta took.",
			Buckets: []float64{.05, .1, .2, .4, .8, 1.6, 3.2, 6.4, 15, 30},
		}, []string{"method", "bucket"}),
		waits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "frontdesk_okta_wait_seconds_total", Help: "Time that calls waited for Okta's rate limits.",
		}, []string{"bucket"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "frontdesk_okta_token_requests_total", Help: "Access tokens asked for, by outcome.",
		}, []string{"outcome"}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.calls, m.took, m.waits, m.tokens} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("okta: register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *meter) called(method, bucket string, status int, took time.Duration) {
	m.calls.WithLabelValues(method, bucket, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(method, bucket).Observe(took.Seconds())
}

func (m *meter) waited(bucket string, d time.Duration) {
	m.waits.WithLabelValues(bucket).Add(d.Seconds())
}

func (m *meter) token(outcome string) { m.tokens.WithLabelValues(outcome).Inc() }
