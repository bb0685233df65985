package okta

import (
	"strings"
	"testing"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/playbooks/action"
)

const (
	isNoop    = "noop"
	isRefused = "refused"
)

// A2, A3: what each action about a person alone does, from each status.
func TestEveryActionFromEveryStatus(t *testing.T) {
	t.Parallel()
	statuses := []oktasim.Status{
		oktasim.Staged, oktasim.Provisioned, oktasim.Active, oktasim.Recovery,
		oktasim.PasswordExpired, oktasim.LockedOut, oktasim.Suspended, oktasim.Deprovisioned,
	}
	rows := []struct {
		act agent.Act
		// want is, for each status in that order, the call, a no-op or a refusal.
		want [8]string
		// ends is the status that a call ends in; empty: unchanged.
		ends oktasim.Status
	}{
		{
			act:  agent.Act{Kind: action.ActivateUser},
			want: [8]string{callActivate, callReactivate, isNoop, isNoop, isNoop, isNoop, isRefused, callActivate},
		},
		{
			act:  agent.Act{Kind: action.SuspendUser},
			want: [8]string{isRefused, isRefused, callSuspend, isRefused, isRefused, isRefused, isNoop, isRefused},
			ends: oktasim.Suspended,
		},
		{
			act: agent.Act{Kind: action.DeprovisionUser},
			want: [8]string{
				callDeactivate, callDeactivate, callDeactivate, callDeactivate, callDeactivate, callDeactivate, callDeactivate, isNoop,
			},
			ends: oktasim.Deprovisioned,
		},
		{
			act: agent.Act{Kind: action.ResetPassword},
			want: [8]string{
				isRefused, isRefused, callResetPassword, callResetPassword, callResetPassword, callResetPassword, isRefused, isRefused,
			},
			ends: oktasim.Recovery,
		},
		{
			act:  agent.Act{Kind: action.ResetPassword, TempPassword: true},
			want: [8]string{isRefused, isRefused, callTempPassword, callTempPassword, callTempPassword, isRefused, isRefused, isRefused},
			ends: oktasim.PasswordExpired,
		},
		{
			act: agent.Act{Kind: action.ResetMultifactor},
			want: [8]string{
				callResetFactors, callResetFactors, callResetFactors, callResetFactors, callResetFactors, callResetFactors, isRefused, isRefused,
			},
		},
		{
			act: agent.Act{Kind: action.RevokeSessions},
			want: [8]string{
				callClearSessions, callClearSessions, callClearSessions, callClearSessions,
				callClearSessions, callClearSessions, callClearSessions, callClearSessions,
			},
		},
		{
			act:  agent.Act{Kind: action.RestoreSessions},
			want: [8]string{isRefused, isRefused, isNoop, isNoop, isNoop, callUnlock, callUnsuspend, isRefused},
			ends: oktasim.Active,
		},
	}
	for _, row := range rows {
		for i, status := range statuses {
			name := string(row.act.Kind) + "/" + string(status)
			if row.act.TempPassword {
				name = "temporary/" + name
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := setup(t)
				act := row.act
				act.Target = w.person("lovelace", in(status))
				w.factor(act.Target, oktasim.Push)
				before := len(w.tenant.Ledger())
				sight := w.look(act)
				got := sight.Call
				switch {
				case sight.Refusal != nil:
					got = isRefused
					if !strings.Contains(sight.Refusal.Text, "Ada lovelace") {
						t.Errorf("a refusal names the person: %s", sight.Refusal.Text)
					}
					if !strings.Contains(sight.Refusal.Text, "/okta ") && status != oktasim.Deprovisioned {
						t.Errorf("a refusal names the way out: %s", sight.Refusal.Text)
					}
				case sight.Noop != "":
					got = isNoop
				}
				if got != row.want[i] {
					t.Fatalf("got %s, want %s (%+v)", got, row.want[i], sight)
				}
				if len(w.tenant.Ledger()) != before {
					t.Fatal("looking changed something")
				}
				if sight.Call == "" {
					return
				}
				receipt, err := w.Do(t.Context(), act, sight)
				if err != nil {
					t.Fatalf("do: %v", err)
				}
				if receipt.Status < 200 || receipt.Status > 299 || receipt.RequestID == "" {
					t.Errorf("receipt %+v", receipt)
				}
				if n := len(w.tenant.Ledger()) - before; n != 1 {
					t.Errorf("%d mutating calls, want one", n)
				}
				if now := w.status(act.Target); row.ends != "" && now != row.ends {
					t.Errorf("ended %s, want %s", now, row.ends)
				}
				if receipt.Secret.Empty() == act.TempPassword {
					t.Errorf("secret present: %t", !receipt.Secret.Empty())
				}
				if secret := receipt.Secret.Reveal(); secret != "" && strings.Contains(w.log.String(), secret) {
					t.Error("the temporary password is in the log")
				}
			})
		}
	}
}

