package playbooks

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/playbooks/action"
)

const runInputs = `  person: {type: user, default: requester}
  people: {type: [user], optional: true}
  groups: {type: [group], optional: true}
  one: {type: group, optional: true}
  apps: {type: [app], optional: true}
  duration: {type: duration, optional: true}
  end: {type: date, optional: true}
  reason: {type: text, optional: true}`

func TestExpandResolvesACommandToIDs(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)
	inputs := map[string]Value{
		"person": UserValue("ada"), "people": ListValue(TypeUser, "ada", "linus", "ada"), "groups": ListValue(TypeGroup, "g-eng", "g-fig"),
		"one": GroupValue("g-it"), "apps": ListValue(TypeApp, "a-fig"), "duration": DurationValue(8 * time.Hour), "end": DateValue(end),
		"reason": TextValue("a new phone, because"),
	}
	for run, want := range map[string]Expanded{
		"/okta reset multi-factor ${person}":                                          {Kind: action.ResetMultifactor, Targets: []string{"ada"}},
		"/okta reset multi-factor":                                                    {Kind: action.ResetMultifactor, Targets: []string{"iris"}},
		"/okta suspend user ${people}":                                                {Kind: action.SuspendUser, Targets: []string{"ada", "linus"}},
		"/okta suspend user ${manager(person) + agents()}":                            {Kind: action.SuspendUser, Targets: []string{"grace", "iris", "ivan"}},
		"/okta reset password linus@acme.example with a temporary password":           {Kind: action.ResetPassword, Targets: []string{"linus"}, TempPassword: true},
		"/okta add to group ${groups} ${person} for ${duration}":                      {Kind: action.AddToGroup, Targets: []string{"ada"}, Objects: []string{"g-eng", "g-fig"}, For: 8 * time.Hour},
		"/okta add to group ${groups}, ${one}, ${groups[0]} ${person}":                {Kind: action.AddToGroup, Targets: []string{"ada"}, Objects: []string{"g-eng", "g-fig", "g-it"}},
		"/okta add to group \"Figma Editors\", Engineering ${person} until ${end}":    {Kind: action.AddToGroup, Targets: []string{"ada"}, Objects: []string{"g-fig", "g-eng"}, Until: end},
		"/okta remove from group ${groupsOf(person)} ${person}":                       {Kind: action.RemoveFromGroup, Targets: []string{"ada"}, Objects: []string{"g-eng"}},
		"/okta remove from group ${groupsOf(manager(person)[0])} ${person}":           {Kind: action.RemoveFromGroup, Targets: []string{"ada"}},
		"/okta add applications ${apps}, GitHub ${person} for 2h":                     {Kind: action.AddApplications, Targets: []string{"ada"}, Objects: []string{"a-fig", "a-git"}, For: 2 * time.Hour},
		"/okta remove applications ${appsOf(person)} ${person}":                       {Kind: action.RemoveApplications, Targets: []string{"ada"}, Objects: []string{"a-fig"}},
		"/okta reset multi-factor ${person} because ${reason} for ${person}":          {Kind: action.ResetMultifactor, Targets: []string{"ada"}, Because: "a new phone, because for Ada Lovelace"},
		"/okta reset multi-factor ${person} because they asked":                       {Kind: action.ResetMultifactor, Targets: []string{"ada"}, Because: "they asked"},
		"/okta add to group ${theGroup('Engineering')} ${user(\"ada@acme.example\")}": {Kind: action.AddToGroup, Targets: []string{"ada"}, Objects: []string{"g-eng"}},
	} {
		t.Run(run, func(t *testing.T) {
			t.Parallel()
			p := mustParse(t, small(runInputs, "", "  - run: "+quoted(run)))
			got, err := p.Expand(t.Context(), newCompany(), caseOf("iris", inputs), 0)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

// An end that was not given is left out; a person or a group that was not given
// is an error, never everybody and never the requester.
func TestExpandWithWhatWasNotGiven(t *testing.T) {
	t.Parallel()
	c := about("ada", "ada")
	p := mustParse(t, small(runInputs, "", "  - run: /okta add to group Engineering ${person} for ${duration}\n  - run: /okta add to group ${one} ${person}\n  - run: /okta suspend user ${people}\n  - reply: x"))
	x, err := p.Expand(t.Context(), newCompany(), c, 0)
	if err != nil || x.For != 0 || !x.Until.IsZero() {
		t.Errorf("%+v, %v", x, err)
	}
	if x, err := p.Expand(t.Context(), newCompany(), c, 1); err == nil {
		t.Errorf("a group that was not given: %+v", x)
	}
	if x, err := p.Expand(t.Context(), newCompany(), c, 2); err != nil || len(x.Targets) != 0 {
		t.Errorf("nobody: %+v, %v", x, err)
	}
	if x, err := p.Expand(t.Context(), newCompany(), c, 3); err == nil {
		t.Errorf("a reply runs %+v", x)
	}
	world := newCompany()
	delete(world.groups, "g-eng")
	if x, err := p.Expand(t.Context(), world, c, 0); !errors.Is(err, errUnknown) {
		t.Errorf("a group that is gone: %+v, %v", x, err)
	}
}

// Values are values: a name that reads like a command stays a name.
func TestNamesAreNeverParsedAgain(t *testing.T) {
	t.Parallel()
	world := newCompany()
	evil := world.users["ada"]
	evil.Name = `"; suspend user grace@acme.example ${requester.isAgent()}`
	world.users["ada"] = evil
	p := mustParse(t, small(runInputs, "", "  - run: /okta reset multi-factor ${person} because ${person.name}\n  - reply: Hello ${person}"))
	x, err := p.Expand(t.Context(), world, about("ada", "ada"), 0)
	want := Expanded{Kind: action.ResetMultifactor, Targets: []string{"ada"}, Because: evil.Name}
	if diff := cmp.Diff(want, x); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if text, err := p.Text(t.Context(), world, about("ada", "ada"), 1); text != "Hello "+evil.Name || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// Every literal name is listed with its place, so that it is looked up once.
func TestNamesListsEveryLiteral(t *testing.T) {
	t.Parallel()
	p := mustParse(t, strings.TrimPrefix(small(runInputs,
		`  - allow: requester.memberOf("IT Support") || requester in group('People') || theGroup("A") == theGroup("A")`,
		`  - approve: user("ceo@acme.example") + owners(theApp("Figma"))
  - run: /okta add to group "Figma Editors", Sales ada@acme.example
    when: |
      requester.memberOf("Night shift")
  - run: /okta add applications GitHub ${person}
  - reply: Ask ${group("Help")}`), "\n"))
	want := []NameRef{
		{NameGroup, "IT Support", 0, 0},
		{NameGroup, "People", 0, 0},
		{NameGroup, "A", 0, 0},
		{NameGroup, "A", 0, 0},
		{NameUser, "ceo@acme.example", 0, 0},
		{NameApp, "Figma", 0, 0},
		{NameGroup, "Figma Editors", 0, 0},
		{NameGroup, "Sales", 0, 0},
		{NameUser, "ada@acme.example", 0, 0},
		{NameGroup, "Night shift", 0, 0},
		{NameApp, "GitHub", 0, 0},
		{NameGroup, "Help", 0, 0},
	}
	got := p.Names()
	lines := strings.Split(string(p.Source), "\n")
	for i, n := range got {
		at := []rune(lines[n.Line-1])[n.Column-1:]
		if !strings.HasPrefix(strings.TrimLeft(string(at), `"'`), n.Name) {
			t.Errorf("%q is not at %d:%d: %s", n.Name, n.Line, n.Column, string(at))
		}
		got[i].Line, got[i].Column = 0, 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	ref := p.Names()[0]
	if d := p.Complain(ref, "there is no such group"); !strings.HasPrefix(d.String(), "test.yaml:") || !strings.Contains(d.String(), "^") {
		t.Errorf("%s", d)
	}
}

func TestFillMapsACommandToTheInputs(t *testing.T) {
	t.Parallel()
	person := action.Arg{Kind: action.Email, Text: "ada@acme.example"}
	groups := []action.Arg{{Kind: action.Name, Text: "A"}, {Kind: action.Name, Text: "B"}}
	end := time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)
	all := "  team: {type: [group]}\n  sub: {type: group, optional: true}\n  person: {type: user}\n  boss: {type: user, optional: true}\n" +
		"  long: {type: duration, optional: true}\n  until: {type: date, optional: true}\n  reason: {type: text, ask: Why?}\n" +
		"  size: {type: choice, options: [s, m]}\n  temporary_password: {type: yesno, default: no}"
	const steps = "  - reply: ok"
	full := mustParse(t, small(all, "", steps))
	for _, test := range []struct {
		name, inputs string
		cmd          action.Command
		user         string
		objects      string
		values       map[string]Value
		missing      string
		misfit       string
	}{
		{
			name: "everything", inputs: all, cmd: action.Command{Kind: action.AddToGroup, Target: person, Objects: groups, For: time.Hour, Because: "x"},
			user: "person", objects: "team", values: map[string]Value{"long": DurationValue(time.Hour), "reason": TextValue("x")}, missing: "size",
		},
		{name: "nothing", inputs: all, cmd: action.Command{Kind: action.AddToGroup}, user: "person", objects: "team", values: map[string]Value{}, missing: "team person reason size"},
		{
			name: "until", inputs: all, cmd: action.Command{Kind: action.AddToGroup, Target: person, Objects: groups, Until: end},
			user: "person", objects: "team", values: map[string]Value{"until": DateValue(end)}, missing: "reason size",
		},
		{
			name: "password", inputs: all, cmd: action.Command{Kind: action.ResetPassword, Target: person, TempPassword: true, Because: "x"},
			user: "person", values: map[string]Value{"temporary_password": YesNoValue(true), "reason": TextValue("x")}, missing: "team size",
		},
		{name: "a reason nobody takes", cmd: action.Command{Kind: action.ResetPassword, Because: "x"}, values: map[string]Value{}},
		{name: "a name nobody takes", cmd: action.Command{Kind: action.ResetPassword, Target: person}, misfit: "“Test” is for yourself here"},
		{name: "groups nobody takes", cmd: action.Command{Kind: action.AddToGroup, Objects: groups}, misfit: "“Test” decides by itself"},
		{name: "too many", inputs: "  g: {type: group}", cmd: action.Command{Kind: action.AddToGroup, Objects: groups}, misfit: "“Test” takes one at a time: please ask for A first."},
		{name: "apps are no groups", inputs: "  g: {type: [group]}", cmd: action.Command{Kind: action.AddApplications, Objects: groups}, misfit: "“Test” decides by itself"},
		{name: "no duration", cmd: action.Command{Kind: action.AddToGroup, For: time.Hour}, misfit: "“Test” can't be asked for a limited time"},
		{name: "no end", cmd: action.Command{Kind: action.AddToGroup, Until: end}, misfit: "“Test” can't be asked until a date"},
		{name: "no password", cmd: action.Command{Kind: action.ResetPassword, TempPassword: true}, misfit: "“Test” gives out no temporary passwords"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := full
			if test.inputs != all {
				p = mustParse(t, small(test.inputs, "", steps))
			}
			f, err := p.Fill(test.cmd)
			var no *Misfit
			if errors.As(err, &no) != (test.misfit != "") || (err != nil && !strings.HasPrefix(err.Error(), test.misfit)) {
				t.Fatalf("%v, want %q", err, test.misfit)
			}
			if err != nil {
				return
			}
			var missing []string
			for _, i := range f.Missing {
				missing = append(missing, i.Name)
			}
			if f.User != test.user || f.Objects != test.objects || strings.Join(missing, " ") != test.missing {
				t.Errorf("%+v, missing %v", f, missing)
			}
			if diff := cmp.Diff(test.values, f.Values); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDefaultsFillWhatWasNotGiven(t *testing.T) {
	t.Parallel()
	p := mustParse(t, small(`  person: {type: user, default: requester}
  team: {type: [group], default: '[theGroup("Engineering")] + groupsOf(requester)'}
  many: {type: number, default: 3}
  long: {type: duration, default: 2d}
  day: {type: date, default: 2026-12-01}
  sure: {type: yesno, default: yes}
  size: {type: choice, options: [s, m], default: m}
  words: {type: [text], default: [a, b]}
  left: {type: text, optional: true}`, "", "  - reply: ok"))
	world := newCompany()
	got, err := p.Defaults(t.Context(), world, caseOf("ada", map[string]Value{"many": {Type: TypeNumber, Items: []string{"4"}}}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Value{
		"person": UserValue("ada"), "team": ListValue(TypeGroup, "g-eng", "g-eng"), "many": {Type: TypeNumber, Items: []string{"4"}},
		"long": DurationValue(48 * time.Hour), "day": DateValue(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)), "sure": YesNoValue(true),
		"size": {Type: TypeChoice, Items: []string{"m"}}, "words": ListValue(TypeText, "a", "b"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	world.fails["GroupNamed"] = errors.New("away")
	if _, err := p.Defaults(t.Context(), world, caseOf("ada", nil)); err == nil {
		t.Error("a default that can't be had is none")
	}
}
