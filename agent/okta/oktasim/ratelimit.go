package oktasim

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateLimits are the tenant's limits. The zero value is a hundred times those of
// an enterprise organisation, so that tests which do not ask for limits meet none.
type RateLimits struct {
	// Unlimited counts, but never refuses.
	Unlimited bool
	// Scale multiplies the enterprise figures; zero means 100. Scale 1 is the
	// real thing.
	Scale int
	// Share is the percentage of a bucket that one caller may use; zero means 50.
	Share int
	// Buckets override single limits per minute: users, user, groups, group,
	// group_parts, apps, app_parts, logs, clients, other.
	Buckets map[string]int
	// Concurrent is the number of calls at once; zero means 75 times Scale.
	Concurrent int
}

// window counts the calls of one bucket in one minute.
type window struct {
	ends   time.Time
	used   int
	warned bool
}

const minute = time.Minute

// bucketOf names the bucket of a path and its enterprise limit.
func bucketOf(method, path string) (name string, perMinute int) {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(path, "/api/v1"), "/"), "/")
	single := len(parts) == 2
	switch parts[0] {
	case "users":
		if len(parts) == 1 || single && method != http.MethodGet {
			return "users", 600
		}
		if single {
			return "user", 1000
		}
	case "groups":
		if len(parts) > 1 && parts[1] == "rules" {
			break
		}
		if single {
			return "group", 600
		}
		return "groups", 600
	case "apps":
		if len(parts) > 2 {
			return "app_parts", 600
		}
		return "apps", 100
	case "logs":
		return "logs", 50
	case "oauth2":
		if strings.HasPrefix(path, "/oauth2/v1/clients") {
			return "clients", 100
		}
	}
	return "other", 600
}

func (l RateLimits) scale() int {
	if l.Scale == 0 {
		return 100
	}
	return l.Scale
}

func (l RateLimits) bucket(name string, enterprise int) int {
	if own, set := l.Buckets[name]; set {
		return own
	}
	return enterprise * l.scale()
}

func (l RateLimits) share(limit int) int {
	percent := l.Share
	if percent == 0 {
		percent = 50
	}
	return max(1, limit*percent/100)
}

func (l RateLimits) concurrent() int {
	if l.Concurrent == 0 {
		return 75 * l.scale()
	}
	return l.Concurrent
}

// limit counts the call in its bucket, sets the rate headers and refuses what is
// too much. The caller holds mu.
func (t *Tenant) limit(c *call, f *fault, header http.Header) error {
	limits := t.cfg.RateLimits
	name, enterprise := bucketOf(c.r.Method, c.r.URL.Path)
	whole := limits.bucket(name, enterprise)
	limit := limits.share(whole)

	org := t.window(name)
	own := t.window(name + "\x00" + c.caller.id())
	reset := own.ends
	if f.kind() == TooManyConcurrent || t.inFlight > limits.concurrent() && !limits.Unlimited {
		setRate(header, 0, 0, reset)
		t.emit(c, eventSpec{kind: "core.concurrency.org.limit.violation", failed: "CONCURRENCY_LIMIT"})
		return tooMany()
	}
	over := own.used >= limit || org.used >= whole
	if f.kind() == TooMany || over && !limits.Unlimited {
		setRate(header, limit, 0, reset)
		t.emit(c, eventSpec{kind: "system.org.rate_limit.violation", failed: "RATE_LIMIT"})
		return tooMany()
	}
	org.used++
	own.used++
	if !org.warned && org.used*100 >= whole*60 && !limits.Unlimited {
		org.warned = true
		t.emit(c, eventSpec{kind: "system.org.rate_limit.warning"})
	}
	setRate(header, limit, max(0, limit-own.used), reset)
	return nil
}

// window returns the current minute of a bucket.
func (t *Tenant) window(key string) *window {
	now := t.now()
	w := t.buckets[key]
	if w == nil || !now.Before(w.ends) {
		w = &window{ends: now.Truncate(time.Second).Add(minute)}
		t.buckets[key] = w
	}
	return w
}

func setRate(header http.Header, limit, remaining int, reset time.Time) {
	header.Set("X-Rate-Limit-Limit", strconv.Itoa(limit))
	header.Set("X-Rate-Limit-Remaining", strconv.Itoa(remaining))
	header.Set("X-Rate-Limit-Reset", strconv.FormatInt(reset.Unix(), 10))
}
