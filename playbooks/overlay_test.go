package playbooks

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"frontdesk/playbooks/action"
)

// file writes a playbook of a name that claims some commands.
func file(name string, commands ...string) *fstest.MapFile {
	text := "playbook: " + name + "\ntitle: " + name + "\non:\n"
	for _, c := range commands {
		text += "  - command: /okta " + c + "\n"
	}
	return &fstest.MapFile{Data: []byte(text + "steps:\n  - reply: ok\n")}
}

// answers tells which playbook answers which command.
func answers(l *Library) map[action.Kind]string {
	all := map[action.Kind]string{}
	for _, kind := range l.Commands() {
		p, _ := l.For(kind)
		all[kind] = p.File
	}
	return all
}

func TestOverlayTakesCommandsOver(t *testing.T) {
	t.Parallel()
	l, err := Load(LoadOptions{
		Shipped: fstest.MapFS{
			"a.yaml": file("a", "reset password"), "b.yaml": file("b", "reset mfa", "revoke sessions"),
			"c.yaml": file("c", "suspend user"), "d.yaml": file("d", "activate user"), "off.yaml": file("off", "deprovision user"),
		},
		Overlay: fstest.MapFS{
			"mine.yaml":            file("mine", "reset password"),        // claims a command
			"deep/er/half.yml":     file("half", "reset multi-factor"),    // claims one of two
			"other.yaml":           file("c", "restore sessions"),         // has the name of a shipped one
			"d.yaml":               file("dee", "add to group"),           // has the file name of a shipped one
			"mine.test.yaml":       {Data: []byte("playbook: [not read")}, // a test
			"notes.txt":            {Data: []byte("hello")},               // not a playbook
			".hidden.yaml":         {Data: []byte("not: [read")},          // hidden
			"..2026_11/mine.yaml":  file("mine", "reset password"),        // a mounted ConfigMap's own copy
			"..2026_11/other.yaml": {Data: []byte("playbook: [not read")},
		},
		OverlayName: "/etc/frontdesk", Off: []string{"off"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[action.Kind]string{
		action.ResetPassword: "/etc/frontdesk/mine.yaml", action.ResetMultifactor: "/etc/frontdesk/deep/er/half.yml",
		action.RevokeSessions: "library/b.yaml", action.RestoreSessions: "/etc/frontdesk/other.yaml", action.AddToGroup: "/etc/frontdesk/d.yaml",
	}
	if diff := cmp.Diff(want, answers(l)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var shadows []string
	for _, s := range l.Shadowed() {
		shadows = append(shadows, s.Playbook.Name+" "+string(s.Command)+" "+s.By.Name)
	}
	if diff := cmp.Diff([]string{"a reset_password mine", "b reset_multifactor half", "c suspend_user c", "d activate_user dee"}, shadows); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var names []string
	for _, p := range l.All() {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"b", "c", "dee", "half", "mine"}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p, ok := l.For(action.DeprovisionUser); ok {
		t.Errorf("%s answers a command that is switched off", p.Name)
	}
}

func TestOverlayLiesOverWhatShips(t *testing.T) {
	t.Parallel()
	l, err := Load(LoadOptions{Overlay: fstest.MapFS{"x.yaml": file("x", "reset mfa")}, OverlayName: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	if got := answers(l); len(got) != 11 || got[action.ResetMultifactor] != "mine/x.yaml" || got[action.ResetPassword] != "library/reset-password.yaml" {
		t.Errorf("%v", got)
	}
}

// Two of IT's own that claim one command, or one name, are an error that names both.
func TestClashesNameBoth(t *testing.T) {
	t.Parallel()
	_, err := Load(LoadOptions{OverlayName: "mine", Overlay: fstest.MapFS{
		"one.yaml": file("one", "reset mfa"), "two.yaml": file("two", "revoke sessions", "reset multi-factor"), "three.yaml": file("one"),
	}})
	if _, ok := errors.AsType[*Diagnostics](err); !ok {
		t.Fatal(err)
	}
	want := `mine/three.yaml:3:4: on is empty
 | on:
 |    ^
mine/two.yaml:5:14: two and one both claim /okta reset multi-factor (the other is mine/one.yaml:4); a command has one answer
 |   - command: /okta reset multi-factor
 |              ^`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = Load(LoadOptions{OverlayName: "mine", Overlay: fstest.MapFS{"one.yaml": file("same", "reset mfa"), "two.yaml": file("same", "revoke sessions")}})
	if err == nil || !strings.HasPrefix(err.Error(), `mine/two.yaml:1:11: the name "same" is taken by mine/one.yaml:1`) {
		t.Error(err)
	}
}

// A library with anything wrong in it is no library, and everything wrong is said.
func TestLoadReportsAllFiles(t *testing.T) {
	t.Parallel()
	l, err := Load(LoadOptions{OverlayName: "mine", Overlay: fstest.MapFS{
		"b.yaml": {Data: []byte("titel: x\n")}, "a.yaml": {Data: []byte("")}, "good.yaml": file("good", "reset mfa"),
	}})
	var d *Diagnostics
	if !errors.As(err, &d) || l != nil || len(d.List) < 4 || d.List[0].File != "mine/a.yaml" || d.List[1].File != "mine/b.yaml" {
		t.Errorf("%v, %v", l, err)
	}
	if _, err := Load(LoadOptions{Off: []string{"reset-mfaa"}}); err == nil || !strings.Contains(err.Error(), "did you mean reset-mfa?") {
		t.Error(err)
	}
	broken := fstest.MapFS{"a.yaml": &fstest.MapFile{Mode: fs.ModeDir}, "a.yaml/b.yaml": {Data: []byte("x"), Mode: 0o000}}
	if _, err := Load(LoadOptions{Overlay: failing{broken}}); err == nil {
		t.Error("a folder that can't be read is empty")
	}
}

// failing is a folder that can't be listed.
type failing struct{ fs.FS }

func (failing) Open(string) (fs.File, error) { return nil, fs.ErrPermission }