// A2: resetting multi-factor clears all factors, and nothing where there are none.
func TestResetMultifactorClearsEveryFactor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act := agent.Act{Kind: action.ResetMultifactor, Target: w.person("ada")}
	w.factor(act.Target, oktasim.Push)
	w.factor(act.Target, oktasim.TOTP)
	w.factor(act.Target, oktasim.FastPass)
	sight := w.look(act)
	if got := sight.Facts[factFactorKinds]; got != "push, signed_nonce, token:software:totp" {
		t.Errorf("saw factors %q", got)
	}
	if _, err := w.Do(t.Context(), act, sight); err != nil {
		t.Fatal(err)
	}
	if u, _ := w.tenant.User(act.Target); len(u.Factors) != 0 {
		t.Errorf("%d factors left", len(u.Factors))
	}
	if again := w.look(act); again.Noop == "" || again.Call != "" {
		t.Errorf("again: %+v, want a no-op", again)
	}
}

// A3: revoking also revokes tokens and forgets devices, on both engines.
func TestRevokeSessionsTakesTokensAndDevices(t *testing.T) {
	t.Parallel()
	for _, classic := range []bool{false, true} {
		w := setup(t, func(c *oktasim.Config) { c.Quirks.Classic = classic })
		act := agent.Act{Kind: action.RevokeSessions, Target: w.person("ada", func(u *oktasim.User) {
			u.Sessions, u.OAuthTokens, u.Devices = 2, 3, 4
		})}
		if _, err := w.Do(t.Context(), act, w.look(act)); err != nil {
			t.Fatal(err)
		}
		if u, _ := w.tenant.User(act.Target); u.Sessions+u.OAuthTokens+u.Devices != 0 {
			t.Errorf("classic %t: left %d sessions, %d tokens, %d devices", classic, u.Sessions, u.OAuthTokens, u.Devices)
		}
		if again := w.look(act); again.Call != callClearSessions {
			t.Errorf("revoking again is no no-op, because nobody can see sessions: %+v", again)
		}
	}
}

// A3: restoring unsuspends, then looks again and lifts a device block.
func TestRestoreSessionsUnsuspendsThenUnlocks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act := agent.Act{Kind: action.RestoreSessions, Target: w.person("ada", in(oktasim.Suspended), func(u *oktasim.User) {
		u.Block = "UNKNOWN_DEVICES"
	})}
	for _, want := range []string{callUnsuspend, callUnlock} {
		sight := w.look(act)
		if sight.Call != want || sight.More != (want == callUnsuspend) {
			t.Fatalf("saw %+v, want %s", sight, want)
		}
		if _, err := w.Do(t.Context(), act, sight); err != nil {
			t.Fatal(err)
		}
	}
	sight := w.look(act)
	if !strings.Contains(sight.Noop, "revoked session cannot be brought back") {
		t.Errorf("noop %q", sight.Noop)
	}
	if u, _ := w.tenant.User(act.Target); u.Status != oktasim.Active || u.Block != "" {
		t.Errorf("ended %s, block %q", u.Status, u.Block)
	}
}

