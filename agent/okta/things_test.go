package okta

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/playbooks/action"
)

// A2: groups of Okta's own kind are joined and left; twice is once.
func TestGroupsAreJoinedAndLeft(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	design := w.group(oktasim.Group{Name: "Design"})
	add := agent.Act{Kind: action.AddToGroup, Target: ada, Object: design}
	remove := agent.Act{Kind: action.RemoveFromGroup, Target: ada, Object: design}

	if sight := w.look(remove); sight.Noop == "" {
		t.Errorf("leaving what one is not in: %+v", sight)
	}
	for _, step := range []struct {
		act  agent.Act
		in   bool
		call string
	}{{add, true, callAddMember}, {remove, false, callRemoveMember}} {
		sight := w.look(step.act)
		if sight.Call != step.call {
			t.Fatalf("saw %+v", sight)
		}
		if _, err := w.Do(t.Context(), step.act, sight); err != nil {
			t.Fatal(err)
		}
		groups, err := w.GroupsOf(t.Context(), ada)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"Everyone"}
		if step.in {
			want = []string{"Design", "Everyone"}
		}
		if diff := cmp.Diff(want, names(groups)); diff != "" {
			t.Error(diff)
		}
		if again := w.look(step.act); again.Noop == "" || again.Call != "" {
			t.Errorf("again: %+v", again)
		}
	}
}

// A2: what cannot be changed by hand is refused with the way out.
func TestGroupsThatCannotBeChanged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada, gone := w.person("ada"), w.person("gone", in(oktasim.Deprovisioned))
	workday := w.app(oktasim.App{Label: "Workday"})
	imported := w.group(oktasim.Group{Name: "HR", Type: oktasim.AppGroup, SourceApp: workday, Members: []string{ada}})
	other := w.group(oktasim.Group{Name: "Lab", Type: oktasim.AppGroup})
	plain := w.group(oktasim.Group{Name: "Design"})
	everyone := w.tenant.Groups("Everyone")[0].ID
	cases := []struct {
		name string
		act  agent.Act
		code string
		says string
	}{
		{"leave Everyone", agent.Act{Kind: action.RemoveFromGroup, Target: ada, Object: everyone}, "built_in_group", "“Everyone”"},
		{"leave an imported group", agent.Act{Kind: action.RemoveFromGroup, Target: ada, Object: imported}, "app_group", "Workday"},
		{"join a directory's group", agent.Act{Kind: action.AddToGroup, Target: ada, Object: other}, "app_group", "Active Directory"},
		{"join while deprovisioned", agent.Act{Kind: action.AddToGroup, Target: gone, Object: plain}, "wrong_status", "/okta activate user"},
		{"join a group that is gone", agent.Act{Kind: action.AddToGroup, Target: ada, Object: "00gnosuchgroupatall0"}, "gone", "group"},
	}
	for _, c := range cases {
		sight := w.look(c.act)
		if sight.Refusal == nil || sight.Refusal.Code != c.code || !strings.Contains(sight.Refusal.Text, c.says) || sight.Call != "" {
			t.Errorf("%s: %+v", c.name, sight)
		}
	}
	if n := len(w.tenant.Ledger()); n != 0 {
		t.Errorf("%d mutating calls", n)
	}
}

// A2: a member whom a rule put in is not taken out behind the rule's back.
func TestMembersByRuleAreLeftToTheRule(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sales := w.group(oktasim.Group{Name: "Sales"})
	rule := func(name, expression string, exclude ...string) {
		if _, err := w.tenant.AddRule(oktasim.Rule{Name: name, Expression: expression, Groups: []string{sales}, Exclude: exclude}); err != nil {
			t.Fatal(err)
		}
	}
	byRule := w.person("byrule", having("department", "Sales"))
	byHand := w.person("byhand", having("department", "Legal"))
	excluded := w.person("excluded", having("department", "Sales"))
	rule("Sales people", `user.department=="Sales"`, excluded)
	for _, id := range []string{byHand, excluded} {
		act := agent.Act{Kind: action.AddToGroup, Target: id, Object: sales}
		if _, err := w.Do(t.Context(), act, w.look(act)); err != nil {
			t.Fatal(err)
		}
	}
	sight := w.look(agent.Act{Kind: action.RemoveFromGroup, Target: byRule, Object: sales})
	if sight.Refusal == nil || sight.Refusal.Code != "rule_member" || !strings.Contains(sight.Refusal.Text, "“Sales people”") {
		t.Errorf("by rule: %+v", sight)
	}
	for _, id := range []string{byHand, excluded} {
		if sight := w.look(agent.Act{Kind: action.RemoveFromGroup, Target: id, Object: sales}); sight.Call != callRemoveMember || len(sight.Warnings) > 0 {
			t.Errorf("by hand: %+v", sight)
		}
	}
}

