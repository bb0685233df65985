package okta

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Gate keeps, for every bucket of Okta's rate limits, the time before which
// nobody may call, over all replicas. It is a courtesy: when it fails, a replica
// goes by what it has seen itself.
type Gate interface {
	// Hold closes bucket until the given time, or leaves a later one standing.
	Hold(ctx context.Context, bucket string, until time.Time) error
	// Until is when bucket opens; the zero time, or one that is past, means it is open.
	Until(ctx context.Context, bucket string) (time.Time, error)
}

// Numbers is where a shared gate keeps its times; store.Shelf is one.
type Numbers interface {
	// Max raises the number under key to at least value and returns what stands there.
	Max(ctx context.Context, key string, value int64, ttl time.Duration) (int64, error)
}

// NewShelfGate makes a gate of numbers that replicas share.
func NewShelfGate(n Numbers) Gate { return shelfGate{n} }

type shelfGate struct{ numbers Numbers }

const (
	gateKey = "okta/gate/"
	gateTTL = 2 * longestHold
)

func (g shelfGate) Hold(ctx context.Context, bucket string, until time.Time) error {
	if _, err := g.numbers.Max(ctx, gateKey+bucket, until.UnixMicro(), gateTTL); err != nil {
		return fmt.Errorf("hold bucket %s: %w", bucket, err)
	}
	return nil
}

func (g shelfGate) Until(ctx context.Context, bucket string) (time.Time, error) {
	at, err := g.numbers.Max(ctx, gateKey+bucket, 0, gateTTL)
	if err != nil {
		return time.Time{}, fmt.Errorf("look at bucket %s: %w", bucket, err)
	}
	if at == 0 {
		return time.Time{}, nil
	}
	return time.UnixMicro(at).UTC(), nil
}

const (
	// longestHold bounds what a 429 can make us wait, whatever its headers say.
	longestHold = 5 * time.Minute
	// unknownHold is the wait after a 429 that does not say how long.
	unknownHold = 10 * time.Second
	// lookEvery is how often the shared gate is asked about a bucket.
	lookEvery = 250 * time.Millisecond
	// widestGap bounds how far apart reads are spread when a limit is nearly used up.
	widestGap = 2 * time.Second
)

// limiter is the rate gate in this process, in front of the shared one.
type limiter struct {
	shared Gate
	meter  *meter
	log    *slog.Logger
	now    func() time.Time
	owner  *transport // for its rest

	mu      sync.Mutex
	buckets map[string]*bucketState
	offset  time.Duration // Okta's clock minus ours
}

// bucketState is what this process knows of a bucket.
type bucketState struct {
	closed time.Time     // nobody calls before
	looked time.Time     // when the shared gate was last asked
	gap    time.Duration // between two reads, while the limit is nearly used up
	spread time.Time     // until when gap holds
	next   time.Time     // the next read's turn
}

func newLimiter(cfg Config, owner *transport) *limiter {
	return &limiter{
		shared: cfg.Gate, meter: owner.meter, log: cfg.Logger, now: cfg.Now, owner: owner,
		buckets: map[string]*bucketState{},
	}
}

// bucket returns the state of a bucket. The caller holds mu.
func (l *limiter) bucket(name string) *bucketState {
	b := l.buckets[name]
	if b == nil {
		b = &bucketState{}
		l.buckets[name] = b
	}
	return b
}

// heldBackError is the error of a call that would have to wait longer than its ctx.
type heldBackError struct{ until time.Time }

func (h *heldBackError) Error() string { return "held back by the rate limit" }

// pass waits until a call may be sent. If ctx ends before that, it does not wait
// in vain: the error, a *heldBackError, says when to come back.
func (l *limiter) pass(ctx context.Context, bucket string, read bool) error {
	for {
		opens := l.opens(ctx, bucket)
		if !opens.After(l.now()) {
			break
		}
		if err := l.wait(ctx, bucket, opens); err != nil {
			return err
		}
	}
	if !read {
		return nil
	}
	return l.wait(ctx, bucket, l.turn(bucket))
}

func (l *limiter) wait(ctx context.Context, bucket string, until time.Time) error {
	wait := until.Sub(l.now())
	if wait <= 0 {
		return nil
	}
	if deadline, bounded := ctx.Deadline(); bounded && until.After(deadline) {
		return &heldBackError{until}
	}
	l.meter.waited(bucket, wait)
	return l.owner.rest(ctx, wait)
}

