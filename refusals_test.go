package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/bot/slacksim"
	"frontdesk/playbooks/action"
	"frontdesk/store"
)

// counted puts a counter in front of the company's Okta: reads are counted too.
func counted(t *testing.T, acme *company) *atomic.Int64 {
	t.Helper()
	var calls atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		acme.okta.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	acme.oktaURL = front.URL
	return &calls
}

// eventOf waits for an event of a kind on a request's timeline.
func eventOf(t *testing.T, acme *company, p *parts, number int64, kind string) store.Event {
	t.Helper()
	var found store.Event
	look := func() bool {
		err := p.store.Read(t.Context(), func(tx store.Tx) error {
			req, err := tx.RequestByNumber(t.Context(), number)
			if err != nil {
				return err
			}
			events, err := tx.EventsOf(t.Context(), req.ID)
			for _, e := range events {
				if e.Kind == kind {
					found = e
				}
			}
			return err
		})
		return err == nil && found.Kind != ""
	}
	within(t, attackWithin, func(ctx context.Context) error { return acme.slack.WaitFor(ctx, look) })
	return found
}

// says types something that needs no request and gives what only the person sees.
func says(t *testing.T, acme *company, who, text string) string {
	t.Helper()
	u := acme.slack.As(who)
	before := len(u.Ephemerals())
	reply, err := u.Slash(t.Context(), "general", text)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Error != "" {
		t.Fatal(reply.Error)
	}
	if reply.Message != nil {
		return acme.slack.Render(*reply.Message)
	}
	return whisper(t, acme, u, before)
}

// whisper waits for what a person is told privately after the first ones.
func whisper(t *testing.T, acme *company, u *slacksim.User, before int) string {
	t.Helper()
	within(t, attackWithin, func(ctx context.Context) error {
		return acme.slack.WaitFor(ctx, func() bool { return len(u.Ephemerals()) > before })
	})
	return acme.slack.Render(u.Ephemerals()[before])
}

// cardFor waits for a person's card that can be approved.
func cardFor(t *testing.T, acme *company, u *slacksim.User, number string) slacksim.Message {
	t.Helper()
	var card slacksim.Message
	within(t, attackWithin, func(ctx context.Context) error {
		return acme.slack.WaitFor(ctx, func() (ok bool) { card, ok = cardWith(u, number, "Approve"); return ok })
	})
	return card
}

// clicksStale presses Approve on a card as it was seen and gives what the clicker is told.
func clicksStale(t *testing.T, acme *company, u *slacksim.User, card slacksim.Message) string {
	t.Helper()
	before := len(u.Ephemerals())
	reply, err := u.PressSeen(t.Context(), card, "Approve")
	if err != nil {
		t.Fatal(err)
	}
	if reply.Failure != "" {
		t.Fatal(reply.Failure)
	}
	return whisper(t, acme, u, before)
}

