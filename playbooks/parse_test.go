package playbooks

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Every kind of mistake has its file, and beside it what is said about it.
func TestParseReportsEveryMistakeAtItsPlace(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/diagnostics/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files of mistakes, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(file), text)
			var found *Diagnostics
			if !errors.As(err, &found) {
				t.Fatalf("got %v, want diagnostics", err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			got := found.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
