package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"frontdesk/agent"
)

// value reads a variable. White space at its ends, as left by files and shells, is
// no part of it.
func (l *configLoader) value(variable string) string {
	return strings.TrimSpace(l.getenv(variable))
}

// word reads a variable that goes into a header or an address.
func (l *configLoader) word(variable string) string {
	v := l.value(variable)
	if strings.ContainsFunc(v, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		l.problem(variable, "holds white space or characters that don't print; copy it again")
		return ""
	}
	return v
}

func (l *configLoader) slack() {
	l.c.Slack.APIURL = defaultSlackAPI
	if u, ok := l.address("SLACK_API_URL", "https://slack.com/api/"); ok {
		u.Path = strings.TrimRight(u.Path, "/") + "/"
		l.c.Slack.APIURL = u.String()
	}
	l.c.Slack.BotToken = Secret(l.word("SLACK_BOT_TOKEN"))
	l.c.Slack.AppToken = Secret(l.word("SLACK_APP_TOKEN"))
	if kind := slackTokenKind(l.c.Slack.BotToken); kind != "" && kind != "a bot token" {
		l.problem("SLACK_BOT_TOKEN", "is %s; the bot token begins with xoxb- and is found under OAuth & Permissions", kind)
	}
	if kind := slackTokenKind(l.c.Slack.AppToken); kind != "" && kind != "an app-level token" {
		l.problem("SLACK_APP_TOKEN", "is %s; the app-level token begins with xapp- and is made under Basic Information, App-Level Tokens", kind)
	}
}

// slackTokenKind names what a token is by its beginning; empty when that says
// nothing.
func slackTokenKind(token Secret) string {
	for prefix, kind := range map[string]string{
		"xoxb-": "a bot token", "xoxe.xoxb-": "a bot token", "xapp-": "an app-level token",
		"xoxp-": "a person's token", "xoxe.xoxp-": "a person's token", "xoxe-": "a refresh token",
	} {
		if strings.HasPrefix(token.Reveal(), prefix) {
			return kind
		}
	}
	return ""
}

func (l *configLoader) needSlack() {
	if l.value("SLACK_BOT_TOKEN") == "" {
		l.problem("SLACK_BOT_TOKEN", "is not set; it is the bot token (xoxb-…), at api.slack.com/apps under OAuth & Permissions")
	}
	if l.value("SLACK_APP_TOKEN") == "" {
		l.problem("SLACK_APP_TOKEN", "is not set; it is the app-level token (xapp-…) with connections:write, at api.slack.com/apps under Basic Information, App-Level Tokens")
	}
}

func (l *configLoader) okta() {
	o := &l.c.Okta
	if u, ok := l.address("OKTA_ORG_URL", "https://acme.okta.com"); ok {
		switch {
		case strings.Trim(u.Path, "/") != "":
			l.problem("OKTA_ORG_URL", "is the organisation's address alone, without a path: %s://%s", u.Scheme, u.Host)
		case adminHost(u.Host) != "":
			l.problem("OKTA_ORG_URL", "is the address of the admin console; use https://%s", adminHost(u.Host))
		default:
			o.OrgURL = u.Scheme + "://" + u.Host
		}
	}
	o.APIToken = Secret(l.word("OKTA_API_TOKEN"))
	o.ClientID = l.word("OKTA_CLIENT_ID")
	o.KeyID = l.word("OKTA_KEY_ID")
	o.PrivateKey = l.privateKey()

	hasKey := l.value("OKTA_PRIVATE_KEY") != "" || l.value("OKTA_PRIVATE_KEY_FILE") != ""
	switch {
	case l.value("OKTA_CLIENT_ID") != "" && !hasKey:
		l.problem("OKTA_CLIENT_ID", "is set, but no key: set OKTA_PRIVATE_KEY_FILE, or OKTA_PRIVATE_KEY, to the service app's private key (PEM or JWK)")
	case l.value("OKTA_CLIENT_ID") == "" && hasKey:
		l.problem("OKTA_CLIENT_ID", "is not set, but a private key is; set it to the service app's client id")
	case o.ClientID != "" && o.APIToken != "":
		l.notice("OKTA_CLIENT_ID and OKTA_API_TOKEN are both set: the service app is used, the API token is not.")
	case o.APIToken != "":
		l.notice("Okta is reached by API token, the legacy way: it dies after 30 days without use and with its owner's account. A service app (OKTA_CLIENT_ID, OKTA_PRIVATE_KEY_FILE) is better.")
	}
}

