package bot

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
	"frontdesk/playbooks/action"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares blocks as they go to Slack, and beside them how they read.
func golden(t *testing.T, name string, payload any, drawn string) {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(payload); err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{name + ".golden.json": out.String(), name + ".txt": drawn + "\n"} {
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.MkdirAll("testdata", 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v (go test -update writes it)", err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// goldenCards are what the engine shows people, one of each kind and state.
func goldenCards() map[string]agent.Message {
	ada := agent.Mention("U0ADA")
	approval := func(change func(*agent.Message)) agent.Message {
		m := agent.Message{
			Mood: agent.MoodWaiting, Title: "Add Ada Lovelace to Figma Editors and Sales",
			Facts: []agent.Fact{
				{Label: "Asked by", Value: ada + " (Ada Lovelace, ada@acme.example)"},
				{Label: "For", Value: "themselves"},
				{Label: "In Okta now", Value: "active"},
			},
			Lines:  []string{"Add Ada Lovelace to Figma Editors (12 members, brings Figma)", "Add Ada Lovelace to Sales (40 members, brings Salesforce and Gong)"},
			Quote:  "New on the Q4 launch.",
			Notes:  []string{"Can be undone by removing the person from the group. What they saw or did meanwhile stays."},
			Footer: "R-12 · playbook add-to-group · until Fri 20 Nov 20:00 UTC",
			Buttons: []agent.Button{
				{Verb: agent.ButtonApprove, ID: "ask7f3k", Label: "Approve", Style: "primary"},
				{Verb: agent.ButtonDeny, ID: "ask7f3k", Label: "Deny", Style: "danger"},
			},
		}
		if change != nil {
			change(&m)
		}
		return m
	}
	over := func(mood agent.Mood, text string) agent.Message {
		return approval(func(m *agent.Message) {
			m.Mood, m.Text, m.Buttons, m.Footer = mood, text, nil, "R-12 · playbook add-to-group"
		})
	}
	root := func(mood agent.Mood, text string) agent.Message {
		m := agent.Message{Mood: mood, Title: "R-12 · Reset multi-factor for Ada Lovelace", Text: text}
		if mood == agent.MoodWaiting {
			m.Buttons = []agent.Button{{Verb: agent.ButtonCancel, ID: "req12", Label: "Withdraw", Confirm: "Withdraw this request? Nothing will be done."}}
		}
		return m
	}
	settle := agent.Message{
		Mood: agent.MoodWarning, Title: "Did this happen? Reset multi-factor for Ada Lovelace",
		Text:   "Okta took the call and never answered, and its state doesn't tell. Please look in Okta's System Log. I won't do it twice.",
		Facts:  []agent.Fact{{Label: "Okta request id", Value: "ZxyAbc123"}},
		Footer: "R-12 · called 2026-11-20T12:00:00Z",
		Buttons: []agent.Button{
			{Verb: agent.ButtonHappened, ID: "ask8", Label: "It happened", Confirm: "You have looked in Okta, and it happened?"},
			{Verb: agent.ButtonNotHappened, ID: "ask8", Label: "It did not", Confirm: "You have looked in Okta, and it did not happen?"},
		},
	}
	settled := settle
	settled.Mood, settled.Text, settled.Buttons = agent.MoodOver, "Grace Hopper looked in Okta: it happened.", nil
	done := root(agent.MoodGood, "Multi-factor was reset for Ada Lovelace.")
	done.Notes = []string{"Sign in at https://acme.okta.example and enrol again."}
	denied := root(agent.MoodBad, "Grace Hopper said no. Nothing was done.")
	denied.Quote = "Please come by the desk first."
	again := root(agent.MoodWaiting, "I asked Grace Hopper to agree. I'll tell you here what comes of it.")
	again.Notes = []string{"I had to ask again: Ada Lovelace was suspended meanwhile."}
	return map[string]agent.Message{
		"approval_waiting": approval(nil),
		"approval_critical": approval(func(m *agent.Message) {
			m.Title, m.Lines = "Deprovision Linus Torvalds", nil
			m.Facts[1].Value = "Linus Torvalds (linus@acme.example)"
			m.Facts = append(m.Facts, agent.Fact{Label: "Needs", Value: "2 people to agree"})
			m.Text = "Barbara Liskov agreed."
			m.Buttons[0].Confirm = "Deprovision Linus Torvalds? The person can be activated again, but directly assigned applications do not come back."
		}),
		"approval_approved":  over(agent.MoodWaiting, "Grace Hopper agreed. I'm doing it in Okta now."),
		"approval_done":      over(agent.MoodGood, "Grace Hopper agreed. Done."),
		"approval_denied":    over(agent.MoodBad, "Grace Hopper said no."),
		"approval_expired":   over(agent.MoodOver, "Nobody decided in time. Nothing was done."),
		"approval_cancelled": over(agent.MoodOver, "Ada Lovelace withdrew this."),
		"approval_void":      over(agent.MoodOver, "This card is out of date: the group Sales is now called Revenue."),
		"approval_again": approval(func(m *agent.Message) {
			m.Notes = append([]string{"Asked again, because the group Sales is now called Revenue."}, m.Notes...)
		}),
		"settle_waiting":  settle,
		"settle_answered": settled,

		"root_received":  root(agent.MoodWaiting, "I'm on it."),
		"root_waiting":   root(agent.MoodWaiting, "I asked Grace Hopper to agree. I'll tell you here what comes of it."),
		"root_again":     again,
		"root_done":      done,
		"root_denied":    denied,
		"root_refused":   root(agent.MoodBad, "You can reset your own multi-factor. For somebody else's, ask IT Support."),
		"root_failed":    root(agent.MoodBad, "Okta refused: this account is suspended. Ask IT Support to restore it first."),
		"root_unknown":   root(agent.MoodWarning, "Okta took the request but never answered, and I can't tell from outside whether it happened. I won't do it twice; IT has been asked to look."),
		"root_expired":   root(agent.MoodOver, "Nobody decided in time. Nothing was done."),
		"root_cancelled": root(agent.MoodOver, "You withdrew this request. Nothing was done."),

		"thread_done":     {Mood: agent.MoodGood, Text: "Multi-factor was reset for Ada Lovelace. Sign in at https://acme.okta.example and enrol again."},
		"thread_trouble":  {Mood: agent.MoodWaiting, Text: "Okta is busy right now. I keep trying and tell you when it is done."},
		"thread_mention":  {Text: "I also told " + agent.Mention("U0GRACE") + "."},
		"proof_asked":     {Mood: agent.MoodWaiting, Title: "Is it really you?", Text: "Before I act for you I need one proof that this Slack account and the Okta account ada@acme.example are the same person's. You do this once.", Buttons: []agent.Button{{Verb: agent.ButtonProve, ID: "ask9", Label: "Prove it's me", Style: "primary"}}},
		"it_told":         {Mood: agent.MoodBad, Title: "R-12 stopped: Reset multi-factor for Ada Lovelace", Text: "Okta refused: the token lacks okta.users.manage.", Footer: "Timeline: /okta timeline R-12"},
		"temp_password":   {Mood: agent.MoodWarning, Title: "A temporary password for Grace Hopper", Text: "xK3*_not_~real~", Notes: []string{"I show it once, to you only, and keep it nowhere. It must be changed at the first sign-in."}},
		"answer_help":     {Title: "What I can do for you", Lines: []string{"/okta reset password — Okta emails a link to choose a new password.", "/okta reset multi-factor because lost my phone — Clears every enrolled factor."}, Notes: []string{"IT's desk can also: suspend user and deprovision user."}, Footer: "Also: /okta requests · status R-12 · timeline R-12 · cancel R-12 · verify"},
		"answer_status":   {Mood: agent.MoodWaiting, Title: "R-12 · Reset multi-factor for Ada Lovelace", Text: "Waiting for Grace Hopper to decide.", Footer: "Asked 5 minutes ago · /okta timeline R-12"},
		"answer_requests": {Title: "Your requests", Lines: []string{"R-14 · Suspend Linus Torvalds · waits for you", "R-12 · Reset multi-factor for Ada Lovelace · waiting · 5 minutes ago"}, Footer: "More about one: /okta status R-12 · /okta timeline R-12"},
		"answer_timeline": {Title: "R-12 · Reset multi-factor for Ada Lovelace", Lines: []string{"20 Nov 12:00:00 · Asked: Reset multi-factor · by Ada Lovelace", "20 Nov 12:00:41 · Decided · by Grace Hopper · approve", "20 Nov 12:00:42 · Done in Okta: Reset multi-factor · Okta 200 · request ZxyAbc123"}, Footer: "Times are UTC. Every line is chained to the one before; frontdesk audit verify checks it."},
		"answer_empty":    {Text: "You have asked for nothing yet, and nothing waits for you. /okta help says what I can do."},
		"answer_got_it":   {Text: gotIt(agent.Ticket{Number: 12}, action.Command{Verb: action.Act, Kind: action.ResetMultifactor}, "U0ADA")},
		"answer_apology":  {Mood: agent.MoodWarning, Text: sayNotKept},
		"answer_busy":     {Text: sayBusy},
		"answer_broke":    {Mood: agent.MoodWarning, Text: sayBroke},
		"answer_problem":  {Mood: agent.MoodBad, Text: "Barbara Liskov already approved this."},
		"answer_mistake":  {Mood: agent.MoodWarning, Text: "I understood “reset”. I don't know what “the mfa thing” is. Did you mean “reset multi-factor”?", Footer: "/okta help shows what you can type."},
		"answer_hello":    {Text: strings.ReplaceAll(sayHello, "%s", "/okta")},
		"odd_long_reason": approval(func(m *agent.Message) { m.Quote = strings.TrimSpace(strings.Repeat("I really need this. ", 200)) }),
		"odd_markup_names": approval(func(m *agent.Message) {
			m.Title = "Add *Ada* <!channel> & <https://evil.example|IT> _to_ `Sales` :tada:"
			m.Facts[1].Value = "~Ada~ <@U0GRACE> (*ada*@acme.example)"
			m.Lines = []string{"Add <!here> to <#C0HELP>", "> quoted & https://evil.example"}
			m.Quote = "<@U0GRACE> said *yes* <https://evil.example|click here> https://acme.okta.example.evil.example"
			m.Buttons[0].Label = "<!channel> *Approve*"
		}),
		"odd_names": approval(func(m *agent.Message) {
			m.Title = "إضافة: Add محمد العربي to 設計部 🎨👩‍💻"
			m.Text = "محمد العربي agreed."
			m.Facts[1].Value = "דנה \u202eכהן\u202c (dana@acme.example)"
			m.Lines = []string{"Add 👩‍👩‍👧‍👦 O'Brien-Señor to 設計部", "Ünïcödé\x00\x1b[31m Name"}
		}),
		"odd_long_title": approval(func(m *agent.Message) {
			m.Title = "Add " + strings.Repeat("Very Long Name ", 15) + "to Sales"
		}),
	}
}

// E1: one golden file for every card; Slack's limits are checked by sending it.
func TestCards(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	for name, m := range goldenCards() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			face := Render(m, w.desk.links...)
			golden(t, name, map[string]any{"text": face.Text, "blocks": face.Blocks}, draw(t, face))
			if _, err := w.desk.Post(t.Context(), agent.Post{User: "U0ADA", Key: name, Message: m}); err != nil {
				t.Errorf("slack refuses it: %v", err)
			}
		})
	}
}

