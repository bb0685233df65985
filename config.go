package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"frontdesk/agent"
)

const (
	defaultFile     = "frontdesk.yaml"
	defaultDatabase = "sqlite:frontdesk.db"
	defaultAddr     = "127.0.0.1:8080"
	defaultSlackAPI = "https://slack.com/api/"
	defaultCommand  = "/okta"
	defaultAgents   = "IT Support"
	defaultExpires  = 24 * time.Hour
	defaultSettle   = 30 * time.Second
)

// Config is what Frontdesk runs with: frontdesk.yaml for who is who and what is
// offered, the environment for secrets and addresses. It can be logged as it is.
type Config struct {
	Slack SlackConfig
	Okta  OktaConfig

	SQLitePath  string // set unless PostgresURL is
	PostgresURL Secret // holds a password
	RedisURL    Secret // set with PostgresURL, and only then

	Who       agent.Who
	Bundles   map[string]Bundle // by department
	Playbooks PlaybooksConfig
	Identity  agent.Identity

	Command     string        // the slash command that the manifest registers
	Expires     time.Duration // of an approval that says nothing
	SettleAfter time.Duration // how old an unanswered Okta call must be to conclude from its absence that it did not happen

	Addr       string // health and metrics
	AddrChosen bool   // somebody set Addr: then a busy port is an error, not a notice
	PublicAddr string // empty: nothing listens for the public

	File    string   // the configuration file that was read; empty without one
	Notices []string // what whoever starts it should know; nothing of it is wrong
}

// SlackConfig says how the workspace is reached.
type SlackConfig struct {
	BotToken Secret
	AppToken Secret
	APIURL   string // ends in a slash
}

// OktaConfig says how the organisation is reached: with ClientID, as an OAuth
// service app; without, by API token.
type OktaConfig struct {
	OrgURL     string // scheme and host, no more
	ClientID   string
	PrivateKey Secret // PEM or JWK
	KeyID      string
	APIToken   Secret
}

// Bundle is what a department's people get: names of groups, labels of apps.
type Bundle struct {
	Groups []string
	Apps   []string
}

// PlaybooksConfig lays IT's own playbooks over the shipped ones.
type PlaybooksConfig struct {
	Folder string   // empty: only what ships
	Off    []string // names of shipped playbooks that don't count
}

// LogValue names what the configuration connects to, and no secret.
func (c Config) LogValue() slog.Value {
	engine, auth := "sqlite", "api_token"
	if c.PostgresURL != "" {
		engine = "postgres"
	}
	if c.Okta.ClientID != "" {
		auth = "service_app"
	}
	return slog.GroupValue(
		slog.String("file", c.File),
		slog.String("slack_api_url", c.Slack.APIURL),
		slog.String("okta_org_url", c.Okta.OrgURL),
		slog.String("okta_auth", auth),
		slog.String("store", engine),
		slog.String("identity", string(c.Identity)),
		slog.String("playbooks", c.Playbooks.Folder),
		slog.String("addr", c.Addr),
		slog.String("public_addr", c.PublicAddr),
	)
}

// Problems is everything that is wrong with a configuration: what, where, and
// what to do about it. It shows no secret.
type Problems []string //nolint:errname // words for people, named for what they are

// Error gives all of them, an entry each.
func (p Problems) Error() string {
	return "the configuration needs attention:\n" + strings.Join(p, "\n")
}

// need says what a verb can't do without.
type need int

const (
	needSlack need = iota
	needOkta
)

// configSource is where a configuration comes from.
type configSource struct {
	getenv   func(string) string
	readFile func(string) ([]byte, error)
}

// load reads the file and the environment. It fails with Problems, all of them at
// once. What is needed must be there; what is not may be absent, but not wrong.
func (s configSource) load(needs ...need) (Config, error) {
	l := &configLoader{configSource: s, c: Config{
		Who:         agent.Who{Agents: defaultAgents},
		Command:     defaultCommand,
		Expires:     defaultExpires,
		SettleAfter: defaultSettle,
	}}
	l.file()
	l.slack()
	l.okta()
	l.stores()
	l.rest()
	for _, n := range needs {
		switch n {
		case needSlack:
			l.needSlack()
		case needOkta:
			l.needOkta()
		}
	}
	if len(l.problems) > 0 {
		return Config{}, l.problems
	}
	return l.c, nil
}

// configLoader collects a configuration and what is wrong with it.
type configLoader struct {
	configSource
	c        Config
	problems Problems
}

// problem reports something about a variable. Its words must not hold the value.
func (l *configLoader) problem(variable, format string, args ...any) {
	l.problems = append(l.problems, variable+" "+fmt.Sprintf(format, args...)+".")
}

func (l *configLoader) notice(words string) { l.c.Notices = append(l.c.Notices, words) }

func (l *configLoader) file() {
	name := l.value("FRONTDESK_CONFIG")
	text, err := l.readFile(cmp.Or(name, defaultFile))
	switch {
	case err == nil:
		l.c.File = cmp.Or(name, defaultFile)
		l.problems = append(l.problems, readConfigFile(l.c.File, string(text), &l.c)...)
	case errors.Is(err, fs.ErrNotExist) && name == "":
		// The file is optional.
	case errors.Is(err, fs.ErrNotExist):
		l.problem("FRONTDESK_CONFIG", "names %s, which does not exist; write that file or unset the variable", name)
	default:
		l.problems = append(l.problems, fmt.Sprintf("%s can't be read: %s.", cmp.Or(name, defaultFile), err))
	}
	l.c.Who.Fallback = cmp.Or(l.c.Who.Fallback, l.c.Who.Agents)
}
