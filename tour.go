package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"frontdesk/agent"
	"frontdesk/agent/okta/oktasim"
	"frontdesk/bot/slacksim"
)

// scene is one thing that people do on the tour, and what must come of it.
type scene struct {
	title   string
	as      string
	types   string
	presses []press
	refused string   // the beginning of the sentence that refuses it
	calls   []string // what Okta must have executed, by operation; nil: nothing
	said    string   // must be among the requester's messages
}

// press is a click on the newest card of a person.
type press struct {
	as     string
	button string // by its text
	reason string // typed into the form that Deny opens
	wrong  bool   // somebody whose card it is not: must be turned away
}

// scenes play all eleven actions, a denial, a refusal by guard and a wrong clicker.
func scenes() []scene {
	approve := func(who string) []press { return []press{{as: who, button: "Approve"}} }
	return []scene{
		{title: "Ada lost her phone; her manager agrees", as: "ada", types: "/okta reset multi-factor because I lost my phone", presses: approve("grace"), calls: []string{"reset_factors"}},
		{title: "Ada wants a new password by email", as: "ada", types: "/okta reset password", presses: approve("grace"), calls: []string{"reset_password"}},
		{title: "Linus signs himself out everywhere", as: "linus", types: "/okta revoke sessions", calls: []string{"clear_sessions"}},
		{title: "Linus asks for a group; a colleague tries to press his manager's button", as: "linus", types: "/okta add to group Marketing because the launch is ours", presses: []press{{as: "ada", button: "Approve", wrong: true}, {as: "grace", button: "Approve"}}, calls: []string{"add_to_group"}},
		{title: "Linus leaves the group again", as: "linus", types: "/okta remove from group Marketing", presses: approve("grace"), calls: []string{"remove_from_group"}},
		{title: "Linus asks for an application", as: "linus", types: "/okta add application Figma because the new designs", presses: approve("grace"), calls: []string{"assign_app"}},
		{title: "And gives it back", as: "linus", types: "/okta remove application Figma", presses: approve("grace"), calls: []string{"unassign_app"}},
		{title: "Ivan of IT suspends somebody; a second person of IT agrees", as: "ivan", types: "/okta suspend user edsger@acme.example because his laptop was stolen", presses: approve("iris"), calls: []string{"suspend_user"}},
		{title: "The laptop is back: Edsger may sign in again", as: "ivan", types: "/okta restore sessions edsger@acme.example", presses: approve("iris"), calls: []string{"unsuspend_user"}},
		{title: "Stan starts on Monday", as: "ivan", types: "/okta activate user stan@acme.example", presses: approve("iris"), calls: []string{"activate_user"}},
		{title: "Barbara leaves: two people must agree", as: "ivan", types: "/okta deprovision user barbara@acme.example because last day", presses: []press{{as: "iris", button: "Approve"}, {as: "tess", button: "Approve"}}, calls: []string{"deactivate_user"}},
		{title: "A denial", as: "linus", types: "/okta add application Salesforce because I am curious", presses: []press{{as: "grace", button: "Deny", reason: "Not needed for your work."}}, said: "said no"},
		{title: "A refusal by a guard: nobody resets a colleague's multi-factor", as: "edsger", types: "/okta reset multi-factor linus@acme.example", refused: "You can"},
	}
}

// tour plays the scenes and prints what everybody saw.
type tour struct {
	out    io.Writer
	acme   *company
	parts  *parts
	failed int
}

func newTour(out io.Writer, acme *company, parts *parts) *tour {
	return &tour{out: out, acme: acme, parts: parts}
}

// sceneWithin bounds one scene.
const sceneWithin = 30 * time.Second

// play fails if anything went otherwise than it should.
func (t *tour) play(ctx context.Context) error {
	wait, stop := context.WithTimeout(ctx, sceneWithin)
	defer stop()
	if err := t.acme.slack.WaitFor(wait, func() bool { return t.acme.slack.Sockets() > 0 }); err != nil {
		return fmt.Errorf("wait for the connection to Slack: %w", err)
	}
	if t.parts.cfg.Identity == agent.IdentityProof {
		for _, who := range []string{"grace", "linus", "ivan", "iris", "tess"} {
			if err := t.prove(ctx, who); err != nil {
				return fmt.Errorf("@%s could not prove who they are: %w", who, err)
			}
		}
	}
	for i, s := range scenes() {
		fmt.Fprintf(t.out, "\n━━ %d. %s\n", i+1, s.title)
		if err := t.scene(ctx, s); err != nil {
			t.failed++
			fmt.Fprintf(t.out, "   ✗ %s\n", err)
		}
	}
	fmt.Fprintf(t.out, "\n━━ What Okta recorded\n")
	for _, call := range t.acme.okta.Ledger() {
		fmt.Fprintln(t.out, "   "+ledgerLine(t.acme, call))
	}
	if t.failed > 0 {
		return fmt.Errorf("%d of %d scenes went wrong", t.failed, len(scenes()))
	}
	_, err := fmt.Fprintf(t.out, "\nAll %d scenes went as they should.\n", len(scenes()))
	return err
}