func contains(t *testing.T, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func nothingWasDone(t *testing.T, acme *company) {
	t.Helper()
	if calls := acme.okta.Ledger(); len(calls) > 0 {
		t.Errorf("Okta was asked to change something: %v", calls)
	}
}

// Row N1: one case for each flag of users.info. No call to Okta is made, and the
// timeline names the check.
func TestAccountsThatProveNothingAreRefusedBeforeOktaIsAsked(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	calls := counted(t, acme)
	p := startDesk(t, acme, "embedded", nil)
	acme.slack.AddPerson(slacksim.Person{ID: "U0INVITED", Name: "invited", RealName: "In Vited", Email: "invited@acme.example", Invited: true})
	acme.slack.AddPerson(slacksim.Person{ID: "U0VISITOR", Name: "visitor", RealName: "Vi Sitor", Email: "ada@acme.example", Kind: slacksim.External, TeamID: "T00OTHER"})
	before := calls.Load()
	cmd, err := action.Parse("reset multi-factor")
	if err != nil {
		t.Fatal(err)
	}
	for who, check := range map[string]string{
		"gus": "guest", "gina": "single_channel_guest", "stranger": "stranger", "visitor": "stranger", "robot": "bot",
		"gone": "deactivated", "newbie": "unconfirmed_email", "nomail": "no_email", "invited": "invited",
	} {
		// Slack itself keeps some of them from typing: their envelope was on its way already.
		ticket, err := p.agent.Submit(t.Context(), agent.Submission{
			Delivery: "from-" + who, Text: "reset multi-factor", Command: cmd,
			Caller: agent.Caller{Team: p.workspace.Team, User: acme.slack.As(who).ID()},
		})
		if err != nil {
			t.Errorf("%s: %v", who, err)
			continue
		}
		p.agent.Begin(ticket.RequestID)
		e := eventOf(t, acme, p, ticket.Number, "identity.refused")
		if e.Detail["code"] != "gate_"+check {
			t.Errorf("@%s was refused by %s, not %s", who, e.Detail["code"], check)
		}
		contains(t, agent.EventLine(e, nil), "identity gate", "gate_"+check)
	}
	if n := calls.Load() - before; n > 0 {
		t.Errorf("%d calls to Okta were made", n)
	}
}

// Rows B2, N1: what a person reads when the gate refuses them.
func TestThoseWhomTheGateRefusesReadWhy(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	acme.slack.AddPerson(slacksim.Person{ID: "U0TWIN", Name: "twin2", RealName: "Tina Twin", Email: "Twin@Acme.example"})
	acme.slack.AddPerson(slacksim.Person{ID: "U0NOBODY", Name: "nobody", RealName: "No Body", Email: "nobody@acme.example"})
	acme.slack.AddPerson(slacksim.Person{ID: "U0DORA", Name: "dora2", RealName: "Dora", Email: "dora@acme.example"})
	for who, want := range map[string]string{
		"gus": "guest accounts", "newbie": "not confirmed", "nomail": "shows no email",
		"twin2": "Two people in Okta share", "nobody": "Okta knows nobody", "dora2": "deprovisioned", "sid": "suspended",
	} {
		u := acme.slack.As(who)
		contains(t, outcome(t, acme, u, types(t, u, "/okta reset password")), want)
	}
	nothingWasDone(t, acme)
}

// Rows A1, A3, B2, B5, C3, N14: what is named must be there, be one, and be
// something that may be changed; else a sentence says what is wrong.
//
//nolint:paralleltest,tparallel // one company and one desk, row by row
func TestTargetsThatAreNotOneOrNotAllowedAreRefused(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	if err := acme.okta.AssignRole("olga@acme.example", oktasim.OrgAdmin); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ row, as, text, want string }{
		{"B2 no such person", "ivan", "/okta suspend user nobody@acme.example", "Okta knows nobody with the email nobody@acme.example"},
		{"B2 two people", "ivan", "/okta suspend user twin@acme.example", "2 people in Okta answer to twin@acme.example. Write the login of the one you mean: twin.a@acme.example or twin.b@acme.example"},
		{"B2 a guest as target", "ivan", "/okta suspend user @gus", "it is a guest"},
		{"B2 a bot as target", "ivan", "/okta suspend user @robot", "it is an app"},
		{"A1 two applications", "linus", "/okta add application Box", `Okta has 2 applications called "Box"`},
		{"A1 two groups", "linus", "/okta add to group Contractors", `Okta has 2 groups called "Contractors"`},
		{"A1 no such group", "linus", "/okta add to group Marketin", "Marketing"},
		{"A1 no such application", "linus", "/okta add application Figmo", "Figma"},
		{"A2 Everyone", "linus", "/okta remove from group Everyone", "Everyone"},
		{"A2 a group of an application", "linus", `/okta add to group "AD Domain Users"`, "AD Domain Users"},
		{"A2 a group that a rule feeds", "linus", "/okta remove from group Engineering", "rule"},
		{"N14 an administrator", "ivan", "/okta suspend user susan@acme.example", "Okta administrator"},
		{"N14 an administrator's password", "ivan", "/okta reset password olga@acme.example", "Okta administrator"},
		{"N14 IT's own group", "linus", `/okta add to group "IT Support"`, "decides who may do what"},
		{"A3 one's own suspension", "sid", "/okta restore sessions", "suspended"},
		{"A2 only IT suspends", "linus", "/okta suspend user ada@acme.example", "Only IT suspends"},
		{"A2 nobody suspends themselves", "ivan", "/okta suspend user ivan@acme.example", "can't suspend yourself"},
	} {
		t.Run(c.row, func(t *testing.T) {
			u := acme.slack.As(c.as)
			contains(t, outcome(t, acme, u, types(t, u, c.text)), c.want)
		})
	}
	nothingWasDone(t, acme)
}

