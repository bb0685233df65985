package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
	"frontdesk/playbooks/action"
)

// form types a command that is not enough and gives the form that opens.
func form(t *testing.T, w *world, line string) slacksim.View {
	t.Helper()
	reply, err := w.ada.Slash(t.Context(), "general", line)
	if err != nil || !reply.Acked || reply.Message != nil {
		t.Fatalf("%s: %+v, %v", line, reply, err)
	}
	return w.open(t, w.ada, sayActionLabel)
}

// A1: /okta alone opens the form; choosing an action shows what it takes; what is
// sent is the command that somebody could have typed.
func TestFormMakesARequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	v := form(t, w, "/okta")
	if _, err := w.ada.Select(t.Context(), v.Ref(), formAction, string(action.AddToGroup)); err != nil {
		t.Fatal(err)
	}
	v = w.open(t, w.ada, sayGroupsLabel)
	result, err := w.ada.Submit(t.Context(), v.ID, slacksim.Values{
		"action":  {formAction: string(action.AddToGroup)},
		"person":  {"person": "U0GRACE"},
		"groups":  {"groups": `Figma Editors, "R&D, all", Sales`},
		"because": {"because": "a *new* project & <more>\nsecond line"},
	})
	if err != nil || result.Action != "clear" || result.View != nil {
		t.Fatalf("result = %+v, %v", result, err)
	}
	w.engine.wait(t, "the run begins", func() bool { return w.engine.count("begin req12") == 1 })
	s := w.engine.submissions()[0]
	want := action.Command{
		Verb: action.Act, Kind: action.AddToGroup, Target: action.Arg{Kind: action.Mention, Text: "U0GRACE"},
		Objects: []action.Arg{{Kind: action.Name, Text: "Figma Editors"}, {Kind: action.Name, Text: "R&D, all"}, {Kind: action.Name, Text: "Sales"}},
		Because: "a *new* project & <more> second line",
	}
	if diff := cmp.Diff(want, s.Command); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	if s.Caller.User != "U0ADA" || s.Caller.Channel != "C00GENERAL" || s.Text == "" || s.Delivery == "" {
		t.Errorf("submission = %+v", s)
	}
}

// What was typed is filled in, and what is missing is said.
func TestIncompleteCommandOpensFilledForm(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"/okta add to group @grace because new *project*": {"Add to group", "Grace Hopper", "new *project*", sayGroupsLabel},
		"/okta suspend user":                              {"Suspend user", "whom"},
		"/okta suspend user @lovelace because gone":       {"Suspend user", "I can't tell which person @lovelace is", "gone"},
		"/okta add to group for 8h":                       {sayEndsLabel, "8 hours"},
		"/okta add applications ada@acme.example":         {sayAppsLabel, "ada@acme.example"},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			v := form(t, w, line)
			drawn := w.RenderView(v)
			for _, text := range want {
				if !strings.Contains(drawn, text) {
					t.Errorf("no %q in\n%s", text, drawn)
				}
			}
		})
	}
}

// Mistakes are shown beside the field that they are in.
func TestFormErrorsStandBesideTheirFields(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values slacksim.Values
		field  string
		want   string
	}{
		"nobody":        {slacksim.Values{}, "email", sayNobody},
		"two people":    {slacksim.Values{"person": {"person": "U0GRACE"}, "email": {"email": "bob@acme.example"}}, "email", sayOnePerson},
		"not an email":  {slacksim.Values{"email": {"email": "bob at acme"}}, "email", ""},
		"some mentions": {slacksim.Values{"email": {"email": "<@U0GRACE> <@U0ADA>"}}, "email", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			v := form(t, w, "/okta suspend user")
			result, err := w.ada.Submit(t.Context(), v.ID, test.values)
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Errors[test.field]; got == "" || !strings.Contains(got, test.want) {
				t.Errorf("errors = %v", result.Errors)
			}
			if n := len(w.engine.submissions()); n != 0 {
				t.Errorf("%d submissions", n)
			}
		})
	}
}

