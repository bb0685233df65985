package playbooks

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const reset = "  - run: /okta reset multi-factor ${person}"

// guarding makes a playbook with one guard, which is about person and some
// inputs more.
func guarding(t *testing.T, allow string) *Playbook {
	t.Helper()
	return mustParse(t, small(
		"  person: {type: user, default: requester}\n  other: {type: user, optional: true}\n  reason: {type: text, optional: true}\n"+
			"  groups: {type: [group], optional: true}\n  apps: {type: [app], optional: true}\n  many: {type: number, optional: true}\n"+
			"  duration: {type: duration, optional: true}\n  day: {type: date, optional: true}\n  sure: {type: yesno, optional: true}",
		"  - allow: "+quoted(allow)+"\n    else: No, ${person.name}.", reset))
}

func TestExpressionsKnowTheCase(t *testing.T) {
	t.Parallel()
	c := about("ada", "ada")
	c.Inputs["reason"] = TextValue("lost my phone")
	c.Inputs["groups"] = ListValue(TypeGroup, "g-eng", "g-fig")
	c.Inputs["apps"] = ListValue(TypeApp, "a-fig")
	c.Inputs["many"] = Value{Type: TypeNumber, Items: []string{"3"}}
	c.Inputs["duration"] = DurationValue(8 * time.Hour)
	c.Inputs["day"] = DateValue(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	c.Inputs["sure"] = YesNoValue(true)
	c.Request.Service = "Access"
	for _, expression := range []string{
		`person == requester && !(person != requester)`,
		`requester in manager(person) == false`,
		`manager(person) == group("IT Support") || manager(person).exists(m, m.email == "grace@acme.example")`,
		`person.id == "ada" && person.email == "ada@acme.example" && person.login == person.email && person.name == "Ada Lovelace"`,
		`person.firstName == "" && person.lastName == "" && person.title == "" && person.city == "" && person.country == ""`,
		`person.employeeNumber == "" && person.userType == "" && person.department == "Engineering" && person.status == "ACTIVE"`,
		`person.groups == ["Engineering"] && "Figma" in person.apps`,
		`person.attributes["costCenter"] == "42" && !("x" in person.attributes) && !has(person.attributes.x)`,
		`person.memberOf("Engineering") && !person.memberOf("IT Support")`,
		`!person.isAgent() && agents().exists(a, a.name == "Iris IT") && agents().all(a, a.isAgent())`,
		`user("iris@acme.example")[0].isAgent() && user("iris@acme.example") + manager(person) == [user("iris@acme.example")[0], manager(person)[0]]`,
		`owners(groups[1])[0].name == "Grace Hopper" && owners(apps[0]) == user("linus@acme.example")`,
		`groupsOf(person).map(g, g.name) == ["Engineering"] && groups.exists(g, g in groupsOf(person))`,
		`appsOf(person).all(a, a.label == "Figma" && a.signOn == "SAML_2_0" && a.status == "ACTIVE" && a.id == "a-fig")`,
		`theGroup("Engineering") == groups[0] && theGroup("Engineering").type == "OKTA_GROUP" && groups[0].description == ""`,
		`theApp("Figma") == apps[0] && theApp("GitHub") != apps[0]`,
		`reason.contains("phone") && many == 3 && many > 2 && duration == duration("8h") && duration < days(1) && sure`,
		`day > now && day - now < days(7) && day == timestamp("2026-12-01T00:00:00Z")`,
		`other == null && reason != null`,
		`request.id == "R-1" && request.service == "Access" && request.channel == "#help" && request.text == "please" && request.source == "command"`,
		`now - request.opened == days(2) && now.getHours() == 12`,
		`okta.url == "https://acme.okta.example"`,
		`person.email.endsWith("@acme.example") && person.email.matches("^[a-z]+@") && person.name.lowerAscii() == "ada lovelace"`,
		`["ACTIVE", "STAGED"].exists(s, s == person.status) && size(groups) == 2`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			if v := guarding(t, expression).Guards(t.Context(), newCompany(), c); !v.Allowed || v.Err != nil {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestOptionalInputsThatWereNotGiven(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		`other == null`, `reason == null`, `many == null`, `duration == null`, `day == null`, `sure == null`, `size(groups) == 0 && size(apps) == 0`,
	} {
		if v := guarding(t, expression).Guards(t.Context(), newCompany(), about("ada", "ada")); !v.Allowed || v.Err != nil {
			t.Errorf("%s: %+v", expression, v)
		}
	}
}

// An expression asks the world nothing that it does not need, and nothing twice.
func TestExpressionsAskOnlyWhatTheyNeed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		allow string
		asks  []string
	}{
		{`person == requester`, nil},
		{`person.id == "ada" && okta.url != ""`, nil},
		{`person == requester || requester.isAgent()`, nil},
		{`person.status == "ACTIVE" && person.department == "Engineering" && person.attributes["costCenter"] == "42"`, []string{"User[ada]"}},
		{`person.memberOf("Engineering") && requester.memberOf("Engineering")`, []string{"MemberOf[ada Engineering]"}},
		{`manager(person)[0].name == "Grace Hopper"`, []string{"Manager[ada]"}},
		{`groupsOf(person).all(g, g.name == "Engineering")`, []string{"GroupsOf[ada]"}},
		{`person.groups.size() == 1 && person.groups[0] == "Engineering"`, []string{"GroupsOf[ada]"}},
	} {
		world := newCompany()
		if v := guarding(t, test.allow).Guards(t.Context(), world, about("ada", "ada")); !v.Allowed {
			t.Errorf("%s: %+v", test.allow, v)
		}
		if diff := cmp.Diff(test.asks, world.asked); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.allow, diff)
		}
	}
}