// Row A1: mistakes are answered with what was not understood and what was meant.
func TestMistakesAreAnsweredWithWhatWasMeant(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	contains(t, says(t, acme, "ada", "/okta rest multi-factor"), "reset multi-factor")
	contains(t, says(t, acme, "ada", "/okta make me a sandwich"), "/okta help")
	contains(t, says(t, acme, "ada", "/okta status R-99"), "R-99")
	contains(t, says(t, acme, "ada", "/okta cancel"), "no open request")
	contains(t, says(t, acme, "ada", "/okta timeline"), "asked for nothing yet")
	nothingWasDone(t, acme)
}

// Rows A1, E1: the words to the desk itself.
func TestThePeopleOfARequestCanFollowIt(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
	number := types(t, ada, "/okta reset multi-factor because I lost my phone")
	card := cardFor(t, acme, grace, number)
	contains(t, says(t, acme, "ada", "/okta status"), number, "Waiting for Grace Hopper")
	contains(t, says(t, acme, "ada", "/okta requests"), number, "waiting")
	contains(t, says(t, acme, "grace", "/okta requests"), number, "waits for you")
	contains(t, says(t, acme, "ada", "/okta timeline"), number, "Asked: Reset multi-factor", "Approval asked for, 1 needed")
	contains(t, says(t, acme, "ivan", "/okta timeline "+number), "Asked: Reset multi-factor")
	contains(t, says(t, acme, "linus", "/okta timeline "+number), "no request "+number)
	contains(t, says(t, acme, "linus", "/okta cancel "+number), "no request "+number)
	contains(t, says(t, acme, "ada", "/okta cancel"), number+" is withdrawn")
	contains(t, outcome(t, acme, ada, number), "withdrew")
	contains(t, clicksStale(t, acme, grace, card), "withdrawn")
	contains(t, says(t, acme, "ada", "/okta status"), "withdrew")
	nothingWasDone(t, acme)
}

// Row A1: help shows each person what they may do.
func TestHelpDiffersForEmployeesAndIT(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	employee, it := says(t, acme, "linus", "/okta help"), says(t, acme, "ivan", "/okta help")
	contains(t, employee, "/okta reset multi-factor", "/okta add to group", "IT's desk can also")
	contains(t, it, "/okta suspend user", "/okta deprovision user", "(for others)")
	if strings.Contains(employee, "/okta suspend user") {
		t.Errorf("an employee is offered:\n%s", employee)
	}
}

// Rows N1, N2: a click counts once, and only from those who are asked.
func TestClicksOfOthersAndSecondClicksDecideNothing(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	p := startDesk(t, acme, "embedded", nil)
	ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
	number := types(t, ada, "/okta reset multi-factor")
	card := cardFor(t, acme, grace, number)
	for _, who := range []string{"ada", "linus", "gus", "ivan"} {
		contains(t, clicksStale(t, acme, acme.slack.As(who), card), "Nothing has changed")
	}
	contains(t, clicksStale(t, acme, grace, forged(t, card, "01JUSTMADEUPIDENTIFIER0000")), "don't know this card")
	nothingWasDone(t, acme)
	acme.slack.DoubleDelivery(true)
	for range 2 {
		if _, err := grace.PressSeen(t.Context(), card, "Approve"); err != nil {
			t.Fatal(err)
		}
	}
	contains(t, outcome(t, acme, ada, number), "✅")
	if _, err := grace.PressSeen(t.Context(), card, "Approve"); err != nil {
		t.Fatal(err)
	}
	if n := len(acme.okta.Effects("reset_factors")); n != 1 {
		t.Errorf("%d resets", n)
	}
	asks := asksOf(t, p, number)
	if len(asks) != 1 || len(asks[0].decisions) != 1 {
		t.Errorf("decisions: %+v", asks)
	}
}

