package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// What people ask about requests: status, lists, timelines. A person sees what
// they asked for and what they were asked to decide; IT's desk sees all.

// Status tells how a request stands: the named one, or the latest.
func (a *Agent) Status(ctx context.Context, c Caller, ref string) (Message, error) {
	req, err := a.visibleRequest(ctx, c, ref)
	if err != nil {
		return Message{}, err
	}
	var run store.Run
	var waitsFor []string
	var told string // how it ended, in the words that the requester read
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) {
		if run, err = tx.RunOf(ctx, req.ID); err != nil {
			return err
		}
		if waitsFor, err = waitingFor(ctx, tx, run.ID); err != nil {
			return err
		}
		events, err := tx.EventsOf(ctx, req.ID)
		for _, e := range events {
			if e.Personal["told"] != "" {
				told = e.Personal["told"]
			}
		}
		return err
	})
	if err != nil {
		return Message{}, fmt.Errorf("read request %s: %w", req.ID, err)
	}
	m := Message{Mood: moodOf(run.State), Title: requestName(req.Number) + " · " + req.Title, Text: stateWords(run.State)}
	if run.State.Ended() && told != "" {
		m.Text = told
	}
	if len(waitsFor) > 0 {
		m.Text = "Waiting for " + list(waitsFor, "or") + " to decide."
	}
	m.Footer = "Asked " + ago(a.Now().Sub(req.OpenedAt)) + " · " + a.Command + " timeline " + requestName(req.Number)
	return m, nil
}

func stateWords(s store.RunState) string {
	switch s {
	case store.Received, store.Acting:
		return "I'm on it."
	case store.Waiting:
		return "Waiting for an answer."
	case store.Refused:
		return "Refused. Nothing was done."
	case store.Done:
		return "Done."
	case store.Failed:
		return "It could not be done, or not wholly. The timeline says why."
	case store.Unknown:
		return "Okta never answered, and its state does not tell. IT has been asked to look."
	case store.Cancelled:
		return "Withdrawn. Nothing was done."
	case store.Expired:
		return "Nobody decided in time. Nothing was done."
	}
	return string(s)
}

// waitingFor names those whom a run's open asks wait for.
func waitingFor(ctx context.Context, tx store.Tx, runID string) ([]string, error) {
	asks, err := tx.AsksOf(ctx, runID)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, ask := range asks {
		if ask.State != store.AskOpen || ask.Kind == askProof {
			continue
		}
		decided, err := tx.Decisions(ctx, ask.ID)
		if err != nil {
			return nil, err
		}
		for _, id := range ask.People {
			if slices.ContainsFunc(decided, func(d store.Decision) bool { return d.PersonID == id }) {
				continue
			}
			if p, err := tx.Person(ctx, id); err == nil {
				all = append(all, p.Name)
			}
		}
	}
	return all, nil
}

// Requests lists the caller's requests and what waits for their decision.
func (a *Agent) Requests(ctx context.Context, c Caller) (Message, error) {
	var lines []string
	err := a.Store.Read(ctx, func(tx store.Tx) error {
		b, err := tx.Binding(ctx, a.home(), c.User)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil {
			waiting, err := tx.Requests(ctx, store.RequestQuery{Approver: b.PersonID, OpenOnly: true, Limit: 20})
			if err != nil {
				return err
			}
			for _, r := range waiting {
				lines = append(lines, fmt.Sprintf("%s · %s · waits for you", requestName(r.Number), r.Title))
			}
		}
		mine, err := tx.Requests(ctx, store.RequestQuery{SlackTeam: c.Team, SlackUser: c.User, Limit: 20})
		if err != nil {
			return err
		}
		for _, r := range mine {
			run, err := tx.RunOf(ctx, r.ID)
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("%s · %s · %s · %s", requestName(r.Number), r.Title, run.State, ago(a.Now().Sub(r.OpenedAt))))
		}
		return nil
	})
	if err != nil {
		return Message{}, fmt.Errorf("list requests: %w", err)
	}
	if len(lines) == 0 {
		return Message{Text: "You have asked for nothing yet, and nothing waits for you. " + a.Command + " help says what I can do."}, nil
	}
	return Message{Title: "Your requests", Lines: lines, Footer: "More about one: " + a.Command + " status R-12 · " + a.Command + " timeline R-12"}, nil
}

