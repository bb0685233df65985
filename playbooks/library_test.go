package playbooks

import (
	"strings"
	"testing"

	"frontdesk/playbooks/action"
)

func shipped(t *testing.T) *Library {
	t.Helper()
	l, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A2: every action has exactly one shipped playbook, which claims nothing else.
func TestEveryActionHasAShippedPlaybook(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	for _, spec := range action.Catalogue() {
		p, ok := l.For(spec.Kind)
		if !ok {
			t.Errorf("%s has no playbook", spec.Kind)
			continue
		}
		if len(p.Commands) != 1 {
			t.Errorf("%s claims %v", p.Name, p.Commands)
		}
		if p.About == "" || p.Title != spec.Title {
			t.Errorf("%s: title %q, about %q", p.Name, p.Title, p.About)
		}
	}
	if n := len(l.All()); n != 11 {
		t.Errorf("%d playbooks ship", n)
	}
}

// Every shipped playbook that acts without asking anybody does so for oneself
// only, and takes no more than revoking sessions.
func TestShippedPlaybooksAskBeforeTheyAct(t *testing.T) {
	t.Parallel()
	for _, p := range shipped(t).All() {
		if p.Simulate || (p.Autonomy == Auto) != (p.Name == "revoke-sessions") {
			t.Errorf("%s: autonomy %s, simulate %v", p.Name, p.Autonomy, p.Simulate)
		}
		if s := p.Steps[0]; s.Kind != StepApprove || s.Expires == 0 || s.When != (p.Name == "revoke-sessions") {
			t.Errorf("%s begins with %+v", p.Name, s)
		}
		if len(p.Names()) > 0 {
			t.Errorf("%s names %v, which another company does not have", p.Name, p.Names())
		}
	}
	deprovision, _ := shipped(t).For(action.DeprovisionUser)
	if deprovision.Steps[0].Need != 2 {
		t.Errorf("deprovisioning needs %d", deprovision.Steps[0].Need)
	}
}

// The guards of every shipped playbook: who asks for whom, in which status.
func TestShippedGuards(t *testing.T) {
	t.Parallel()
	const (
		yes      = ""
		himself  = "You can "
		onlyIT   = "Only IT "
		notSelf  = "You can't "
		managers = "You can ask for yourself and for the people you manage."
	)
	tests := []struct {
		playbook, requester, person, status string
		says                                string
	}{
		{"reset-password", "ada", "ada", "ACTIVE", yes},
		{"reset-password", "ada", "ada", "LOCKED_OUT", yes},
		{"reset-password", "ada", "linus", "ACTIVE", himself},
		{"reset-password", "grace", "ada", "ACTIVE", himself},
		{"reset-password", "iris", "ada", "ACTIVE", yes},
		{"reset-password", "iris", "ada", "PASSWORD_EXPIRED", yes},
		{"reset-password", "iris", "ada", "RECOVERY", yes},
		{"reset-password", "iris", "ada", "SUSPENDED", "Ada Lovelace is SUSPENDED in Okta"},
		{"reset-password", "iris", "ada", "STAGED", "Ada Lovelace is STAGED in Okta"},
		{"reset-password", "iris", "ada", "DEPROVISIONED", "Ada Lovelace is DEPROVISIONED in Okta"},
		{"reset-mfa", "ada", "ada", "ACTIVE", yes},
		{"reset-mfa", "ada", "linus", "ACTIVE", "You can reset your own multi-factor"},
		{"reset-mfa", "grace", "ada", "ACTIVE", "You can reset your own multi-factor"},
		{"reset-mfa", "iris", "ada", "ACTIVE", yes},
		{"reset-mfa", "iris", "ada", "SUSPENDED", "Ada Lovelace is SUSPENDED in Okta"},
		{"reset-mfa", "iris", "ada", "PROVISIONED", "Ada Lovelace is PROVISIONED in Okta"},
		{"revoke-sessions", "ada", "ada", "ACTIVE", yes},
		{"revoke-sessions", "ada", "linus", "ACTIVE", himself},
		{"revoke-sessions", "grace", "ada", "ACTIVE", himself},
		{"revoke-sessions", "iris", "ada", "SUSPENDED", yes},
		{"restore-sessions", "ada", "ada", "LOCKED_OUT", yes},
		{"restore-sessions", "ada", "ada", "SUSPENDED", "Your account is suspended."},
		{"restore-sessions", "ada", "linus", "LOCKED_OUT", himself},
		{"restore-sessions", "iris", "ada", "SUSPENDED", yes},
		{"add-to-group", "ada", "ada", "ACTIVE", yes},
		{"add-to-group", "ada", "linus", "ACTIVE", managers},
		{"add-to-group", "grace", "ada", "ACTIVE", yes},
		{"add-to-group", "ada", "grace", "ACTIVE", managers},
		{"add-to-group", "iris", "ada", "STAGED", yes},
		{"add-to-group", "iris", "ada", "DEPROVISIONED", "Ada Lovelace is deprovisioned"},
		{"remove-from-group", "ada", "ada", "ACTIVE", yes},
		{"remove-from-group", "ada", "linus", "ACTIVE", managers},
		{"remove-from-group", "grace", "ada", "SUSPENDED", yes},
		{"remove-from-group", "iris", "ada", "DEPROVISIONED", yes},
		{"add-applications", "ada", "ada", "ACTIVE", yes},
		{"add-applications", "ada", "linus", "ACTIVE", managers},
		{"add-applications", "grace", "ada", "ACTIVE", yes},
		{"add-applications", "iris", "ada", "ACTIVE", yes},
		{"add-applications", "iris", "ada", "DEPROVISIONED", "Ada Lovelace is deprovisioned"},
		{"remove-applications", "ada", "ada", "ACTIVE", yes},
		{"remove-applications", "ada", "linus", "ACTIVE", managers},
		{"remove-applications", "grace", "linus", "ACTIVE", yes},
		{"remove-applications", "iris", "ada", "DEPROVISIONED", yes},
		{"activate-user", "iris", "ada", "STAGED", yes},
		{"activate-user", "grace", "ada", "STAGED", onlyIT},
		{"activate-user", "ada", "ada", "STAGED", onlyIT},
		{"suspend-user", "iris", "ada", "ACTIVE", yes},
		{"suspend-user", "grace", "ada", "ACTIVE", onlyIT},
		{"suspend-user", "iris", "iris", "ACTIVE", notSelf},
		{"deprovision-user", "iris", "ada", "SUSPENDED", yes},
		{"deprovision-user", "ada", "ada", "ACTIVE", onlyIT},
		{"deprovision-user", "grace", "ada", "ACTIVE", onlyIT},
		{"deprovision-user", "iris", "iris", "ACTIVE", notSelf},
	}
	l := shipped(t)
	byName := map[string]*Playbook{}
	for _, p := range l.All() {
		byName[p.Name] = p
	}
	seen := map[string]bool{}
	for _, test := range tests {
		seen[test.playbook] = true
		t.Run(test.playbook+"/"+test.requester+" for "+test.person+" "+test.status, func(t *testing.T) {
			t.Parallel()
			p, world := byName[test.playbook], newCompany().with(test.person, test.status)
			v := p.Guards(t.Context(), world, filledCase(t, p, world, about(test.requester, test.person)))
			if v.Err != nil {
				t.Fatal(v.Err)
			}
			if v.Allowed != (test.says == yes) || !strings.HasPrefix(v.Sentence, test.says) {
				t.Errorf("allowed %v: %q, want %q", v.Allowed, v.Sentence, test.says)
			}
		})
	}
	for name := range byName {
		if !seen[name] {
			t.Errorf("%s has no row", name)
		}
	}
}

// filledCase gives the case its defaults, and whatever the playbook acts with.
func filledCase(t *testing.T, p *Playbook, world World, c Case) Case {
	t.Helper()
	for _, i := range p.Inputs {
		switch {
		case i.Type == TypeGroup && i.List:
			c.Inputs[i.Name] = ListValue(TypeGroup, "g-fig", "g-eng")
		case i.Type == TypeApp && i.List:
			c.Inputs[i.Name] = ListValue(TypeApp, "a-fig", "a-git")
		}
	}
	inputs, err := p.Defaults(t.Context(), world, c)
	if err != nil {
		t.Fatal(err)
	}
	c.Inputs = inputs
	return c
}

// A temporary password goes from IT to somebody else and no other way.
func TestTemporaryPasswordsComeFromIT(t *testing.T) {
	t.Parallel()
	p, _ := shipped(t).For(action.ResetPassword)
	for _, test := range []struct {
		requester, person string
		allowed           bool
	}{{"ada", "ada", false}, {"ada", "linus", false}, {"iris", "iris", false}, {"iris", "ada", true}} {
		c := about(test.requester, test.person)
		c.Inputs["temporary_password"] = YesNoValue(true)
		if v := p.Guards(t.Context(), newCompany(), c); v.Allowed != test.allowed || v.Err != nil {
			t.Errorf("%s for %s: %+v", test.requester, test.person, v)
		}
	}
}

// Who is asked, by every shipped playbook, and what then runs and is said.
func TestShippedSteps(t *testing.T) {
	t.Parallel()
	people := map[string]string{
		"reset-password": "grace", "reset-mfa": "grace", "revoke-sessions": "grace iris ivan", "restore-sessions": "grace iris ivan",
		"add-to-group": "grace", "remove-from-group": "grace", "add-applications": "grace", "remove-applications": "grace",
		"activate-user": "grace iris ivan", "suspend-user": "grace iris ivan", "deprovision-user": "grace iris ivan",
	}
	for _, p := range shipped(t).All() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			world := newCompany()
			c := filledCase(t, p, world, about("iris", "ada"))
			ran := 0
			for i, s := range p.Steps {
				applies, err := p.When(t.Context(), world, c, i)
				if err != nil {
					t.Fatal(err)
				}
				if !applies {
					continue
				}
				switch s.Kind {
				case StepApprove:
					us, err := p.People(t.Context(), world, c, i)
					if got := idsOf(us); err != nil || got != people[p.Name] {
						t.Errorf("asks %s, %v", got, err)
					}
				case StepRun:
					ran++
					x, err := p.Expand(t.Context(), world, c, i)
					if err != nil || x.Kind != p.Commands[0] || strings.Join(x.Targets, " ") != "ada" || x.TempPassword {
						t.Errorf("runs %+v, %v", x, err)
					}
					spec, _ := action.Of(x.Kind)
					if (len(x.Objects) == 2) != (spec.Takes != action.NoObject) {
						t.Errorf("with %v", x.Objects)
					}
				case StepDM, StepReply, StepClose:
					text, err := p.Text(t.Context(), world, c, i)
					if err != nil || text == "" || strings.Contains(text, "${") {
						t.Errorf("says %q, %v", text, err)
					}
				}
			}
			if ran != 1 {
				t.Errorf("%d actions ran", ran)
			}
		})
	}
}

func idsOf(us []User) string {
	var ids []string
	for _, u := range us {
		ids = append(ids, u.ID)
	}
	return strings.Join(ids, " ")
}

// Signing oneself out asks nobody.
func TestRevokingOnesOwnSessionsAsksNobody(t *testing.T) {
	t.Parallel()
	p, _ := shipped(t).For(action.RevokeSessions)
	asks, err := p.When(t.Context(), newCompany(), about("ada", "ada"), 0)
	if asks || err != nil {
		t.Errorf("asks %v, %v", asks, err)
	}
}
