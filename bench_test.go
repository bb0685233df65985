package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
	"frontdesk/bot/slacksim"
	"frontdesk/store/storetest/testservers"
)

// benchLatency is how late Slack's Web API and Okta answer, as real ones do.
type benchLatency struct {
	name        string
	slack, okta time.Duration
}

func latencies() []benchLatency {
	return []benchLatency{{name: "local"}, {name: "slack=80ms,okta=150ms", slack: 80 * time.Millisecond, okta: 150 * time.Millisecond}}
}

// Row N1: how soon "/okta add to group …" is acknowledged, over the real socket.
func BenchmarkAck(b *testing.B) {
	eachBench(b, func(b *testing.B, acme *company, flows []flow) {
		b.Helper()
		times := playBench(b, flows, func(ctx context.Context, f flow) (time.Duration, error) {
			begun := time.Now()
			reply, err := acme.slack.As(f.employee).Slash(ctx, "", "/okta add to group "+f.group)
			took := time.Since(begun)
			if err == nil && (reply.Failure != "" || reply.Message == nil || requestNumber.FindString(reply.Message.Text) == "") {
				err = fmt.Errorf("acknowledged with %q, %+v", reply.Failure, reply.Message)
			}
			return took, err
		}, 1)
		report(b, times)
	})
}

// Row N1: how long it takes from the typed command, over the approval's click and
// Okta, until the person who asked has been told.
func BenchmarkCommandToTold(b *testing.B) {
	eachBench(b, func(b *testing.B, acme *company, flows []flow) {
		b.Helper()
		times := playBench(b, flows, func(ctx context.Context, f flow) (time.Duration, error) {
			begun := time.Now()
			err := f.play(ctx, acme)
			return time.Since(begun), err
		}, benchPlayers)
		report(b, times)
	})
}

// benchPlayers is how many people have a request under way at the same time.
const benchPlayers = 4

// eachBench runs a benchmark on both profiles with every latency.
func eachBench(b *testing.B, run func(b *testing.B, acme *company, flows []flow)) {
	b.Helper()
	for _, profile := range profiles() {
		for _, late := range latencies() {
			b.Run(profile+"/"+late.name, func(b *testing.B) {
				acme, flows := benchCompany(b, b.N)
				benchDesk(b, acme, profile)
				if late.slack > 0 {
					acme.slack.Fault(slacksim.Fault{Method: "*", Kind: slacksim.Slow, Delay: late.slack})
					if _, err := acme.okta.Fault(oktasim.Fault{Kind: oktasim.Latency, Latency: late.okta}); err != nil {
						b.Fatal(err)
					}
				}
				run(b, acme, flows)
			})
		}
	}
}

// benchCompany is Acme with n pairs of an employee and a group to be asked for.
func benchCompany(b *testing.B, n int) (*company, []flow) {
	b.Helper()
	acme, err := openCompany(b.Context(), time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := acme.close(); err != nil {
			b.Error(err)
		}
	})
	const groups = 20
	for g := range groups {
		if _, err := acme.okta.AddGroup(oktasim.Group{Name: fmt.Sprintf("Team %d", g)}); err != nil {
			b.Fatal(err)
		}
	}
	var flows []flow
	for i := 0; len(flows) < n; i++ {
		employee, manager := fmt.Sprintf("emp%d", i), fmt.Sprintf("boss%d", i)
		for _, who := range []struct{ handle, manager string }{{manager, ""}, {employee, manager + "@acme.example"}} {
			email := who.handle + "@acme.example"
			profile := map[string]any{"login": email, "email": email, "firstName": who.handle, "lastName": "Crowd"}
			if who.manager != "" {
				profile["managerId"] = who.manager
			}
			if _, err := acme.okta.AddUser(oktasim.User{Profile: profile, Password: "set"}); err != nil {
				b.Fatal(err)
			}
			acme.slack.AddPerson(slacksim.Person{ID: slackID(who.handle), Name: who.handle, RealName: who.handle, Email: email})
		}
		for g := range groups {
			flows = append(flows, flow{employee, manager, fmt.Sprintf("Team %d", g)})
		}
	}
	return acme, flows[:n]
}

// benchDesk runs a Frontdesk in this process until the benchmark ends.
func benchDesk(b *testing.B, acme *company, profile string) {
	b.Helper()
	env := map[string]string{"FRONTDESK_IDENTITY": "email"}
	if profile == "embedded" {
		env["DATABASE_URL"] = "sqlite:" + filepath.Join(b.TempDir(), "frontdesk.db")
	} else {
		maps.Copy(env, map[string]string{"DATABASE_URL": testservers.Postgres(b), "REDIS_URL": testservers.Redis(b)})
	}
	source := configSource{getenv: func(k string) string { return env[k] }, readFile: os.ReadFile}
	cfg, err := source.load()
	if err != nil {
		b.Fatal(err)
	}
	parts, err := build(b.Context(), acme.connect(cfg), slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- parts.run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, parts.close()); err != nil {
			b.Error(err)
		}
	})
	if err := acme.slack.WaitFor(b.Context(), func() bool { return acme.slack.Sockets() > 0 }); err != nil {
		b.Fatal(err)
	}
}

// playBench plays all flows, at most players at a time, and gives how long each took.
func playBench(b *testing.B, flows []flow, play func(context.Context, flow) (time.Duration, error), players int) []time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	work := make(chan flow)
	var mu sync.Mutex
	var times []time.Duration
	var all sync.WaitGroup
	b.ResetTimer()
	for range players {
		all.Go(func() {
			for f := range work {
				took, err := play(ctx, f)
				if err != nil {
					b.Error(err)
				}
				mu.Lock()
				times = append(times, took)
				mu.Unlock()
			}
		})
	}
	for _, f := range flows {
		work <- f
	}
	close(work)
	all.Wait()
	b.StopTimer()
	return times
}

// report adds the median and the hundredth slowest to the benchmark's line.
func report(b *testing.B, times []time.Duration) {
	b.Helper()
	slices.Sort(times)
	for _, p := range []int{50, 99} {
		at := times[min(len(times)*p/100, len(times)-1)]
		b.ReportMetric(float64(at.Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}