// Timeline shows a request's events: the named one, or the latest.
func (a *Agent) Timeline(ctx context.Context, c Caller, ref string) (Message, error) {
	req, err := a.visibleRequest(ctx, c, ref)
	if err != nil {
		return Message{}, err
	}
	var events []store.Event
	naming := map[string]string{}
	err = a.Store.Read(ctx, func(tx store.Tx) (err error) {
		if events, err = tx.EventsOf(ctx, req.ID); err != nil {
			return err
		}
		for _, e := range events {
			if p, err := tx.Person(ctx, e.Actor); err == nil {
				naming[e.Actor] = p.Name
			}
		}
		return nil
	})
	if err != nil {
		return Message{}, fmt.Errorf("read the timeline of %s: %w", req.ID, err)
	}
	const most = 40
	m := Message{Title: requestName(req.Number) + " · " + req.Title, Footer: "Times are UTC. Every line is chained to the one before; frontdesk audit verify checks it."}
	if len(events) > most {
		m.Notes = append(m.Notes, fmt.Sprintf("The last %d of %d events.", most, len(events)))
		events = events[len(events)-most:]
	}
	for _, e := range events {
		m.Lines = append(m.Lines, EventLine(e, naming))
	}
	return m, nil
}

// EventLine says an event in one line: when, what, who, and Okta's answer.
// naming gives people's names by Okta id.
func EventLine(e store.Event, naming map[string]string) string {
	who := e.Actor
	switch {
	case naming[e.Actor] != "":
		who = naming[e.Actor]
	case e.Actor == "frontdesk":
		who = ""
	case strings.HasPrefix(e.Actor, "slack:"):
		who = "Slack account " + e.Actor[strings.LastIndex(e.Actor, "/")+1:]
	}
	parts := []string{e.At.UTC().Format("02 Jan 15:04:05"), eventWords(e)}
	if who != "" {
		parts = append(parts, "by "+who)
	}
	if e.Outcome != "" && !strings.EqualFold(e.Outcome, parts[1]) && e.Kind != "effect.done" && e.Kind != "ask.decided" {
		parts = append(parts, e.Outcome)
	}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("Okta %d %s", e.Status, e.Code)))
	}
	if e.OktaRequestID != "" {
		parts = append(parts, "request "+e.OktaRequestID)
	}
	return strings.Join(parts, " · ")
}

// eventWords names a kind of event for people.
func eventWords(e store.Event) string {
	title := e.Action
	if spec, ok := action.Of(action.Kind(e.Action)); ok {
		title = spec.Title
	}
	switch e.Kind {
	case "request.opened":
		return "Asked: " + title
	case "request.accepted":
		return "Accepted under playbook " + e.Detail["playbook"]
	case "request.denied":
		return "Denied"
	case "request.cancelled":
		return "Withdrawn"
	case "request.withdrawn":
		return "Dropped"
	case "identity.refused":
		return "Refused by the identity gate"
	case "ask.opened":
		return "Approval asked for, " + e.Detail["need"] + " needed"
	case "ask.decided":
		switch store.Verdict(e.Outcome) {
		case store.Approve:
			return "Approved"
		case store.Deny:
			return "Denied"
		case store.Happened, store.NotHappened:
		}
		return "Decided"
	case "ask.void":
		return "Approval taken back"
	case "ask.expired":
		return "Nobody decided in time"
	case "ask.click_refused":
		return "A click was refused"
	case "effect.intent":
		return "Calling Okta: " + title + " (" + e.Detail["call"] + ")"
	case "effect.done":
		return "Done in Okta: " + title
	case "effect.noop":
		return "Nothing to do: " + title
	case "effect.refused":
		return "Okta did not execute it; trying again"
	case "effect.unanswered":
		return "Okta did not answer"
	case "effect.did_not_happen":
		return "It had not happened; trying again"
	case "effect.failed":
		return "Okta refused: " + title
	case "effect.unknown":
		return "Outcome unknown: " + title
	case "run.settled":
		return "Settled by a person"
	case "step.dm":
		return "Direct message sent"
	case "step.simulated":
		return "Simulated"
	case "identity.bound":
		return "Slack and Okta accounts tied together"
	case "identity.proven":
		return "Proved who they are with Okta Verify"
	case "identity.unbound":
		return "Slack and Okta accounts untied"
	case "secret.shown":
		return "Temporary password shown"
	case "secret.lost":
		return "Temporary password lost"
	case "notice.undeliverable":
		return "A message could not be delivered"
	}
	if kind, state, ok := strings.Cut(e.Kind, "run."); ok && kind == "" {
		return strings.ToUpper(state[:1]) + state[1:]
	}
	return e.Kind
}

