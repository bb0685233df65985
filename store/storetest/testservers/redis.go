package testservers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A test has one of Redis' numbered databases to itself. Which are lent is
// written down in database 0, because test processes share a server that
// TEST_REDIS_URL names.
const (
	databases = 1024 // of a server that we start; others mostly have 16
	lentFor   = 15 * time.Minute
)

var redisServer = sync.OnceValues(startRedis)

// Redis gives the URL of an empty numbered database, which is emptied again and
// given back when the test ends.
func Redis(tb testing.TB) string {
	tb.Helper()
	server, err := redisServer()
	if err != nil {
		tb.Fatalf("Redis is needed: %v\nInstall it (apt-get install redis-server, or brew install redis), set TEST_REDIS_URL, or run scripts/test-servers.sh run -- go test …", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatal("TEST_REDIS_URL is no URL")
	}
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	n, err := borrow(ctx, server)
	if err != nil {
		tb.Fatalf("borrow a Redis database: %v", err)
	}
	u.Path = "/" + strconv.Itoa(n)
	if err := withRedis(u.String(), func(c *redis.Client) error { return c.FlushDB(ctx).Err() }); err != nil {
		tb.Fatalf("empty the test database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
		defer cancel()
		err := errors.Join(
			withRedis(u.String(), func(c *redis.Client) error { return c.FlushDB(ctx).Err() }),
			withRedis(server, func(c *redis.Client) error { return c.Del(ctx, lentKey(n)).Err() }),
		)
		if err != nil {
			tb.Errorf("give back the Redis database: %v", err)
		}
	})
	return u.String()
}

func lentKey(n int) string { return "frontdesk-test:lent:" + strconv.Itoa(n) }

// borrow takes the first numbered database that nobody has, and waits for one
// if all are taken.
func borrow(ctx context.Context, server string) (n int, err error) {
	err = withRedis(server, func(c *redis.Client) error {
		most := databases
		if os.Getenv("TEST_REDIS_URL") != "" {
			most = 16
			if all, err := c.ConfigGet(ctx, "databases").Result(); err == nil {
				if k, err := strconv.Atoi(all["databases"]); err == nil {
					most = k
				}
			}
		}
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			for n = 1; n < most; n++ {
				err := c.SetArgs(ctx, lentKey(n), os.Getpid(), redis.SetArgs{Mode: "NX", TTL: lentFor}).Err()
				if !errors.Is(err, redis.Nil) {
					return err
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("all %d databases are taken: %w", most-1, ctx.Err())
			}
		}
	})
	return n, err
}

func withRedis(address string, do func(*redis.Client) error) error {
	o, err := redis.ParseURL(address)
	if err != nil {
		return errors.New("the Redis URL can't be parsed")
	}
	c := redis.NewClient(o)
	return errors.Join(do(c), c.Close())
}

func startRedis() (string, error) {
	if server := os.Getenv("TEST_REDIS_URL"); server != "" {
		// Database 0 keeps the list; a number in the URL would only be in the way.
		u, err := url.Parse(server)
		if err != nil {
			return "", errors.New("TEST_REDIS_URL is no URL")
		}
		u.Path = ""
		return u.String(), nil
	}
	server, err := find("redis-server", "/opt/homebrew/bin", "/usr/local/bin", "/usr/sbin")
	if err != nil {
		return "", err
	}
	p, err := newPlace("redis", false)
	if err != nil {
		return "", err
	}
	address := "redis://127.0.0.1:" + p.port
	err = p.start(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return withRedis(address, func(c *redis.Client) error { return c.Ping(ctx).Err() })
	}, server, strings.Fields("--bind 127.0.0.1 --save --appendonly no --databases "+strconv.Itoa(databases)+" --port "+p.port)...)
	return address, err
}
