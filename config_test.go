package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
)

// environment is a configSource without a process's own.
type environment struct {
	variables map[string]string
	files     map[string]string
}

func (e environment) load(needs ...need) (Config, error) {
	return configSource{
		getenv: func(name string) string { return e.variables[name] },
		readFile: func(name string) ([]byte, error) {
			text, ok := e.files[name]
			if !ok {
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
			}
			return []byte(text), nil
		},
	}.load(needs...)
}

const (
	pemKey = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----"
	jwkKey = `{"kty":"RSA","n":"n","e":"AQAB","d":"d"}`
)

func complete() map[string]string {
	return map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test",
		"OKTA_ORG_URL": "https://acme.okta.example", "OKTA_CLIENT_ID": "0oatest", "OKTA_PRIVATE_KEY": jwkKey,
	}
}

func with(changes map[string]string) map[string]string {
	variables := complete()
	maps.Copy(variables, changes)
	return variables
}

func TestConfigStartsFromTheEnvironmentAlone(t *testing.T) {
	t.Parallel()
	got, err := environment{variables: complete()}.load(needSlack, needOkta)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Slack:       SlackConfig{BotToken: "xoxb-test", AppToken: "xapp-test", APIURL: "https://slack.com/api/"},
		Okta:        OktaConfig{OrgURL: "https://acme.okta.example", ClientID: "0oatest", PrivateKey: jwkKey},
		SQLitePath:  "frontdesk.db",
		Who:         agent.Who{Agents: "IT Support", Fallback: "IT Support"},
		Identity:    agent.IdentityProof,
		Command:     "/okta",
		Expires:     24 * time.Hour,
		SettleAfter: 30 * time.Second,
		Addr:        "127.0.0.1:8080",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestConfigNamesAllThatIsMissingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := environment{variables: map[string]string{"DATABASE_URL": "postgres://db/frontdesk"}}.load(needSlack, needOkta)
	for _, variable := range []string{"REDIS_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OKTA_ORG_URL", "OKTA_CLIENT_ID"} {
		if err == nil || !strings.Contains(err.Error(), "\n"+variable+" ") {
			t.Errorf("%s is not named in\n%v", variable, err)
		}
	}
}

func TestConfigWantsNothingThatIsNotNeeded(t *testing.T) {
	t.Parallel()
	if _, err := (environment{}).load(); err != nil {
		t.Error(err)
	}
}

func TestConfigRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		variables map[string]string
		files     map[string]string
		want      string // the beginning of the one problem
	}{
		"tokens swapped":         {variables: map[string]string{"SLACK_BOT_TOKEN": "xapp-test"}, want: "SLACK_BOT_TOKEN is an app-level token; the bot token begins with xoxb-"},
		"a person's token":       {variables: map[string]string{"SLACK_BOT_TOKEN": "xoxp-test"}, want: "SLACK_BOT_TOKEN is a person's token"},
		"a bot token for an app": {variables: map[string]string{"SLACK_APP_TOKEN": "xoxb-test"}, want: "SLACK_APP_TOKEN is a bot token; the app-level token begins with xapp-"},
		"a token in two lines":   {variables: map[string]string{"SLACK_BOT_TOKEN": "xoxb-\ntest"}, want: "SLACK_BOT_TOKEN holds white space"},
		"Slack in the clear":     {variables: map[string]string{"SLACK_API_URL": "http://slack.example/api/"}, want: "SLACK_API_URL begins with http://, which would send secrets in the clear"},
		"Okta in the clear":      {variables: map[string]string{"OKTA_ORG_URL": "http://acme.okta.example"}, want: "OKTA_ORG_URL begins with http://"},
		"nearly this machine":    {variables: map[string]string{"OKTA_ORG_URL": "http://127.0.0.1.example.com"}, want: "OKTA_ORG_URL begins with http://"},
		"no scheme":              {variables: map[string]string{"OKTA_ORG_URL": "acme.okta.example"}, want: "OKTA_ORG_URL has no https:// at its beginning; write it like https://acme.okta.com."},
		"another scheme":         {variables: map[string]string{"OKTA_ORG_URL": "ftp://acme.okta.example"}, want: "OKTA_ORG_URL begins with ftp://; use https://."},
		"not an address":         {variables: map[string]string{"OKTA_ORG_URL": "https://"}, want: "OKTA_ORG_URL is not an address"},
		"the admin console":      {variables: map[string]string{"OKTA_ORG_URL": "https://acme-admin.okta.com"}, want: "OKTA_ORG_URL is the address of the admin console; use https://acme.okta.com."},
		"a path":                 {variables: map[string]string{"OKTA_ORG_URL": "https://acme.okta.example/app"}, want: "OKTA_ORG_URL is the organisation's address alone, without a path: https://acme.okta.example."},
		"a user in an address":   {variables: map[string]string{"OKTA_ORG_URL": "https://me:pass@acme.okta.example"}, want: "OKTA_ORG_URL holds more than an address"},
		"two keys":               {variables: map[string]string{"OKTA_PRIVATE_KEY_FILE": "key.pem"}, want: "OKTA_PRIVATE_KEY and OKTA_PRIVATE_KEY_FILE are both set; unset one."},
		"no such key file":       {variables: map[string]string{"OKTA_PRIVATE_KEY": "", "OKTA_PRIVATE_KEY_FILE": "key.pem"}, want: "OKTA_PRIVATE_KEY_FILE can't be read: open key.pem:"},
		"an empty key file":      {variables: map[string]string{"OKTA_PRIVATE_KEY": "", "OKTA_PRIVATE_KEY_FILE": "key.pem"}, files: map[string]string{"key.pem": "\n"}, want: "OKTA_PRIVATE_KEY_FILE names key.pem, which is empty."},
		"a client without key":   {variables: map[string]string{"OKTA_PRIVATE_KEY": ""}, want: "OKTA_CLIENT_ID is set, but no key"},
		"a key without client":   {variables: map[string]string{"OKTA_CLIENT_ID": ""}, want: "OKTA_CLIENT_ID is not set, but a private key is"},
		"no key at all":          {variables: map[string]string{"OKTA_PRIVATE_KEY": "hello"}, want: "OKTA_PRIVATE_KEY is neither a PEM nor a JWK private key."},
		"a broken JWK":           {variables: map[string]string{"OKTA_PRIVATE_KEY": `{"kty":`}, want: "OKTA_PRIVATE_KEY begins like a JWK, but is not valid JSON."},
		"a public JWK":           {variables: map[string]string{"OKTA_PRIVATE_KEY": `{"kty":"RSA"}`}, want: "OKTA_PRIVATE_KEY is a public key"},
		"a set of keys":          {variables: map[string]string{"OKTA_PRIVATE_KEY": `{"keys":[]}`}, want: "OKTA_PRIVATE_KEY is a set of keys"},
		"a public PEM":           {variables: map[string]string{"OKTA_PRIVATE_KEY": strings.ReplaceAll(pemKey, "PRIVATE", "PUBLIC")}, want: "OKTA_PRIVATE_KEY is a PEM public key, not a private key."},
		"an encrypted PEM":       {variables: map[string]string{"OKTA_PRIVATE_KEY": strings.ReplaceAll(pemKey, "PRIVATE", "ENCRYPTED PRIVATE")}, want: "OKTA_PRIVATE_KEY is encrypted with a passphrase"},
		"an unknown store":       {variables: map[string]string{"DATABASE_URL": "mysql://db/frontdesk"}, want: "DATABASE_URL names no store that Frontdesk knows"},
		"a store in memory":      {variables: map[string]string{"DATABASE_URL": "sqlite::memory:"}, want: "DATABASE_URL keeps nothing when it is in memory"},
		"no file":                {variables: map[string]string{"DATABASE_URL": "sqlite:"}, want: "DATABASE_URL names no file"},
		"file parameters":        {variables: map[string]string{"DATABASE_URL": "sqlite:a.db?mode=ro"}, want: "DATABASE_URL takes a file's path after sqlite: and no parameters."},
		"a bad database URL":     {variables: map[string]string{"DATABASE_URL": "postgres://me:100%@db/frontdesk", "REDIS_URL": "redis://cache"}, want: "DATABASE_URL can't be read"},
		"PostgreSQL alone":       {variables: map[string]string{"DATABASE_URL": "postgres://db/frontdesk"}, want: "REDIS_URL is not set; with PostgreSQL the replicas share Redis"},
		"a bad Redis URL":        {variables: map[string]string{"DATABASE_URL": "postgres://db/frontdesk", "REDIS_URL": "cache:6379"}, want: "REDIS_URL can't be read"},
		"an unknown identity":    {variables: map[string]string{"FRONTDESK_IDENTITY": "mail"}, want: `FRONTDESK_IDENTITY is "mail"; it is proof (the default) or email.`},
		"no port":                {variables: map[string]string{"FRONTDESK_ADDR": "127.0.0.1"}, want: "FRONTDESK_ADDR is not an address to listen on; write host:port"},
		"a port by name":         {variables: map[string]string{"FRONTDESK_PUBLIC_ADDR": ":https"}, want: "FRONTDESK_PUBLIC_ADDR is not an address to listen on"},
		"no such file":           {variables: map[string]string{"FRONTDESK_CONFIG": "it.yaml"}, want: "FRONTDESK_CONFIG names it.yaml, which does not exist"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := environment{variables: with(test.variables), files: test.files}.load(needSlack, needOkta)
			var problems Problems
			if !errors.As(err, &problems) || len(problems) != 1 || !strings.HasPrefix(problems[0], test.want) {
				t.Errorf("got\n%v\nwant one problem that begins with\n%s", err, test.want)
			}
		})
	}
}

