// Package redis keeps the scaled profile's short-lived things: half-finished
// forms, proofs under way, the rate-limit gate that replicas share.
//
// It owns the keys that begin with "frontdesk:". It refuses to be anybody's
// memory: whatever is kept here has a time to live, and all of it may be gone at
// any moment.
package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"frontdesk/store"
)

const prefix = "frontdesk:"

// Shelf is a store.Shelf on Redis 6.2 or newer.
type Shelf struct{ client *redis.Client }

var _ store.Shelf = (*Shelf)(nil)

// Open connects to the Redis that url names.
func Open(ctx context.Context, url string) (*Shelf, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		// Neither the URL nor what the parser says of it: both may hold the password.
		return nil, errors.New("the Redis URL can't be parsed: it should read redis://user:password@host:6379/0, with special characters in the password percent-encoded")
	}
	s := &Shelf{redis.NewClient(o)}
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(err, s.client.Close())
	}
	return s, nil
}

// Put keeps value under key for ttl.
func (s *Shelf) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.client.Set(ctx, prefix+key, value, atLeast(ttl)).Err(); err != nil {
		return fmt.Errorf("put %s on the shelf: %w", key, err)
	}
	return nil
}

// Get is store.ErrNotFound when the key is unknown or its time is over.
func (s *Shelf) Get(ctx context.Context, key string) ([]byte, error) {
	return value(key, s.client.Get(ctx, prefix+key))
}

// Take is Get and Delete in one.
func (s *Shelf) Take(ctx context.Context, key string) ([]byte, error) {
	return value(key, s.client.GetDel(ctx, prefix+key))
}

func value(key string, cmd *redis.StringCmd) ([]byte, error) {
	b, err := cmd.Bytes()
	if errors.Is(err, redis.Nil) {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("%s on the shelf: %w", key, err)
	}
	return b, nil
}

// Delete removes key if it is there.
func (s *Shelf) Delete(ctx context.Context, key string) error {
	if err := s.client.Del(ctx, prefix+key).Err(); err != nil {
		return fmt.Errorf("delete %s from the shelf: %w", key, err)
	}
	return nil
}

// raise keeps the larger number, compared as decimal text because Lua's numbers
// lose the last digits of large ones, and the longer time to live.
var raise = redis.NewScript(`
local function less(a, b)
  local na, nb = a:sub(1, 1) == '-', b:sub(1, 1) == '-'
  if na ~= nb then return na end
  if na then a, b = b:sub(2), a:sub(2) end
  if #a ~= #b then return #a < #b end
  return a < b
end
local stands = redis.call('GET', KEYS[1])
if stands and not less(stands, ARGV[1]) then
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  return stands
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`)

// Max raises the number under key; see store.Shelf.
func (s *Shelf) Max(ctx context.Context, key string, value int64, ttl time.Duration) (int64, error) {
	stands, err := raise.Run(ctx, s.client, []string{prefix + key}, value, atLeast(ttl).Milliseconds()).Int64()
	if err != nil {
		return 0, fmt.Errorf("raise %s on the shelf: %w", key, err)
	}
	return stands, nil
}

// atLeast is a time to live that Redis takes: a millisecond or more.
func atLeast(ttl time.Duration) time.Duration { return max(ttl, time.Millisecond) }

// Ping tells whether Redis answers.
func (s *Shelf) Ping(ctx context.Context) error {
	if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}

// Close closes the connections.
func (s *Shelf) Close() error {
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("close redis: %w", err)
	}
	return nil
}
