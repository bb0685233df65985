package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
	"frontdesk/bot/slacksim"
)

// flowCount is how many commands each of the foundation's tests sends through the
// real process.
const flowCount = 500

// process is the real program, killed and restarted at will.
type process struct {
	t   *testing.T
	env []string

	mu     sync.Mutex
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	ended  chan struct{}
}

func newProcess(t *testing.T, acme *company, profile string) *process {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "frontdesk.yaml")
	if err := os.WriteFile(file, []byte("settle_after: 5s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		asProgram + "=1", "FRONTDESK_CONFIG=" + file, "FRONTDESK_IDENTITY=email",
		"SLACK_API_URL=" + acme.apiURL, "SLACK_BOT_TOKEN=" + simBotToken, "SLACK_APP_TOKEN=" + simAppToken,
		"OKTA_ORG_URL=" + acme.oktaURL, "OKTA_API_TOKEN=" + simOktaToken, "HOME=" + dir, "PATH=" + os.Getenv("PATH"),
	}
	for k, v := range databaseEnv(t, profile) {
		env = append(env, k+"="+v)
	}
	p := &process{t: t, env: env}
	t.Cleanup(p.kill)
	return p
}

func (p *process) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	self := os.Getenv("FRONTDESK_BIN") // the program as it ships, from make test
	if self == "" {
		var err error
		if self, err = os.Executable(); err != nil { // this binary, being the program
			p.t.Error(err)
			return
		}
	}
	p.stderr = &bytes.Buffer{}
	p.cmd = exec.CommandContext(context.WithoutCancel(p.t.Context()), self, "serve")
	p.cmd.Env, p.cmd.Stderr = p.env, p.stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Error(err)
		return
	}
	p.ended = make(chan struct{})
	go func(cmd *exec.Cmd, stderr *bytes.Buffer, ended chan struct{}) {
		defer close(ended)
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() > 0 { // killed is -1
			p.t.Errorf("the process gave up: %v\n%s", err, stderr)
		}
	}(p.cmd, p.stderr, p.ended)
}

// kill ends the process the hard way (kill -9) and waits for its end.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	if strings.Contains(p.stderr.String(), "DATA RACE") || strings.Contains(p.stderr.String(), "panic:") {
		p.t.Errorf("the process failed:\n%s", p.stderr)
	}
	p.cmd = nil
}

// flow is one command and who must agree to it; its pair of person and group is its own.
type flow struct {
	employee, manager string
	group             string
}

// crowd adds managers with their people to the company, and groups to ask for.
func crowd(t *testing.T, acme *company) []flow {
	t.Helper()
	const people, groups = 50, flowCount / 50
	for g := range groups {
		if _, err := acme.okta.AddGroup(oktasim.Group{Name: fmt.Sprintf("Team %d", g)}); err != nil {
			t.Fatal(err)
		}
	}
	var flows []flow
	for i := range people {
		employee, manager := fmt.Sprintf("emp%d", i), fmt.Sprintf("boss%d", i)
		for _, who := range []struct{ handle, manager string }{{manager, ""}, {employee, manager + "@acme.example"}} {
			email := who.handle + "@acme.example"
			profile := map[string]any{"login": email, "email": email, "firstName": who.handle, "lastName": "Crowd"}
			if who.manager != "" {
				profile["managerId"] = who.manager
			}
			if _, err := acme.okta.AddUser(oktasim.User{Profile: profile, Password: "set"}); err != nil {
				t.Fatal(err)
			}
			acme.slack.AddPerson(slacksim.Person{ID: slackID(who.handle), Name: who.handle, RealName: who.handle, Email: email})
		}
		for g := range groups {
			flows = append(flows, flow{employee, manager, fmt.Sprintf("Team %d", g)})
		}
	}
	rand.Shuffle(len(flows), func(i, j int) { flows[i], flows[j] = flows[j], flows[i] })
	return flows
}

// play types the command until it is acknowledged, presses Approve until that is
// acknowledged, and waits to be told the outcome.
func (f flow) play(ctx context.Context, acme *company) error {
	u, boss := acme.slack.As(f.employee), acme.slack.As(f.manager)
	var number string
	for number == "" {
		reply, err := u.Slash(ctx, "", "/okta add to group "+f.group)
		if err != nil {
			return err
		}
		if reply.Failure != "" || reply.Message == nil {
			if err := acme.slack.WaitFor(ctx, func() bool { return acme.slack.Sockets() > 0 }); err != nil {
				return fmt.Errorf("wait to type again: %w", err)
			}
			continue
		}
		number = requestNumber.FindString(reply.Message.Text)
		if number == "" && !strings.Contains(reply.Message.Text, "again") {
			return fmt.Errorf("acknowledged with %q", reply.Message.Text)
		}
	}
	for {
		var card slacksim.Message
		closed := false
		err := acme.slack.WaitFor(ctx, func() bool {
			card, closed = newest(boss, number)
			return closed || hasButton(card, "Approve") || over(u, number)
		})
		if err != nil {
			return fmt.Errorf("%s: no card for %s: %w", number, f.manager, err)
		}
		if !hasButton(card, "Approve") {
			break
		}
		reply, err := boss.PressSeen(ctx, card, "Approve")
		if err != nil {
			return fmt.Errorf("%s: press: %w", number, err)
		}
		if reply.Failure == "" {
			break
		}
	}
	if err := acme.slack.WaitFor(ctx, func() bool { return over(u, number) }); err != nil {
		return fmt.Errorf("%s: %s was not told the outcome: %w", number, f.employee, err)
	}
	if root, _ := rootOf(u.DM(), number); !strings.Contains(acme.slack.Render(root), "✅") {
		return fmt.Errorf("%s: %s was told:\n%s", number, f.employee, acme.slack.Render(root))
	}
	return nil
}