func (t *tour) scene(ctx context.Context, s scene) error {
	ctx, stop := context.WithTimeout(ctx, sceneWithin)
	defer stop()
	before := len(t.acme.okta.Ledger())
	u := t.acme.slack.As(s.as)
	dms := len(u.DM())
	fmt.Fprintf(t.out, "   @%s types: %s\n", s.as, s.types)
	reply, err := u.Slash(ctx, "general", s.types)
	if err != nil {
		return err
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	if reply.Message != nil {
		t.print(s.as+", only for them", *reply.Message)
	}
	number, err := numberOf(reply)
	if err != nil {
		return err
	}
	for _, p := range s.presses {
		if err := t.press(ctx, p, number); err != nil {
			return err
		}
	}
	if err := t.over(ctx, s, number, dms); err != nil {
		return err
	}
	return t.recorded(s, before)
}

var requestNumber = regexp.MustCompile(`R-\d+`)

// numberOf reads the request's number from the acknowledgement.
func numberOf(r slacksim.Reply) (string, error) {
	if r.Message == nil {
		return "", errors.New("the command was acknowledged without a word")
	}
	if n := requestNumber.FindString(r.Message.Text); n != "" {
		return n, nil
	}
	return "", fmt.Errorf("the acknowledgement names no request: %s", r.Message.Text)
}

// press waits for the person's card and clicks.
func (t *tour) press(ctx context.Context, p press, number string) error {
	u := t.acme.slack.As(p.as)
	if p.wrong {
		return t.pressForeign(ctx, p, number)
	}
	var card slacksim.Message
	err := t.acme.slack.WaitFor(ctx, func() bool {
		var ok bool
		card, ok = cardWith(u, number, p.button)
		return ok
	})
	if err != nil {
		return fmt.Errorf("@%s got no card to %s: %w", p.as, strings.ToLower(p.button), err)
	}
	t.print(p.as, card)
	fmt.Fprintf(t.out, "   @%s presses %s\n", p.as, p.button)
	reply, err := u.Press(ctx, card.Ref(), p.button)
	if err != nil {
		return err
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	if p.reason == "" {
		return nil
	}
	return t.submit(ctx, u, slacksim.Values{"": {"reason": p.reason}})
}

// pressForeign sends the click of somebody who is not asked: they cannot see the
// card, so it comes as a forged envelope would.
func (t *tour) pressForeign(ctx context.Context, p press, number string) error {
	var card slacksim.Message
	owner := t.acme.slack.As("grace")
	err := t.acme.slack.WaitFor(ctx, func() bool {
		var ok bool
		card, ok = cardWith(owner, number, p.button)
		return ok
	})
	if err != nil {
		return err
	}
	u := t.acme.slack.As(p.as)
	before := len(u.Ephemerals())
	fmt.Fprintf(t.out, "   @%s presses %s on a card that is not theirs\n", p.as, p.button)
	if _, err := u.PressSeen(ctx, card, p.button); err != nil {
		return err
	}
	if err := t.acme.slack.WaitFor(ctx, func() bool { return len(u.Ephemerals()) > before }); err != nil {
		return fmt.Errorf("@%s was not turned away: %w", p.as, err)
	}
	for _, m := range u.Ephemerals()[before:] {
		t.print(p.as+", only for them", m)
	}
	return nil
}

// prove lets a person prove, once, that their Slack account is theirs, with the
// code that Okta Verify shows.
func (t *tour) prove(ctx context.Context, who string) error {
	ctx, stop := context.WithTimeout(ctx, sceneWithin)
	defer stop()
	user, err := t.acme.person(who)
	if err != nil {
		return err
	}
	u := t.acme.slack.As(who)
	fmt.Fprintf(t.out, "   @%s types /okta verify and the code that Okta Verify shows\n", who)
	if _, err := u.Slash(ctx, "general", "/okta verify"); err != nil {
		return err
	}
	if err := t.submit(ctx, u, slacksim.Values{"": {"code": t.acme.okta.TOTP(user.ID)}}); err != nil {
		return err
	}
	var view slacksim.View
	err = t.acme.slack.WaitFor(ctx, func() (ok bool) {
		view, ok = u.View()
		return ok && strings.Contains(t.acme.slack.RenderView(view), "it's you")
	})
	if err != nil {
		return err
	}
	_, err = u.CloseView(ctx, view.ID) // or the next form to be waited for seems to be there already
	return err
}

// submit waits for the open form and sends it.
func (t *tour) submit(ctx context.Context, u *slacksim.User, values slacksim.Values) error {
	var view slacksim.View
	err := t.acme.slack.WaitFor(ctx, func() bool {
		var ok bool
		view, ok = u.View()
		return ok
	})
	if err != nil {
		return fmt.Errorf("no form opened: %w", err)
	}
	result, err := u.Submit(ctx, view.ID, values)
	if err == nil && len(result.Errors) > 0 {
		return fmt.Errorf("the form was refused: %v", result.Errors)
	}
	return err
}

// over waits until the requester has been told the outcome, and prints it.
func (t *tour) over(ctx context.Context, s scene, number string, dms int) error {
	u := t.acme.slack.As(s.as)
	var told []slacksim.Message
	err := t.acme.slack.WaitFor(ctx, func() bool {
		all := u.DM()[dms:]
		root, ok := rootOf(all, number)
		told = slices.DeleteFunc(all, func(m slacksim.Message) bool { return m.ThreadTS != root.TS && !mentions(m, number) })
		return ok && !hasButton(root, "Withdraw") && (s.refused != "" || len(told) > 1)
	})
	if err != nil {
		return fmt.Errorf("@%s was not told the outcome: %w", s.as, err)
	}
	var all strings.Builder
	for _, m := range told {
		t.print(s.as, m)
		all.WriteString(t.acme.slack.Render(m))
	}
	for _, want := range []string{s.refused, s.said} {
		if !strings.Contains(all.String(), want) {
			return fmt.Errorf("@%s should have read %q", s.as, want)
		}
	}
	return nil
}

// rootOf finds a request's own message among a requester's.
func rootOf(all []slacksim.Message, number string) (slacksim.Message, bool) {
	i := slices.IndexFunc(all, func(m slacksim.Message) bool { return m.ThreadTS == "" && m.OnlyFor == "" && mentions(m, number) })
	if i < 0 {
		return slacksim.Message{}, false
	}
	return all[i], true
}

// mentions tells whether a message's blocks name the request.
func mentions(m slacksim.Message, number string) bool {
	return slices.ContainsFunc(m.Blocks, func(block map[string]any) bool { return saysNumber(block, number) })
}

func saysNumber(v any, number string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, number) && slices.Contains(requestNumber.FindAllString(v, -1), number)
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return saysNumber(one, number) })
	case map[string]any:
		for _, one := range v {
			if saysNumber(one, number) {
				return true
			}
		}
	}
	return false
}

