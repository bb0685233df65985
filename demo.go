package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
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
		fmt.Fprint(p.stdout, parts.screen(ctx, ""))
		err = newChat(p.stdout, acme).talk(ctx, p.stdin)
	}
	cancel()
	return errors.Join(err, <-done, parts.close())
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
	seen map[string]string // what was shown, by person and message
	last slacksim.Ref      // the newest thing with buttons on the screen
}

func newChat(out io.Writer, acme *company) *chat {
	return &chat{out: out, acme: acme, me: "ada", seen: map[string]string{}}
}

const chatHelp = `
You are @ada. Type as in Slack; what is not below is said to Frontdesk.
  /okta …        a command, for example: /okta reset multi-factor
  be @grace      be somebody else (ada, grace, ivan of IT, susan, linus …)
  1, 2 …         press that button of the last card
  set NAME TEXT  fill a field of the open form; then: submit, or close
  show           everything you see in your conversation with Frontdesk
  phone          what your phone shows: a one-time code; yes or no answers a push
  okta           what Okta recorded
  quit
`

// talk reads lines until quit or the end of the input.
func (c *chat) talk(ctx context.Context, in io.Reader) error {
	fmt.Fprint(c.out, chatHelp)
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	c.prompt()
	for {
		c.news()
		select {
		case <-ctx.Done():
			return nil
		case <-c.changed(ctx):
		case line, ok := <-lines:
			if !ok || line == "quit" || line == "exit" {
				return nil
			}
			if err := c.do(ctx, strings.TrimSpace(line)); err != nil {
				fmt.Fprintln(c.out, "  !", err)
			}
			c.news()
			c.prompt()
		}
	}
}

func (c *chat) prompt() { fmt.Fprintf(c.out, "@%s> ", c.me) }

// changed is ready soon: the screen is looked at again whether or not it is news.
func (c *chat) changed(ctx context.Context) <-chan struct{} {
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		wait, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		<-wait.Done()
	}()
	return ready
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
		c.seen = map[string]string{}
		return nil
	case word == "phone", word == "yes", word == "no":
		return c.phone(word)
	case word == "set":
		field, value, _ := strings.Cut(rest, " ")
		view, ok := c.user().View()
		if !ok {
			return errors.New("no form is open")
		}
		_, err := c.user().Select(ctx, view.Ref(), field, value)
		return err
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
	ref := c.last
	if view, ok := c.user().View(); ok {
		ref = view.Ref()
	}
	if ref == (slacksim.Ref{}) {
		return errors.New("there is no card with buttons on your screen yet")
	}
	reply, err := c.user().Press(ctx, ref, number)
	if err == nil {
		c.reply(reply)
	}
	return err
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
	for _, e := range result.Errors {
		fmt.Fprintln(c.out, "  !", e)
	}
	c.reply(result.Reply)
	return nil
}

func (c *chat) reply(r slacksim.Reply) {
	if r.Error != "" {
		fmt.Fprintln(c.out, "  !", r.Error)
	}
}

// news prints what is new on the person's screen.
func (c *chat) news() {
	u := c.user()
	for _, m := range u.Messages("general") {
		if m.OnlyFor != "" {
			c.show(m, "only you see this")
		}
	}
	for _, m := range u.DM() {
		c.show(m, "Frontdesk")
	}
	if view, ok := u.View(); ok {
		c.once("view/"+view.ID, "form", c.acme.slack.RenderView(view))
	}
}

func (c *chat) show(m slacksim.Message, from string) {
	if m.BotID == "" && m.OnlyFor == "" {
		return
	}
	text := c.acme.slack.Render(m)
	if c.once(m.Channel+m.TS, from, text) && hasButtons(m) {
		c.last = m.Ref()
	}
}

// once prints a text unless the person has seen exactly that before.
func (c *chat) once(key, from, text string) bool {
	key = c.me + "/" + key
	if c.seen[key] == text {
		return false
	}
	again := ""
	if c.seen[key] != "" {
		again = ", changed"
	}
	c.seen[key] = text
	fmt.Fprintf(c.out, "\n  ┌ %s%s\n%s", from, again, frame(text))
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
