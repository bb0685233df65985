package okta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"
	"github.com/prometheus/client_golang/prometheus"

	"frontdesk/agent"
)

// Config says which Okta organisation to talk to, and as whom.
type Config struct {
	// OrgURL is the organisation's address: https, or http on loopback.
	OrgURL string

	// APIToken is a legacy API token. It carries its owner's rights.
	APIToken string

	// ClientID and PrivateKey are those of an OAuth service app. The key is PEM
	// (PKCS #1, PKCS #8 or EC) or a JWK. KeyID overrides the JWK's kid.
	ClientID   string
	PrivateKey []byte
	KeyID      string
	// Scopes that are wanted; nil means DefaultScopes. Those that were not granted
	// are learned and left out, and said.
	Scopes []string

	// Gate is the rate-limit gate that replicas share; nil means this process only.
	Gate Gate
	// Registerer takes the metrics; nil means none.
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
	UserAgent  string
	// HTTP is cloned; nil means the standard transport.
	HTTP *http.Transport
}

// DefaultScopes are the scopes that everything Frontdesk can do needs. The ones
// from okta.sessions.manage on are optional: each switches on what needs it.
func DefaultScopes() []string {
	return []string{
		"okta.users.read", "okta.users.manage",
		"okta.groups.read", "okta.groups.manage",
		"okta.apps.read", "okta.apps.manage",
		scopeSessions, scopeLogs, scopeRoles, scopeSchemas, scopeUserTypes, scopeLinked,
	}
}

const (
	scopeSessions  = "okta.sessions.manage"
	scopeLogs      = "okta.logs.read"
	scopeRoles     = "okta.roles.read"
	scopeSchemas   = "okta.schemas.read"
	scopeUserTypes = "okta.userTypes.read"
	scopeLinked    = "okta.linkedObjects.read"
)

// Client talks to one Okta organisation. It is safe for concurrent use.
type Client struct {
	org  *url.URL
	api  *sdk.APIClient
	web  *http.Client
	wire *transport
	auth credential
	log  *slog.Logger
	now  func() time.Time

	self    remembered[string]
	roles   remembered[[]string]
	rules   remembered[[]sdk.GroupRule]
	schemas remembered[bool]
	byType  remembered[string]
}

var (
	_ agent.Directory = (*Client)(nil)
	_ agent.Actor     = (*Client)(nil)
	_ agent.Prover    = (*Client)(nil)
)

// New checks cfg and builds a client. It does not touch the network: Connect does.
func New(cfg Config) (*Client, error) {
	if cfg.Logger == nil || cfg.Now == nil {
		return nil, errors.New("okta: a logger and a clock are needed")
	}
	org, err := parseOrg(cfg.OrgURL)
	if err != nil {
		return nil, err
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "frontdesk"
	}
	wire, err := newTransport(cfg, org)
	if err != nil {
		return nil, err
	}
	if wire.auth, err = newCredential(cfg, org, wire); err != nil {
		return nil, err
	}
	c := &Client{org: org, wire: wire, auth: wire.auth, log: cfg.Logger, now: cfg.Now}
	c.web = &http.Client{Transport: wire}
	c.api = newBuilders(org, c.web)
	const soon = time.Minute
	c.self = remember[string](cfg.Now, 24*time.Hour)
	c.roles = remember[[]string](cfg.Now, soon)
	c.rules = remember[[]sdk.GroupRule](cfg.Now, soon)
	c.schemas = remember[bool](cfg.Now, 5*soon)
	c.byType = remember[string](cfg.Now, 60*soon)
	return c, nil
}

// newBuilders sets up the SDK as a builder of requests. Its configuration is
// written out here, because the SDK's own constructor reads ~/.okta, ./.okta.yaml
// and OKTA_* from the environment and drops the port of the organisation's URL.
// The token is a placeholder: the transport puts the real one in its place.
func newBuilders(org *url.URL, web *http.Client) *sdk.APIClient {
	cfg := &sdk.Configuration{
		Scheme:     org.Scheme,
		Host:       org.Host,
		Servers:    sdk.ServerConfigurations{{URL: org.String()}},
		HTTPClient: web,
		Context:    context.Background(),
	}
	cfg.Okta.Client.OrgUrl = org.String()
	cfg.Okta.Client.AuthorizationMode = "SSWS"
	cfg.Okta.Client.Token = "placeholder"
	return sdk.NewAPIClient(cfg)
}

// parseOrg reads the organisation's address and says what is wrong with it.
func parseOrg(text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, errors.New("the Okta address is missing: set it to something like https://acme.okta.com")
	}
	org, err := url.Parse(text)
	if err != nil || org.Host == "" || org.Opaque != "" {
		return nil, fmt.Errorf("the Okta address %q is not a URL: it should look like https://acme.okta.com", text)
	}
	org.Path = strings.TrimRight(org.Path, "/")
	host := org.Hostname()
	switch {
	case org.User != nil:
		return nil, errors.New("the Okta address must not hold a name or a password")
	case org.Path != "" || org.RawQuery != "" || org.Fragment != "":
		return nil, fmt.Errorf("the Okta address %q has something after the host: %s://%s is enough", text, org.Scheme, org.Host)
	case strings.Contains(strings.ToLower(host), "-admin.okta"):
		plain := strings.Replace(strings.ToLower(host), "-admin.okta", ".okta", 1)
		return nil, fmt.Errorf("the Okta address %q is the admin console's: use https://%s", text, plain)
	case org.Scheme == "https":
	case org.Scheme == "http" && loopback(host):
	case org.Scheme == "http":
		return nil, fmt.Errorf("the Okta address %q must begin with https:// (http is for this machine only)", text)
	default:
		return nil, fmt.Errorf("the Okta address %q must begin with https://", text)
	}
	return org, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
