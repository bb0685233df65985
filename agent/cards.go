package agent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// The words on the cards. bot turns them into blocks; nothing here knows Slack's
// markup, and every name in it may hold anything.

// title is the request in one sentence.
func (a *Agent) title(j *job) string {
	who := j.mem.Target.Name
	if who == "" {
		return strings.TrimSpace(a.Command + " " + j.mem.Command.String())
	}
	return action.Sentence(j.mem.Command.Kind, who, objectNames(j), j.mem.Command.Options())
}

// pastSentence says that the request's action was done.
func (a *Agent) pastSentence(j *job) string {
	return action.Past(j.mem.Command.Kind, j.mem.Target.Name, objectNames(j), j.mem.Command.Options()) + "."
}

func objectNames(j *job) []string {
	return names(j.mem.Objects, func(t thing) string { return t.Name })
}

func moodOf(state store.RunState) Mood {
	switch state {
	case store.Done:
		return MoodGood
	case store.Refused, store.Failed:
		return MoodBad
	case store.Unknown:
		return MoodWarning
	case store.Cancelled, store.Expired:
		return MoodOver
	case store.Received, store.Waiting, store.Acting:
	}
	return MoodWaiting
}

// rootNews is what the requester's message says beside what stands in the run.
type rootNews struct {
	asked     []person
	need      int
	decisions []store.Decision
	words     string
	quote     string
	notes     []string
}

// rootCard is the requester's message: one per request, rewritten at each change.
func (a *Agent) rootCard(j *job, news rootNews) Message {
	m := Message{Mood: moodOf(j.run.State), Title: requestName(j.req.Number) + " · " + a.title(j)}
	switch {
	case news.words != "":
		m.Text = news.words
	case len(news.asked) > 0 && len(news.decisions) > 0:
		m.Text = fmt.Sprintf("%s agreed. %d more must agree.", deciders(j, news.decisions), news.need-len(news.decisions))
	case len(news.asked) == 1:
		m.Text = fmt.Sprintf("I asked %s to agree. I'll tell you here what comes of it.", news.asked[0].Name)
	case len(news.asked) > 1:
		m.Text = fmt.Sprintf("I asked %s; %s must agree. I'll tell you here what comes of it.", askedNames(news.asked), count(news.need))
	case len(news.decisions) > 0:
		m.Text = deciders(j, news.decisions) + " agreed. I'm doing it in Okta now."
	default:
		m.Text = "I'm on it."
	}
	if j.run.State == store.Waiting && len(news.asked) == 0 && news.words == "" {
		m.Text = "First I need one proof that this Slack account is yours; see below."
	}
	m.Quote, m.Notes = news.quote, slices.Clone(news.notes)
	if len(j.mem.Changes) > 0 && !j.run.State.Ended() {
		m.Notes = append(m.Notes, "I had to ask again: "+j.mem.Changes[len(j.mem.Changes)-1]+".")
	}
	if !j.run.State.Ended() {
		m.Buttons = []Button{{Verb: ButtonCancel, ID: j.req.ID, Label: "Withdraw", Confirm: "Withdraw this request? Nothing will be done."}}
	}
	return m
}

func count(n int) string {
	if n == 1 {
		return "one of them"
	}
	return fmt.Sprintf("%d of them", n)
}

func askedNames(people []person) string {
	const most = 4
	all := make([]string, 0, most)
	for _, p := range people[:min(most, len(people))] {
		all = append(all, p.Name)
	}
	if more := len(people) - most; more > 0 {
		return fmt.Sprintf("%s and %d others", strings.Join(all, ", "), more)
	}
	return list(all, "and")
}

func deciders(j *job, decisions []store.Decision) string {
	var all []string
	for _, d := range decisions {
		if d.Verdict == store.Approve {
			all = append(all, j.mem.Card.person(d.PersonID).Name)
		}
	}
	return list(all, "and")
}

