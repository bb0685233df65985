package playbooks

import (
	"slices"
	"time"

	"frontdesk/playbooks/action"
)

// Playbook is one file, checked and compiled. It never changes and may be used
// by many at once.
type Playbook struct {
	Name     string
	Title    string
	About    string
	File     string
	Hash     string // SHA-256 of Source, in hex
	Source   []byte
	Autonomy Autonomy
	Simulate bool
	Commands []action.Kind // the commands that it claims
	Inputs   []Input
	Steps    []Step

	guards  []guard
	names   []NameRef
	claimed map[action.Kind]position
	at      position // of its name
	src     *source
}

// Autonomy is how much a playbook does without being asked to.
type Autonomy string

// The autonomies.
const (
	// Suggest never starts by itself: an IT agent presses Run.
	Suggest Autonomy = "suggest"
	// Approve gives a run step that no approve step covers the default approval.
	Approve Autonomy = "approve"
	// Auto runs without asking unless the playbook asks.
	Auto Autonomy = "auto"
)

// Input is one thing that a playbook needs to know.
type Input struct {
	Name     string
	Type     Type
	List     bool
	Ask      string // the question
	Optional bool
	Default  bool // there is one: see Playbook.Defaults

	fallback *expression // default, as an expression
	literal  Value       // default, as a literal
	where    *expression
	options  *expression
	choices  []string
}

// guard is one condition and the sentence that people read when it fails.
type guard struct {
	allow  *expression
	refuse *template
}

// StepKind is what a step does.
type StepKind string

// The steps that this version knows.
const (
	StepRun     StepKind = "run"
	StepApprove StepKind = "approve"
	StepDM      StepKind = "dm"
	StepReply   StepKind = "reply"
	StepClose   StepKind = "close"
)

// OnFailure is what follows a run step that failed.
type OnFailure string

// The ways to go on.
const (
	Stop     OnFailure = "stop"
	Continue OnFailure = "continue"
)

// Step is one step. What belongs to one kind of step is zero in the others.
type Step struct {
	Kind StepKind
	Name string // as the file names it, or empty
	Line int
	When bool // it may be skipped: see Playbook.When

	Action    action.Kind // run
	Command   string      // run: as the file has it
	OnFailure OnFailure   // run

	Need    int           // approve: how many must agree; 0 with All
	All     bool          // approve: everybody asked must agree
	Expires time.Duration // approve: zero if the file says nothing

	Failed bool // close: the request ends as failed, not as done

	when   *expression
	people *expression // approve, dm
	text   *template   // dm, reply, close
	run    *command
}

// NameKind is what a literal name in a playbook names.
type NameKind string

// The kinds of names.
const (
	NameUser  NameKind = "user"
	NameGroup NameKind = "group"
	NameApp   NameKind = "app"
)

// NameRef is a literal name in a playbook. Names are looked up once, when the
// playbook is loaded, and must be one.
type NameRef struct {
	Kind   NameKind
	Name   string
	Line   int
	Column int
}

// Names gives every literal name in the order of the file.
func (p *Playbook) Names() []NameRef { return slices.Clone(p.names) }

// Complain makes a finding about a name of this playbook, for whoever looked it up.
func (p *Playbook) Complain(ref NameRef, message string) Diagnostic {
	return p.src.diagnostic(position{ref.Line, ref.Column}, message)
}

// input finds an input by its name; nil if there is none.
func (p *Playbook) input(name string) *Input {
	i := slices.IndexFunc(p.Inputs, func(i Input) bool { return i.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Inputs[i]
}