// A2: where a rule's expression says too little, the System Log says who did it.
func TestRuleThatIsNotUnderstoodIsLookedUpInTheLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	odd := w.group(oktasim.Group{Name: "Odd"})
	hand, unknown := w.person("hand", having("department", "x")), w.person("unknown", having("department", "x"))
	if _, err := w.tenant.AddRule(oktasim.Rule{
		Name: "Odd people", Expression: `String.toUpperCase(user.department)=="ODD"`, Groups: []string{odd},
	}); err != nil {
		t.Fatal(err)
	}
	act := agent.Act{Kind: action.AddToGroup, Target: hand, Object: odd}
	if _, err := w.Do(t.Context(), act, w.look(act)); err != nil {
		t.Fatal(err)
	}
	if sight := w.look(agent.Act{Kind: action.RemoveFromGroup, Target: hand, Object: odd}); sight.Call == "" || len(sight.Warnings) > 0 {
		t.Errorf("added by hand: %+v", sight)
	}
	inGroup := w.group(oktasim.Group{Name: "Odder", Members: []string{unknown}})
	if _, err := w.tenant.AddRule(oktasim.Rule{
		Name: "Odder people", Expression: `String.toUpperCase(user.department)=="ODD"`, Groups: []string{inGroup},
	}); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(2 * w.rules.ttl) // the list of rules is remembered that long at most
	if sight := w.look(agent.Act{Kind: action.RemoveFromGroup, Target: unknown, Object: inGroup}); sight.Call == "" || len(sight.Warnings) != 1 {
		t.Errorf("nobody knows how they came in: %+v, want a warning", sight)
	}
}

// N14: nobody is made an Okta admin.
func TestJoiningAGroupThatMakesAdminsIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act := agent.Act{Kind: action.AddToGroup, Target: w.person("ada"), Object: w.group(oktasim.Group{Name: "IT", Roles: []string{oktasim.HelpDeskAdmin}})}
	sight := w.look(act)
	if sight.Call != "" || sight.Refusal == nil || !strings.Contains(sight.Refusal.Text, "Help Desk Administrator") {
		t.Errorf("saw %+v", sight)
	}
}

// A2: applications are given and taken; twice is once.
func TestApplicationsAreGivenAndTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	figma := w.app(oktasim.App{Label: "Figma"})
	add := agent.Act{Kind: action.AddApplications, Target: ada, Object: figma}
	remove := agent.Act{Kind: action.RemoveApplications, Target: ada, Object: figma}
	if sight := w.look(remove); sight.Noop == "" {
		t.Errorf("taking what one has not: %+v", sight)
	}
	for _, step := range []struct {
		act  agent.Act
		call string
		want int
	}{{add, callAssignApp, 1}, {remove, callUnassignApp, 0}} {
		sight := w.look(step.act)
		if sight.Call != step.call {
			t.Fatalf("saw %+v", sight)
		}
		if _, err := w.Do(t.Context(), step.act, sight); err != nil {
			t.Fatal(err)
		}
		if apps, err := w.AppsOf(t.Context(), ada); err != nil || len(apps) != step.want {
			t.Errorf("has %v (%v)", apps, err)
		}
		if again := w.look(step.act); again.Noop == "" || again.Call != "" {
			t.Errorf("again: %+v", again)
		}
	}
}

// A2: applications that cannot be given or taken.
func TestApplicationsThatCannotBeGivenOrTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.person("ada")
	asleep, gone := w.person("asleep", in(oktasim.Suspended)), w.person("gone", in(oktasim.Deprovisioned))
	design := w.group(oktasim.Group{Name: "Design", Members: []string{ada}})
	art := w.group(oktasim.Group{Name: "Art", Members: []string{ada}})
	everyone := w.tenant.Groups("Everyone")[0].ID
	figma := w.app(oktasim.App{Label: "Figma", Groups: []string{design, art}})
	mail := w.app(oktasim.App{Label: "Mail", Groups: []string{everyone}})
	old := w.app(oktasim.App{Label: "Old", Inactive: true})
	slack := w.app(oktasim.App{Label: "Slack"})
	both := w.app(oktasim.App{Label: "Both", Groups: []string{design}, Users: []string{ada}})
	refusals := []struct {
		name       string
		act        agent.Act
		code, says string
	}{
		{"inherited", agent.Act{Kind: action.RemoveApplications, Target: ada, Object: figma}, "inherited_app", `/okta remove from group "Design"`},
		{"inherited from two", agent.Act{Kind: action.RemoveApplications, Target: ada, Object: figma}, "inherited_app", `/okta remove from group "Art"`},
		{"inherited from Everyone", agent.Act{Kind: action.RemoveApplications, Target: ada, Object: mail}, "inherited_app", "which groups Mail is assigned to"},
		{"switched off", agent.Act{Kind: action.AddApplications, Target: ada, Object: old}, "inactive_app", "Old"},
		{"suspended", agent.Act{Kind: action.AddApplications, Target: asleep, Object: slack}, "wrong_status", "/okta restore sessions"},
		{"deprovisioned", agent.Act{Kind: action.AddApplications, Target: gone, Object: slack}, "wrong_status", "/okta activate user"},
		{"no such application", agent.Act{Kind: action.AddApplications, Target: ada, Object: "0oanosuchappatall000"}, "gone", "application"},
	}
	for _, c := range refusals {
		sight := w.look(c.act)
		if sight.Refusal == nil || sight.Refusal.Code != c.code || !strings.Contains(sight.Refusal.Text, c.says) || sight.Call != "" {
			t.Errorf("%s: %+v", c.name, sight)
		}
	}
	if sight := w.look(agent.Act{Kind: action.AddApplications, Target: ada, Object: figma}); !strings.Contains(sight.Noop, "“Design”") {
		t.Errorf("has it by a group: %+v", sight)
	}
	if sight := w.look(agent.Act{Kind: action.RemoveApplications, Target: ada, Object: both}); sight.Call != callUnassignApp || len(sight.Warnings) != 1 {
		t.Errorf("directly and by a group: %+v, want a warning", sight)
	}
	if n := len(w.tenant.Ledger()); n != 0 {
		t.Errorf("%d mutating calls", n)
	}
}

