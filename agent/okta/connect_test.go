package okta

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
)

// C1, C2: what a good connection says of itself.
func TestConnectSaysWhoWeAre(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r, err := w.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.As, "Ada root") || len(r.Off) != 0 || !slices.ContainsFunc(r.Warnings, func(s string) bool { return strings.Contains(s, "its owner, Ada root") }) {
		t.Errorf("API token: %+v", r)
	}
	app := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}})
	r, err = app.Connect(t.Context())
	if err != nil || len(r.Off)+len(r.Warnings)+len(r.Missing) != 0 || !slices.Equal(r.Granted, DefaultScopes()) {
		t.Errorf("service app: %+v, %v", r, err)
	}
}

// C1: the absence of a scope or a role is said, with what it switches off.
func TestConnectSaysWhatIsOff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	scopes := []string{"okta.users.read", "okta.users.manage", "okta.groups.read", scopeLogs}
	c := w.service(oktasim.Client{Scopes: scopes, Roles: []string{oktasim.HelpDeskAdmin}})
	r, err := c.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(r.Off, "\n")
	for _, want := range []string{"okta.apps.manage", scopeRoles, scopeSchemas, "System Log"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	if !slices.Equal(r.Granted, scopes) {
		t.Errorf("granted %v", r.Granted)
	}
}

// C1: what was granted later is seen by connecting again.
func TestConnectLearnsAnew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.service(oktasim.Client{Scopes: []string{"okta.users.read"}, Roles: []string{oktasim.SuperAdmin}})
	r, err := c.Connect(t.Context())
	if err != nil || len(r.Granted) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}})
	if r, err = c.Connect(t.Context()); err != nil || len(r.Missing) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// C3: what goes wrong is named with its cure.
func TestConnectNamesTheCure(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		client func(w *world) *Client
		code   string
		says   string
	}{
		{"wrong API token", func(w *world) *Client {
			return w.connectAs(func(c *Config) { c.APIToken = "sim-wrong" })
		}, "okta_bad_token", "Make a new one"},
		{"token whose owner is no admin", func(w *world) *Client {
			w.person("plain")
			if err := w.tenant.AllowToken("sim-plain", "plain@acme.example"); err != nil {
				w.t.Fatal(err)
			}
			return w.connectAs(func(c *Config) { c.APIToken = "sim-plain" })
		}, "okta_no_role", "Admin roles"},
		{"consent required", func(w *world) *Client {
			return w.service(oktasim.Client{Scopes: []string{"okta.policies.read"}})
		}, "okta_consent_required", "super admin grants"},
		{"unknown scopes", func(w *world) *Client {
			return w.service(oktasim.Client{}, func(c *Config) { c.Scopes = []string{"okta.unheard.of"} })
		}, "okta_invalid_scope", "scopes"},
		{"insufficient scope", func(w *world) *Client {
			return w.service(oktasim.Client{Scopes: []string{"okta.groups.read"}})
		}, "okta_missing_scope", "okta.users.read"},
		{"no admin role", func(w *world) *Client {
			return w.service(oktasim.Client{})
		}, "okta_no_role", "Admin roles"},
		{"another key", func(w *world) *Client {
			return w.service(oktasim.Client{}, func(c *Config) { c.PrivateKey = pemOf(w.t, newKey(w.t)) })
		}, "okta_key_mismatch", "this very key"},
		{"another client id", func(w *world) *Client {
			return w.service(oktasim.Client{}, func(c *Config) { c.ClientID = "0oasomebodyelse00000" })
		}, "okta_key_mismatch", "0oasomebodyelse00000"},
		{"clock behind", func(w *world) *Client {
			late := &clock{at: w.clock.now().Add(-time.Hour)}
			return w.service(oktasim.Client{}, func(c *Config) { c.Now = late.now })
		}, "okta_clock_skew", "1h0m0s"},
		{"clock ahead", func(w *world) *Client {
			early := &clock{at: w.clock.now().Add(2 * time.Hour)}
			return w.service(oktasim.Client{}, func(c *Config) { c.Now = early.now })
		}, "okta_clock_skew", "2h0m0s"},
		{"nobody listens", func(w *world) *Client {
			var config net.ListenConfig
			l, err := config.Listen(w.t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				w.t.Fatal(err)
			}
			address := l.Addr().String()
			if err := l.Close(); err != nil {
				w.t.Fatal(err)
			}
			return w.connectAs(func(c *Config) { c.OrgURL, c.APIToken = "http://"+address, simToken })
		}, "okta_unreachable", "network"},
		{"something else listens", func(w *world) *Client {
			return w.connectAs(func(c *Config) { c.OrgURL, c.APIToken = answering(w.t, 404, "<html>nothing here</html>"), simToken })
		}, "okta_wrong_domain", "https://acme.okta.com"},
		{"something else redirects", func(w *world) *Client {
			return w.connectAs(func(c *Config) { c.OrgURL, c.APIToken = answering(w.t, 302, ""), simToken })
		}, "okta_wrong_domain", "https://acme.okta.com"},
		{"something else says yes", func(w *world) *Client {
			return w.connectAs(func(c *Config) { c.OrgURL, c.APIToken = answering(w.t, 200, "<html>welcome</html>"), simToken })
		}, "okta_wrong_domain", "https://acme.okta.com"},
		{"Okta has trouble", func(w *world) *Client {
			w.fault(oktasim.Fault{Kind: oktasim.ErrorBefore})
			return w.connectAs(func(c *Config) { c.APIToken = simToken })
		}, "okta_unreachable", "status.okta.com"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			_, err := c.client(w).Connect(t.Context())
			p := asProblem(t, err)
			if p.Code != c.code || !strings.Contains(p.Text, c.says) {
				t.Errorf("%s: %s (%v)", p.Code, p.Text, p.Cause)
			}
			if p.Cause == nil || strings.Contains(p.Text, simToken) {
				t.Errorf("problem %+v", p)
			}
		})
	}
}

// A clock that is only a little off is said, not refused.
func TestConnectWarnsOfTheClock(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ours := &clock{at: w.clock.now().Add(-2 * time.Minute)}
	c := w.service(oktasim.Client{Roles: []string{oktasim.SuperAdmin}}, func(c *Config) { c.Now = ours.now })
	r, err := c.Connect(t.Context())
	if err != nil || r.Skew != 2*time.Minute || len(r.Warnings) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// answering starts a server that is no Okta.
func answering(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Location", "https://elsewhere.example/")
		rw.WriteHeader(status)
		if _, err := io.WriteString(rw, body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