func TestConfigReadsTheFormsThatPeopleUse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		variables map[string]string
		files     map[string]string
		got       func(Config) any
		want      any
	}{
		"a slash at the end of Okta":   {map[string]string{"OKTA_ORG_URL": "https://acme.okta.example/"}, nil, func(c Config) any { return c.Okta.OrgURL }, "https://acme.okta.example"},
		"Okta on this machine":         {map[string]string{"OKTA_ORG_URL": "http://[::1]:4711"}, nil, func(c Config) any { return c.Okta.OrgURL }, "http://[::1]:4711"},
		"no slash at the end of Slack": {map[string]string{"SLACK_API_URL": "http://localhost:99/api"}, nil, func(c Config) any { return c.Slack.APIURL }, "http://localhost:99/api/"},
		"white space around a token":   {map[string]string{"SLACK_BOT_TOKEN": " xoxb-test\n"}, nil, func(c Config) any { return c.Slack.BotToken.Reveal() }, "xoxb-test"},
		"a key in one line":            {map[string]string{"OKTA_PRIVATE_KEY": strings.ReplaceAll(pemKey, "\n", `\n`)}, nil, func(c Config) any { return c.Okta.PrivateKey.Reveal() }, pemKey},
		"a key in a file":              {map[string]string{"OKTA_PRIVATE_KEY": "", "OKTA_PRIVATE_KEY_FILE": "k"}, map[string]string{"k": pemKey + "\n"}, func(c Config) any { return c.Okta.PrivateKey.Reveal() }, pemKey},
		"an absolute path":             {map[string]string{"DATABASE_URL": "sqlite:///var/lib/frontdesk.db"}, nil, func(c Config) any { return c.SQLitePath }, "/var/lib/frontdesk.db"},
		"PostgreSQL's other name":      {map[string]string{"DATABASE_URL": "postgresql:///f?host=/run", "REDIS_URL": "redis://cache"}, nil, func(c Config) any { return c.PostgresURL.Reveal() + c.RedisURL.Reveal() }, "postgresql:///f?host=/runredis://cache"},
		"PostgreSQL without SQLite":    {map[string]string{"DATABASE_URL": "postgres://db/f", "REDIS_URL": "rediss://cache"}, nil, func(c Config) any { return c.SQLitePath }, ""},
		"trust in email":               {map[string]string{"FRONTDESK_IDENTITY": "Email"}, nil, func(c Config) any { return c.Identity }, agent.IdentityEmail},
		"a chosen port":                {map[string]string{"FRONTDESK_ADDR": ":0"}, nil, func(c Config) any { return fmt.Sprint(c.Addr, c.AddrChosen) }, ":0true"},
		"another file":                 {map[string]string{"FRONTDESK_CONFIG": "it.yaml"}, map[string]string{"it.yaml": "agents: Desk\n"}, func(c Config) any { return c.Who }, agent.Who{Agents: "Desk", Fallback: "Desk"}},
		"a folder in both places":      {map[string]string{"FRONTDESK_PLAYBOOKS": "ours"}, map[string]string{"frontdesk.yaml": "playbooks: {folder: theirs}"}, func(c Config) any { return c.Playbooks.Folder }, "ours"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := environment{variables: with(test.variables), files: test.files}.load(needSlack, needOkta)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.got(c)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// C1: the legacy way is allowed, with a warning.
func TestConfigSaysWhatIsAllowedButWorthKnowing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		variables map[string]string
		want      string
	}{
		"nothing":          {nil, ""},
		"an API token":     {map[string]string{"OKTA_CLIENT_ID": "", "OKTA_PRIVATE_KEY": "", "OKTA_API_TOKEN": "test"}, "30 days"},
		"both ways":        {map[string]string{"OKTA_API_TOKEN": "test"}, "the service app is used"},
		"Redis beside it":  {map[string]string{"REDIS_URL": "redis://cache"}, "not used with SQLite"},
		"a public address": {map[string]string{"FRONTDESK_PUBLIC_ADDR": ":8443"}, "nothing in this version listens"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := environment{variables: with(test.variables)}.load(needSlack, needOkta)
			if err != nil {
				t.Fatal(err)
			}
			if said := strings.Join(c.Notices, "\n"); (said == "") != (test.want == "") || !strings.Contains(said, test.want) {
				t.Errorf("it says %q, want %q", said, test.want)
			}
		})
	}
}