// approvalCard is what an approver sees: who wants what for whom, why, what would
// happen exactly, and two buttons while it can be decided.
func (a *Agent) approvalCard(j *job, ask store.Ask, decisions []store.Decision) Message {
	m := Message{Mood: MoodWaiting, Title: a.title(j), Notes: slices.Clone(j.mem.Card.Notes), Quote: j.mem.Command.Because}
	if lines := j.mem.Card.Lines; len(lines) > 1 || (len(lines) == 1 && lines[0] != m.Title) {
		m.Lines = lines // one act that the title says in full needs no list
	}
	m.Facts = append(m.Facts, Fact{"Asked by", Mention(j.req.SlackUser) + " (" + j.mem.Requester.Name + ", " + j.mem.Requester.Email + ")"})
	if j.mem.Target.ID != j.mem.Requester.ID {
		m.Facts = append(m.Facts, Fact{"For", j.mem.Target.Name + " (" + j.mem.Target.Email + ")"})
	} else {
		m.Facts = append(m.Facts, Fact{"For", "themselves"})
	}
	m.Facts = append(m.Facts, Fact{"In Okta now", plainStatus(j.mem.Seen)})
	if ask.Need > 1 {
		m.Facts = append(m.Facts, Fact{"Needs", fmt.Sprintf("%d people to agree", ask.Need)})
	}
	if len(j.mem.Changes) > 0 {
		m.Notes = append(m.Notes, "Asked again, because "+j.mem.Changes[len(j.mem.Changes)-1]+".")
	}
	if spec, ok := action.Of(j.mem.Command.Kind); ok && spec.Undo != "" {
		m.Notes = append(m.Notes, spec.Undo)
	}
	m.Footer = fmt.Sprintf("%s · playbook %s", requestName(j.req.Number), j.run.Playbook)
	if len(decisions) > 0 && ask.State != store.AskDenied {
		m.Text = deciders(j, decisions) + " agreed."
	}
	switch ask.State {
	case store.AskOpen:
		m.Footer += " · until " + ask.ExpiresAt.UTC().Format("Mon 2 Jan 15:04 MST")
		m.Buttons = []Button{
			{Verb: ButtonApprove, ID: ask.ID, Label: "Approve", Style: "primary"},
			{Verb: ButtonDeny, ID: ask.ID, Label: "Deny", Style: "danger"},
		}
		if spec, _ := action.Of(j.mem.Command.Kind); spec.Risk >= action.Critical {
			m.Buttons[0].Confirm = a.title(j) + "? " + spec.Undo
		}
	case store.AskApproved:
		m.Text += " I'm doing it in Okta now."
	case store.AskDenied:
		m.Mood = MoodBad
		for _, d := range decisions {
			if d.Verdict == store.Deny {
				m.Text = j.mem.Card.person(d.PersonID).Name + " said no."
				m.Notes = append([]string{"Reason: " + d.Reason}, m.Notes...)
			}
		}
	case store.AskVoid:
		m.Mood, m.Text = MoodOver, "This card is out of date."
		if n := len(j.mem.Changes); n > 0 {
			m.Text = "This card is out of date: " + j.mem.Changes[n-1] + "."
		}
	case store.AskExpired, store.AskCancelled, store.AskAnswered:
		m.Mood = MoodOver
	}
	return m
}

// settleCard asks IT what became of a call that Okta never answered.
func (a *Agent) settleCard(j *job, ask store.Ask, lines []string, e *store.Effect, d *store.Decision) Message {
	m := Message{
		Mood: MoodWarning, Title: "Did this happen? " + a.title(j),
		Text:   "Okta took the call and never answered, and its state doesn't tell. Please look in Okta's System Log. I won't do it twice.",
		Lines:  lines,
		Footer: fmt.Sprintf("%s · called %s", requestName(j.req.Number), e.IntentAt.UTC().Format(time.RFC3339)),
	}
	if e.OktaRequestID != "" {
		m.Facts = append(m.Facts, Fact{"Okta request id", e.OktaRequestID})
	}
	if d == nil {
		m.Buttons = []Button{
			{Verb: ButtonHappened, ID: ask.ID, Label: "It happened", Confirm: "You have looked in Okta, and it happened?"},
			{Verb: ButtonNotHappened, ID: ask.ID, Label: "It did not", Confirm: "You have looked in Okta, and it did not happen?"},
		}
		return m
	}
	m.Mood, m.Text = MoodOver, e.Summary
	return m
}
