package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/agent"
	"frontdesk/bot/slacksim"
)

type demoCmd struct {
	Tour     bool   `help:"Play all eleven actions by itself and print the transcript."`
	Profile  string `enum:"embedded,scaled" default:"embedded" help:"embedded (SQLite) or scaled (DATABASE_URL and REDIS_URL)."`
	Identity string `enum:"email,proof" default:"email" help:"What a confirmed Slack email is worth; proof asks once for Okta Verify."`
}

// Run starts Acme and Frontdesk and hands the keyboard over.
func (c demoCmd) Run(ctx context.Context, p *program) (err error) {
	dir, err := os.MkdirTemp("", "frontdesk-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	logFile, err := os.Create(filepath.Join(dir, "log")) //nolint:gosec // our own folder
	if err != nil {
		return fmt.Errorf("open the demo's log: %w", err)
	}
	defer func() { err = errors.Join(err, logFile.Close()) }()
	log := slog.New(slog.NewJSONHandler(logFile, nil))

	acme, err := openCompany(ctx, p.now, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, acme.close()) }()
	cfg, err := c.config(p, filepath.Join(dir, "frontdesk.db"))
	if err != nil {
		return err
	}
	parts, err := build(ctx, acme.connect(cfg), log, p.now)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- parts.run(ctx) }()
	if c.Tour {
		err = newTour(p.stdout, acme, parts).play(ctx)
	} else {
		fmt.Fprintln(p.stdout, c.welcome(parts))
		err = newChat(p.stdout, acme).talk(ctx, p.stdin)
	}
	cancel()
	return errors.Join(err, <-done, parts.close())
}

// welcome says what runs where. What a real company should know besides (serve
// says it) would be noise about a simulated one.
func (c demoCmd) welcome(parts *parts) string {
	kept := "SQLite"
	if c.Profile == "scaled" {
		kept = "PostgreSQL and Redis"
	}
	return fmt.Sprintf("Acme's Slack, Acme's Okta (%s) and Frontdesk with %d playbooks on %s: all run in this terminal.",
		parts.cfg.Okta.OrgURL, len(parts.library.All()), kept)
}

// config is the demo's: its own files, nothing of the environment but the scaled
// profile's servers.
func (c demoCmd) config(p *program, database string) (Config, error) {
	source := configSource{readFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }, getenv: func(key string) string {
		switch {
		case key == "DATABASE_URL" && c.Profile == "embedded":
			return "sqlite:" + database
		case key == "DATABASE_URL" || key == "REDIS_URL":
			if c.Profile == "scaled" {
				return p.source.getenv(key)
			}
		case key == "FRONTDESK_IDENTITY":
			return c.Identity
		}
		return ""
	}}
	cfg, err := source.load()
	if err != nil {
		return cfg, err
	}
	if c.Profile == "scaled" && cfg.PostgresURL == "" {
		return cfg, errors.New("the scaled profile needs DATABASE_URL=postgres://… and REDIS_URL")
	}
	cfg.Identity = agent.Identity(c.Identity)
	return cfg, nil
}

// chat is one terminal in which a person can be anybody.
type chat struct {
	out  io.Writer
	acme *company
	me   string
	seen map[string]string       // what was shown, by person and message
	last map[string]slacksim.Ref // the newest thing with buttons on a person's screen
}

func newChat(out io.Writer, acme *company) *chat {
	return &chat{out: out, acme: acme, me: "ada", seen: map[string]string{}, last: map[string]slacksim.Ref{}}
}

const chatHelp = `
You are @ada, and @grace is your manager. Type as in Slack; what is not below is said to Frontdesk.
  /okta …         a command: /okta reset multi-factor, /okta help, or /okta alone for the form
  be @grace       be somebody else: ada, grace, linus, ivan or iris of IT, susan the admin …
  1, 2 …          press that button: of the open form, or else of the last card
  set FIELD TEXT  fill a field of the open form; then submit it, or close it
  show            everything you see in your conversation with Frontdesk
  phone           your phone: a one-time code, and pushes to answer with yes or no
  okta            what Okta recorded
  help, quit
`

// settled is how long nothing new must come before it is the person's turn.
const settled = 300 * time.Millisecond