// opens is when a bucket opens, as this process or another one learned.
func (l *limiter) opens(ctx context.Context, name string) time.Time {
	l.mu.Lock()
	b, now := l.bucket(name), l.now()
	ask := l.shared != nil && now.Sub(b.looked) >= lookEvery
	if ask {
		b.looked = now
	}
	closed := b.closed
	l.mu.Unlock()
	if !ask {
		return closed
	}
	until, err := l.shared.Until(ctx, name)
	if err != nil {
		l.log.WarnContext(ctx, "shared rate gate does not answer", "bucket", name, "error", err)
		return closed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(b.closed) {
		b.closed = until
	}
	return b.closed
}

// turn takes a read's place in the queue of a bucket that is nearly used up.
func (l *limiter) turn(name string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, now := l.bucket(name), l.now()
	if !now.Before(b.spread) {
		return time.Time{}
	}
	if b.next.Before(now) {
		b.next = now
	}
	if b.next = b.next.Add(b.gap); b.next.After(b.spread) {
		b.next = b.spread // by then the limit is renewed
	}
	return b.next
}

// learn reads an answer's rate headers. For a 429 whose end is known it closes
// the bucket and returns when to come back.
// Source: Okta, "Rate limits": Reset − Date + 1 s; Limit 0 and Remaining 0 mean
// too many calls at once.
func (l *limiter) learn(ctx context.Context, bucket string, a *answer) time.Time {
	now := l.now()
	date, dateErr := http.ParseTime(a.header.Get("Date"))
	if dateErr == nil {
		l.mu.Lock()
		l.offset = date.Sub(now)
		l.mu.Unlock()
	} else {
		date = now
	}
	limit, limited := number(a.header, "X-Rate-Limit-Limit")
	remaining, _ := number(a.header, "X-Rate-Limit-Remaining")
	reset, known := number(a.header, "X-Rate-Limit-Reset")
	left := time.Unix(reset, 0).Sub(date)
	switch {
	case a.status == http.StatusTooManyRequests && limited && (limit == 0 || remaining > 0):
		// Too many at once, or a limit of another kind (one message in 30 seconds to
		// the same phone): the bucket is open, and its end says nothing.
		return time.Time{}
	case a.status == http.StatusTooManyRequests:
		wait := unknownHold
		if known {
			wait = min(max(left, 0)+time.Second, longestHold)
		}
		until := now.Add(wait + rand.N(time.Second)) //nolint:gosec // jitter is no secret
		l.hold(ctx, bucket, until)
		return until
	case limited && known && limit > 0 && left > 0:
		l.spread(bucket, limit, remaining, min(left, time.Minute))
	}
	return time.Time{}
}

// hold closes a bucket here and for the other replicas.
func (l *limiter) hold(ctx context.Context, name string, until time.Time) {
	l.log.WarnContext(ctx, "okta's rate limit is reached", "bucket", name, "until", until)
	l.mu.Lock()
	if b := l.bucket(name); until.After(b.closed) {
		b.closed = until
	}
	l.mu.Unlock()
	if l.shared == nil {
		return
	}
	if err := l.shared.Hold(context.WithoutCancel(ctx), name, until); err != nil {
		l.log.WarnContext(ctx, "shared rate gate does not answer", "bucket", name, "error", err)
	}
}

// spread slows reads down when less than a tenth of a limit is left, so that the
// rest lasts until it is renewed and writes still find room.
func (l *limiter) spread(name string, limit, remaining int64, left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(name)
	if remaining*10 >= limit {
		b.spread = time.Time{}
		return
	}
	b.gap = min(left/time.Duration(remaining+1), widestGap)
	b.spread = l.now().Add(left)
}

// skew is Okta's clock minus ours, as last seen; its precision is a second.
func (l *limiter) skew() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offset
}

func number(h http.Header, name string) (int64, bool) {
	n, err := strconv.ParseInt(h.Get(name), 10, 64)
	return n, err == nil
}

// bucketOf names the bucket that Okta counts a call in.
// Source: Okta, "Additional limits": the exact path beats the longest prefix.
func bucketOf(method, path string) string {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(path, "/api/v1"), "/"), "/")
	deep := min(len(parts), 3)
	switch first := parts[0]; {
	case first == "oauth2":
		return "oauth2"
	case first == "users" && deep == 2 && method == http.MethodGet:
		return "user"
	case first == "users" && deep <= 2:
		return "users"
	case first == "groups" && deep > 1 && parts[1] == "rules":
		return "other"
	case first == "groups" && deep == 2:
		return "group"
	case first == "groups":
		return "groups"
	case first == "apps" && deep > 2:
		return "app_parts"
	case first == "apps":
		return "apps"
	case first == "logs":
		return "logs"
	}
	return "other"
}
