package okta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"frontdesk/agent"
)

const (
	// tries bounds how often a read is sent. Waiting for the rate limit to allow
	// it again counts; the caller's deadline usually ends it first.
	tries = 5
	// readWithin and writeWithin bound calls whose caller set no deadline;
	// tryWithin bounds a single try of a read, so that a hang is worth another.
	readWithin  = 90 * time.Second
	writeWithin = 30 * time.Second
	tryWithin   = 30 * time.Second
	// maxAnswer is more than Okta's largest pages.
	maxAnswer = 32 << 20
)

// transport is the only way to Okta. It never hands an answer to whoever called
// it as an http.RoundTripper: the SDK would retry writes, decode what it must not
// and lose errors. The answer is left in the exchange that travels in the
// request's context.
type transport struct {
	org       *url.URL
	reads     http.RoundTripper
	writes    http.RoundTripper
	auth      credential
	gate      *limiter
	meter     *meter
	log       *slog.Logger
	now       func() time.Time
	rest      func(context.Context, time.Duration) error
	userAgent string
}

func newTransport(cfg Config, org *url.URL) (*transport, error) {
	base := cfg.HTTP
	if base == nil {
		standard, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			standard = &http.Transport{Proxy: http.ProxyFromEnvironment}
		}
		base = standard
	}
	reads := base.Clone()
	reads.MaxIdleConnsPerHost = max(reads.MaxIdleConnsPerHost, 16)
	// Writes go over HTTP/1.1, whose client never sends a request again once a
	// byte of it has left (HTTP/2's may), and over connections that are not left
	// idle for so long that the other side has hung up.
	writes := base.Clone()
	writes.Protocols = new(http.Protocols)
	writes.Protocols.SetHTTP1(true)
	writes.ForceAttemptHTTP2 = false
	writes.IdleConnTimeout = 20 * time.Second

	meter, err := newMeter(cfg.Registerer)
	if err != nil {
		return nil, err
	}
	t := &transport{
		org: org, reads: reads, writes: writes, meter: meter, log: cfg.Logger, now: cfg.Now, rest: rest, userAgent: cfg.UserAgent,
	}
	t.gate = newLimiter(cfg, t)
	return t, nil
}

var (
	errNoExchange = errors.New("okta: request without an exchange")
	errSeeElse    = errors.New("okta: the error is in the exchange")
)

// RoundTrip implements http.RoundTripper for the SDK. What it returns says only
// whether there is an answer; in particular it never returns an io.EOF, on which
// the SDK would send a write again.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errNoExchange
	}
	body, err := drain(req)
	if err != nil {
		x.err = &agent.OktaError{Op: x.op, NotSent: true, Err: err}
		return nil, errSeeElse
	}
	if x.query != nil {
		req = req.Clone(req.Context())
		query := req.URL.Query()
		maps.Copy(query, x.query)
		req.URL.RawQuery = query.Encode()
	}
	if req.Method == http.MethodGet {
		x.answer, err = t.read(req, x.op)
	} else {
		x.answer, err = t.write(req, body, x.op)
	}
	if err != nil {
		x.answer, x.err = nil, err
		return nil, errSeeElse
	}
	return &http.Response{
		StatusCode: http.StatusNoContent, Status: "204 No Content", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req,
	}, nil
}

// drain takes the request's body, as a RoundTripper must.
func drain(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	return body, nil
}

