package okta

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
)

const (
	someone   = "00usomebodysomebody0"
	someGroup = "00gsomegroupsomegrou"
)

// against makes a client of a server that misbehaves in ways no tenant does.
func against(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	at := newClock()
	c, err := New(Config{OrgURL: server.URL, APIToken: simToken, Now: at.now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.wire.rest = at.rest
	return c
}

// N4: a connection that ends without a word is not reason to send a write again,
// although the SDK would, for ever.
func TestWriteIsNotRepeatedWhenTheConnectionEnds(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := against(t, func(rw http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, kind := range []struct {
		act  agent.Act
		call string
	}{
		{agent.Act{Kind: action.SuspendUser, Target: someone}, callSuspend},
		{agent.Act{Kind: action.RevokeSessions, Target: someone}, callClearSessions},
		{agent.Act{Kind: action.AddToGroup, Target: someone, Object: someGroup}, callAddMember},
	} {
		calls.Store(0)
		_, err := c.Do(t.Context(), kind.act, agent.Sight{Call: kind.call})
		if e := asOktaError(t, err); e.NotExecuted() || calls.Load() != 1 {
			t.Errorf("%s: %d calls, %v", kind.call, calls.Load(), err)
		}
	}
}

// N4: a kept connection that the other side has closed meanwhile is no reason either.
func TestWriteOverAStaleConnectionIsSentOnce(t *testing.T) {
	t.Parallel()
	var writes atomic.Int32
	c := against(t, func(rw http.ResponseWriter, _ *http.Request) {
		if writes.Add(1) == 1 {
			if _, err := fmt.Fprint(rw, "{}"); err != nil {
				t.Error(err)
			}
			return
		}
		panic(http.ErrAbortHandler)
	})
	act, sight := agent.Act{Kind: action.SuspendUser, Target: someone}, agent.Sight{Call: callSuspend}
	if _, err := c.Do(t.Context(), act, sight); err != nil {
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), act, sight)
	if e := asOktaError(t, err); e.NotExecuted() || writes.Load() != 2 {
		t.Errorf("%d writes, %v", writes.Load(), err)
	}
}

// N4: the status says that a write took effect, even if the rest is cut off; the
// password in it is then lost, and that is said.
func TestCutOffAnswerOfAWrite(t *testing.T) {
	t.Parallel()
	c := against(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "1000")
		rw.Header().Set("X-Okta-Request-Id", "req1")
		if _, err := fmt.Fprint(rw, `{"tempPassword":"sim-`); err != nil {
			t.Error(err)
		}
	})
	act := agent.Act{Kind: action.ResetPassword, Target: someone, TempPassword: true}
	r, err := c.Do(t.Context(), act, agent.Sight{Call: callTempPassword})
	if err != nil || !r.Secret.Empty() || r.RequestID != "req1" || !strings.Contains(r.Note, "nobody has seen it") {
		t.Errorf("%+v, %v", r, err)
	}
}

// A list whose next page is elsewhere, or is itself, is an error; our token goes nowhere else.
func TestNextPageMustBeOurs(t *testing.T) {
	t.Parallel()
	var strayed atomic.Bool
	foreign := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Store(true) }))
	t.Cleanup(foreign.Close)
	for _, next := range []string{foreign.URL + "/api/v1/users", "//evil.example/api/v1/users", "https://a:b@evil.example/", "/oauth2/x", "?again"} {
		c := against(t, func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Add("Link", `<https://x.example/>; rel="self"`)
			rw.Header().Add("Link", "<"+next+`>; rel="next"`)
			if _, err := fmt.Fprint(rw, "[]"); err != nil {
				t.Error(err)
			}
		})
		if list, err := c.Members(t.Context(), someGroup); err == nil {
			t.Errorf("%s: %v", next, list)
		}
	}
	if strayed.Load() {
		t.Error("the token went elsewhere")
	}
}