// forged puts another id behind every button of a card.
func forged(t *testing.T, card slacksim.Message, id string) slacksim.Message {
	t.Helper()
	var blocks []map[string]any
	b, err := json.Marshal(card.Blocks)
	if err == nil {
		err = json.Unmarshal(b, &blocks)
	}
	if err != nil {
		t.Fatal(err)
	}
	card.Blocks = blocks
	for _, block := range blocks {
		elements, _ := block["elements"].([]any)
		for _, e := range elements {
			if button, ok := e.(map[string]any); ok && button["type"] == "button" {
				button["value"] = id
			}
		}
	}
	return card
}

type askAndDecisions struct {
	store.Ask
	decisions []store.Decision
}

// asksOf reads what was asked for a request and what was decided.
func asksOf(t *testing.T, p *parts, number string) []askAndDecisions {
	t.Helper()
	n, _ := action.RequestNumber(number)
	var out []askAndDecisions
	if err := p.store.Read(t.Context(), func(tx store.Tx) error {
		req, err := tx.RequestByNumber(t.Context(), n)
		if err != nil {
			return err
		}
		run, err := tx.RunOf(t.Context(), req.ID)
		if err != nil {
			return err
		}
		asks, err := tx.AsksOf(t.Context(), run.ID)
		for _, ask := range asks {
			ds, err := tx.Decisions(t.Context(), ask.ID)
			if err != nil {
				return err
			}
			out = append(out, askAndDecisions{ask, ds})
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// changeAsk edits the stored ask of a request behind the engine's back.
func changeAsk(t *testing.T, p *parts, number string, edit func(*store.Ask)) {
	t.Helper()
	ask := asksOf(t, p, number)[0].Ask
	edit(&ask)
	if err := p.store.Write(t.Context(), func(tx store.Tx) error { return tx.SaveAsk(t.Context(), &ask) }); err != nil {
		t.Fatal(err)
	}
}

// Row N2: a stored plan that is not what was shown is never decided on nor executed.
func TestAChangedPlanIsNotExecuted(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	p := startDesk(t, acme, "embedded", nil)
	ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
	linus, err := acme.person("linus")
	if err != nil {
		t.Fatal(err)
	}
	victim, err := acme.person("ada")
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*store.Ask){
		"another target": func(a *store.Ask) { a.Plan = json.RawMessage(strings.ReplaceAll(string(a.Plan), victim.ID, linus.ID)) },
		"another action": func(a *store.Ask) {
			a.Plan = json.RawMessage(strings.ReplaceAll(string(a.Plan), string(action.ResetMultifactor), string(action.SuspendUser)))
		},
		"another digest": func(a *store.Ask) { a.Digest = strings.Repeat("0", len(a.Digest)) },
	} {
		number := types(t, ada, "/okta reset multi-factor because "+name)
		card := cardFor(t, acme, grace, number)
		changeAsk(t, p, number, edit)
		contains(t, clicksStale(t, acme, grace, card), "not what was shown")
		says(t, acme, "ada", "/okta cancel "+number)
	}
	nothingWasDone(t, acme)
}

// Row N2: a plan that is changed together with its digest, after the approval was
// sealed, is not what the approver saw.
func TestAPlanThatIsSealedAnewBehindTheApproverIsNotExecuted(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	p := startDesk(t, acme, "embedded", nil)
	ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
	victim, err := acme.person("ada")
	if err != nil {
		t.Fatal(err)
	}
	linus, err := acme.person("linus")
	if err != nil {
		t.Fatal(err)
	}
	number := types(t, ada, "/okta reset multi-factor")
	card := cardFor(t, acme, grace, number)
	changeAsk(t, p, number, func(a *store.Ask) {
		a.Plan = json.RawMessage(strings.ReplaceAll(string(a.Plan), victim.ID, linus.ID))
		a.Digest = sha(a.Plan)
	})
	if _, err := grace.PressSeen(t.Context(), card, "Approve"); err != nil {
		t.Fatal(err)
	}
	within(t, attackWithin, func(ctx context.Context) error {
		return acme.slack.WaitFor(ctx, func() bool { return over(ada, number) || len(cardsOf(grace, number)) > 1 })
	})
	for _, call := range acme.okta.Effects() {
		t.Errorf("executed: %s %v", call.Kind, call.Targets)
	}
}

// Row N3: the second look stops a run whose person is not what they were.
func TestAPersonSuspendedBetweenCardAndClickStopsTheRun(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
	number := types(t, ada, "/okta reset multi-factor")
	cardFor(t, acme, grace, number)
	if err := acme.okta.SetStatus("ada@acme.example", oktasim.Suspended); err != nil {
		t.Fatal(err)
	}
	approves(t, acme, grace, number)
	contains(t, outcome(t, acme, ada, number), "when this was asked, Ada Lovelace was active; now suspended")
	nothingWasDone(t, acme)
}

// Rows N2, N11: a card that was voided, because its plan no longer fits the world,
// or whose time is over, decides nothing.
func TestACardThatNoLongerCountsDecidesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*store.Ask)
		want   string
	}{
		{"N2 void", func(a *store.Ask) { a.State = store.AskVoid }, "out of date"},
		{"N11 time is over", func(a *store.Ask) { a.ExpiresAt = a.OpenedAt }, "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			acme := newCompany(t)
			p := startDesk(t, acme, "embedded", nil)
			ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
			number := types(t, ada, "/okta reset multi-factor")
			card := cardFor(t, acme, grace, number)
			changeAsk(t, p, number, c.change)
			contains(t, clicksStale(t, acme, grace, card), c.want)
			nothingWasDone(t, acme)
		})
	}
}