// A guard that can't be answered says no; the error is there for IT.
func TestAGuardThatErrsSaysNo(t *testing.T) {
	t.Parallel()
	broken := errors.New("okta is away")
	for _, test := range []struct {
		allow string
		fails string
		want  error
	}{
		{`requester.isAgent()`, "IsAgent", broken},
		{`!requester.isAgent()`, "IsAgent", broken},
		{`person.status != "SUSPENDED"`, "User", broken},
		{`!requester.memberOf("No Such Group")`, "", errUnknown},
		{`theGroup("No Such Group").name == ""`, "", errUnknown},
		{`size(person.groups) == 0`, "GroupsOf", broken},
		{`size(person.apps) == 0`, "AppsOf", broken},
		{`!("x" in person.attributes)`, "User", broken},
		{`other.status != "SUSPENDED"`, "", nil},
		{`size(manager(other)) == 0`, "", nil},
		{`manager(person)[7].name == ""`, "", nil},
		{`person.attributes["none"] == ""`, "", nil},
		{`1 / size(groups) == 0`, "", nil},
	} {
		t.Run(test.allow, func(t *testing.T) {
			t.Parallel()
			world := newCompany()
			if test.fails != "" {
				world.fails[test.fails] = broken
			}
			v := guarding(t, test.allow).Guards(t.Context(), world, about("ada", "ada"))
			if v.Allowed || v.Err == nil || v.Guard != 0 || v.Sentence != notChecked {
				t.Errorf("%+v", v)
			}
			if test.want != nil && !errors.Is(v.Err, test.want) {
				t.Errorf("%v is not %v", v.Err, test.want)
			}
			if !strings.Contains(v.Err.Error(), "test.yaml:") {
				t.Errorf("%v has no place", v.Err)
			}
		})
	}
}

func TestGuardsStopAtTheFirstNo(t *testing.T) {
	t.Parallel()
	p := mustParse(t, small("  person: {type: user, default: requester}",
		"  - allow: person.status == \"ACTIVE\"\n    else: ${person.name} is ${person.status}.\n  - allow: person == requester\n    else: Only yourself, ${requester.firstName}!\n  - allow: requester.isAgent()", reset))
	world := newCompany()
	v := p.Guards(t.Context(), world, about("ada", "linus"))
	want := Verdict{Guard: 1, Sentence: "Only yourself, !", Seen: map[string]string{"person.status": "ACTIVE", "person == requester": "no"}}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if v := p.Guards(t.Context(), world, about("ada", "ada")); v.Allowed || v.Guard != 2 || v.Sentence != notAllowed {
		t.Errorf("a guard without words: %+v", v)
	}
	if v := p.Guards(t.Context(), newCompany().with("ada", "STAGED"), about("linus", "ada")); v.Sentence != "Ada Lovelace is STAGED." {
		t.Errorf("%+v", v)
	}
}

