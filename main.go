// Frontdesk is an IT desk that lives in Slack and acts in Okta. This package
// reads the configuration, builds the parts, runs them and stops them; one short
// file for each verb.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "dev" //nolint:gochecknoglobals // the linker sets it

// commands is the command line.
type commands struct {
	Serve   serveCmd   `cmd:"" help:"Run Frontdesk."`
	Demo    demoCmd    `cmd:"" help:"Try it: a Slack workspace, an Okta tenant and Frontdesk in this terminal."`
	Check   checkCmd   `cmd:"" help:"Read configuration and playbooks and say what is wrong with them."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this version's shape."`
	Audit   auditCmd   `cmd:"" help:"Show and verify the timeline."`
	People  peopleCmd  `cmd:"" help:"Who is who between Slack and Okta."`
	Sim     simCmd     `cmd:"" help:"Run a simulated Slack workspace or Okta tenant by itself."`
	Version versionCmd `cmd:"" help:"Say which version this is."`
}

// program is what every verb works with.
type program struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	source configSource
	now    func() time.Time
	log    *slog.Logger
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now,
		source: configSource{getenv: os.Getenv, readFile: os.ReadFile},
		log:    slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code) //nolint:gocritic // everything deferred above has been done
}

// run parses the command line and does what it says. It gives the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	var cli commands
	parser, err := kong.New(&cli, kong.Name("frontdesk"),
		kong.Description("An IT desk that lives in Slack and acts in Okta."),
		kong.Writers(p.stdout, p.stderr), kong.UsageOnError(), kong.Bind(p),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return p.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return p.fail(err)
	}
	if err := parsed.Run(); err != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)) {
		return p.fail(err)
	}
	return 0
}

func (p *program) fail(err error) int {
	fmt.Fprintln(p.stderr, "frontdesk:", err)
	return 1
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(p *program) error {
	_, err := fmt.Fprintln(p.stdout, "frontdesk", version)
	return err
}