func TestFormNamesWhatIsWrongWithObjectsAndEnds(t *testing.T) {
	t.Parallel()
	offered := newEngine().Offered()
	for name, test := range map[string]struct {
		draft draft
		field string
	}{
		"no action":      {draft{}, actionBlock},
		"no groups":      {draft{Kind: action.AddToGroup, Objects: " , "}, "groups"},
		"too many":       {draft{Kind: action.AddToGroup, Objects: strings.Repeat("a,", 1) + manyNames(40)}, "groups"},
		"an odd end":     {draft{Kind: action.AddToGroup, Objects: "Sales", Ends: "a while"}, endsBlock},
		"an endless why": {draft{Kind: action.ResetPassword, Because: strings.Repeat("x", 5000)}, becauseBlock},
	} {
		test.draft.Offered = offered
		if _, wrong := test.draft.command(); wrong[test.field] == "" {
			t.Errorf("%s: %v", name, wrong)
		}
	}
	good := draft{Offered: offered, Kind: action.AddToGroup, Objects: "Sales\nR&D", Ends: "2 days", Email: "Ada@Acme.example"}
	c, wrong := good.command()
	if len(wrong) > 0 || c.For.Hours() != 48 || len(c.Objects) != 2 || c.Target.Text != "ada@acme.example" {
		t.Errorf("%+v, %v", c, wrong)
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Group %d,", i)
	}
	return b.String()
}

// A reason longer than a field takes is kept elsewhere and comes back whole.
func TestLongReasonSurvivesTheForm(t *testing.T) {
	t.Parallel()
	w := setup(t)
	reason := strings.TrimSpace(strings.Repeat("I lost it. ", 340))
	v := form(t, w, "/okta suspend user because "+reason)
	if !strings.Contains(slacksim.RenderView(v), fmt.Sprintf(sayBecauseKept, size(reason))) {
		t.Errorf("the form says\n%s", slacksim.RenderView(v))
	}
	if strings.Contains(v.PrivateMetadata, "lost") {
		t.Errorf("the form's private part says %s", v.PrivateMetadata)
	}
	result, err := w.ada.Submit(t.Context(), v.ID, slacksim.Values{"person": {"person": "U0GRACE"}})
	if err != nil || result.Action != "clear" {
		t.Fatalf("result = %+v, %v", result, err)
	}
	if got := w.engine.submissions()[0].Command.Because; got != reason {
		t.Errorf("the reason is %d characters, want %d", len(got), len(reason))
	}
}

// A form that could not be kept stays open, says so, and is withdrawn.
func TestFailedFormIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.engine.submit = func(context.Context, agent.Submission) (agent.Ticket, error) {
		return agent.Ticket{}, errors.New("no database")
	}
	v := form(t, w, "/okta suspend user")
	result, err := w.ada.Submit(t.Context(), v.ID, slacksim.Values{"person": {"person": "U0GRACE"}})
	if err != nil || result.Errors["action"] != sayNotKept {
		t.Fatalf("result = %+v, %v", result, err)
	}
	if w.engine.count("withdraw of U0ADA") != 1 {
		t.Errorf("the engine was asked %q", w.engine.did())
	}
}

// Somebody chose again while an answer was on its way: the later choice stands.
func TestStaleReshapeIsDropped(t *testing.T) {
	t.Parallel()
	w := setup(t)
	v := form(t, w, "/okta")
	w.Fault(slacksim.Fault{Method: "views.update", Kind: slacksim.ErrorBefore, Error: "hash_conflict", Times: 1})
	if _, err := w.ada.Select(t.Context(), v.Ref(), formAction, string(action.AddToGroup)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ada.Select(t.Context(), v.Ref(), formAction, string(action.AddApplications)); err != nil {
		t.Fatal(err)
	}
	w.open(t, w.ada, sayAppsLabel)
	if n := len(w.ada.Ephemerals()); n != 0 {
		t.Errorf("%d whispers", n)
	}
}

// Nothing is offered: a sentence instead of an empty form.
func TestNothingOffered(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	w.start(t, func(c *Config) { c.Agent = idle{w.engine} })
	w.until(t, "the bot connects", func() bool { return w.bot.Healthy() })
	if _, err := w.ada.Slash(t.Context(), "", "/okta"); err != nil {
		t.Fatal(err)
	}
	w.whispered(t, w.ada, sayNothing)
}

type idle struct{ *engine }

func (idle) Offered() []action.Kind { return nil }

// A form that is sent before its fields came is not guessed at: the fields come.
func TestFormSentTooEarlyGetsItsFields(t *testing.T) {
	t.Parallel()
	w := setup(t)
	v := form(t, w, "/okta")
	w.Fault(slacksim.Fault{Method: "views.update", Kind: slacksim.ErrorBefore, Error: "internal_error"})
	result, err := w.ada.Submit(t.Context(), v.ID, slacksim.Values{"action": {formAction: string(action.AddApplications)}})
	if err != nil || result.View == nil || !strings.Contains(slacksim.RenderView(*result.View), sayAppsLabel) {
		t.Fatalf("result = %+v, %v", result, err)
	}
	if n := len(w.engine.submissions()); n != 0 {
		t.Errorf("%d submissions", n)
	}
}
