package playbooks

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// The manual's playbook loads, and every word of the language is in the manual.
func TestTheManualIsTrue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	manual := string(text)
	_, example, _ := strings.Cut(manual, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	if _, err := Parse("README.md", []byte(example)); err != nil {
		t.Error(err)
	}
	lang, err := theLanguage()
	if err != nil {
		t.Fatal(err)
	}
	words := slices.Concat(playbookKeys(), inputKeys(), verbs(), laterVerbs(), laterTriggers(), laterNames(), builtInNames(), typeNames())
	for kind, keys := range stepKeys() {
		words = append(append(words, keys...), laterStepKeys()[kind]...)
	}
	for _, word := range words {
		if !strings.Contains(manual, "`"+word+"`") {
			t.Errorf("the manual does not tell of `%s`", word)
		}
	}
	for _, fields := range lang.fields {
		for word := range fields {
			if !strings.Contains(manual, "`"+word+"`") {
				t.Errorf("the manual does not tell of the field `%s`", word)
			}
		}
	}
	for word := range maps.Keys(lang.functions) {
		if !strings.Contains(manual, word+"(") {
			t.Errorf("the manual does not tell of the function %s", word)
		}
	}
}