// Answers that are none of Okta's are errors that quote nothing of them.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	answers := []struct {
		status int
		body   string
	}{{200, "<html>"}, {200, `{"id":"00ubodyelsebodyelse0"}`}, {200, ""}, {302, ""}, {404, "<html>secret"}, {451, "{}"}}
	for _, a := range answers {
		c := against(t, func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(a.status)
			if _, err := fmt.Fprint(rw, a.body); err != nil {
				t.Error(err)
			}
		})
		u, err := c.User(t.Context(), someone)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d %q: %+v, %v", a.status, a.body, u, err)
		}
	}
}

func TestLinkHeaders(t *testing.T) {
	t.Parallel()
	cases := map[string]map[string]string{
		`<https://a/?after=1>; rel="next"`:                                   {"https://a/?after=1": "next"},
		`<https://a>; rel=self, <https://b,c;d>; title="x, <y>"; rel="next"`: {"https://a": "self", "https://b,c;d": "next"},
		`<https://a>;REL = next`:                                             {"https://a": "next"},
		`garbage`:                                                            {},
		`<unclosed`:                                                          {},
		`<https://a>`:                                                        {"https://a": ""},
	}
	for header, want := range cases {
		got := map[string]string{}
		for target, params := range links(header) {
			got[target] = params["rel"]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", header, diff)
		}
	}
}

// managers answers as an organisation does in which somebody's manager is set in
// a certain way.
type managers struct {
	linked string // a user's id
	schema string // the definition of managerId
}

func (m managers) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body := ""
	switch path := strings.TrimPrefix(r.URL.Path, "/api/v1"); {
	case strings.HasSuffix(path, "/linkedObjects/manager"):
		body = "[]"
		if m.linked != "" {
			body = fmt.Sprintf(`[{"_links":{"self":{"href":"http://%s/api/v1/users/%s"}}}]`, r.Host, m.linked)
		}
	case strings.HasPrefix(path, "/meta/schemas/user/osc1"):
		body = `{"definitions":{"base":{"properties":{` + m.schema + `}}}}`
	case strings.HasPrefix(path, "/users/"):
		body = fmt.Sprintf(`{"id":%q,"status":"ACTIVE","type":{"id":"oty1"},"_links":{"schema":{"href":"http://%s/api/v1/meta/schemas/user/osc1"}}}`,
			strings.TrimPrefix(path, "/users/"), r.Host)
	}
	if _, err := fmt.Fprint(rw, body); err != nil {
		panic(err)
	}
}

// N11: a linked manager comes first; a managerId that people write themselves, or
// that no schema knows, counts for nothing.
func TestManagerThatCanBeTrusted(t *testing.T) {
	t.Parallel()
	const boss = "00ubossbossbossboss0"
	cases := []struct {
		name      string
		managers  managers
		managerID string
		want      string
	}{
		{"linked", managers{linked: boss}, "", boss},
		{"linked to oneself", managers{linked: someone}, "", ""},
		{"read only", managers{schema: `"managerId":{"permissions":[{"principal":"SELF","action":"READ_ONLY"}]}`}, boss, boss},
		{"self-service", managers{schema: `"managerId":{"permissions":[{"principal":"SELF","action":"READ_WRITE"}]}`}, boss, ""},
		{"self-service, but linked", managers{linked: boss, schema: `"managerId":{"permissions":[{"principal":"SELF","action":"READ_WRITE"}]}`}, boss, boss},
		{"unknown to the schema", managers{}, boss, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := against(t, c.managers.ServeHTTP)
			got, err := client.Manager(t.Context(), agent.User{ID: someone, TypeID: "oty1", ManagerID: c.managerID})
			if err != nil {
				t.Fatal(err)
			}
			id := ""
			if got != nil {
				id = got.ID
			}
			if id != c.want {
				t.Errorf("manager %q, want %q", id, c.want)
			}
		})
	}
}