// recorded compares what Okta executed with what the scene should have done.
func (t *tour) recorded(s scene, before int) error {
	var got []string
	for _, call := range t.acme.okta.Ledger()[before:] {
		if call.Effect {
			got = append(got, call.Kind)
		}
	}
	if !slices.Equal(got, s.calls) {
		return fmt.Errorf("executed in Okta: %v, not %v", got, s.calls)
	}
	if len(got) == 0 {
		fmt.Fprintln(t.out, "   ✓ Okta was asked to change nothing")
		return nil
	}
	fmt.Fprintf(t.out, "   ✓ Okta executed %s, once\n", strings.Join(got, ", "))
	return nil
}

func (t *tour) print(who string, m slacksim.Message) {
	fmt.Fprintf(t.out, "   ┌ @%s sees\n", who)
	for line := range strings.Lines(strings.TrimRight(t.acme.slack.Render(m), "\n") + "\n") {
		fmt.Fprint(t.out, "   │ "+line)
	}
}

// cardWith finds a person's newest message about a request that has a button with that text.
func cardWith(u *slacksim.User, number, button string) (slacksim.Message, bool) {
	all := u.DM()
	for _, m := range slices.Backward(all) {
		if hasButton(m, button) && mentions(m, number) {
			return m, true
		}
	}
	return slacksim.Message{}, false
}

func hasButton(m slacksim.Message, text string) bool {
	for _, block := range m.Blocks {
		elements, _ := block["elements"].([]any)
		for _, e := range elements {
			element, _ := e.(map[string]any)
			label, _ := element["text"].(map[string]any)
			if element["type"] == "button" && label["text"] == text {
				return true
			}
		}
	}
	return false
}

// ledgerLine says one write in a line: when, what, on whom, and Okta's answer.
func ledgerLine(acme *company, call oktasim.Call) string {
	whom := make([]string, 0, len(call.Targets))
	for _, id := range call.Targets {
		whom = append(whom, acme.nameOf(id))
	}
	effect := "executed"
	if !call.Effect {
		effect = "not executed"
	}
	return fmt.Sprintf("%s  %-18s %-40s HTTP %d  %s  %s", call.Time.UTC().Format("15:04:05"), call.Kind, strings.Join(whom, ", "), call.Status, effect, call.RequestID)
}