// talk reads lines until quit or the end of the input. It prompts once all that
// a line led to has been shown, and again after whatever comes unasked.
func (c *chat) talk(ctx context.Context, in io.Reader) error {
	fmt.Fprint(c.out, chatHelp)
	typed := lines(ctx, in)
	quiet := time.NewTimer(settled)
	defer quiet.Stop()
	prompted := false
	for {
		slackChanged, oktaChanged := c.acme.slack.Changed(), c.acme.okta.Changed()
		if c.news(prompted) {
			prompted = false
			quiet.Reset(settled)
		}
		turn := typed
		if !prompted {
			turn = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-slackChanged:
		case <-oktaChanged:
		case <-quiet.C:
			fmt.Fprintf(c.out, "@%s> ", c.me)
			prompted = true
		case line, ok := <-turn:
			line = strings.TrimSpace(line)
			if !ok || line == "quit" || line == "exit" {
				return nil
			}
			if err := c.do(ctx, line); err != nil {
				fmt.Fprintln(c.out, "  !", err)
			}
			prompted = false
			quiet.Reset(settled)
		}
	}
}

// lines hands over what is typed, line by line, until the input ends.
func lines(ctx context.Context, in io.Reader) <-chan string {
	typed := make(chan string)
	go func() {
		defer close(typed)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case typed <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return typed
}

func (c *chat) user() *slacksim.User { return c.acme.slack.As(c.me) }

// do does what one line says.
func (c *chat) do(ctx context.Context, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if n, err := strconv.Atoi(line); err == nil && n > 0 {
		return c.press(ctx, line)
	}
	switch {
	case line == "":
		return nil
	case word == "be":
		who := strings.TrimPrefix(rest, "@")
		if c.acme.slack.As(who).ID() == "" {
			return fmt.Errorf("nobody at Acme is called @%s", who)
		}
		c.me = who
		return nil
	case word == "help" || word == "?":
		fmt.Fprint(c.out, chatHelp)
		return nil
	case word == "okta":
		c.ledger()
		return nil
	case word == "show":
		maps.DeleteFunc(c.seen, func(key, _ string) bool { return strings.HasPrefix(key, c.me+"/") })
		return nil
	case word == "phone", word == "yes", word == "no":
		return c.phone(word)
	case word == "set":
		return c.set(ctx, rest)
	case word == "submit", word == "close":
		return c.closeForm(ctx, word)
	case strings.HasPrefix(line, "/"):
		reply, err := c.user().Slash(ctx, "general", line)
		if err != nil {
			return err
		}
		c.reply(reply)
		return nil
	}
	_, err := c.user().Say(ctx, "", line)
	return err
}

func (c *chat) press(ctx context.Context, number string) error {
	ref := c.last[c.me]
	if view, ok := c.user().View(); ok {
		ref = view.Ref()
	}
	if ref == (slacksim.Ref{}) {
		return errors.New("there is no card with buttons on your screen yet")
	}
	reply, err := c.user().Press(ctx, ref, number)
	if errors.Is(err, slacksim.ErrNoElement) {
		return fmt.Errorf("there is no button %s on the form or the last card; close the form first if you mean a card", number)
	}
	if err == nil {
		c.reply(reply)
	}
	return err
}

// set fills one field of the open form.
func (c *chat) set(ctx context.Context, what string) error {
	view, ok := c.user().View()
	if !ok {
		return errors.New("no form is open")
	}
	name, value, _ := strings.Cut(what, " ")
	for _, f := range fieldsOf(view) {
		if f.name != name {
			continue
		}
		var chosen any = strings.TrimPrefix(strings.TrimSpace(value), "@")
		if f.many {
			chosen = []string{f.options[0]}
		}
		if _, err := c.user().Select(ctx, view.Ref(), f.element, chosen); err != nil {
			return fmt.Errorf("%s can't be set to that: %w", name, err)
		}
		c.acknowledge(f, value)
		return nil
	}
	return fmt.Errorf("the form has no field %q; %s", name, howToFill(view))
}

func (c *chat) acknowledge(f field, value string) {
	if f.many {
		value = "ticked"
	}
	fmt.Fprintf(c.out, "  %s: %s\n", f.name, value)
}

// field is one field of a form as the terminal names it.
type field struct {
	name    string
	element string // its address in the simulator
	options []string
	many    bool // boxes to tick
}

// fieldsOf lists the fields of a form.
func fieldsOf(view slacksim.View) []field {
	var all []field
	for _, block := range view.Blocks {
		element, ok := block["element"].(map[string]any)
		if block["type"] != "input" || !ok {
			continue
		}
		name, _ := block["block_id"].(string)
		action, _ := element["action_id"].(string)
		f := field{name: name, element: name + "/" + action, many: element["type"] == "checkboxes"}
		options, _ := element["options"].([]any)
		for _, o := range options {
			option, _ := o.(map[string]any)
			value, _ := option["value"].(string)
			f.options = append(f.options, value)
		}
		all = append(all, f)
	}
	return all
}

// howToFill says which lines fill the form.
func howToFill(view slacksim.View) string {
	all := fieldsOf(view)
	if len(all) == 0 {
		return "it has nothing to fill; type close"
	}
	names := make([]string, 0, len(all))
	example := "set " + all[0].name + " 123456"
	for _, f := range all {
		names = append(names, f.name)
	}
	if len(all[0].options) > 0 {
		example = "set " + all[0].name + " " + all[0].options[0]
	}
	return fmt.Sprintf("to fill: set %s (for example: %s); then: submit, or close", strings.Join(names, " | "), example)
}

func (c *chat) closeForm(ctx context.Context, word string) error {
	view, ok := c.user().View()
	if !ok {
		return errors.New("no form is open")
	}
	if word == "close" {
		_, err := c.user().CloseView(ctx, view.ID)
		return err
	}
	result, err := c.user().Submit(ctx, view.ID, nil)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(result.Errors)) {
		fmt.Fprintf(c.out, "  ! %s: %s\n", name, result.Errors[name])
	}
	c.reply(result.Reply)
	return nil
}