// adminHost gives the organisation's host for that of its admin console.
func adminHost(host string) string {
	for _, domain := range []string{".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com"} {
		if name, ok := strings.CutSuffix(host, "-admin"+domain); ok {
			return name + domain
		}
	}
	return ""
}

// privateKey reads the key from the environment or from the file that it names.
func (l *configLoader) privateKey() Secret {
	variable, key := "OKTA_PRIVATE_KEY", l.value("OKTA_PRIVATE_KEY")
	if name := l.value("OKTA_PRIVATE_KEY_FILE"); name != "" {
		if key != "" {
			l.problem("OKTA_PRIVATE_KEY", "and OKTA_PRIVATE_KEY_FILE are both set; unset one")
			return ""
		}
		text, err := l.readFile(name)
		if err != nil {
			l.problem("OKTA_PRIVATE_KEY_FILE", "can't be read: %s", err)
			return ""
		}
		variable, key = "OKTA_PRIVATE_KEY_FILE", strings.TrimSpace(string(text))
		if key == "" {
			l.problem(variable, "names %s, which is empty", name)
			return ""
		}
	}
	if !strings.Contains(key, "\n") && strings.HasPrefix(key, "-----BEGIN") {
		key = strings.ReplaceAll(key, `\n`, "\n") // as env files write it
	}
	if wrong := keyProblem(key); wrong != "" {
		l.problem(variable, "%s", wrong)
		return ""
	}
	return Secret(key)
}

// keyProblem says why a text is no private key, by its outside; empty otherwise.
// What is inside is for the Okta adapter to judge.
func keyProblem(key string) string {
	if key == "" {
		return ""
	}
	if strings.HasPrefix(key, "{") {
		var jwk struct{ D, Keys json.RawMessage }
		switch err := json.NewDecoder(strings.NewReader(key)).Decode(&jwk); {
		case err != nil:
			return "begins like a JWK, but is not valid JSON"
		case jwk.Keys != nil:
			return "is a set of keys (JWKS); give the one private key"
		case jwk.D == nil:
			return "is a public key; give the private one, with its member \"d\""
		}
		return ""
	}
	block, _ := pem.Decode([]byte(key))
	switch {
	case block == nil:
		return "is neither a PEM nor a JWK private key"
	case block.Type == "ENCRYPTED PRIVATE KEY" || bytes.Contains([]byte(key), []byte("Proc-Type: 4,ENCRYPTED")):
		return "is encrypted with a passphrase; give it without one, and keep it where only Frontdesk can read it"
	case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return fmt.Sprintf("is a PEM %s, not a private key", strings.ToLower(block.Type))
	}
	return ""
}

func (l *configLoader) needOkta() {
	if l.value("OKTA_ORG_URL") == "" {
		l.problem("OKTA_ORG_URL", "is not set; it is your organisation's address, such as https://acme.okta.com")
	}
	if l.value("OKTA_CLIENT_ID") == "" && l.value("OKTA_API_TOKEN") == "" &&
		l.value("OKTA_PRIVATE_KEY") == "" && l.value("OKTA_PRIVATE_KEY_FILE") == "" {
		l.problem("OKTA_CLIENT_ID", "and OKTA_PRIVATE_KEY_FILE are not set; they are the service app's client id and private key. OKTA_API_TOKEN would do, as the legacy way")
	}
}

