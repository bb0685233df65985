package playbooks

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"frontdesk/playbooks/action"
)

//go:embed library/*.yaml
var library embed.FS

// Shipped is the library that comes with Frontdesk: one playbook per action.
func Shipped() fs.FS {
	sub, err := fs.Sub(library, "library")
	if err != nil {
		return library // "library" is a valid path, so this does not happen
	}
	return sub
}

// LoadOptions says where playbooks come from.
type LoadOptions struct {
	Shipped     fs.FS    // nil: Shipped()
	Overlay     fs.FS    // IT's own folder; nil: none
	OverlayName string   // how the folder is called in messages
	Off         []string // names of shipped playbooks that are switched off
}

// Library is a set of playbooks in which every command has one answer.
type Library struct {
	all      []*Playbook
	byKind   map[action.Kind]*Playbook
	shadowed []Shadow
}

// Shadow is a shipped playbook that no longer answers a command.
type Shadow struct {
	Playbook *Playbook
	Command  action.Kind
	By       *Playbook
}

// Load reads the shipped library and the folder laid over it. An overlay's file
// that claims a command takes it over from the shipped playbook, whatever its name;
// one of the same name replaces the shipped one altogether. If anything is wrong
// with any file the error is *Diagnostics with all of it, and there is no library:
// keep the one in force.
func Load(opts LoadOptions) (*Library, error) {
	shipped := opts.Shipped
	if shipped == nil {
		shipped = Shipped()
	}
	var found []Diagnostic
	base, err := readAll(shipped, "library", &found)
	if err != nil {
		return nil, err
	}
	var own []*Playbook
	if opts.Overlay != nil {
		if own, err = readAll(opts.Overlay, opts.OverlayName, &found); err != nil {
			return nil, err
		}
	}
	if base, err = switchOff(base, opts.Off); err != nil {
		return nil, err
	}
	l := &Library{byKind: map[action.Kind]*Playbook{}}
	found = append(found, clashes(base)...)
	found = append(found, clashes(own)...)
	if d := newDiagnostics(found); d != nil {
		return nil, d
	}
	l.lay(base, own)
	return l, nil
}

// readAll reads every playbook of a folder and what is below it.
func readAll(from fs.FS, name string, found *[]Diagnostic) ([]*Playbook, error) {
	var all []*Playbook
	err := fs.WalkDir(from, ".", func(file string, entry fs.DirEntry, err error) error {
		base := path.Base(file)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(base, ".") && file != ".": // hidden, as in a mounted ConfigMap
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !isPlaybook(base):
			return nil
		}
		text, err := fs.ReadFile(from, file)
		if err != nil {
			return err
		}
		p, wrong, err := parse(path.Join(name, file), text)
		if len(wrong) == 0 && err == nil {
			all = append(all, p)
		}
		*found = append(*found, wrong...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the playbooks in %s: %w", cmp.Or(name, "the folder"), err)
	}
	return all, nil
}

// isPlaybook tells playbooks from their tests and from whatever else lies about.
func isPlaybook(name string) bool {
	stem, yml := strings.CutSuffix(name, ".yml")
	stem, yaml := strings.CutSuffix(stem, ".yaml")
	return (yml || yaml) && !strings.HasSuffix(stem, ".test")
}

// switchOff leaves out the shipped playbooks of these names.
func switchOff(all []*Playbook, off []string) ([]*Playbook, error) {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	for _, name := range off {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("there is no shipped playbook %q to switch off%s", name, didYouMean(name, names))
		}
	}
	return slices.DeleteFunc(all, func(p *Playbook) bool { return slices.Contains(off, p.Name) }), nil
}

// clashes finds two playbooks of one folder that have the same name or claim the
// same command.
func clashes(all []*Playbook) []Diagnostic {
	var found []Diagnostic
	names := map[string]*Playbook{}
	claims := map[action.Kind]*Playbook{}
	for _, p := range all {
		if first, ok := names[p.Name]; ok {
			found = append(found, p.src.diagnostic(p.at, fmt.Sprintf("the name %q is taken by %s", p.Name, first.where(first.at))))
		} else {
			names[p.Name] = p
		}
		for _, kind := range p.Commands {
			first, ok := claims[kind]
			if !ok {
				claims[kind] = p
				continue
			}
			found = append(found, p.src.diagnostic(p.claimed[kind], fmt.Sprintf(
				"%s and %s both claim /okta %s (the other is %s); a command has one answer",
				p.Name, first.Name, phraseOf(kind), first.where(first.claimed[kind]))))
		}
	}
	return found
}

// where is a place of the playbook's file in words.
func (p *Playbook) where(at position) string { return fmt.Sprintf("%s:%d", p.File, at.line) }

func phraseOf(kind action.Kind) string {
	spec, _ := action.Of(kind)
	return spec.Phrase
}

// lay lays IT's own playbooks over the shipped ones.
func (l *Library) lay(base, own []*Playbook) {
	for _, p := range own {
		for _, kind := range p.Commands {
			l.byKind[kind] = p
		}
	}
	l.all = slices.Clone(own)
	for _, p := range base {
		replacement := slices.IndexFunc(own, func(o *Playbook) bool {
			return o.Name == p.Name || path.Base(o.File) == path.Base(p.File)
		})
		answers := false
		for _, kind := range p.Commands {
			by := l.byKind[kind]
			if replacement >= 0 && by == nil {
				by = own[replacement]
			}
			if by != nil {
				l.shadowed = append(l.shadowed, Shadow{p, kind, by})
				continue
			}
			l.byKind[kind] = p
			answers = true
		}
		if answers {
			l.all = append(l.all, p)
		}
	}
	slices.SortFunc(l.all, func(a, b *Playbook) int { return cmp.Compare(a.Name, b.Name) })
}

// For finds the playbook that answers a command; without one the answer is no.
func (l *Library) For(kind action.Kind) (*Playbook, bool) {
	p, ok := l.byKind[kind]
	return p, ok
}

// All gives the playbooks in force, by name.
func (l *Library) All() []*Playbook { return slices.Clone(l.all) }

// Commands gives the commands that have an answer, by name.
func (l *Library) Commands() []action.Kind { return slices.Sorted(maps.Keys(l.byKind)) }

// Shadowed tells which shipped playbooks lost which commands to whom.
func (l *Library) Shadowed() []Shadow { return slices.Clone(l.shadowed) }