// A2: people whose password is not Okta's are refused with the place where it is.
func TestPasswordsThatLiveElsewhere(t *testing.T) {
	t.Parallel()
	cases := []struct {
		provider string
		status   oktasim.Status
		act      agent.Act
		code     string // of the refusal; empty: it is tried
	}{
		{"FEDERATION", oktasim.Active, agent.Act{Kind: action.ResetPassword}, "federated"},
		{"SOCIAL", oktasim.Active, agent.Act{Kind: action.ResetPassword, TempPassword: true}, "federated"},
		{"ACTIVE_DIRECTORY", oktasim.Active, agent.Act{Kind: action.ResetPassword, TempPassword: true}, "password_elsewhere"},
		{"ACTIVE_DIRECTORY", oktasim.Active, agent.Act{Kind: action.ResetPassword}, ""},
		{"ACTIVE_DIRECTORY", oktasim.LockedOut, agent.Act{Kind: action.RestoreSessions}, "password_elsewhere"},
		{"LDAP", oktasim.Suspended, agent.Act{Kind: action.RestoreSessions}, ""},
	}
	for _, c := range cases {
		t.Run(c.provider+"/"+string(c.act.Kind), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			act := c.act
			act.Target = w.person("ada", in(c.status), func(u *oktasim.User) { u.Provider = c.provider })
			sight := w.look(act)
			switch {
			case c.code == "" && sight.Call == "":
				t.Errorf("saw %+v, want a call", sight)
			case c.code != "" && (sight.Refusal == nil || sight.Refusal.Code != c.code || sight.Call != ""):
				t.Errorf("saw %+v, want %s", sight, c.code)
			}
		})
	}
}

// C1: nobody deactivates the owner of the token that we work with.
func TestOwnerOfTheTokenIsNotLockedOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root, _ := w.tenant.User("root@acme.example")
	for _, kind := range []action.Kind{action.SuspendUser, action.DeprovisionUser} {
		sight := w.look(agent.Act{Kind: kind, Target: root.ID})
		if sight.Refusal == nil || sight.Refusal.Code != "self_lockout" {
			t.Errorf("%s: %+v", kind, sight)
		}
	}
	if sight := w.look(agent.Act{Kind: action.ResetPassword, Target: root.ID}); sight.Refusal != nil {
		t.Errorf("resetting the owner's password is harmless: %+v", sight)
	}
}

func TestSomebodyWhoIsGone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sight := w.look(agent.Act{Kind: action.SuspendUser, Target: "00unobodynobodynobod"})
	if sight.Refusal == nil || sight.Refusal.Code != "gone" {
		t.Errorf("saw %+v", sight)
	}
}

// N2: a stored call that does not belong to its act is never made.
func TestDoMakesOnlyWhatBelongsToTheAct(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	wrong := []struct {
		act  agent.Act
		call string
	}{
		{agent.Act{Kind: action.ResetMultifactor, Target: ada}, callDeactivate},
		{agent.Act{Kind: action.ResetPassword, Target: ada}, callTempPassword},
		{agent.Act{Kind: action.ResetPassword, Target: ada, TempPassword: true}, callResetPassword},
		{agent.Act{Kind: action.SuspendUser, Target: ada}, ""},
		{agent.Act{Kind: action.SuspendUser, Target: "me"}, callSuspend},
		{agent.Act{Kind: action.SuspendUser, Target: "../groups/00gxxxxxxxxxxx"}, callSuspend},
		{agent.Act{Kind: action.AddToGroup, Target: ada, Object: ""}, callAddMember},
	}
	for _, c := range wrong {
		_, err := w.Do(t.Context(), c.act, agent.Sight{Call: c.call})
		if e := asOktaError(t, err); !e.NotSent || !e.NotExecuted() {
			t.Errorf("%+v %q: %v", c.act, c.call, err)
		}
	}
	if lines := w.tenant.Ledger(); len(lines) != 0 {
		t.Errorf("sent %+v", lines)
	}
}

// A lesser admin's refusal by Okta comes back in words, with the reason if it can be seen.
func TestProtectedAdminIsExplained(t *testing.T) {
	t.Parallel()
	w := setup(t)
	boss := w.person("boss", func(u *oktasim.User) { u.Roles = []string{oktasim.OrgAdmin} })
	c := w.service(oktasim.Client{Roles: []string{oktasim.HelpDeskAdmin, oktasim.ReadOnlyAdmin}})
	act := agent.Act{Kind: action.ResetPassword, Target: boss}
	sight, err := c.Look(t.Context(), act)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), act, sight)
	p := asProblem(t, err)
	if p.Code != "not_permitted" || !strings.Contains(p.Text, "Organization Administrator") {
		t.Errorf("problem %+v", p)
	}
	if e := asOktaError(t, err); e.Code != codeForbidden || !e.NotExecuted() {
		t.Errorf("cause %+v", e)
	}
}
