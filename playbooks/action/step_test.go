package action

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func hole(index int, source string) Arg { return Arg{Kind: Hole, Text: source, Hole: index} }

// A1, A2: the same grammar in playbooks, where ${…} is one argument.
func TestParseStep(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want Command
	}{
		{"/okta reset multi-factor ${person}", Command{Kind: ResetMultifactor, Target: hole(0, "person")}},
		{"/okta reset password for ${ person } with a temporary password", Command{
			Kind: ResetPassword, Target: hole(0, "person"), TempPassword: true,
		}},
		{"/okta suspend user ada@acme.example", Command{Kind: SuspendUser, Target: email("ada@acme.example")}},
		{"/okta add to group ${g} ${person}", Command{Kind: AddToGroup, Objects: []Arg{hole(0, "g")}, Target: hole(1, "person")}},
		{"/okta add to group ${g} ${person} for ${duration}", Command{
			Kind: AddToGroup, Objects: []Arg{hole(0, "g")}, Target: hole(1, "person"), ForHole: hole(2, "duration"),
		}},
		{"/okta add to group ${g} for ${duration} ${person}", Command{
			Kind: AddToGroup, Objects: []Arg{hole(0, "g")}, Target: hole(2, "person"), ForHole: hole(1, "duration"),
		}},
		{"/okta add to group ${g} for ${person}", Command{Kind: AddToGroup, Objects: []Arg{hole(0, "g")}, Target: hole(1, "person")}},
		{"/okta add to group ${g} for ${person} for ${d}", Command{
			Kind: AddToGroup, Objects: []Arg{hole(0, "g")}, Target: hole(1, "person"), ForHole: hole(2, "d"),
		}},
		{"/okta add me to group ${g} for ${d}", Command{Kind: AddToGroup, Objects: []Arg{hole(0, "g")}, ForHole: hole(1, "d")}},
		{"/okta add ${person} to group ${g}", Command{Kind: AddToGroup, Target: hole(0, "person"), Objects: []Arg{hole(1, "g")}}},
		{"/okta add ${person} to the Sales group", Command{Kind: AddToGroup, Target: hole(0, "person"), Objects: names("Sales")}},
		{"/okta remove from group ${a}, ${b}, Sales ${p}", Command{
			Kind: RemoveFromGroup, Objects: []Arg{hole(0, "a"), hole(1, "b"), names("Sales")[0]}, Target: hole(2, "p"),
		}},
		{`/okta add applications "Figma" ${p} until ${approval.until}`, Command{
			Kind: AddApplications, Objects: names("Figma"), Target: hole(0, "p"), UntilHole: hole(1, "approval.until"),
		}},
		{"/okta add app Figma Editors ${p} for 8h because asked for", Command{
			Kind: AddApplications, Objects: names("Figma Editors"), Target: hole(0, "p"), For: 8 * time.Hour, Because: "asked for",
		}},
		{"/okta remove app Figma from ${p}", Command{Kind: RemoveApplications, Objects: names("Figma"), Target: hole(0, "p")}},
		{"/okta reset mfa ${p} because ${request.text} by ${requester.name}, twice", Command{
			Kind: ResetMultifactor, Target: hole(0, "p"), BecauseParts: []Arg{
				hole(1, "request.text"), names(" by ")[0], hole(2, "requester.name"), names(", twice")[0],
			},
		}},
		// CEL that holds what would end it.
		{`/okta reset mfa ${people.filter(p, p.name == "}").map(p, {"a": '${'})[0]}`, Command{
			Kind: ResetMultifactor, Target: hole(0, `people.filter(p, p.name == "}").map(p, {"a": '${'})[0]`),
		}},
		{`/okta reset mfa ${f("\"}", r"\", """a"}""", '\'}')}`, Command{
			Kind: ResetMultifactor, Target: hole(0, `f("\"}", r"\", """a"}""", '\'}')`),
		}},
		{"/okta reset mfa ${f(br'\\') + x // }'\n}", Command{Kind: ResetMultifactor, Target: hole(0, "f(br'\\') + x // }'\n")}},
		{`/okta reset mfa ${user("ada@acme.example, because")} because x`, Command{
			Kind: ResetMultifactor, Target: hole(0, `user("ada@acme.example, because")`), Because: "x",
		}},
	} {
		tc.want.Verb = Act
		got, holes, err := ParseStep(tc.text)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("ParseStep(%q): %v\n%s", tc.text, err, diff)
		}
		for _, h := range holes {
			if tc.text[h.Offset:h.Offset+len(h.Source)] != h.Source {
				t.Errorf("ParseStep(%q): %q is not at %d", tc.text, h.Source, h.Offset)
			}
		}
	}
}

func TestParseStepRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "A step that runs an action begins with /okta.",
		"reset mfa ${p}":                    "A step that runs an action begins with /okta.",
		"/okta":                             "A step needs one of the actions, such as /okta reset password.",
		"/okta help":                        "I understood “help”. A step needs one of the actions, such as /okta reset password.",
		"/okta please reset mfa":            "I don’t know “please reset mfa”. Type /okta help to see what I can do.",
		"/okta reset mfa ${p":               "I understood “reset multi-factor”. This ${ is never closed: a } is missing.",
		"/okta reset mfa ${'p}":             "I understood “reset multi-factor”. This ${ is never closed: a } is missing.",
		"/okta reset mfa ${p // x}":         "I understood “reset multi-factor”. This ${ is never closed: a } is missing.",
		"/okta reset mfa ${ }":              "I understood “reset multi-factor”. There is nothing between ${ and }.",
		"/okta reset mfa because ${":        "I understood “reset multi-factor”. This ${ is never closed: a } is missing.",
		"/okta add to group team-${x} ${p}": "I understood “add to group”. ${…} stands for a whole argument: put a space or a comma before it.",
		"/okta add to group ${x}-team ${p}": "I understood “add to group”. ${…} stands for a whole argument: put a space or a comma after it.",
		`/okta add to group "${x}" ${p}`:    "I understood “add to group”. ${…} stands for a whole argument and cannot be inside quotation marks.",
		"/okta reset mfa ${a} ${b}":         "I understood “reset multi-factor ${a}”. I can do this for one person at a time, and here are two.",
		"/okta add to group ${a} ${b} ${c}": "I understood “add to group ${a} ${b}”. I can do this for one person at a time, and here are two.",
		"/okta suspend user":                "Who is it about? For example: /okta suspend user ada@acme.example",
		"/okta reset mfa ${p} for ${d}":     "I understood “reset multi-factor ${p}”. I can do this for one person at a time, and here are two.",
		"/okta add to group ${g} ${p} for ${d} for ${e}": "I understood “add to group ${g} ${p} for ${d}”. " +
			"I need one end, either “for” or “until”, so “for ${e}” is one too many.",
	} {
		_, _, err := ParseStep(text)
		if err == nil || err.Error() != want {
			t.Errorf("ParseStep(%q): %v\nwant %s", text, err, want)
		}
	}
}

// A person's text never makes a hole, and a playbook's hole is never read.
func TestHolesAreForPlaybooksOnly(t *testing.T) {
	t.Parallel()
	got, err := Parse("add to group ${requester} <@U1> because ${x}")
	want := Command{Verb: Act, Kind: AddToGroup, Target: mention("U1"), Objects: names("${requester}"), Because: "${x}"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}