// C1: nothing is taken from the environment or from ~/.okta.
func TestAmbientSettingsAreIgnored(t *testing.T) {
	t.Setenv("OKTA_CLIENT_TOKEN", "sim-ambient")
	t.Setenv("OKTA_CLIENT_ORGURL", "https://ambient.example")
	t.Setenv("OKTA_CLIENT_CACHE_ENABLED", "true")
	t.Setenv("OKTA_CLIENT_RATE_LIMIT_MAX_RETRIES", "9")
	var seen atomic.Value
	c := against(t, func(rw http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		if _, err := fmt.Fprintf(rw, `{"id":%q}`, someone); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.User(t.Context(), someone); err != nil {
		t.Fatal(err)
	}
	if seen.Load() != "SSWS "+simToken {
		t.Errorf("authorized as %v", seen.Load())
	}
	if cfg := c.api.GetConfig(); cfg.Okta.Client.Cache.Enabled || cfg.Okta.Client.RateLimit.MaxRetries != 0 || cfg.Debug {
		t.Errorf("configuration %+v", cfg.Okta.Client)
	}
}

// A rule's expression is evaluated as far as it is understood.
func TestRuleExpressions(t *testing.T) {
	t.Parallel()
	s := wireUser{Profile: map[string]json.RawMessage{
		"department": json.RawMessage(`"Sales"`), "level": json.RawMessage(`7`), "remote": json.RawMessage(`true`),
	}}.subject()
	groups := []agent.Group{{ID: someGroup}}
	cases := map[string]verdict{
		`user.department=="Sales"`:                 yes,
		`user.department == 'Legal'`:               no,
		`user.department eq "Sales"`:               yes,
		`user.department=="sales"`:                 unsure,
		`user.department!="Legal" AND user.remote`: yes,
		`user.level == 7`:                          unsure,
		`user.level == "7"`:                        yes,
		`user.city == null`:                        yes,
		`!(user.department=="Legal")`:              yes,
		`NOT user.remote`:                          no,
		`user.department=="Legal" or (user.remote == true && user.department!="x")`: yes,
		`isMemberOfAnyGroup("00gother","` + someGroup + `")`:                        yes,
		`isMemberOfGroup("00gother")`:                                               no,
		`isMemberOfGroupName("Sales")`:                                              unsure,
		`String.startsWith(user.department,"Sa")`:                                   yes,
		`String.stringContains(user.department, "x")`:                               no,
		`String.len(user.department) > 3`:                                           unsure,
		`user.department=="Sales" ? true : false`:                                   unsure,
		`user.isMemberOf({"group.id": {"x"}})`:                                      unsure,
		`user.department=="Sal\"es"`:                                                unsure,
		`user.department=="Sales`:                                                   unsure,
		`user.department==`:                                                         unsure,
		`(user.remote`:                                                              unsure,
		`user.remote user.remote`:                                                   unsure,
		``:                                                                          unsure,
	}
	for expression, want := range cases {
		if got := evaluate(expression, s, groups); got != want {
			t.Errorf("%s: %d, want %d", expression, got, want)
		}
	}
}

// FuzzRuleExpressions: no expression, however strange, makes it panic or hang.
func FuzzRuleExpressions(f *testing.F) {
	f.Add(`user.a=="b" and (not user.c or isMemberOfGroup("x"))`)
	f.Add(`((((((((`)
	f.Fuzz(func(_ *testing.T, expression string) {
		evaluate(expression, subject{}, nil)
	})
}

func TestWWWAuthenticate(t *testing.T) {
	t.Parallel()
	header := `Bearer authorization_uri="https://a/oauth2/v1/authorize", realm="https://a", scope="okta.logs.read", error="insufficient_scope", ` +
		`error_description="error=\"x\"", resource="/api/v1/logs"`
	for name, want := range map[string]string{"scope": "okta.logs.read", "error": "insufficient_scope", "nothing": "", "uri": ""} {
		if got := parameter(header, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The gate tells when to come back instead of waiting in vain.
func TestGateDoesNotWaitInVain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := against(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	<-ctx.Done()
	if _, err := c.User(ctx, someone); err == nil || calls.Load() != 0 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}