// Row A2: two must agree; one person is one, however often they click.
func TestTheSamePersonIsNotTwoApprovers(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	ivan, iris := acme.slack.As("ivan"), acme.slack.As("iris")
	number := types(t, ivan, "/okta deprovision user barbara@acme.example because last day")
	card := cardFor(t, acme, iris, number)
	for range 3 {
		if _, err := iris.PressSeen(t.Context(), card, "Approve"); err != nil {
			t.Fatal(err)
		}
	}
	contains(t, clicksStale(t, acme, ivan, card), "Nothing has changed")
	contains(t, says(t, acme, "ivan", "/okta status "+number), "Waiting for")
	nothingWasDone(t, acme)
	approves(t, acme, acme.slack.As("tess"), number)
	contains(t, outcome(t, acme, ivan, number), "✅")
	if n := len(acme.okta.Effects("deactivate_user")); n != 1 {
		t.Errorf("%d deactivations", n)
	}
}

// Row N11: without a manager the fallback group is asked; without anybody the
// request ends with a sentence, never without approval.
func TestApproversThatAreMissingAreReplacedOrTheRequestEnds(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"katherine", "mel", "nils"} { // nobody, herself, somebody deprovisioned
		t.Run(who+" asks the fallback", func(t *testing.T) {
			t.Parallel()
			acme := newCompany(t)
			startDesk(t, acme, "embedded", nil)
			u := acme.slack.As(who)
			number := types(t, u, "/okta add to group Marketing")
			approves(t, acme, acme.slack.As("iris"), number)
			contains(t, outcome(t, acme, u, number), "✅")
		})
	}
	t.Run("nobody is left", func(t *testing.T) {
		t.Parallel()
		acme := newCompany(t)
		if _, err := acme.okta.AddGroup(oktasim.Group{Name: "Nobody At All"}); err != nil {
			t.Fatal(err)
		}
		p := startDesk(t, acme, "embedded", map[string]string{"FRONTDESK_CONFIG": configFile(t, "fallback: Nobody At All\n")})
		if p.cfg.Who.Fallback != "Nobody At All" {
			t.Fatalf("the fallback is %q", p.cfg.Who.Fallback)
		}
		u := acme.slack.As("katherine")
		contains(t, outcome(t, acme, u, types(t, u, "/okta add to group Marketing")), "Nothing was done")
		nothingWasDone(t, acme)
	})
}