// An application that wants more about a person than we can give is explained.
func TestApplicationThatWantsMore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	act := agent.Act{
		Kind: action.AddApplications, Target: w.person("ada"),
		Object: w.app(oktasim.App{Label: "Payroll", Required: []string{"costCode"}}),
	}
	_, err := w.Do(t.Context(), act, w.look(act))
	if p := asProblem(t, err); p.Code != "app_profile" {
		t.Errorf("problem %+v", p)
	}
	if e := asOktaError(t, err); e.Status != 400 || len(e.Causes) == 0 {
		t.Errorf("cause %+v", e)
	}
}

// A1: names are matched whole, in any case; otherwise a few that begin alike are offered.
func TestThingsByName(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.group(oktasim.Group{Name: "Design"})
	w.group(oktasim.Group{Name: "Design Leads"})
	w.group(oktasim.Group{Name: "design", Type: oktasim.AppGroup})
	w.app(oktasim.App{Label: "Figma"})
	w.app(oktasim.App{Label: "Figma (old)"})
	w.app(oktasim.App{Label: "FIGMA"})

	exact, near, err := w.GroupsNamed(t.Context(), "DESIGN")
	if err != nil || len(exact) != 2 || len(near) != 0 {
		t.Errorf("groups: %v, %v, %v", exact, near, err)
	}
	if exact, near, err := w.GroupsNamed(t.Context(), "Design Lead"); err != nil || len(exact) != 0 || len(near) != 1 {
		t.Errorf("near: %v, %v, %v", exact, near, err)
	}
	if exact, near, err := w.GroupsNamed(t.Context(), "Desing"); err != nil || len(exact) != 0 || len(near) != 3 {
		t.Errorf("misspelt: %v, %v, %v", exact, near, err)
	}
	apps, _, err := w.AppsNamed(t.Context(), "figma")
	if err != nil || len(apps) != 2 {
		t.Errorf("apps: %v, %v", apps, err)
	}
	if exact, near, err := w.AppsNamed(t.Context(), "Fig"); err != nil || len(exact) != 0 || len(near) != 3 {
		t.Errorf("near apps: %v, %v, %v", exact, near, err)
	}
	if exact, near, err := w.AppsNamed(t.Context(), `") or ("`); err != nil || len(exact)+len(near) != 0 {
		t.Errorf("markup: %v, %v, %v", exact, near, err)
	}
}

// A name is found even behind more namesakes than Okta lists by prefix.
func TestGroupBehindManyNamesakes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range pageSize + 5 {
		w.group(oktasim.Group{Name: fmt.Sprintf("Sales %d", i)})
	}
	last := w.group(oktasim.Group{Name: "Sales"})
	exact, _, err := w.GroupsNamed(t.Context(), "sales")
	if err != nil || len(exact) != 1 || exact[0].ID != last {
		t.Errorf("found %v, %v", exact, err)
	}
}

// B1: members and owners.
func TestMembersAndOwners(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada, grace, linus := w.person("ada"), w.person("grace"), w.person("linus")
	owners := w.group(oktasim.Group{Name: "Owners", Members: []string{grace, linus}})
	g := w.group(oktasim.Group{Name: "Lab", Members: []string{ada, grace}, Owners: []string{ada, owners, grace}})
	members, err := w.Members(t.Context(), g)
	if err != nil || len(members) != 2 {
		t.Errorf("members %v, %v", members, err)
	}
	people, err := w.Owners(t.Context(), g)
	var ids []string
	for _, u := range people {
		ids = append(ids, u.ID)
	}
	if diff := cmp.Diff([]string{ada, grace, linus}, ids); err != nil || diff != "" {
		t.Errorf("owners: %v %s", err, diff)
	}
	if _, err := w.Members(t.Context(), "00gnosuchgroupatall0"); !asOktaError(t, err).NotFound() {
		t.Errorf("members of nothing: %v", err)
	}

	unlicensed := setup(t, func(c *oktasim.Config) { c.Quirks.NoOwnersLicence = true })
	g = unlicensed.group(oktasim.Group{Name: "Lab", Owners: []string{unlicensed.person("ada")}})
	if people, err := unlicensed.Owners(t.Context(), g); err != nil || len(people) != 0 {
		t.Errorf("without the licence: %v, %v", people, err)
	}
}
