package agent

import (
	"context"
	"strings"

	"frontdesk/playbooks/action"
)

// Help says what this person may do: each action whose guards would let them do
// it for themselves, or for somebody else.
func (a *Agent) Help(ctx context.Context, c Caller) (Message, error) {
	m := Message{Title: "What I can do for you", Footer: "Also: " + a.Command + " requests · status R-12 · timeline R-12 · cancel R-12 · verify"}
	if a.foreign(c) {
		return Message{}, gateProblem("stranger", "This Slack account belongs to another workspace. I only work for members of this one.")
	}
	u, _, err := a.identify(ctx, c.User)
	if err != nil {
		return Message{}, err
	}
	w := a.newWorld()
	w.users[u.ID] = u
	desk, err := w.isAgent(ctx, u.ID)
	if err != nil {
		if _, ok := AsProblem(err); !ok {
			return Message{}, err
		}
		desk = false
	}
	var others []string
	for _, spec := range action.Catalogue() {
		book, ok := a.Library.For(spec.Kind)
		if !ok {
			continue
		}
		self := a.would(ctx, w, u, spec)
		line := a.Command + strings.TrimPrefix(spec.Example, "/okta") + " — " + book.About
		switch {
		case self:
			m.Lines = append(m.Lines, line)
		case desk:
			m.Lines = append(m.Lines, line+" (for others)")
		default:
			others = append(others, spec.Phrase)
		}
	}
	if len(m.Lines) == 0 {
		m.Text = "Right now there is nothing that I may do for you. Please ask IT."
	}
	if len(others) > 0 {
		m.Notes = append(m.Notes, "IT's desk can also: "+list(others, "and")+".")
	}
	return m, nil
}

// would tells whether the guards would let somebody do an action for themselves.
func (a *Agent) would(ctx context.Context, w *world, u User, spec action.Spec) bool {
	book, ok := a.Library.For(spec.Kind)
	if !ok {
		return false
	}
	j := &job{}
	j.mem.Command = action.Command{Verb: action.Act, Kind: spec.Kind}
	if spec.Takes != action.NoObject { // whichever: guards see an empty list
		j.mem.Command.Objects = []action.Arg{{Kind: action.Name, Text: "any"}}
	}
	j.mem.Requester, j.mem.Target = personOf(u, ""), personOf(u, "")
	s := &script{a: a, book: book, world: w, facts: a.facts(j)}
	if err := s.fill(ctx, j); err != nil {
		return false
	}
	p, err := s.guards(ctx)
	return err == nil && p == nil
}
