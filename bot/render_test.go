package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdesk/agent"
)

// Whatever a message holds, Slack takes it, and nothing in it becomes markup.
func TestHugeMessagesStayWithinLimits(t *testing.T) {
	t.Parallel()
	w := workspace(t)
	long := strings.Repeat("ünd so wéiter 👩‍💻 <!channel> & *viel* ", 400)
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprintf("line %d %s", i, long)
	}
	for name, m := range map[string]agent.Message{
		"text":   {Text: long},
		"title":  {Title: long},
		"facts":  {Facts: []agent.Fact{{Label: long, Value: long}, {Label: "a", Value: long}, {Label: "", Value: "dropped"}, {Label: "b", Value: ""}}},
		"lines":  {Lines: many},
		"quote":  {Quote: long},
		"notes":  {Notes: many[:30]},
		"footer": {Footer: long},
		"buttons": {Title: "x", Buttons: func() (all []agent.Button) {
			for range 30 {
				all = append(all, agent.Button{Verb: agent.ButtonCancel, ID: "req1", Label: long, Confirm: long, Style: "danger"})
			}
			return all
		}()},
		"all": {
			Mood: agent.MoodWaiting, Title: long, Text: long, Facts: []agent.Fact{{Label: long, Value: long}}, Lines: many, Quote: long,
			Notes: many, Footer: long, Buttons: []agent.Button{{Verb: agent.ButtonApprove, ID: "a", Label: long, Confirm: long}},
		},
		"nothing": {Text: "\x00\u202e"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			face := Render(m)
			if face.Text == "" || !utf8.ValidString(face.Text) || len([]rune(face.Text)) > 4000 {
				t.Errorf("the text is %d characters", len([]rune(face.Text)))
			}
			if _, err := w.desk.Post(t.Context(), agent.Post{User: "U0ADA", Key: name, Message: m}); err != nil {
				t.Errorf("slack refuses it: %v", err)
			}
		})
	}
}

// Only agent.Mention mentions; what people wrote stays text, to the letter.
func TestOnlyTheEngineMentions(t *testing.T) {
	t.Parallel()
	evil := "<!channel> <@U0GRACE> <https://evil.example|IT> *bold* _it_ `code` :tada: & &lt;"
	face := Render(agent.Message{
		Title: evil, Text: "Asked by " + agent.Mention("U0ADA") + ": " + evil, Quote: evil, Notes: []string{evil}, Footer: evil,
		Facts: []agent.Fact{{Label: evil, Value: evil + agent.Mention("<!here>") + agent.Mention("")}}, Lines: []string{evil},
	})
	raw, err := json.Marshal(face.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		t.Fatal(err)
	}
	users := 0
	each(blocks, func(element map[string]any) {
		switch element["type"] {
		case "mrkdwn", "link", "broadcast", "emoji", "usergroup", "channel":
			t.Errorf("an element of type %s: %v", element["type"], element)
		case "plain_text":
			if element["emoji"] != false {
				t.Errorf("emoji codes are read in %v", element)
			}
		case "user":
			users++
			if element["user_id"] != "U0ADA" {
				t.Errorf("mentions %v", element)
			}
		}
	})
	if users != 1 {
		t.Errorf("%d mentions", users)
	}
	if strings.Contains(face.Text, "<!") || strings.Count(face.Text, "<") != 1 || !strings.Contains(face.Text, "<@U0ADA>") {
		t.Errorf("the text is %q", face.Text)
	}
	if !strings.Contains(string(raw), `\u003c!channel\u003e \u003c@U0GRACE\u003e`) {
		t.Error("what was written is not shown to the letter")
	}
}

func each(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			each(e, f)
		}
	case map[string]any:
		f(v)
		for _, e := range v {
			each(e, f)
		}
	}
}

// Only the addresses that the configuration names are links.
func TestOnlyTrustedAddressesAreLinks(t *testing.T) {
	t.Parallel()
	const trusted = "https://acme.okta.example"
	for text, want := range map[string]int{
		"Sign in at https://acme.okta.example and enrol.":        1,
		"https://acme.okta.example.":                             1,
		"https://acme.okta.example, https://acme.okta.example":   2,
		"https://acme.okta.example.evil.example":                 0,
		"https://acme.okta.example@evil.example":                 0,
		"https://acme.okta.example:8443/x":                       0,
		"https://evil.example/?https://evil.example":             0,
		"Sign in at https://acme.okta.example/../evil or others": 0,
	} {
		got := 0
		for _, p := range parse(text, []string{trusted}) {
			if p.link != "" {
				got++
			}
		}
		if got != want {
			t.Errorf("%q has %d links, want %d", text, got, want)
		}
	}
}

// A 4,000-character reason is shown whole; what is cut is cut between characters.
func TestLongReasonIsShownWhole(t *testing.T) {
	t.Parallel()
	reason := strings.Repeat("0123456789", 400)
	face := Render(agent.Message{Title: "x", Quote: reason})
	raw, err := json.Marshal(face.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), "0123456789"); n < 398 { // two of them may be cut in two by the page break
		t.Errorf("%d of 400 tens", n)
	}
	for _, limit := range []int{1, 2, 3, 5, 8} {
		got := cut("👩‍💻é́x漢字", limit)
		if !utf8.ValidString(got) || size(got) > limit || strings.HasSuffix(got, "\u200d…") {
			t.Errorf("cut to %d: %q", limit, got)
		}
	}
}

// What a name holds cannot turn the words around it.
func TestNamesCannotTurnTheirSurroundings(t *testing.T) {
	t.Parallel()
	got := plain("a\u202eb\u2066c\u0007d\ue000e\ue005f")
	if got != "abcdef" && got != "abcd" {
		t.Errorf("plain gives %q", got)
	}
	if s := leftToRight("محمد agreed"); !strings.HasPrefix(s, "\u200e") {
		t.Errorf("a line that begins with an Arabic name: %q", s)
	}
	if s := leftToRight("Ada محمد"); s != "Ada محمد" {
		t.Errorf("a line that begins with ours: %q", s)
	}
}
