package action

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mention(id string) Arg { return Arg{Kind: Mention, Text: id} }
func email(s string) Arg    { return Arg{Kind: Email, Text: s} }
func handle(s string) Arg   { return Arg{Kind: Handle, Text: s} }

func names(texts ...string) []Arg {
	args := make([]Arg, len(texts))
	for i, t := range texts {
		args[i] = Arg{Kind: Name, Text: t}
	}
	return args
}

func december(day, hour, minute int) time.Time {
	return time.Date(2026, time.December, day, hour, minute, 0, 0, time.UTC)
}

// A1, A2: every way of naming each of the eleven actions.
func TestParseKnowsEveryPhrase(t *testing.T) {
	t.Parallel()
	typed := map[Kind][]string{
		ResetPassword: {
			"reset password", "Reset Passwords", "reset pw", "reset passwd", "password reset", "RESET   PASSWORD",
			"reset my password", "reset the password", "please reset my password", "reset password for me", "reset password me!",
			"reset_password", "reset-password", "forgot my password", "/okta reset password", "reset password please.",
		},
		ResetMultifactor: {
			"reset multi-factor", "reset mfa", "reset MFA", "reset multifactor", "reset multi factor", "reset factors", "reset factor",
			"reset 2fa", "reset two-factor", "reset multi–factor authentication", "reset my mfa", "reset mfa me", "reset_multifactor",
			"reset authenticators", "mfa reset", "multi-factor reset",
		},
		RevokeSessions: {
			"revoke sessions", "revoke session", "revoke my sessions", "sign out", "sign-out everywhere", "sign me out everywhere",
			"log out", "logout everywhere", "clear sessions", "end sessions",
		},
		RestoreSessions: {
			"restore sessions", "restore session", "unlock", "unlock my account", "unsuspend", "unlock user", "restore",
		},
		AddToGroup: {
			"add to group Sales", "add to groups Sales", "add group Sales", "add groups Sales", "add me to group Sales", "join group Sales",
			"add to the group Sales", "add to the Sales group", "assign to group Sales", "add_to_group Sales", "Add To Group Sales me",
			"add to group: Sales",
		},
		RemoveFromGroup: {
			"remove from group Sales", "remove from groups Sales", "remove group Sales", "remove me from group Sales",
			"leave group Sales", "unassign group Sales", "remove me from the Sales group",
		},
		AddApplications: {
			"add applications Sales", "add application Sales", "add app Sales", "add apps Sales", "assign app Sales", "assign apps Sales",
			"assign application Sales", "assign me to app Sales", "add app Sales to me", "assign the Sales app",
		},
		RemoveApplications: {
			"remove applications Sales", "remove app Sales", "remove apps Sales", "unassign app Sales", "unassign applications Sales",
			"remove app Sales from me", "unassign me from app Sales",
		},
	}
	for kind, texts := range typed {
		want := Command{Verb: Act, Kind: kind}
		if spec, _ := Of(kind); spec.Takes != NoObject {
			want.Objects = names("Sales")
		}
		for _, text := range texts {
			got, err := Parse(text)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Parse(%q): %v\n%s", text, err, diff)
			}
		}
	}
	others := map[Kind][]string{
		ActivateUser:    {"activate user", "activate", "reactivate user", "activate account"},
		SuspendUser:     {"suspend user", "suspend", "suspend the user"},
		DeprovisionUser: {"deprovision user", "deprovision", "deactivate user", "deactivate"},
	}
	for kind, texts := range others {
		want := Command{Verb: Act, Kind: kind, Target: mention("U1")}
		for _, text := range texts {
			got, err := Parse(text + " <@U1>")
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Parse(%q): %v\n%s", text, err, diff)
			}
		}
	}
}

