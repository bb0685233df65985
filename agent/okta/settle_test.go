package okta

import (
	"testing"
	"time"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/playbooks/action"
)

// deed is one act in a world made for it.
type deed struct {
	name string
	op   string // the tenant's operation
	act  func(w *world) agent.Act
	// without is what can be told without the System Log of a call that happened,
	// and of one that did not.
	without [2]agent.Settlement
}

func deeds() []deed {
	seen := [2]agent.Settlement{agent.ItHappened, agent.ItDidNot}
	blind := [2]agent.Settlement{agent.CannotTell, agent.CannotTell}
	person := func(kind action.Kind, temp bool, changes ...func(*oktasim.User)) func(*world) agent.Act {
		return func(w *world) agent.Act {
			act := agent.Act{Kind: kind, TempPassword: temp, Target: w.person("ada", changes...)}
			w.factor(act.Target, oktasim.Push)
			return act
		}
	}
	return []deed{
		{"activate", "activate_user", person(action.ActivateUser, false, in(oktasim.Staged)), seen},
		{"activate again", "reactivate_user", person(action.ActivateUser, false, in(oktasim.Provisioned)), blind},
		{"suspend", "suspend_user", person(action.SuspendUser, false), seen},
		{"deprovision", "deactivate_user", person(action.DeprovisionUser, false), seen},
		{"reset password", "reset_password", person(action.ResetPassword, false), seen},
		{"reset password again", "reset_password", person(action.ResetPassword, false, in(oktasim.Recovery)), blind},
		{"temporary password", "temporary_password", person(action.ResetPassword, true), seen},
		{"temporary password again", "temporary_password", person(action.ResetPassword, true, in(oktasim.PasswordExpired)), blind},
		{"reset multi-factor", "reset_factors", person(action.ResetMultifactor, false), seen},
		{"revoke sessions", "clear_sessions", person(action.RevokeSessions, false, func(u *oktasim.User) { u.Sessions = 1 }), blind},
		{"unsuspend", "unsuspend_user", person(action.RestoreSessions, false, in(oktasim.Suspended)), seen},
		{"unlock", "unlock_user", person(action.RestoreSessions, false, in(oktasim.LockedOut)), seen},
		{"lift a block", "unlock_user", person(action.RestoreSessions, false, func(u *oktasim.User) { u.Block = "UNKNOWN_DEVICES" }), seen},
		{"add to group", "add_to_group", func(w *world) agent.Act {
			return agent.Act{Kind: action.AddToGroup, Target: w.person("ada"), Object: w.group(oktasim.Group{Name: "Design"})}
		}, seen},
		{"remove from group", "remove_from_group", func(w *world) agent.Act {
			ada := w.person("ada")
			return agent.Act{Kind: action.RemoveFromGroup, Target: ada, Object: w.group(oktasim.Group{Name: "Design", Members: []string{ada}})}
		}, seen},
		{"add application", "assign_app", func(w *world) agent.Act {
			return agent.Act{Kind: action.AddApplications, Target: w.person("ada"), Object: w.app(oktasim.App{Label: "Figma"})}
		}, seen},
		{"remove application", "unassign_app", func(w *world) agent.Act {
			ada := w.person("ada")
			return agent.Act{Kind: action.RemoveApplications, Target: ada, Object: w.app(oktasim.App{Label: "Figma", Users: []string{ada}})}
		}, seen},
	}
}

// N4: a call without an answer is settled from live state and the System Log, for
// every action, whether it happened or not, with the log and without it.
func TestEveryCallIsSettled(t *testing.T) {
	t.Parallel()
	for _, d := range deeds() {
		for _, happened := range []bool{true, false} {
			for _, withLog := range []bool{true, false} {
				name := d.name + map[bool]string{true: "/happened", false: "/did not"}[happened] + map[bool]string{true: "/log", false: "/no log"}[withLog]
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					w := setup(t)
					scopes := DefaultScopes()
					if !withLog {
						scopes = []string{
							"okta.users.read", "okta.users.manage", "okta.groups.read", "okta.groups.manage", "okta.apps.read", "okta.apps.manage",
						}
					}
					c := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}, Scopes: scopes})
					act := d.act(w)
					sight, err := c.Look(t.Context(), act)
					if err != nil || sight.Call == "" {
						t.Fatalf("look: %+v, %v", sight, err)
					}
					w.clock.advance(time.Minute)
					since := w.clock.now()
					kind := oktasim.ResetBefore
					if happened {
						kind = oktasim.ResetAfter
					}
					w.fault(oktasim.Fault{Kind: kind, Operation: d.op})
					if _, err := c.Do(t.Context(), act, sight); asOktaError(t, err).NotExecuted() {
						t.Fatalf("do: %v", err)
					}
					w.clock.advance(30 * time.Second)
					got, receipt, err := c.Settle(t.Context(), act, sight, since)
					if err != nil {
						t.Fatal(err)
					}
					want := d.without[1]
					switch {
					case happened && withLog:
						want = agent.ItHappened
						if receipt.RequestID != w.tenant.Ledger(d.op)[0].RequestID {
							t.Errorf("receipt %+v lacks the request id", receipt)
						}
					case happened:
						want = d.without[0]
					}
					if got != want {
						t.Errorf("settled %d, want %d", got, want)
					}
					if w.sent(d.op) != 1 {
						t.Errorf("sent %d times", w.sent(d.op))
					}
				})
			}
		}
	}
}

