package action

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var sentences = flag.Int("sentences", 1000, "random sentences to try")

// What parses prints as something that parses to the same; what does not says
// why, in text that can be shown.
func FuzzParse(f *testing.F) {
	golden, err := os.ReadFile("testdata/errors.golden")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(golden)) {
		if text, ok := strings.CutPrefix(line, "/okta "); ok {
			f.Add(strings.TrimSuffix(text, "\n"))
		}
	}
	for _, text := range []string{
		`add <@U1|ada> to group "Figma Editors", 'Men’s Wear', R&amp;D for 1 day and 2 hours because <http://x.y|z> &lt;`,
		`add app <http://monday.com|monday.com>, "a\"\\b", ${x} @"Ada L" until 2026-12-01 18:00 please`,
		"reset @ada's password with a temporary password because: x",
		"add @ada to the Sales, and Ops groups for 8h", "cancel #12 because x", "help me &amp; you", "my requests", "?",
		`add app "<a:\"|x>", "<a:&lt;b>", <a:<b:c>`, "reset mfa @<mailto:a@b.c|a@b.c>'s",
	} {
		f.Add(text)
	}
	f.Fuzz(checkParse)
}

// No hole is lost, moved or read; what parses prints as the same step.
func FuzzParseStep(f *testing.F) {
	for _, text := range []string{
		"reset multi-factor ${person}", "add to group ${g}, Sales ${p} for ${d}", "add to group ${g} for ${d} ${p}",
		"add ${p} to group ${g} until ${x} because ${request.text} by ${y}.", `reset mfa ${f("}", '\'', r"\", """"""")}`,
		"add me to group ${g} for ${d}", `add app "x" ${p} because <a:${x > 1}>`, "reset mfa ${a // }\n}", "reset mfa ${a{b:{c:d}}}",
		"add to the ${g} group ${p}", "suspend user ada@acme.example", "help ${x}", "add to group ${g}-x", `add to group "${g}"`,
	} {
		f.Add("/okta " + text)
	}
	f.Fuzz(checkParseStep)
}

func checkParse(t *testing.T, text string) {
	t.Helper()
	cmd, err := Parse(text)
	if err != nil {
		checkSyntaxError(t, text, cmd, err)
		return
	}
	canonical := cmd.String()
	again, err := Parse(canonical)
	if diff := cmp.Diff(cmd, again); diff != "" || err != nil {
		t.Fatalf("Parse(%q), canonical of %q: %v\n%s", canonical, text, err, diff)
	}
	if again.String() != canonical {
		t.Fatalf("%q prints as %q, then as %q", text, canonical, again)
	}
	if cmd.Verb == Act {
		checkAction(t, cmd)
	}
}

func checkParseStep(t *testing.T, text string) {
	t.Helper()
	cmd, holes, err := ParseStep(text)
	for _, h := range holes {
		if h.Source == "" || text[h.Offset:h.Offset+len(h.Source)] != h.Source {
			t.Fatalf("%q: %q is not at %d", text, h.Source, h.Offset)
		}
	}
	if err != nil {
		checkSyntaxError(t, text, cmd, err)
		return
	}
	checkAction(t, cmd)
	used := make([]int, len(holes))
	renumbered := eachHole(cmd, func(a Arg) Arg {
		used[a.Hole]++
		if holes[a.Hole].Source != a.Text {
			t.Fatalf("%q: hole %d is %q, not %q", text, a.Hole, holes[a.Hole].Source, a.Text)
		}
		return Arg{Kind: Hole, Text: a.Text}
	})
	for i, n := range used {
		if n > 1 {
			t.Fatalf("%q: hole %d is used %d times", text, i, n)
		}
	}
	canonical := "/okta " + cmd.String()
	again, _, err := ParseStep(canonical)
	if err != nil {
		t.Fatalf("ParseStep(%q), canonical of %q: %v", canonical, text, err)
	}
	again = eachHole(again, func(a Arg) Arg { return Arg{Kind: Hole, Text: a.Text} })
	if diff := cmp.Diff(renumbered, again); diff != "" {
		t.Fatalf("ParseStep(%q), canonical of %q:\n%s", canonical, text, diff)
	}
}