// N3: what a guard saw is kept in the words of the file, so that the second look
// can say what is different.
func TestGuardsTellWhatTheySaw(t *testing.T) {
	t.Parallel()
	v := guarding(t, `person.status == "ACTIVE" && (requester.memberOf("IT Support") || manager(person).exists(m, m == requester) || requester.isAgent())`).
		Guards(t.Context(), newCompany(), about("linus", "ada"))
	want := map[string]string{"person.status": "ACTIVE", `requester.memberOf("IT Support")`: "no", "requester.isAgent()": "no"}
	if diff := cmp.Diff(want, v.Seen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Whatever was given for an input is held against its options and its where.
func TestInputsMustBeChoosable(t *testing.T) {
	t.Parallel()
	p := mustParse(t, small(`  groups: {type: [group], where: 'it.type == "OKTA_GROUP" && !(it in groupsOf(requester))'}
  size: {type: choice, options: [small, large], default: small}
  team: {type: choice, options: requester.groups, optional: true}`, "", "  - reply: ok"))
	for _, test := range []struct {
		groups     []string
		size, team string
		says       string
	}{
		{[]string{"g-fig"}, "small", "", ""},
		{[]string{"g-fig"}, "large", "Engineering", ""},
		{[]string{"g-fig", "g-eng"}, "small", "", "Engineering can't be chosen for this."},
		{[]string{"g-fig"}, "huge", "", `"huge" is not one of the choices: small or large.`},
		{[]string{"g-fig"}, "small", "Sales", `"Sales" is not one of the choices: Engineering.`},
	} {
		inputs := map[string]Value{"groups": ListValue(TypeGroup, test.groups...), "size": {Type: TypeChoice, Items: []string{test.size}}}
		if test.team != "" {
			inputs["team"] = Value{Type: TypeChoice, Items: []string{test.team}}
		}
		v := p.Guards(t.Context(), newCompany(), caseOf("ada", inputs))
		if v.Sentence != test.says || v.Allowed != (test.says == "") || v.Err != nil {
			t.Errorf("%+v: %+v", test, v)
		}
	}
	if v := p.Guards(t.Context(), newCompany(), caseOf("ada", map[string]Value{})); v.Allowed {
		t.Error("a choice that was not made is allowed")
	}
	options, err := p.Options(t.Context(), newCompany(), caseOf("ada", nil), "team")
	if diff := cmp.Diff([]string{"Engineering"}, options); diff != "" || err != nil {
		t.Error(diff, err)
	}
	may, err := p.Choosable(t.Context(), newCompany(), caseOf("ada", nil), "groups", "g-eng")
	if may || err != nil {
		t.Error(may, err)
	}
}

func TestAnErrorNeverSkipsAStep(t *testing.T) {
	t.Parallel()
	p := mustParse(t, small("  person: {type: user, default: requester}", "",
		"  - approve: manager(person) + agents()\n    when: person.isAgent()\n"+reset+"\n  - dm: person\n    text: Hello ${person.name}"))
	broken := errors.New("okta is away")
	world := newCompany()
	world.fails["IsAgent"], world.fails["Agents"], world.fails["User"] = broken, broken, broken
	c := about("ada", "ada")
	if _, err := p.When(t.Context(), world, c, 0); !errors.Is(err, broken) {
		t.Errorf("when: %v", err)
	}
	if _, err := p.People(t.Context(), world, c, 0); !errors.Is(err, broken) {
		t.Errorf("people: %v", err)
	}
	if _, err := p.Text(t.Context(), world, c, 2); !errors.Is(err, broken) {
		t.Errorf("text: %v", err)
	}
	delete(c.Inputs, "person")
	if _, err := p.Expand(t.Context(), world, c, 1); err == nil || !strings.Contains(err.Error(), `"person" was not given`) {
		t.Errorf("expand: %v", err)
	}
	for _, i := range []int{-1, 3} {
		if _, err := p.When(t.Context(), world, c, i); !errors.Is(err, errNoStep) {
			t.Errorf("step %d: %v", i, err)
		}
	}
}

func TestPeopleAreAskedOnce(t *testing.T) {
	t.Parallel()
	p := mustParse(t, small("  person: {type: user, default: requester}", "",
		"  - approve: manager(person) + agents() + group(\"IT Support\") + user(\"grace@acme.example\")\n    need: all\n  - dm: person\n    text: Hi"))
	us, err := p.People(t.Context(), newCompany(), about("ada", "ada"), 0)
	if got := idsOf(us); err != nil || got != "grace iris ivan" || !p.Steps[0].All || p.Steps[0].Need != 0 {
		t.Errorf("%s, %v, %+v", got, err, p.Steps[0])
	}
	if us, err := p.People(t.Context(), newCompany(), about("ada", "ada"), 1); err != nil || len(us) != 1 || us[0].Email != "ada@acme.example" {
		t.Errorf("%v, %v", us, err)
	}
	if us, err := p.People(t.Context(), newCompany(), about("ivan", "ivan"), 0); err != nil || idsOf(us) != "iris ivan grace" {
		t.Errorf("without a manager: %v, %v", us, err)
	}
}

func TestTextsShowValuesAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	c := about("ada", "ada")
	c.Inputs["groups"] = ListValue(TypeGroup, "g-eng", "g-fig", "g-it")
	c.Inputs["duration"] = DurationValue(26*time.Hour + 30*time.Minute)
	c.Inputs["many"] = Value{Type: TypeNumber, Items: []string{"3"}}
	c.Inputs["day"] = DateValue(time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC))
	c.Inputs["sure"] = YesNoValue(true)
	c.Approval = Approval{By: "grace", Comment: "fine"}
	for text, want := range map[string]string{
		"${person} and ${requester.name}":    "Ada Lovelace and Ada Lovelace",
		"in ${groups}":                       "in Engineering, Figma Editors and IT Support",
		"apps ${appsOf(person)}.":            "apps Figma.",
		"for ${duration} ${many} ${sure}":    "for 1 day, 2 hours and 30 minutes 3 yes",
		"until ${day}":                       "until 2026-12-01 09:30 UTC",
		"because ${reason}.":                 "because .",
		"$${person} costs $5 ${'}' + \"{\"}": "${person} costs $5 }{",
		"${approval.by} says ${approval.comment} ${approval.duration}": "Grace Hopper says fine ",
		"日本 ${manager(person)}":                                        "日本 Grace Hopper",
		"${groups.map(g, g.name).join(\" + \")}":                       "Engineering + Figma Editors + IT Support",
		"${1.5}":                                                       "1.5",
	} {
		p := mustParse(t, strings.Replace(small(
			"  person: {type: user}\n  reason: {type: text, optional: true}\n  groups: {type: [group]}\n  many: {type: number}\n  duration: {type: duration}\n  day: {type: date}\n  sure: {type: yesno}",
			"", "  - approve: agents()\n  - reply: TEXT"), "TEXT", quoted(text), 1))
		if got, err := p.Text(t.Context(), newCompany(), c, 1); got != want || err != nil {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

// An expression that would never end is stopped, by its cost or by its context.
func TestExpressionsAreLimited(t *testing.T) {
	t.Parallel()
	long := "[" + strings.Repeat("1,", 120) + "1]"
	p := guarding(t, strings.ReplaceAll("L.all(a, L.all(b, (a + b) * 2 > 0 && L.size() > 1 && person.id.size() > 0 && a + b > 1 && a * b > 0))", "L", long))
	v := p.Guards(t.Context(), newCompany(), about("ada", "ada"))
	if v.Allowed || v.Err == nil || !strings.Contains(v.Err.Error(), "cost limit") {
		t.Errorf("allowed %v, %v", v.Allowed, v.Err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p = guarding(t, strings.ReplaceAll("L.all(a, L.all(b, a + b > 0))", "L", long))
	if v := p.Guards(ctx, newCompany(), about("ada", "ada")); v.Allowed || !errors.Is(v.Err, context.Canceled) {
		t.Errorf("allowed %v, %v", v.Allowed, v.Err)
	}
}

func TestTheWorldIsNotAskedWithoutEnd(t *testing.T) {
	t.Parallel()
	world := newCompany()
	var crowd []string
	for range maxQuestions + 10 {
		id := "p" + strings.Repeat("x", len(crowd))
		world.users[id] = User{ID: id, Name: id}
		crowd = append(crowd, id)
	}
	world.members["g-it"] = crowd
	v := guarding(t, `agents().all(a, size(manager(a)) == 0)`).Guards(t.Context(), world, about("ada", "ada"))
	if v.Allowed || !errors.Is(v.Err, errTooManyQuestions) || len(world.asked) > maxQuestions {
		t.Errorf("allowed %v after %d questions, %v", v.Allowed, len(world.asked), v.Err)
	}
}

func TestARememberedWorldIsAskedOnce(t *testing.T) {
	t.Parallel()
	world := newCompany()
	world.fails["IsAgent"] = errors.New("away")
	shared := Remember(world)
	p := guarding(t, `person.status == "ACTIVE" && requester.isAgent()`)
	for range 3 {
		if v := p.Guards(t.Context(), shared, about("ada", "ada")); v.Allowed || v.Err == nil {
			t.Errorf("%+v", v)
		}
	}
	if diff := cmp.Diff([]string{"User[ada]", "IsAgent[ada]"}, world.asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// An approve step that was skipped leaves no approval: a text can ask for that.
func TestApprovalIsNullWhereNobodyApproved(t *testing.T) {
	t.Parallel()
	p := mustParse(t, small("  person: {type: user, default: requester}", "", `  - approve: manager(person)
    when: person != requester
  - reply: '${approval == null ? "nobody" : approval.by.name}'
  - reply: ${approval.by.name}`))
	c := about("ada", "ada")
	if text, err := p.Text(t.Context(), newCompany(), c, 1); text != "nobody" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := p.Text(t.Context(), newCompany(), c, 2); err == nil {
		t.Errorf("an approval that is not there says %q", text)
	}
	c.Approval.By = "grace"
	if text, err := p.Text(t.Context(), newCompany(), c, 1); text != "Grace Hopper" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}
