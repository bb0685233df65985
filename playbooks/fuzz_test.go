package playbooks

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// seeds are all playbooks, right and wrong, that the tests have.
func seeds(f *testing.F) {
	f.Helper()
	for _, pattern := range []string{"library/*.yaml", "testdata/diagnostics/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
}

// Parse never panics, and what it says is always about a place in the file.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("fuzz.yaml", text)
		if err == nil {
			if p.Name == "" || len(p.Steps) == 0 || len(p.Commands) == 0 {
				t.Errorf("%+v", p)
			}
			return
		}
		var found *Diagnostics
		if !errors.As(err, &found) {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
		for _, d := range found.List {
			if d.Message == "" || d.Line < 1 || d.Line > len(lines) || d.Column < 1 || d.Column > len([]rune(lines[d.Line-1]))+1 {
				t.Errorf("%+v", d)
			}
		}
		if found.Error() == "" {
			t.Error("nothing is said")
		}
	})
}

// Every character of a scalar that is not an escape is found where the file has it.
func FuzzLocate(f *testing.F) {
	for _, text := range []string{
		"plain words", "\"double \\\"quoted\\\" \\u00e4 \\\n  joined\"", "'single ''quoted'' words'", "|\n  literal\n\n   deeper\n  end\n", ">\n  folded\n  words\n\n  more\n    deeper\n\n  end",
		"|2\n   indicated", ">-\n\n  first\n", "plain\n  on\n\n  lines", "\"on\n\n  lines\"", "|+\n  kept\n\n\n", "\"\\x41\\U0001F600\\\\\"", "日本 語",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var doc yaml.Node
		file := "key: " + text
		if yaml.Unmarshal([]byte(file), &doc) != nil || len(doc.Content) != 1 || len(doc.Content[0].Content) != 2 {
			return
		}
		n := doc.Content[0].Content[1]
		if n.Kind != yaml.ScalarNode {
			return
		}
		src := newSource("fuzz", file)
		l := locate(src, n)
		if string(l.runes) != n.Value || len(l.at) != len(l.runes)+1 {
			t.Fatalf("%q is located as %q with %d places", n.Value, string(l.runes), len(l.at))
		}
		before := position{n.Line, n.Column}
		for i, at := range l.at {
			if at.line < before.line || (at.line == before.line && at.column < before.column) {
				t.Fatalf("character %d of %q at %v comes before %v", i, n.Value, at, before)
			}
			before = at
		}
	})
}

func BenchmarkLoadShipped(b *testing.B) {
	for b.Loop() {
		if _, err := Load(LoadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile("library/reset-mfa.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse("reset-mfa.yaml", text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGuards(b *testing.B) {
	text, err := os.ReadFile("library/reset-mfa.yaml")
	if err != nil {
		b.Fatal(err)
	}
	p, err := Parse("reset-mfa.yaml", text)
	if err != nil {
		b.Fatal(err)
	}
	world, c := newCompany(), about("ada", "ada")
	for b.Loop() {
		if v := p.Guards(b.Context(), world, c); !v.Allowed {
			b.Fatal(v)
		}
	}
}