// A1: what may follow the phrase, as people and Slack write it.
func TestParse(t *testing.T) {
	t.Parallel()
	ada := mention("U012ABC")
	for _, tc := range []struct {
		text string
		want Command
	}{
		// Who.
		{"reset mfa <@U012ABC>", Command{Kind: ResetMultifactor, Target: ada}},
		{"reset mfa <@U012ABC|ada>", Command{Kind: ResetMultifactor, Target: ada}},
		{"reset mfa for <@W99|ada>", Command{Kind: ResetMultifactor, Target: mention("W99")}},
		{"reset mfa <@U012ABC|>.", Command{Kind: ResetMultifactor, Target: ada}},
		{"reset <@U012ABC|ada>'s mfa", Command{Kind: ResetMultifactor, Target: ada}},
		{"sign <@U012ABC> out everywhere", Command{Kind: RevokeSessions, Target: ada}},
		{"reset mfa Ada.Lovelace@Acme.Example", Command{Kind: ResetMultifactor, Target: email("ada.lovelace@acme.example")}},
		{"reset mfa @ada@acme.example", Command{Kind: ResetMultifactor, Target: email("ada@acme.example")}},
		{"reset mfa <mailto:Ada@acme.example|Ada@acme.example>", Command{Kind: ResetMultifactor, Target: email("ada@acme.example")}},
		{"reset mfa @<mailto:ada@acme.example|ada@acme.example>", Command{Kind: ResetMultifactor, Target: email("ada@acme.example")}},
		{"reset mfa o'brien@acme.example", Command{Kind: ResetMultifactor, Target: email("o'brien@acme.example")}},
		{`reset mfa "ada@acme.example"`, Command{Kind: ResetMultifactor, Target: email("ada@acme.example")}},
		{"reset mfa @ada", Command{Kind: ResetMultifactor, Target: handle("ada")}},
		{"reset @ada's mfa", Command{Kind: ResetMultifactor, Target: handle("ada")}},
		{"reset mfa for Ada Lovelace", Command{Kind: ResetMultifactor, Target: handle("Ada Lovelace")}},
		{`reset mfa @"Ada Lovelace"`, Command{Kind: ResetMultifactor, Target: handle("Ada Lovelace")}},
		{`reset mfa for “Ada Lovelace”`, Command{Kind: ResetMultifactor, Target: handle("Ada Lovelace")}},
		{"revoke sessions of user <@U012ABC>", Command{Kind: RevokeSessions, Target: ada}},
		{"suspend employee ada@acme.example", Command{Kind: SuspendUser, Target: email("ada@acme.example")}},
		{"reset mfa <@U012ABC> for <@U012ABC>", Command{Kind: ResetMultifactor, Target: ada}},

		// Names, in any order with the person.
		{"add <@U012ABC> to group Figma Editors", Command{Kind: AddToGroup, Target: ada, Objects: names("Figma Editors")}},
		{"add user <@U012ABC> to the group Figma Editors", Command{Kind: AddToGroup, Target: ada, Objects: names("Figma Editors")}},
		{"add <@U012ABC> to the Figma Editors group for 8h", Command{Kind: AddToGroup, Target: ada, Objects: names("Figma Editors"), For: 8 * time.Hour}},
		{"add to group Figma Editors <@U012ABC>", Command{Kind: AddToGroup, Target: ada, Objects: names("Figma Editors")}},
		{"add to group <@U012ABC> Figma Editors", Command{Kind: AddToGroup, Target: ada, Objects: names("Figma Editors")}},
		{`add to group "Figma Editors", Sales for @ada`, Command{Kind: AddToGroup, Target: handle("ada"), Objects: names("Figma Editors", "Sales")}},
		{"add to group “Figma Editors”, ‘Men’s Wear’", Command{Kind: AddToGroup, Objects: names("Figma Editors", "Men’s Wear")}},
		{"add to group 'Figma Editors', Men's Wear me", Command{Kind: AddToGroup, Objects: names("Figma Editors", "Men's Wear")}},
		{"remove ada@acme.example from group Sales", Command{Kind: RemoveFromGroup, Target: email("ada@acme.example"), Objects: names("Sales")}},
		{"add applications Figma, GitHub @ada because new project", Command{
			Kind: AddApplications, Target: handle("ada"), Objects: names("Figma", "GitHub"), Because: "new project",
		}},
		{"assign the Figma, GitHub apps to <@U012ABC>", Command{Kind: AddApplications, Target: ada, Objects: names("Figma", "GitHub")}},
		{"add apps Figma,GitHub , ,and Zoom,", Command{Kind: AddApplications, Objects: names("Figma", "GitHub", "Zoom")}},
		{"add apps Figma، GitHub", Command{Kind: AddApplications, Objects: names("Figma", "GitHub")}},
		{"add apps Figma, figma, FIGMA", Command{Kind: AddApplications, Objects: names("Figma")}},
		{"add app <@U012ABC> Figma, GitHub", Command{Kind: AddApplications, Target: ada, Objects: names("Figma", "GitHub")}},
		{"add app Figma, <@U012ABC>, GitHub", Command{Kind: AddApplications, Target: ada, Objects: names("Figma", "GitHub")}},
		{"add app Figma from me", Command{Kind: AddApplications, Objects: names("Figma")}},
		{"add app Talk to me more", Command{Kind: AddApplications, Objects: names("Talk to me more")}},
		{"add app <http://monday.com|monday.com>", Command{Kind: AddApplications, Objects: names("monday.com")}},
		{`add app "<http://monday.com|monday.com>"`, Command{Kind: AddApplications, Objects: names("monday.com")}},
		{"add app <https://draw.io>", Command{Kind: AddApplications, Objects: names("https://draw.io")}},
		{"add to group <#C012|general>", Command{Kind: AddToGroup, Objects: names("#general")}},
		{"add to group R&amp;D", Command{Kind: AddToGroup, Objects: names("R&D")}},
		{"add to group R&amp;amp;D", Command{Kind: AddToGroup, Objects: names("R&amp;D")}},
		{"add to group &lt;@U012ABC&gt;", Command{Kind: AddToGroup, Objects: names("<@U012ABC>")}},
		{"add to group Sales & Ops / EMEA - 2024", Command{Kind: AddToGroup, Objects: names("Sales & Ops / EMEA - 2024")}},
		{"add to group 🎉 Party 👩‍🚀", Command{Kind: AddToGroup, Objects: names("🎉 Party 👩‍🚀")}},
		{"add to group فريق المبيعات <@U012ABC>", Command{Kind: AddToGroup, Target: ada, Objects: names("فريق المبيعات")}},
		{"add to group Sa\u202eles\u200b", Command{Kind: AddToGroup, Objects: names("Sales")}},
		{`add to group ACME\Sales`, Command{Kind: AddToGroup, Objects: names(`ACME\Sales`)}},
		{`add to group "ACME\Sales"`, Command{Kind: AddToGroup, Objects: names(`ACME\Sales`)}},
		{`add to group "24\" Monitors", Design 24" Monitors`, Command{Kind: AddToGroup, Objects: names(`24" Monitors`, `Design 24" Monitors`)}},
		{`add to group "Sales, EMEA"`, Command{Kind: AddToGroup, Objects: names("Sales, EMEA")}},
		{`add app "for" for @ada for 1 week`, Command{Kind: AddApplications, Target: handle("ada"), Objects: names("for"), For: 7 * day}},
		{`add app "because", "until 2026-12-01", "me", "@ada"`, Command{
			Kind: AddApplications, Objects: names("because", "until 2026-12-01", "me", "@ada"),
		}},
		{"add app Apps with SSO", Command{Kind: AddApplications, Objects: names("Apps with SSO")}},
		{"add app 8x8", Command{Kind: AddApplications, Objects: names("8x8")}},
		{"add to group ${x}", Command{Kind: AddToGroup, Objects: names("${x}")}},
		{"add to group\tSales\nOps", Command{Kind: AddToGroup, Objects: names("Sales Ops")}},

		// For how long.
		{"add to group S for 8h", Command{Kind: AddToGroup, Objects: names("S"), For: 8 * time.Hour}},
		{"add to group S for 8h for @ada", Command{Kind: AddToGroup, Target: handle("ada"), Objects: names("S"), For: 8 * time.Hour}},
		{"add to group for 2 days S", Command{Kind: AddToGroup, Objects: names("S"), For: 2 * day}},
		{"add to group S for 90m", Command{Kind: AddToGroup, Objects: names("S"), For: 90 * time.Minute}},
		{"add to group S for 1 week", Command{Kind: AddToGroup, Objects: names("S"), For: 7 * day}},
		{"add to group S for a year", Command{Kind: AddToGroup, Objects: names("S"), For: 365 * day}},
		{"add to group S for 1 day and 12 hours because x", Command{Kind: AddToGroup, Objects: names("S"), For: 36 * time.Hour, Because: "x"}},
		{"add to group S for 1H30M", Command{Kind: AddToGroup, Objects: names("S"), For: 90 * time.Minute}},
		{"add to group S for an hour", Command{Kind: AddToGroup, Objects: names("S"), For: time.Hour}},
		{"add to group S until 2026-12-01", Command{Kind: AddToGroup, Objects: names("S"), Until: december(2, 0, 0)}},
		{"add to group S until 2026-12-01 18:00", Command{Kind: AddToGroup, Objects: names("S"), Until: december(1, 18, 0)}},
		{"add to group S until 2026-12-01 at 9:30 UTC", Command{Kind: AddToGroup, Objects: names("S"), Until: december(1, 9, 30)}},
		{"add to group S until 2026-12-01T18:00Z", Command{Kind: AddToGroup, Objects: names("S"), Until: december(1, 18, 0)}},
		{"add to group S until 2026/12/1 <@U012ABC>", Command{Kind: AddToGroup, Target: ada, Objects: names("S"), Until: december(2, 0, 0)}},
		{"add to group S until 2026-12-01 00:00", Command{Kind: AddToGroup, Objects: names("S"), Until: december(1, 0, 0)}},

		// Why, and how.
		{"reset password because I  forgot, really: for @ada", Command{Kind: ResetPassword, Because: "I forgot, really: for @ada"}},
		{"reset password because: <@U012ABC|ada> said so, see <https://x.example/1|the &lt;note&gt;> in <#C1|it>", Command{
			Kind: ResetPassword, Because: "@ada said so, see the <note> in #it",
		}},
		{`reset password because "it" is &lt;@U1&gt; "unclosed`, Command{Kind: ResetPassword, Because: `"it" is <@U1> "unclosed`}},
		{"reset password because a < b && b > c", Command{Kind: ResetPassword, Because: "a < b && b > c"}},
		{"reset password with a temporary password", Command{Kind: ResetPassword, TempPassword: true}},
		{"reset password for <@U012ABC> with temp password", Command{Kind: ResetPassword, Target: ada, TempPassword: true}},
		{"reset password temp-password ada@acme.example", Command{Kind: ResetPassword, Target: email("ada@acme.example"), TempPassword: true}},
	} {
		tc.want.Verb = Act
		got, err := Parse(tc.text)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("Parse(%q): %v\n%s", tc.text, err, diff)
			continue
		}
		again, err := Parse(got.String())
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Errorf("Parse(%q), canonical of %q: %v\n%s", got, tc.text, err, diff)
		}
	}
}