// Rows A1, B1: long reasons and odd names reach the card whole enough, and nothing
// in them becomes a mention, a link or a form of writing.
func TestOddWordsAndNamesStayWords(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	startDesk(t, acme, "embedded", nil)
	for _, c := range []struct{ who, boss, reason string }{
		{"linus", "grace", strings.Repeat("long ", 799) + "t END"},
		{"zoe", "mona", "🦄 مرحبا <!channel> <@U0ADA> <https://evil.example|click>"},
		{"layla", "fiona", "<!here> *bold* `code` &amp;"},
		{"bobby", "ada", "<!subteam^S123> @here"},
	} {
		u, boss := acme.slack.As(c.who), acme.slack.As(c.boss)
		number := types(t, u, "/okta add to group Payroll because "+c.reason)
		card := cardFor(t, acme, boss, number)
		b, err := json.Marshal(card.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		live(t, c.who, card.Blocks)
		contains(t, string(b), number)
		if c.who == "linus" {
			if n := strings.Count(acme.slack.Render(card), "long"); len(c.reason) != 4000 || n != 799 {
				t.Errorf("the card holds %d of 799 words", n)
			}
		}
		if p, err := acme.person(c.who); err != nil || !strings.Contains(acme.slack.Render(card), p.Name()) {
			t.Errorf("the name of %s (%v) is not on the card:\n%s", c.who, err, acme.slack.Render(card))
		}
		approves(t, acme, boss, number)
		contains(t, outcome(t, acme, u, number), "✅")
	}
}

// live fails on everything in blocks by which people are called, or that can be clicked.
func live(t *testing.T, who string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []map[string]any:
		for _, one := range v {
			live(t, who, one)
		}
	case []any:
		for _, one := range v {
			live(t, who, one)
		}
	case map[string]any:
		switch kind := fmt.Sprint(v["type"]); kind {
		case "broadcast", "usergroup", "link":
			if u := fmt.Sprint(v["url"]); kind != "link" || !strings.HasPrefix(u, "http://127.0.0.1") {
				t.Errorf("@%s: a %s on the card: %v", who, kind, v)
			}
		case "mrkdwn":
			if s := fmt.Sprint(v["text"]); strings.Contains(s, "<!") || strings.Contains(s, "evil.example|") {
				t.Errorf("@%s: markup is live: %s", who, s)
			}
		}
		for _, one := range v {
			live(t, who, one)
		}
	}
}

// Row N1: in proof mode the click of an approver who has not proven who they are
// opens the proof, and counts after it.
func TestAnUnprovenApproverProvesFirstAndTheirClickCounts(t *testing.T) {
	t.Parallel()
	acme := newCompany(t)
	p := startDesk(t, acme, "embedded", map[string]string{"FRONTDESK_IDENTITY": "proof"})
	ada, grace := acme.slack.As("ada"), acme.slack.As("grace")
	number := types(t, ada, "/okta reset multi-factor")
	approves(t, acme, grace, number)
	var view slacksim.View
	within(t, attackWithin, func(ctx context.Context) error {
		return acme.slack.WaitFor(ctx, func() (ok bool) { view, ok = grace.View(); return ok })
	})
	contains(t, acme.slack.RenderView(view), "Prove it's you")
	nothingWasDone(t, acme)
	if ds := asksOf(t, p, number)[0].decisions; len(ds) > 0 {
		t.Errorf("decided without proof: %v", ds)
	}
	boss, err := acme.person("grace")
	if err != nil {
		t.Fatal(err)
	}
	right := acme.okta.TOTP(boss.ID)
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	submitCode(t, acme, grace, view.ID, wrong)
	if n := len(acme.okta.Effects("reset_factors")); n > 0 {
		t.Error("a wrong code was enough")
	}
	submitCode(t, acme, grace, view.ID, acme.okta.TOTP(boss.ID))
	contains(t, outcome(t, acme, ada, number), "✅")
	if n := len(acme.okta.Effects("reset_factors")); n != 1 {
		t.Errorf("%d resets", n)
	}
}

// submitCode sends a code and waits until the form says what came of it.
func submitCode(t *testing.T, acme *company, u *slacksim.User, view, code string) {
	t.Helper()
	if _, err := u.Submit(t.Context(), view, slacksim.Values{"": {"code": code}}); err != nil {
		t.Fatal(err)
	}
	within(t, attackWithin, func(ctx context.Context) error {
		return acme.slack.WaitFor(ctx, func() bool {
			v, ok := u.View()
			return ok && !strings.Contains(acme.slack.RenderView(v), "Checking with Okta")
		})
	})
}