func TestConfigFileSaysWhoIsWho(t *testing.T) {
	t.Parallel()
	const text = `# who is who
admins: Frontdesk Admins
agents: Service Desk
fallback: Security
break_glass: "#emergency"
command: /help-me
settle_after: 1m
approval: {expires: 8h}
playbooks:
  folder: ours
  off: [deprovision-user]
bundles:
  Sales: {groups: [Sales, CRM users], apps: [Salesforce]}
`
	c, err := environment{files: map[string]string{"frontdesk.yaml": text}}.load()
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		File:        "frontdesk.yaml",
		Slack:       SlackConfig{APIURL: defaultSlackAPI},
		SQLitePath:  "frontdesk.db",
		Who:         agent.Who{Admins: "Frontdesk Admins", Agents: "Service Desk", Fallback: "Security", BreakGlass: "#emergency"},
		Bundles:     map[string]Bundle{"Sales": {Groups: []string{"Sales", "CRM users"}, Apps: []string{"Salesforce"}}},
		Playbooks:   PlaybooksConfig{Folder: "ours", Off: []string{"deprovision-user"}},
		Identity:    agent.IdentityProof,
		Command:     "/help-me",
		Expires:     8 * time.Hour,
		SettleAfter: time.Minute,
		Addr:        defaultAddr,
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestConfigFileReportsAllMistakesWithTheirPlaces(t *testing.T) {
	t.Parallel()
	const text = `agent: IT
admins: [a, b]
approval:
  expires: 3 days
  remind: 1h
settle_after: 1s
admins: again
colour: blue
playbooks: {off: ours, folder: }
command: help
`
	_, err := environment{files: map[string]string{"frontdesk.yaml": text}}.load()
	const want = `the configuration needs attention:
frontdesk.yaml:1:1: unknown key "agent" in the configuration; did you mean agents?
 | agent: IT
 | ^
frontdesk.yaml:2:9: one value is wanted here, not a list or a mapping
 | admins: [a, b]
 |         ^
frontdesk.yaml:4:12: "3 days" is not a span of time; write it like 30s, 90m or 24h
 |   expires: 3 days
 |            ^
frontdesk.yaml:5:3: unknown key "remind" in approval, which has expires
 |   remind: 1h
 |   ^
frontdesk.yaml:6:15: 1s is outside what is sensible here: 5s to 1h0m0s
 | settle_after: 1s
 |               ^
frontdesk.yaml:7:1: "admins" is there twice; it was first given in line 2
 | admins: again
 | ^
frontdesk.yaml:8:1: unknown key "colour" in the configuration, which has admins, agents, approval, break_glass, bundles, command, fallback, playbooks, settle_after
 | colour: blue
 | ^
frontdesk.yaml:9:18: a list is wanted here: [one, another]
 | playbooks: {off: ours, folder: }
 |                  ^
frontdesk.yaml:9:32: the value is empty; leave the key out, or put the value in quotes if it begins with #
 | playbooks: {off: ours, folder: }
 |                                ^
frontdesk.yaml:10:10: "help" is not a slash command in small letters, such as /okta
 | command: help
 |          ^`
	if err == nil {
		t.Fatal("nothing was reported")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestConfigFileIsStrict(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"an alias":               {"admins: &a IT\nagents: *a\n", "frontdesk.yaml:1:9: anchors and aliases are not read here"},
		"a tag":                  {"admins: !x IT\n", "frontdesk.yaml:1:9: tags are not read here"},
		"a second document":      {"admins: IT\n---\nadmins: IT\n", "frontdesk.yaml:2:1: a second document begins here"},
		"a list":                 {"- admins\n", "frontdesk.yaml:1:1: the configuration is a mapping"},
		"a list as a key":        {"? [a]\n: b\n", "frontdesk.yaml:1:3: a key is a word"},
		"a value twice":          {"playbooks: {off: [a, a]}\n", `frontdesk.yaml:1:22: "a" is in the list twice`},
		"two lines in a name":    {"admins: |\n  a\n  b\n", "frontdesk.yaml:1:9: a name is one line"},
		"a long name":            {"admins: " + strings.Repeat("a b ", 90), "frontdesk.yaml:1:9: a name has at most 255 characters"},
		"an unknown bundle key":  {"bundles:\n  Sales: {group: [Sales]}\n", `frontdesk.yaml:2:11: unknown key "group" in the bundle of "Sales"; did you mean groups?`},
		"two of one department":  {"bundles:\n  Sales: {}\n  Sales: {}\n", `frontdesk.yaml:3:3: "Sales" is there twice; it was first given in line 2`},
		"broken YAML":            {"admins: a: b\n", "frontdesk.yaml:1:10: this is not YAML: mapping values are not allowed in this context"},
		"an open quote":          {"admins: 'a\n", "frontdesk.yaml:1:9: this is not YAML"},
		"bytes":                  {"admins: \xff\n", "frontdesk.yaml:1:1: this line is not UTF-8 text"},
		"a very large file":      {strings.Repeat("# nothing\n", 30_000), "frontdesk.yaml:1:1: the file is longer than 256 KiB"},
		"a token by its key":     {"slack_bot_token: test\n", `frontdesk.yaml:1:1: "slack_bot_token" does not belong in a file; set SLACK_BOT_TOKEN in the environment`},
		"a key by its key":       {"okta_private_key: test\n", "frontdesk.yaml:1:1: \"okta_private_key\" does not belong in a file; set OKTA_PRIVATE_KEY_FILE in the environment"},
		"a secret by its key":    {"signing_secret: test\n", "frontdesk.yaml:1:1: \"signing_secret\" does not belong in a file; set SLACK_BOT_TOKEN, SLACK_APP_TOKEN"},
		"a secret by its shape":  {"admins: xoxb-test\n", "frontdesk.yaml:1:9: this looks like a secret"},
		"a password in an entry": {"playbooks: {off: ['redis://:test@cache']}\n", "frontdesk.yaml:1:19: this looks like a secret"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := environment{files: map[string]string{"frontdesk.yaml": test.text}}.load()
			var problems Problems
			if !errors.As(err, &problems) || !strings.HasPrefix(problems[0], test.want) {
				t.Errorf("got\n%v\nwant first\n%s", err, test.want)
			}
		})
	}
}

func TestAnEmptyFileWishesForNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# only a comment\n", "---\n", "---\n# nothing\n"} {
		c, err := environment{files: map[string]string{"frontdesk.yaml": text}}.load()
		if err != nil || c.Who.Agents != defaultAgents {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	const canary = "canarycanary"
	secrets := map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-" + canary, "SLACK_APP_TOKEN": "xapp-" + canary, "OKTA_API_TOKEN": canary,
		"OKTA_PRIVATE_KEY": strings.ReplaceAll(jwkKey, `"d"`, `"`+canary+`"`),
		"DATABASE_URL":     "postgres://me:" + canary + "@db/frontdesk", "REDIS_URL": "redis://:" + canary + "@cache",
	}
	secrets["OKTA_PRIVATE_KEY"] = `{"kty":"oct","d":"` + canary + `"}`

	t.Run("by a configuration", func(t *testing.T) {
		t.Parallel()
		c, err := environment{variables: with(secrets)}.load(needSlack, needOkta)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		slog.New(slog.NewJSONHandler(&out, nil)).InfoContext(t.Context(), "started", "config", c, "token", c.Okta.APIToken)
		encoded, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, c)
			fmt.Fprintf(&out, verb, c.Slack.BotToken)
		}
		if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
			t.Errorf("a secret is in\n%s", out.String())
		}
	})
	t.Run("by a problem", func(t *testing.T) {
		t.Parallel()
		for name, value := range secrets {
			broken := []string{"%zz\n " + value, "\x00" + value, value + " " + value, "ftp://" + value, "http://me:" + value, "{" + value}
			for _, value := range broken {
				_, err := environment{
					variables: with(map[string]string{name: value, "OKTA_ORG_URL": value, "SLACK_API_URL": value}),
					files:     map[string]string{"frontdesk.yaml": strings.ToLower(name) + ": " + value + "\n  x: [\n"},
				}.load(needSlack, needOkta)
				if err == nil || strings.Contains(err.Error(), canary) {
					t.Errorf("%s shows a secret: %v", name, err)
				}
			}
		}
	})
}

func TestTheExampleFileLoads(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("manifests/frontdesk.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := environment{files: map[string]string{"frontdesk.yaml": string(text)}}.load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Who.Admins == "" || c.Bundles == nil {
		t.Error("the example leaves out what it should explain")
	}
}

func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"", "admins: IT\n", "bundles:\n  Sales: {groups: [a], apps: []}\n", "approval: {expires: 24h}\n", "a: &b [*b]\n",
		"---\n--- x\n", "admins: |2\n   x\n", "? - : \n", "\t", "\"\\x", "admins: \xff", "%YAML 1.1\n---\nx: y\r\n", "- - - -\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		var c Config
		for _, problem := range readConfigFile("f", text, &c) {
			var line, column int
			if _, err := fmt.Sscanf(problem, "f:%d:%d: ", &line, &column); err != nil || line < 1 || line > lines || column < 1 {
				t.Errorf("%q has no place in the file: %v", problem, err)
			}
		}
	})
}
