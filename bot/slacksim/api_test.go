package slacksim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokenKindsAreToldApart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct{ name, token, method, want string }{
		{"none", "", "auth.test", "not_authed"},
		{"unknown", "xoxb-other", "auth.test", "invalid_auth"},
		{"app token where the bot's belongs", "xapp-sim", "chat.postMessage", "not_allowed_token_type"},
		{"bot token where the app's belongs", "xoxb-sim", "apps.connections.open", "not_allowed_token_type"},
		{"unknown method", "xoxb-sim", "chat.shout", "unknown_method"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			res, got := w.postAs(t, c.token, c.method, object{})
			if res.StatusCode != http.StatusOK || got["ok"] != false || got["error"] != c.want {
				t.Errorf("%d %v, want %s", res.StatusCode, got, c.want)
			}
		})
	}
	res, got := w.send(t, http.MethodGet, "/api/apps.connections.open", "", "xapp-sim", nil)
	if res.StatusCode != http.StatusOK || got["error"] != "insecure_request" {
		t.Errorf("GET apps.connections.open: %v", got)
	}
}

func TestMissingScopeNamesWhatIsNeededAndProvided(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Scopes = []string{"users:read", "commands"} })
	res, got := w.postAs(t, "xoxb-sim", "chat.postMessage", object{"channel": "U0ADA", "text": "x"})
	want := object{"ok": false, "error": "missing_scope", "needed": "chat:write", "provided": "users:read,commands"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := res.Header.Get("X-OAuth-Scopes"); got != "users:read,commands" {
		t.Errorf("X-OAuth-Scopes %q", got)
	}
	if got := res.Header.Get("X-Accepted-OAuth-Scopes"); got != "chat:write" {
		t.Errorf("X-Accepted-OAuth-Scopes %q", got)
	}
	user := obj(w.form(t, "users.info", "user", "U0ADA"), "user")
	if _, has := obj(user, "profile")["email"]; has || user == nil {
		t.Errorf("email without users:read.email: %v", user)
	}
	w.SetScopes("chat:write")
	if got := w.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "x"}); got["ok"] != true {
		t.Errorf("after the scope was granted: %v", got)
	}
}

func TestTokenAndArgumentsArriveInEveryWayClientsSendThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	kind := "application/x-www-form-urlencoded"
	for _, c := range []struct{ name, verb, path, kind, token, body string }{
		{"header and form", http.MethodPost, "/api/users.info", kind, "xoxb-sim", "user=U0ADA"},
		{"form", http.MethodPost, "/api/users.info", kind, "", "token=xoxb-sim&user=U0ADA"},
		{"query", http.MethodGet, "/api/users.info?user=U0ADA&token=xoxb-sim", "", "", ""},
		{"header and query", http.MethodGet, "/api/users.info?user=U0ADA", "", "xoxb-sim", ""},
		{
			"multipart", http.MethodPost, "/api/users.info", "multipart/form-data; boundary=B", "xoxb-sim",
			"--B\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nU0ADA\r\n--B--\r\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, got := w.send(t, c.verb, c.path, c.kind, c.token, []byte(c.body))
			if str(obj(got, "user"), "name") != "ada" {
				t.Errorf("%v", got)
			}
		})
	}
	for _, c := range []struct{ name, kind, body, want string }{
		{"JSON to a method that reads forms only", "application/json", `{"user":"U0ADA"}`, "user_not_found"},
		{"token in JSON is not looked at", "application/json", `{"token":"xoxb-sim"}`, "not_authed"},
		{"broken JSON", "application/json", `{`, "invalid_json"},
		{"other types", "text/plain", `x`, "invalid_post_type"},
		{"no type", "", `x`, "missing_post_type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			token := "xoxb-sim"
			if c.want == "not_authed" {
				token = ""
			}
			_, got := w.send(t, http.MethodPost, "/api/users.info", c.kind, token, []byte(c.body))
			if got["error"] != c.want {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestLedgerKeepsEveryCallButNoToken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.form(t, "chat.postMessage", "channel", "U0ADA", "text", "hello")
	w.postAs(t, "xapp-sim", "apps.connections.open", object{})
	w.send(t, http.MethodGet, "/api/auth.test?"+url.Values{"token": {"xoxb-sim"}}.Encode(), "", "", nil)
	var methods []string
	for _, c := range w.Calls() {
		methods = append(methods, c.Method)
		if strings.Contains(string(c.Args)+string(c.Response), "xoxb-sim") || strings.Contains(string(c.Args), "xapp-sim") {
			t.Errorf("token in the ledger: %+v", c)
		}
	}
	if diff := cmp.Diff([]string{"chat.postMessage", "apps.connections.open", "auth.test"}, methods); diff != "" {
		t.Error(diff)
	}
	if got := string(w.CallsOf("chat.postMessage")[0].Args); got != `{"channel":"U0ADA","text":"hello"}` {
		t.Error(got)
	}
}

func TestAuthTestAndTeamInfo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.post(t, "auth.test", nil)
	want := object{
		"ok": true, "url": "https://acme.slack.com/", "team": "Acme", "user": "frontdesk", "team_id": "T00SIM",
		"user_id": "U00BOT", "bot_id": "B00SIM", "is_enterprise_install": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := obj(w.post(t, "team.info", nil), "team"); str(got, "domain") != "acme" {
		t.Errorf("%v", got)
	}
	if got := obj(w.form(t, "bots.info", "bot", "B00SIM"), "bot"); str(got, "user_id") != "U00BOT" {
		t.Errorf("%v", got)
	}
}

func TestUsergroupMembersLeaveOutTheDeactivated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AddPerson(Person{ID: "U0GONE", Name: "gone", Deactivated: true})
	if err := w.AddUsergroup("S0IT", "it", "ada", "gone"); err != nil {
		t.Fatal(err)
	}
	got := w.form(t, "usergroups.users.list", "usergroup", "S0IT")
	if diff := cmp.Diff([]any{"U0ADA"}, got["users"]); diff != "" {
		t.Error(diff)
	}
	if got := w.form(t, "usergroups.users.list", "usergroup", "S0NO"); got["error"] != "no_such_subteam" {
		t.Errorf("%v", got)
	}
}