func TestParseReadsWordsToTheDesk(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Command{
		"":                               {},
		"  \u00a0 ":                      {},
		"/okta":                          {},
		"help":                           {Verb: Help},
		"?":                              {Verb: Help},
		"Help  reset  mfa":               {Verb: Help, Topic: "reset mfa"},
		"help because":                   {Verb: Help, Topic: "because"},
		"status":                         {Verb: Status},
		"status R-12":                    {Verb: Status, Request: "R-12"},
		"status of my request r12?":      {Verb: Status, Request: "R-12"},
		"timeline #0012":                 {Verb: Timeline, Request: "R-12"},
		"cancel 12":                      {Verb: Cancel, Request: "R-12"},
		"cancel request R-12 because no": {Verb: Cancel, Request: "R-12", Because: "no"},
		"cancel":                         {Verb: Cancel},
		"requests":                       {Verb: Requests},
		"my requests":                    {Verb: Requests},
		"verify":                         {Verb: Verify},
		"verify me please":               {Verb: Verify},
	} {
		got, err := Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Parse(%q): %v\n%s", text, err, diff)
		}
		if again, err := Parse(got.String()); err != nil || !cmp.Equal(got, again) {
			t.Errorf("Parse(%q), canonical of %q: %v, %v", got, text, again, err)
		}
	}
}