// within bounds a call whose caller did not.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// write sends a call that changes something, at most once. Its errors say whether
// it had left.
func (t *transport) write(req *http.Request, body []byte, op string) (*answer, error) {
	ctx, cancel := within(req.Context(), writeWithin)
	defer cancel()
	if err := t.gate.pass(ctx, bucketOf(req.Method, req.URL.Path), false); err != nil {
		return nil, notSent(op, err)
	}
	a, err := t.once(ctx, req, body, op)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// read sends a call that changes nothing, again and again if need be.
func (t *transport) read(req *http.Request, op string) (*answer, error) {
	ctx, cancel := within(req.Context(), readWithin)
	defer cancel()
	bucket := bucketOf(req.Method, req.URL.Path)
	for try := 1; ; try++ {
		if err := t.gate.pass(ctx, bucket, true); err != nil {
			return nil, notSent(op, err)
		}
		a, err := t.tryOnce(ctx, req, op)
		if err == nil {
			return a, nil
		}
		pause, again := t.again(err, try)
		if !again || ctx.Err() != nil {
			return nil, err
		}
		t.log.DebugContext(ctx, "okta read is tried again", "op", op, "try", try, "pause", pause, "error", err)
		if t.rest(ctx, pause) != nil {
			return nil, err
		}
	}
}

func (t *transport) tryOnce(ctx context.Context, req *http.Request, op string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	return t.once(ctx, req, nil, op)
}

// again tells whether a failed read is worth another try, and after what pause. A
// rate limit with a known end needs none here: the gate holds the next try back.
func (t *transport) again(err error, try int) (time.Duration, bool) {
	var e *agent.OktaError
	if !errors.As(err, &e) || try >= tries {
		return 0, false
	}
	switch {
	case e.Status == http.StatusUnauthorized && !e.NotSent:
		return 0, try == 1 && t.auth.renews()
	case e.Status == http.StatusTooManyRequests && e.RetryAt.After(t.now()):
		return 0, true
	case e.NotSent && e.Status != 0: // the token endpoint said no
		return 0, false
	case e.Status == 0, e.Status == http.StatusRequestTimeout, e.Status >= 500 && e.Status != http.StatusNotImplemented,
		e.Status == http.StatusTooManyRequests:
		return backoff(try), true
	}
	return 0, false
}

// backoff grows from a quarter of a second, with jitter so that callers who
// failed together do not come back together.
func backoff(try int) time.Duration {
	pause := min(250*time.Millisecond<<(try-1), 8*time.Second)
	return pause/2 + rand.N(pause) //nolint:gosec // jitter is no secret
}

// once puts one request on the wire and reads the whole answer. Everything but a
// 2xx is an *agent.OktaError.
func (t *transport) once(ctx context.Context, req *http.Request, body []byte, op string) (*answer, error) {
	out := req.Clone(ctx)
	out.Body, out.GetBody, out.ContentLength = http.NoBody, nil, 0
	if len(body) > 0 {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	out.Header.Set("User-Agent", t.userAgent)
	used, err := t.auth.authorize(ctx, out)
	if err != nil {
		return nil, unauthorized(op, err)
	}
	// The last moment to think better of it: what is late is not sent.
	if err := ctx.Err(); err != nil {
		return nil, notSent(op, err)
	}
	a, left, err := t.send(out)
	if err != nil {
		return nil, &agent.OktaError{Op: op, NotSent: !left, Err: err}
	}
	t.auth.heard(a)
	retryAt := t.gate.learn(ctx, bucketOf(req.Method, req.URL.Path), a)
	if a.status >= 200 && a.status < 300 {
		return a, nil
	}
	e := refused(op, a)
	e.RetryAt = retryAt
	if a.status == http.StatusUnauthorized {
		t.auth.drop(used)
	}
	return nil, e
}

// send makes the HTTP call. left tells whether the request may have left this
// machine: it cannot have without a connection.
func (t *transport) send(out *http.Request) (a *answer, left bool, err error) {
	way := t.writes
	if out.Method == http.MethodGet {
		way = t.reads
	}
	ctx := httptrace.WithClientTrace(out.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { left = true },
	})
	began := t.now()
	bucket := bucketOf(out.Method, out.URL.Path)
	res, err := way.RoundTrip(out.WithContext(ctx))
	if err != nil {
		t.meter.called(out.Method, bucket, 0, t.now().Sub(began))
		return nil, left, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if closing := res.Body.Close(); err == nil && closing != nil {
		t.log.DebugContext(ctx, "okta answer did not close", "error", closing)
	}
	t.meter.called(out.Method, bucket, res.StatusCode, t.now().Sub(began))
	t.log.DebugContext(ctx, "okta call", "method", out.Method, "bucket", bucket, "status", res.StatusCode,
		"okta_request_id", res.Header.Get("X-Okta-Request-Id"))
	a = &answer{status: res.StatusCode, header: res.Header, body: body, from: out.URL}
	switch {
	case len(body) > maxAnswer:
		err = fmt.Errorf("answer is larger than %d bytes", maxAnswer)
	case err != nil:
		err = fmt.Errorf("read answer: %w", err)
	}
	// The status says that a write took effect, even if the rest was cut off.
	if err != nil && (out.Method == http.MethodGet || res.StatusCode >= 300) {
		return nil, true, err
	}
	if err != nil {
		a.body = nil
	}
	return a, true, nil
}

// notSent is the error of a call that was held back.
func notSent(op string, err error) *agent.OktaError {
	e := &agent.OktaError{Op: op, NotSent: true, Err: err}
	if held, ok := errors.AsType[*heldBackError](err); ok {
		e.RetryAt = held.until
	}
	return e
}

// rest waits for d or until ctx is done.
func rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