// N4: what somebody undid meanwhile has happened all the same.
func TestUndoneSinceHasHappened(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act := agent.Act{Kind: action.SuspendUser, Target: w.person("ada")}
	sight := w.look(act)
	w.clock.advance(time.Minute)
	since := w.clock.now()
	w.fault(oktasim.Fault{Kind: oktasim.ResetAfter, Operation: "suspend_user"})
	if _, err := w.Do(t.Context(), act, sight); err == nil {
		t.Fatal("the fault did not strike")
	}
	undo := agent.Act{Kind: action.RestoreSessions, Target: act.Target}
	w.clock.advance(time.Second)
	if _, err := w.Do(t.Context(), undo, w.look(undo)); err != nil {
		t.Fatal(err)
	}
	if got, _, err := w.Settle(t.Context(), act, sight, since); err != nil || got != agent.ItHappened {
		t.Errorf("settled %d, %v", got, err)
	}
	// While the log is behind, nobody can tell: the state went there and back.
	w2 := setup(t)
	w2.tenant.DelayLogs(time.Hour, 0)
	act.Target = w2.person("ada")
	sight = w2.look(act)
	w2.clock.advance(time.Minute)
	since = w2.clock.now()
	if _, err := w2.Do(t.Context(), act, sight); err != nil {
		t.Fatal(err)
	}
	undo.Target = act.Target
	if _, err := w2.Do(t.Context(), undo, w2.look(undo)); err != nil {
		t.Fatal(err)
	}
	if got, _, err := w2.Settle(t.Context(), act, sight, since); err != nil || got != agent.CannotTell {
		t.Errorf("settled %d, %v", got, err)
	}
}

// N4: an earlier event of ours, or somebody else's, is no proof of this call.
func TestOtherEventsProveNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}})
	act := agent.Act{Kind: action.RevokeSessions, Target: w.person("ada")}
	sight, err := c.Look(t.Context(), act)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), act, sight); err != nil { // ours, but earlier
		t.Fatal(err)
	}
	w.clock.advance(time.Minute)
	since := w.clock.now()
	if _, err := w.Do(t.Context(), act, sight); err != nil { // in time, but somebody else's
		t.Fatal(err)
	}
	if got, _, err := c.Settle(t.Context(), act, sight, since); err != nil || got != agent.CannotTell {
		t.Errorf("settled %d, %v", got, err)
	}
}

// N4: an asynchronous call that is under way has happened.
func TestTransitionUnderWayHasHappened(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) { c.Quirks.TransitionTime = time.Hour })
	act := agent.Act{Kind: action.DeprovisionUser, Target: w.person("ada")}
	sight := w.look(act)
	w.tenant.DelayLogs(time.Hour, 0)
	w.fault(oktasim.Fault{Kind: oktasim.ResetAfter, Operation: "deactivate_user"})
	if _, err := w.Do(t.Context(), act, sight); err == nil {
		t.Fatal("the fault did not strike")
	}
	if got, _, err := w.Settle(t.Context(), act, sight, w.clock.now()); err != nil || got != agent.ItHappened {
		t.Errorf("settled %d, %v", got, err)
	}
	if again := w.look(act); again.Noop == "" {
		t.Errorf("look while under way: %+v", again)
	}
}

// N4: the clocks of Okta and of this machine may differ.
func TestSettlingAcrossClocks(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-20 * time.Minute, 20 * time.Minute} {
		w := setup(t)
		ours := &clock{at: w.clock.now().Add(skew)}
		c := w.connectAs(func(c *Config) { c.APIToken, c.Now = simToken, ours.now })
		act := agent.Act{Kind: action.RevokeSessions, Target: w.person("ada")}
		sight, err := c.Look(t.Context(), act)
		if err != nil {
			t.Fatal(err)
		}
		since := ours.now()
		if _, err := c.Do(t.Context(), act, sight); err != nil {
			t.Fatal(err)
		}
		if got, _, err := c.Settle(t.Context(), act, sight, since); err != nil || got != agent.ItHappened {
			t.Errorf("skew %s: settled %d, %v", skew, got, err)
		}
		w.clock.advance(time.Minute)
		ours.advance(time.Minute)
		if got, _, err := c.Settle(t.Context(), act, sight, ours.now()); err != nil || got != agent.CannotTell {
			t.Errorf("skew %s, later call: settled %d, %v", skew, got, err)
		}
	}
}

// While the log is in trouble and the state says nothing, settling fails and can be tried again.
func TestSettlingWaitsForTheLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act := agent.Act{Kind: action.RevokeSessions, Target: w.person("ada")}
	sight := w.look(act)
	since := w.clock.now()
	if _, err := w.Do(t.Context(), act, sight); err != nil {
		t.Fatal(err)
	}
	remove := w.fault(oktasim.Fault{Kind: oktasim.ErrorBefore, Operation: "list_logs"})
	if _, _, err := w.Settle(t.Context(), act, sight, since); err == nil {
		t.Error("settled without the log")
	}
	remove()
	if got, _, err := w.Settle(t.Context(), act, sight, since); err != nil || got != agent.ItHappened {
		t.Errorf("settled %d, %v", got, err)
	}
}