func TestCanonicalText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"reset my mfa":                           "reset multi-factor",
		"reset mfa for Ada@acme.example":         "reset multi-factor ada@acme.example",
		"add @ada to the Figma Editors group":    `add to group "Figma Editors" @ada`,
		"add <@U1|ada> to group A, b c for 1d":   `add to group A, "b c" <@U1> for 1d`,
		"assign app X until 2026-12-01":          "add applications X until 2026-12-01",
		"assign app X until 2026-12-01 00:00":    "add applications X until 2026-11-30",
		"reset pw for Ada L with temp pw":        `reset password @"Ada L" with a temporary password`,
		"add app for 90m Zoom because   for fun": "add applications Zoom for 1h30m because for fun",
		`add app "group", "A&amp;lt;", "\"q\""`:  `add applications "group", "A&amp;lt;", "\"q\""`,
		"cancel 007":                             "cancel R-7",
	} {
		got, err := Parse(text)
		if err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestParsePhraseTakesTheNameOfAnActionOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Kind{
		"/okta reset multi-factor": ResetMultifactor,
		"suspend user":             SuspendUser,
		"/okta add apps":           AddApplications,
	} {
		if got, err := ParsePhrase(text); got != want || err != nil {
			t.Errorf("ParsePhrase(%q) = %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"/okta":                    "The name of an action is missing, such as reset password.",
		"/okta help":               "“help” is not an action that a playbook can answer.",
		"/okta reset mfa for @ada": "Only the name of an action belongs here: “reset multi-factor”.",
		"/okta reset my mfa":       "Only the name of an action belongs here: “reset multi-factor”.",
		"/okta rest mfa":           "I don’t know “rest mfa”. Did you mean “reset multi-factor”?",
		"/okta \x00":               "There is an invisible control character in the text. Please type it again.",
	} {
		if got, err := ParsePhrase(text); got != "" || err == nil || err.Error() != want {
			t.Errorf("ParsePhrase(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseFillsAFormWithWhatItUnderstood(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text    string
		partial Command
		missing string
	}{
		{"add to group", Command{Kind: AddToGroup}, MissingGroups},
		{"add <@U1> to group because x", Command{Kind: AddToGroup, Target: mention("U1"), Because: "x"}, MissingGroups},
		{"add app for 8h", Command{Kind: AddApplications, For: 8 * time.Hour}, MissingApplications},
		{"suspend user", Command{Kind: SuspendUser}, MissingPerson},
		{"deprovision me", Command{Kind: DeprovisionUser}, MissingPerson},
		{"add @ada to Figma Editors", Command{Target: handle("ada"), Objects: names("Figma Editors")}, MissingAction},
		{"reset <@U1>", Command{Target: mention("U1")}, MissingAction},
		{"remove", Command{}, MissingAction},
		// Wrong, not incomplete: still as much as can be told.
		{"rest mfa <@U1>", Command{Kind: ResetMultifactor, Target: mention("U1")}, ""},
		{"add <@U1> to gruop Sales for 8h", Command{Kind: AddToGroup, Target: mention("U1"), Objects: names("Sales"), For: 8 * time.Hour}, ""},
		{"add app Salesforce for Outlook <@U1>", Command{Kind: AddApplications, Target: mention("U1"), Objects: names("Salesforce for Outlook")}, ""},
		{"add to group Sales for 9 moons because x", Command{Kind: AddToGroup, Objects: names("Sales"), Because: "x"}, ""},
		{`add to group Sales, "Ops`, Command{Kind: AddToGroup, Objects: names("Sales")}, ""},
	} {
		tc.partial.Verb = Act
		got, err := Parse(tc.text)
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q): no error", tc.text)
			continue
		}
		if diff := cmp.Diff(tc.partial, got); diff != "" || !cmp.Equal(got, e.Partial) {
			t.Errorf("Parse(%q): %v\n%s", tc.text, e, diff)
		}
		if strings.Join(e.Missing, " ") != tc.missing || e.Incomplete() != (tc.missing != "") {
			t.Errorf("Parse(%q): missing %q, want %q", tc.text, e.Missing, tc.missing)
		}
	}
}

func TestErrorPointsAtWhatWasNotUnderstood(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"reset mfa <@U1> foo bar":               "foo bar",
		"  rest mfa <@U1>":                      "rest mfa",
		"add to group S for 9 moons":            "for 9 moons",
		"add to group S until tomorrow because": "until tomorrow",
		"reset mfa for 8h":                      "for 8h",
		"reset mfa with a temporary password":   "with a temporary password",
		"add to group \u202eS \x07":             "\x07",
		`add to group "S`:                       `"S`,
	} {
		_, err := Parse(text)
		var e *SyntaxError
		if !errors.As(err, &e) || text[e.Offset:e.Offset+e.Length] != want {
			t.Errorf("Parse(%q): %v at %+v, want %q", text, err, e, want)
		}
	}
}
