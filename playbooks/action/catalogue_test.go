package action

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A2: all eleven, each complete, each readable by its own phrase and example.
func TestCatalogueIsCompleteAndReadable(t *testing.T) {
	t.Parallel()
	var kinds []Kind
	for _, spec := range Catalogue() {
		kinds = append(kinds, spec.Kind)
		if spec.Title == "" || spec.About == "" || spec.Undo == "" || spec.Role == "" || spec.Example == "" ||
			len(spec.Scopes) == 0 || len(spec.Permissions) == 0 || spec.Risk < Low || spec.Risk > Critical {
			t.Errorf("%s is not complete: %+v", spec.Kind, spec)
		}
		if kind, err := ParsePhrase(spec.Phrase); kind != spec.Kind || err != nil {
			t.Errorf("%s: phrase %q is read as %q, %v", spec.Kind, spec.Phrase, kind, err)
		}
		if kind, err := ParsePhrase(string(spec.Kind)); kind != spec.Kind || err != nil {
			t.Errorf("%s is read as %q, %v", spec.Kind, kind, err)
		}
		cmd, err := Parse(spec.Example)
		if cmd.Kind != spec.Kind || err != nil || "/okta "+cmd.String() != spec.Example {
			t.Errorf("%s: example %q is read as %q, %v", spec.Kind, spec.Example, cmd, err)
		}
		if again, ok := Of(spec.Kind); !ok || !cmp.Equal(spec, again) {
			t.Errorf("Of(%q) differs", spec.Kind)
		}
		if _, ok := Of(spec.Inverse); spec.Inverse != "" && !ok {
			t.Errorf("%s: inverse %q is not in the catalogue", spec.Kind, spec.Inverse)
		}
		for _, scope := range spec.Scopes {
			area := strings.TrimSuffix(strings.TrimSuffix(scope, ".read"), ".manage")
			if !slices.Contains([]string{"okta.users", "okta.groups", "okta.apps"}, area) {
				t.Errorf("%s: scope %q", spec.Kind, scope)
			}
		}
	}
	slices.Sort(kinds)
	if len(kinds) != 11 || len(slices.Compact(kinds)) != 11 {
		t.Errorf("the catalogue holds %v", kinds)
	}
	if _, ok := Of("make_coffee"); ok {
		t.Error("an unknown action is known")
	}
}

// A3: revoked sessions have no way back; restoring means signing in again.
func TestRevokedSessionsHaveNoInverse(t *testing.T) {
	t.Parallel()
	revoke, _ := Of(RevokeSessions)
	if revoke.Inverse != "" || !strings.Contains(revoke.Undo, "cannot") {
		t.Errorf("revoke sessions: %+v", revoke)
	}
	suspend, _ := Of(SuspendUser)
	if suspend.Inverse != RestoreSessions {
		t.Errorf("suspend user is undone by %q", suspend.Inverse)
	}
}

func TestCatalogueIsAFreshCopy(t *testing.T) {
	t.Parallel()
	Catalogue()[0].Scopes[0] = "changed"
	if Catalogue()[0].Scopes[0] == "changed" {
		t.Error("a caller changed the catalogue")
	}
}

func TestDeskWordsAreReadable(t *testing.T) {
	t.Parallel()
	for _, w := range Desk() {
		word, _, _ := strings.Cut(w.Usage, " ")
		if cmd, err := Parse(word); cmd.Verb != w.Verb || err != nil || w.About == "" {
			t.Errorf("Parse(%q) = %+v, %v", word, cmd, err)
		}
	}
}

// E1: how each action reads on cards and timelines.
func TestSentences(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	line := func(s string) { got.WriteString(s + "\n") }
	for _, spec := range Catalogue() {
		for _, objects := range [][]string{{"Figma Editors"}, {"A", "B", "C"}, nil} {
			if spec.Takes == NoObject && objects != nil {
				continue
			}
			line(Sentence(spec.Kind, "Ada Lovelace", objects, Options{}))
			line(Past(spec.Kind, "Ada Lovelace", objects, Options{}))
		}
	}
	opts := []Options{
		{For: 8 * time.Hour},
		{For: time.Second},
		{For: 36*time.Hour + 30*time.Minute},
		{Until: december(2, 0, 0)},
		{Until: december(1, 18, 0)},
	}
	for _, o := range opts {
		line(Sentence(AddToGroup, "Ada", []string{"Figma"}, o))
		line(Past(AddApplications, "Ada", []string{"Figma", "Zoom"}, o))
	}
	line(Sentence(ResetPassword, "Ada", nil, Options{TempPassword: true}))
	line(Past(ResetPassword, "Ada", nil, Options{TempPassword: true}))

	golden := filepath.Join("testdata", "sentences.golden")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
	if s := Sentence("make_coffee", "Ada", nil, Options{}) + Past("make_coffee", "Ada", nil, Options{}); s != "" {
		t.Errorf("an unknown action reads %q", s)
	}
}

func TestRiskReadsAsAWord(t *testing.T) {
	t.Parallel()
	for risk, want := range map[Risk]string{Low: "low", Medium: "medium", High: "high", Critical: "critical", 0: "unknown"} {
		if risk.String() != want {
			t.Errorf("%d reads %q", risk, risk)
		}
	}
}

func TestRequestNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"R-12": 12, "r12": 12, "#7": 7, "0": 0, "R-": 0, "R--1": 0, "12x": 0, "9999999999999999": 0} {
		if got, ok := RequestNumber(text); got != want || ok != (want > 0) {
			t.Errorf("RequestNumber(%q) = %d, %v", text, got, ok)
		}
	}
}

// A run keeps its command as JSON.
func TestCommandSurvivesJSON(t *testing.T) {
	t.Parallel()
	want, err := Parse(`add to group "Figma Editors", Sales for @ada until 2026-12-01 18:00 because R&amp;D`)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Command
	if err := json.Unmarshal(kept, &got); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%s: %v\n%s", kept, err, cmp.Diff(want, got))
	}
}
