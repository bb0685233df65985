package redis_test

import (
	"strings"
	"testing"

	"frontdesk/store"
	"frontdesk/store/redis"
	"frontdesk/store/storetest"
	"frontdesk/store/storetest/testservers"
)

func TestShelfConforms(t *testing.T) {
	t.Parallel()
	storetest.RunShelf(t, func(t *testing.T) store.Shelf {
		t.Helper()
		s, err := redis.Open(t.Context(), testservers.Redis(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}

func TestErrorsDoNotTellThePassword(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"unparsable":          "redis://user:open%sesame@127.0.0.1:1/0",
		"a slash in it":       "redis://user:open/sesame@127.0.0.1:1/0",
		"no scheme":           "user:open/sesame@127.0.0.1",
		"nobody listens":      "redis://user:opensesame@127.0.0.1:1/0",
		"no such host":        "redis://user:opensesame@no-such-host.invalid:6379/0",
		"no such option":      "redis://user:opensesame@127.0.0.1:1/0?nonsense=1",
		"not a number at all": "redis://user:opensesame@127.0.0.1:1/x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := redis.Open(t.Context(), url)
			if err == nil {
				t.Fatal("Open succeeds")
			}
			if strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "open/") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}
