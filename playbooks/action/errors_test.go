package action

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A1: mistakes answer with what was understood and what was not. The golden
// file holds what was typed and, below it, the answer.
func TestErrorsAreSentencesForPeople(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "errors.golden")
	old, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	lines := bufio.NewScanner(strings.NewReader(string(old)))
	for lines.Scan() {
		text, isInput := strings.CutPrefix(lines.Text(), "/okta ")
		if !isInput {
			if lines.Text() == "" || strings.HasPrefix(lines.Text(), "#") {
				fmt.Fprintln(&got, lines.Text())
			}
			continue
		}
		fmt.Fprintln(&got, lines.Text())
		cmd, err := Parse(text)
		var e *SyntaxError
		switch {
		case !errors.As(err, &e):
			fmt.Fprintf(&got, "  no error: %s\n", cmd)
		case e.Incomplete():
			fmt.Fprintf(&got, "  (form for %s) %s\n", e.Missing[0], e)
		default:
			fmt.Fprintf(&got, "  %s\n", e)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestBoundsAreSaid(t *testing.T) {
	t.Parallel()
	const tooLong = "That is too long: a command has at most 8,000 characters."
	for _, tc := range []struct{ name, text, want string }{
		{"a command", strings.Repeat("ß", MaxText+1), tooLong},
		{
			"a reason", "reset mfa because " + strings.Repeat("x", MaxReason+1),
			"I understood “reset multi-factor”. The reason is too long: it may have 4,000 characters.",
		},
		{"the longest reason", "reset mfa because " + strings.Repeat("ß", MaxReason), ""},
		{
			"a name", "add to group " + strings.Repeat("x", MaxName+1),
			"I understood “add to group”. That name is too long: it may have 255 characters.",
		},
		{"the longest name", "add to group " + strings.Repeat("é", MaxName), ""},
		{"many names", "add to group " + nameList(MaxObjects), ""},
		{
			"a handle", "reset mfa @" + strings.Repeat("x", MaxName+1),
			"I understood “reset multi-factor”. That name is too long: it may have 255 characters.",
		},
		{"broken text", "reset mfa \xff", "There is a broken character in the text. Please type it again."},
	} {
		cmd, err := Parse(tc.text)
		if tc.want != "" {
			if err == nil || err.Error() != tc.want {
				t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
			}
			continue
		}
		if again, err2 := Parse(cmd.String()); err != nil || err2 != nil || !cmp.Equal(cmd, again) {
			t.Errorf("%s: %v, %v", tc.name, err, err2)
		}
	}
	_, err := Parse("add to group " + nameList(MaxObjects+1))
	if err == nil || !strings.HasSuffix(err.Error(), "That is too many at once: at most 25.") {
		t.Errorf("too many names: %v", err)
	}
}

func nameList(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("Group %d", i)
	}
	return strings.Join(list, ", ")
}
