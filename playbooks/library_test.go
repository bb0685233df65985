package playbooks

import "testing"

func TestShipped(t *testing.T) {
	l, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.All() {
		t.Log(p.Name, p.Commands, p.Names())
	}
}