// visibleRequest finds a request that the caller may see: their own, one they
// were asked about, or, for IT's desk, any.
func (a *Agent) visibleRequest(ctx context.Context, c Caller, ref string) (store.Request, error) {
	req, err := a.ownRequest(ctx, c, ref, false)
	p, ok := AsProblem(err)
	if err == nil || !ok || ref == "" {
		return req, err
	}
	number, isNumber := action.RequestNumber(ref)
	if !isNumber {
		return req, p
	}
	asked, b := false, store.Binding{}
	err = a.Store.Read(ctx, func(tx store.Tx) error {
		var err error
		if req, err = tx.RequestByNumber(ctx, number); err != nil {
			return err
		}
		if b, err = tx.Binding(ctx, a.home(), c.User); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err // somebody of IT may look before they were ever bound
		}
		run, err := tx.RunOf(ctx, req.ID)
		if err != nil {
			return err
		}
		asks, err := tx.AsksOf(ctx, run.ID)
		for _, ask := range asks {
			asked = asked || slices.Contains(ask.People, b.PersonID)
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) || a.foreign(c) {
		return store.Request{}, p
	}
	if err != nil || asked {
		return req, err
	}
	// IT's desk sees every request: authority, so the account passes the gate anew.
	u, proof, err := a.identify(ctx, c.User)
	if err != nil || (a.Identity == IdentityProof && proof.Proof == "") || standing(u, false) != nil {
		return store.Request{}, p
	}
	if isAgent, err := a.newWorld().isAgent(ctx, u.ID); err != nil || !isAgent {
		return store.Request{}, p
	}
	return req, nil
}

// ownRequest finds the caller's request by number, by id, or the latest.
func (a *Agent) ownRequest(ctx context.Context, c Caller, ref string, open bool) (store.Request, error) {
	var found []store.Request
	err := a.Store.Read(ctx, func(tx store.Tx) error {
		if ref == "" {
			var err error
			found, err = tx.Requests(ctx, store.RequestQuery{SlackTeam: c.Team, SlackUser: c.User, OpenOnly: open, Limit: 1})
			return err
		}
		var req store.Request
		var err error
		if number, ok := action.RequestNumber(ref); ok {
			req, err = tx.RequestByNumber(ctx, number)
		} else {
			req, err = tx.Request(ctx, ref)
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil && req.SlackTeam == c.Team && req.SlackUser == c.User {
			found = append(found, req)
		}
		return err
	})
	switch {
	case err != nil:
		return store.Request{}, fmt.Errorf("find request %q: %w", ref, err)
	case len(found) > 0:
		return found[0], nil
	case ref == "" && open:
		return store.Request{}, &Problem{Code: "no_request", Text: "You have no open request."}
	case ref == "":
		return store.Request{}, &Problem{Code: "no_request", Text: "You have asked for nothing yet."}
	}
	return store.Request{}, &Problem{Code: "no_request", Text: fmt.Sprintf("You have no request %s. %s requests lists yours.", ref, a.Command)}
}

// ago says how long something is past.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}
