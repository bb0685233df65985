package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/store/storetest/testservers"
)

// asProgram makes the test binary be Frontdesk itself, so that tests can run, kill
// and restart a real process built with the race detector.
const asProgram = "FRONTDESK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// profiles are the two ways to run Frontdesk.
func profiles() []string { return []string{"embedded", "scaled"} }

// databaseEnv gives the environment of a profile with a fresh store.
func databaseEnv(t *testing.T, profile string) map[string]string {
	t.Helper()
	if profile == "embedded" {
		return map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "frontdesk.db")}
	}
	return map[string]string{"DATABASE_URL": testservers.Postgres(t), "REDIS_URL": testservers.Redis(t)}
}

func newCompany(t *testing.T) *company {
	t.Helper()
	acme, err := openCompany(t.Context(), time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := acme.close(); err != nil {
			t.Error(err)
		}
	})
	return acme
}

// startDesk runs a Frontdesk in this process against the company until the test ends.
func startDesk(t *testing.T, acme *company, profile string, env map[string]string) *parts {
	t.Helper()
	all := databaseEnv(t, profile)
	all["FRONTDESK_IDENTITY"] = "email"
	maps.Copy(all, env)
	source := configSource{getenv: func(k string) string { return all[k] }, readFile: os.ReadFile}
	cfg, err := source.load()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	parts, err := build(t.Context(), acme.connect(cfg), log, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- parts.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, parts.close()); err != nil {
			t.Error(err)
		}
	})
	within(t, 20*time.Second, func(ctx context.Context) error {
		return acme.slack.WaitFor(ctx, func() bool { return acme.slack.Sockets() > 0 })
	})
	return parts
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// within fails the test if f does not end well in time.
func within(t *testing.T, d time.Duration, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := f(ctx); err != nil {
		t.Fatal(err)
	}
}

// Rows A1, A2, A3, B2, E1: the tour is the product's main job, over real sockets.
func TestTourGoesAsItShouldOnBothProfiles(t *testing.T) {
	t.Parallel()
	for _, profile := range profiles() {
		for _, identity := range []string{"email", "proof"} {
			t.Run(profile+"/"+identity, func(t *testing.T) {
				t.Parallel()
				acme := newCompany(t)
				parts := startDesk(t, acme, profile, map[string]string{"FRONTDESK_IDENTITY": identity})
				var out strings.Builder
				if err := newTour(io.MultiWriter(&out), acme, parts).play(t.Context()); err != nil {
					t.Fatalf("%v\n%s", err, out.String())
				}
			})
		}
	}
}

func TestVersionIsPrinted(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &program{stdout: &out, stderr: &out, now: time.Now}
	if code := p.run(t.Context(), []string{"version"}); code != 0 || out.String() != fmt.Sprintln("frontdesk", version) {
		t.Errorf("version gave %d and %q", code, out.String())
	}
}
