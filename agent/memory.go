package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// memory is what a run knows beside its columns; it is kept as Run.Data.
type memory struct {
	Command   action.Command `json:"command"`
	Requester person         `json:"requester,omitzero"`
	Target    person         `json:"target,omitzero"`
	Objects   []thing        `json:"objects,omitempty"`
	// Given are the playbook's inputs, resolved to ids.
	Given json.RawMessage `json:"given,omitempty"`
	// Checked tells that gate, guards and floor have been passed once.
	Checked bool `json:"checked,omitempty"`
	// Card is what the open ask shows.
	Card card `json:"card,omitzero"`
	// Acts are those of the run step at hand, as they were when it began.
	Acts []planned `json:"acts,omitempty"`
	// Settlers were asked what became of an unanswered call.
	Settlers []person `json:"settlers,omitempty"`
	// Changes tells why earlier plans of this run were voided.
	Changes []string `json:"changes,omitempty"`
	// Seen is the person's status when the approval was asked for.
	Seen string `json:"seen,omitempty"`
	// Shown is how many decisions the cards of the open ask show.
	Shown int `json:"shown,omitempty"`
	// Resealed counts how often a plan was voided and asked anew.
	Resealed int `json:"resealed,omitempty"`
	// Approval is the last one given.
	Approval approval `json:"approval,omitzero"`
	// Trouble is a temporary failure under way.
	Trouble trouble `json:"trouble,omitzero"`
	// Failed tells that a step failed and the playbook said to go on.
	Failed bool `json:"failed,omitempty"`
	// Replied tells that the playbook itself told the requester the outcome.
	Replied bool `json:"replied,omitempty"`
	// Simulated tells that steps were only walked.
	Simulated bool `json:"simulated,omitempty"`
	// Notes are what Okta added to its answers, for the last message.
	Notes []string `json:"notes,omitempty"`
	// Changed tells that an effect of this run changed the target's status, so
	// that guards about it say nothing any more.
	Changed bool `json:"changed,omitempty"`
}

// person is somebody as a run remembers them, for showing; authority is read live.
type person struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Slack string `json:"slack,omitempty"`
}

// thing is a group or an application as a run remembers it.
type thing struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

// card is what an approval card shows beside the request itself.
type card struct {
	Lines  []string `json:"lines,omitempty"`
	Notes  []string `json:"notes,omitempty"`
	People []person `json:"people,omitempty"`
}

// person finds one of those who were asked.
func (c card) person(id string) person {
	for _, p := range c.People {
		if p.ID == id {
			return p
		}
	}
	return person{ID: id, Name: "somebody who was asked"}
}

type approval struct {
	AskID   string `json:"ask"`
	By      person `json:"by"`
	Comment string `json:"comment,omitempty"`
}

// trouble is a temporary failure: since when, how often, and whether people were told.
type trouble struct {
	Since time.Time `json:"since"`
	Count int       `json:"count"`
	Told  bool      `json:"told,omitempty"`
}

func (m memory) encode() json.RawMessage {
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("agent: memory does not encode: %v", err)) // only strings, numbers and times
	}
	return b
}

// job is one look at a run: the rows as they were read and the memory in them.
type job struct {
	req store.Request
	run store.Run
	mem memory
}

func (a *Agent) load(ctx context.Context, runID string) (*job, error) {
	j := &job{}
	err := a.Store.Read(ctx, func(tx store.Tx) (err error) {
		if j.run, err = tx.Run(ctx, runID); err != nil {
			return err
		}
		j.req, err = tx.Request(ctx, j.run.RequestID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load run %s: %w", runID, err)
	}
	return j, j.recall()
}

// loadIn reads a request's run within a transaction.
func (a *Agent) loadIn(ctx context.Context, tx store.Tx, requestID string) (*job, error) {
	j := &job{}
	var err error
	if j.req, err = tx.Request(ctx, requestID); err != nil {
		return nil, err
	}
	if j.run, err = tx.RunOf(ctx, requestID); err != nil {
		return nil, err
	}
	return j, j.recall()
}

func (j *job) recall() error {
	if err := json.Unmarshal(j.run.Data, &j.mem); err != nil {
		return fmt.Errorf("read the memory of run %s: %w", j.run.ID, err)
	}
	return nil
}

// save writes the run back, compare-and-swap, in tx. When it returns
// store.ErrConflict somebody decided meanwhile and the run is loaded anew.
func (j *job) save(ctx context.Context, tx store.Tx) error {
	j.run.Data = j.mem.encode()
	return tx.SaveRun(ctx, &j.run)
}

// event begins a line of the run's timeline.
func (a *Agent) event(j *job, kind string) *store.Event {
	return &store.Event{ID: a.NewID(), RequestID: j.req.ID, RunID: j.run.ID, Kind: kind, Actor: "frontdesk", Action: string(j.mem.Command.Kind), Target: j.mem.Target.ID}
}
