package manifests_test

import (
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// contract is every variable that Frontdesk reads.
func contract() []string {
	return []string{
		"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL",
		"OKTA_ORG_URL", "OKTA_API_TOKEN", "OKTA_CLIENT_ID", "OKTA_PRIVATE_KEY", "OKTA_PRIVATE_KEY_FILE", "OKTA_KEY_ID",
		"DATABASE_URL", "REDIS_URL",
		"FRONTDESK_PLAYBOOKS", "FRONTDESK_IDENTITY", "FRONTDESK_ADDR", "FRONTDESK_PUBLIC_ADDR", "FRONTDESK_CONFIG",
	}
}

func TestManifestsNameVariablesThatAreRead(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`\b(?:SLACK|OKTA|FRONTDESK|DATABASE|REDIS)_[A-Z_]*[A-Z]\b`)
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names.FindAllString(string(text), -1) {
			if !slices.Contains(contract(), name) {
				t.Errorf("%s names %s, which nothing reads", file.Name(), name)
			}
		}
	}
}

func TestKubernetesManifestIsYAML(t *testing.T) {
	t.Parallel()
	file, err := os.Open("kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var kinds []string
	for decoder := yaml.NewDecoder(file); ; {
		var object struct {
			Kind     string `yaml:"kind"`
			Metadata struct {
				Name string `yaml:"name"`
			} `yaml:"metadata"`
		}
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if object.Metadata.Name != "frontdesk" {
			t.Errorf("%s is called %q", object.Kind, object.Metadata.Name)
		}
		kinds = append(kinds, object.Kind)
	}
	same(t, "kinds", []string{"ConfigMap", "Deployment", "PodDisruptionBudget"}, kinds)
}