// newest finds the newest card of a request, and whether it is decided.
func newest(u *slacksim.User, number string) (slacksim.Message, bool) {
	var found slacksim.Message
	for _, m := range cardsOf(u, number) {
		found = m
	}
	return found, found.TS != "" && !hasButton(found, "Approve")
}

func cardsOf(u *slacksim.User, number string) []slacksim.Message {
	return slices.DeleteFunc(u.DM(), func(m slacksim.Message) bool { return !mentions(m, number) })
}

// over tells that the requester's own message has its last face.
func over(u *slacksim.User, number string) bool {
	root, ok := rootOf(u.DM(), number)
	return ok && !hasButton(root, "Withdraw")
}

// playAll plays all flows, some dozens at a time.
func playAll(t *testing.T, acme *company, flows []flow) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	work := make(chan flow)
	var players sync.WaitGroup
	for range 64 {
		players.Go(func() {
			for f := range work {
				if err := f.play(ctx, acme); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, f := range flows {
		work <- f
	}
	close(work)
	players.Wait()
}

// checkTruth compares what people were told with what Okta executed.
func checkTruth(t *testing.T, acme *company, flows []flow) {
	t.Helper()
	executed := map[string]int{}
	for _, call := range acme.okta.Ledger() {
		if call.Kind == "add_to_group" && call.Effect {
			executed[strings.Join(call.Targets, " ")]++
		}
	}
	for pair, n := range executed {
		if n > 1 {
			t.Errorf("%s was executed %d times", pair, n)
		}
	}
	if len(executed) != len(flows) {
		t.Errorf("%d of %d flows were executed", len(executed), len(flows))
	}
	for _, f := range flows {
		boss := acme.slack.As(f.manager)
		perRequest := map[string]int{}
		for _, m := range boss.DM() {
			b, _ := json.Marshal(m.Blocks)
			if number := requestNumber.FindString(string(b)); number != "" && m.ThreadTS == "" {
				perRequest[number]++
			}
		}
		for number, n := range perRequest {
			if n > 1 {
				t.Errorf("%s: %d approval cards for %s", f.manager, n, number)
			}
		}
	}
}

// Rows N4, E1: nothing that was acknowledged is lost, nothing is done twice,
// nothing without approval, no second card, everybody is told what is true.
//
//nolint:paralleltest // each takes both cores: one after the other
func TestNothingIsLostOrDoneTwiceWhenTheProcessIsKilled(t *testing.T) {
	for _, profile := range profiles() {
		t.Run(profile, func(t *testing.T) {
			acme := newCompany(t)
			flows := crowd(t, acme)
			p := newProcess(t, acme, profile)
			p.start()
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				for kills := 0; ; kills++ {
					pause := time.NewTimer(time.Duration(1000+rand.IntN(4000)) * time.Millisecond)
					select {
					case <-stop:
						pause.Stop()
						t.Logf("killed %d times", kills)
						return
					case <-pause.C:
						p.kill()
						p.start()
					}
				}
			}()
			playAll(t, acme, flows)
			close(stop)
			<-stopped
			checkTruth(t, acme, flows)
		})
	}
}

// Rows N4, E1: the same with every envelope twice and an Okta that answers some
// calls with 500, before and after the effect.
//
//nolint:paralleltest // each takes both cores: one after the other
func TestNothingIsLostOrDoneTwiceWhenSlackRepeatsAndOktaFails(t *testing.T) {
	for _, profile := range profiles() {
		t.Run(profile, func(t *testing.T) {
			acme := newCompany(t)
			flows := crowd(t, acme)
			acme.slack.DoubleDelivery(true)
			for _, f := range []oktasim.Fault{
				{Kind: oktasim.ErrorBefore, Operation: "add_to_group", Probability: 0.1},
				{Kind: oktasim.ErrorAfter, Operation: "add_to_group", Probability: 0.1},
				{Kind: oktasim.ErrorBefore, Operation: "get_user", Probability: 0.02},
			} {
				if _, err := acme.okta.Fault(f); err != nil {
					t.Fatal(err)
				}
			}
			p := newProcess(t, acme, profile)
			p.start()
			playAll(t, acme, flows)
			checkTruth(t, acme, flows)
		})
	}
}