// draw is how a message reads, and what its notification says.
func draw(t *testing.T, face Face) string {
	t.Helper()
	return slacksim.Render(slacksim.Message{Text: face.Text, Blocks: loose(t, face.Blocks)}) + "\n\n[notification] " + face.Text
}

func loose(t *testing.T, blocks []slack.Block) []map[string]any {
	t.Helper()
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every form, in every state, opened in a real workspace.
func TestForms(t *testing.T) {
	t.Parallel()
	offered := newEngine().Offered()
	waiting := pending{Delivery: "d1", Ask: "ask7f3k", Verdict: agent.Approve, Channel: "D0GRACE"}
	forms := map[string]slack.ModalViewRequest{
		"form_empty":  requestForm(draft{Command: "/okta", Offered: offered}),
		"form_group":  requestForm(draft{Command: "/okta", Offered: offered, Kind: action.AddToGroup, Person: "U0GRACE", Objects: `Sales, "R&D, all"`, Ends: "8 hours", Because: "new *project*", Keeps: keeps{Channel: "C1", Ends: true}}),
		"form_apps":   requestForm(draft{Command: "/okta", Offered: offered, Kind: action.RemoveApplications, Email: "grace@acme.example"}),
		"form_reset":  requestForm(draft{Command: "/okta", Offered: offered, Kind: action.ResetPassword, Temp: true}),
		"form_other":  requestForm(draft{Command: "/okta", Offered: offered, Kind: action.SuspendUser, Note: "I can't tell which person @lovelace is. Please pick the person."}),
		"form_kept":   requestForm(draft{Command: "/okta", Offered: offered, Kind: action.ResetMultifactor, Keeps: keeps{Reason: "stash1", Size: 3412}}),
		"form_deny":   denyForm(pending{Ask: "ask7f3k", Verdict: agent.Deny}, ""),
		"form_stale":  noticeForm(sayDenyTitle, agent.Message{Mood: agent.MoodWarning, Text: sayStaleForm}),
		"form_taken":  noticeForm(sayDenyTitle, agent.Message{Mood: agent.MoodBad, Text: "Barbara Liskov already approved this."}),
		"proof_alone": proofForm(pending{}, proofAsk{}),
		"proof_click": proofForm(waiting, proofAsk{Email: "grace@acme.example", Waiting: true}),
		"proof_wrong": proofForm(waiting, proofAsk{Problem: "That code is not right. Please try the next one."}),
		"proof_send":  noticeForm(sayProveTitle, agent.Message{Mood: agent.MoodWaiting, Text: sayPushSending}),
		"proof_pick":  pushForm(waiting, "42"),
		"proof_push":  pushForm(waiting, ""),
		"proof_check": noticeForm(sayProveTitle, agent.Message{Mood: agent.MoodWaiting, Text: sayChecking}),
		"proof_done":  noticeForm(sayProveTitle, agent.Message{Mood: agent.MoodGood, Text: sayProven + " " + sayDecided}),
	}
	w := setup(t)
	for name, v := range forms {
		golden(t, name, v, slacksim.RenderView(drawable(t, v)))
		reply, err := w.ada.Slash(t.Context(), "", "/okta help")
		if err != nil {
			t.Fatal(err)
		}
		opened, err := w.desk.api.OpenViewContext(t.Context(), reply.TriggerID, v)
		if err != nil {
			t.Errorf("%s: slack refuses it: %v", name, err)
			continue
		}
		if _, err := w.ada.CloseAll(t.Context(), opened.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func drawable(t *testing.T, v slack.ModalViewRequest) slacksim.View {
	t.Helper()
	out := slacksim.View{Type: "modal", Title: v.Title.Text, Blocks: loose(t, v.Blocks.BlockSet)}
	if v.Submit != nil {
		out.Submit = v.Submit.Text
	}
	if v.Close != nil {
		out.Close = v.Close.Text
	}
	return out
}