// Sentences put together from the words of the grammar reach further than
// changed bytes do.
func TestRandomSentences(t *testing.T) {
	t.Parallel()
	words := []string{
		"reset", "password", "mfa", "multi-factor", "sign", "out", "add", "remove", "assign", "to", "from", "group", "groups", "app",
		"applications", "suspend", "user", "unlock", "restore", "help", "status", "cancel", "R-12", "my", "me", "the", "a", "please", "!",
		"for", "until", "because", "with", "temporary", "of", "on", "and", "&amp;", "2026-12-01", "18:00", "at", "8h", "2", "days", "an",
		"hour", "<@U1>", "<@U2|ada>'s", "ada@acme.example", "@ada", `@"Ada L"`, "<mailto:a@b.co|a@b.co>", "<!here>", "<#C1|it>",
		"Figma", "Figma Editors", `"Sales, EMEA"`, `"for"`, "“R&amp;D”", "'Men's Wear'", "<http://monday.com|monday.com>", "x-y", "🎉",
		",", ", ", "فريق", "\u200b", `\`, `"`, "<", ">", "'", "${x}", "${y.z}", `${f("}")}`, "grup", "pasword", "disable", "?", "/okta",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range *sentences {
		text := make([]string, 1+random.IntN(9))
		for i := range text {
			text[i] = words[random.IntN(len(words))]
		}
		checkParse(t, strings.Join(text, " "))
		checkParseStep(t, "/okta "+strings.Join(text, " "))
	}
	for range *sentences { // most sentences above are nonsense; these begin well
		spec := Catalogue()[random.IntN(11)]
		text := []string{spec.Phrase}
		for range random.IntN(7) {
			text = append(text, words[random.IntN(len(words))])
		}
		checkParse(t, strings.Join(text, " "))
		checkParseStep(t, "/okta "+strings.Join(text, " "))
	}
}

func checkSyntaxError(t *testing.T, text string, cmd Command, err error) {
	t.Helper()
	var e *SyntaxError
	if !errors.As(err, &e) {
		t.Fatalf("%q: %T", text, err)
	}
	if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > len(text) {
		t.Fatalf("%q: the problem is at %d+%d", text, e.Offset, e.Length)
	}
	if e.Problem == "" || !utf8.ValidString(e.Error()) || strings.ContainsFunc(e.Error(), func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' }) {
		t.Fatalf("%q: says %q", text, e)
	}
	if e.Incomplete() && e.Understood == "" && cmd.Kind != "" {
		t.Fatalf("%q: incomplete, but nothing is understood", text)
	}
	if !cmp.Equal(cmd, e.Partial) {
		t.Fatalf("%q: returns %+v with %+v", text, cmd, e.Partial)
	}
	_ = cmd.String()
}

// checkAction holds for every action that is understood, typed or written.
func checkAction(t *testing.T, cmd Command) {
	t.Helper()
	spec, ok := Of(cmd.Kind)
	ends := cmd.For > 0 || !cmd.Until.IsZero() || cmd.ForHole.Kind == Hole || cmd.UntilHole.Kind == Hole
	switch {
	case !ok:
		t.Fatalf("%q is no action", cmd)
	case (spec.Takes != NoObject) != (len(cmd.Objects) > 0) || len(cmd.Objects) > MaxObjects:
		t.Fatalf("%q has %d objects", cmd, len(cmd.Objects))
	case !spec.Self && cmd.Target.Kind == Missing:
		t.Fatalf("%q names nobody", cmd)
	case ends && !spec.Ends, cmd.TempPassword && !spec.Temp:
		t.Fatalf("%q takes what does not fit", cmd)
	case cmd.For < 0 || cmd.For > maxFor || cmd.For > 0 && !cmd.Until.IsZero():
		t.Fatalf("%q ends after %v and at %v", cmd, cmd.For, cmd.Until)
	case cmd.Target.Kind == Name:
		t.Fatalf("%q is about a name", cmd)
	}
}

// eachHole returns the command with every hole changed.
func eachHole(c Command, change func(Arg) Arg) Command {
	one := func(a Arg) Arg {
		if a.Kind == Hole {
			return change(a)
		}
		return a
	}
	c.Target, c.ForHole, c.UntilHole = one(c.Target), one(c.ForHole), one(c.UntilHole)
	for _, list := range []*[]Arg{&c.Objects, &c.BecauseParts} {
		var changed []Arg
		for _, a := range *list {
			changed = append(changed, one(a))
		}
		*list = changed
	}
	return c
}