func (l *configLoader) stores() {
	database := cmp.Or(l.value("DATABASE_URL"), defaultDatabase)
	redis := l.value("REDIS_URL")
	scheme, rest, _ := strings.Cut(database, ":")
	switch strings.ToLower(scheme) {
	case "sqlite":
		path := strings.TrimPrefix(rest, "//")
		switch {
		case path == "" || strings.HasSuffix(path, "/"):
			l.problem("DATABASE_URL", "names no file; write sqlite:frontdesk.db")
		case strings.Contains(path, ":memory:"):
			l.problem("DATABASE_URL", "keeps nothing when it is in memory; name a file: sqlite:frontdesk.db")
		case strings.ContainsAny(path, "?#"):
			l.problem("DATABASE_URL", "takes a file's path after sqlite: and no parameters")
		default:
			l.c.SQLitePath = path
		}
		if redis != "" {
			l.notice("REDIS_URL is set, but not used with SQLite, which keeps everything in one file.")
			redis = ""
		}
	case "postgres", "postgresql":
		if u, err := url.Parse(database); err != nil || u.Opaque != "" {
			l.problem("DATABASE_URL", "can't be read; it looks like postgres://user:password@host:5432/database, with special characters percent-encoded")
		} else {
			l.c.PostgresURL = Secret(database)
		}
		if redis == "" {
			l.problem("REDIS_URL", "is not set; with PostgreSQL the replicas share Redis: redis://host:6379/0")
		}
	default:
		l.problem("DATABASE_URL", "names no store that Frontdesk knows; write sqlite:frontdesk.db or postgres://user:password@host:5432/database")
	}
	if redis == "" {
		return
	}
	switch u, err := url.Parse(redis); {
	case err != nil, u.Opaque != "", u.Scheme != "redis" && u.Scheme != "rediss" && u.Scheme != "unix":
		l.problem("REDIS_URL", "can't be read; it looks like redis://user:password@host:6379/0, or rediss:// for TLS, with special characters percent-encoded")
	default:
		l.c.RedisURL = Secret(redis)
	}
}

// rest reads what is neither Slack's, Okta's nor a store's.
func (l *configLoader) rest() {
	if folder := l.value("FRONTDESK_PLAYBOOKS"); folder != "" {
		l.c.Playbooks.Folder = folder
	}
	l.c.Identity = agent.IdentityProof
	switch identity := agent.Identity(strings.ToLower(l.value("FRONTDESK_IDENTITY"))); identity {
	case "":
	case agent.IdentityProof, agent.IdentityEmail:
		l.c.Identity = identity
	default:
		l.problem("FRONTDESK_IDENTITY", "is %q; it is proof (the default) or email", string(identity))
	}
	l.c.Addr = defaultAddr
	if addr, ok := l.listener("FRONTDESK_ADDR"); ok {
		l.c.Addr, l.c.AddrChosen = addr, true
	}
	if addr, ok := l.listener("FRONTDESK_PUBLIC_ADDR"); ok {
		l.c.PublicAddr = addr
		l.notice("FRONTDESK_PUBLIC_ADDR is set, but nothing in this version listens for the public.")
	}
}

// listener reads an address to listen on.
func (l *configLoader) listener(variable string) (string, bool) {
	v := l.word(variable)
	if v == "" {
		return "", false
	}
	_, port, err := net.SplitHostPort(v)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
		l.problem(variable, "is not an address to listen on; write host:port, such as %s", defaultAddr)
		return "", false
	}
	return v, true
}

// address reads a URL that secrets are sent to: https, or http on this machine.
func (l *configLoader) address(variable, example string) (*url.URL, bool) {
	v := l.word(variable)
	if v == "" {
		return nil, false
	}
	u, err := url.Parse(v)
	switch {
	case err == nil && u.Host == "" && !strings.Contains(v, "://"):
		l.problem(variable, "has no https:// at its beginning; write it like %s", example)
	case err != nil || u.Host == "" || u.Opaque != "":
		l.problem(variable, "is not an address; write it like %s", example)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		l.problem(variable, "holds more than an address (a user, a query or a fragment); write it like %s", example)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, true
	case u.Scheme == "http":
		l.problem(variable, "begins with http://, which would send secrets in the clear; use https:// (http only on this machine)")
	default:
		l.problem(variable, "begins with %s://; use https://", u.Scheme)
	}
	return nil, false
}

// isLoopback tells whether a host can only be this machine.
func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}