func (c *chat) reply(r slacksim.Reply) {
	if r.Error != "" {
		fmt.Fprintln(c.out, "  !", r.Error)
	}
}

// news prints what is new on the person's screen and tells whether anything was.
// prompted tells that the prompt stands on the last line.
func (c *chat) news(prompted bool) bool {
	var out strings.Builder
	u := c.user()
	for _, m := range u.Messages("general") {
		if m.OnlyFor != "" {
			c.show(&out, m, "only you see this")
		}
	}
	for _, m := range u.DM() {
		c.show(&out, m, "Frontdesk")
	}
	if view, ok := u.View(); ok {
		errs := view.Errors
		view.Errors = nil // said when it was sent
		if c.once(&out, "view/"+view.ID, "form", c.acme.slack.RenderView(view)) && errs == nil {
			fmt.Fprintf(&out, "  %s\n", howToFill(view))
		}
	}
	if user, err := c.acme.person(c.me); err == nil {
		for _, push := range c.acme.okta.Pushes() {
			if push.UserID == user.ID {
				c.once(&out, "push", "your phone", "Is it you? Type yes or no.\n")
			}
		}
	}
	if out.Len() == 0 {
		return false
	}
	if prompted {
		fmt.Fprintln(c.out)
	}
	fmt.Fprint(c.out, out.String())
	return true
}

func (c *chat) show(out io.Writer, m slacksim.Message, from string) {
	if m.BotID == "" && m.OnlyFor == "" {
		return
	}
	text := c.acme.slack.Render(m)
	if c.once(out, m.Channel+m.TS, from, text) && hasButtons(m) {
		c.last[c.me] = m.Ref()
	}
}

// once prints a text unless the person has seen exactly that before.
func (c *chat) once(out io.Writer, key, from, text string) bool {
	key = c.me + "/" + key
	if c.seen[key] == text {
		return false
	}
	again := ""
	if c.seen[key] != "" {
		again = ", changed"
	}
	c.seen[key] = text
	fmt.Fprintf(out, "\n  ┌ %s%s\n%s", from, again, frame(text))
	return true
}

func frame(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		b.WriteString("  │ " + line)
	}
	return b.String()
}

func hasButtons(m slacksim.Message) bool {
	for _, block := range m.Blocks {
		if block["type"] == "actions" {
			return true
		}
	}
	return false
}

// ledger prints every write that Okta saw.
func (c *chat) ledger() {
	calls := c.acme.okta.Ledger()
	if len(calls) == 0 {
		fmt.Fprintln(c.out, "  Okta recorded nothing yet.")
	}
	for _, call := range calls {
		fmt.Fprintln(c.out, "  "+ledgerLine(c.acme, call))
	}
}

// phone shows the person's one-time code, or answers a push.
func (c *chat) phone(word string) error {
	user, err := c.acme.person(c.me)
	if err != nil {
		return err
	}
	if word == "phone" {
		fmt.Fprintln(c.out, "  Okta Verify shows:", c.acme.okta.TOTP(user.ID))
		return nil
	}
	return c.acme.okta.AnswerPush(user.ID, word == "yes")
}
