package oktasim_test

import (
	"strings"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
)

// A2: every lifecycle operation from the statuses it is allowed in.
func TestAllowedTransitions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		login, operation string
		becomes          oktasim.Status
		field            string // one that the answer must have; empty: the answer is {}
		event            string
	}{
		{"stan", "activate", oktasim.Provisioned, "", "user.lifecycle.activate"},
		{"stan", "activate?sendEmail=false", oktasim.Provisioned, "activationUrl", "user.lifecycle.activate"},
		{"dora", "activate?sendEmail=true", oktasim.Provisioned, "", "user.lifecycle.activate"},
		{"priya", "reactivate", oktasim.Provisioned, "activationToken", "user.lifecycle.reactivate"},
		{"ray", "reactivate?sendEmail=true", oktasim.Provisioned, "", "user.lifecycle.reactivate"},
		{"ada", "deactivate", oktasim.Deprovisioned, "", "user.lifecycle.deactivate"},
		{"sid", "deactivate", oktasim.Deprovisioned, "", "user.lifecycle.deactivate"},
		{"stan", "deactivate", oktasim.Deprovisioned, "", "user.lifecycle.deactivate"},
		{"ada", "suspend", oktasim.Suspended, "", "user.lifecycle.suspend"},
		{"sid", "unsuspend", oktasim.Active, "", "user.lifecycle.unsuspend"},
		{"lou", "unlock", oktasim.Active, "", "user.account.unlock_by_admin"},
		{"dev", "unlock", oktasim.Active, "", "user.account.unlock_by_admin"}, // A3: a device block
		{"ada", "reset_password?sendEmail=false", oktasim.Recovery, "resetPasswordUrl", "user.account.reset_password"},
		{"ada", "reset_password?sendEmail=true", oktasim.Recovery, "", "user.account.reset_password"},
		{"ray", "reset_password", oktasim.Recovery, "", "user.account.reset_password"},
		{"pax", "reset_password", oktasim.Recovery, "", "user.account.reset_password"},
		{"ada", "expire_password", oktasim.PasswordExpired, "id", "user.account.expire_password"},
		{"ada", "expire_password_with_temp_password", oktasim.PasswordExpired, "tempPassword", "user.account.expire_password"},
		{"ada", "reset_factors", oktasim.Active, "", "user.mfa.factor.reset_all"},
	} {
		t.Run(c.login+"/"+c.operation, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			a := w.call(t, post, "/users/"+w.acme.People[c.login]+"/lifecycle/"+c.operation).want(t, 200)
			body := a.json(t)
			if c.field == "" && len(body) != 0 || c.field != "" && body[c.field] == nil {
				t.Errorf("body: %s", a.body)
			}
			u, _ := w.User(c.login)
			if u.Status != c.becomes {
				t.Errorf("status %s, want %s", u.Status, c.becomes)
			}
			events := w.Logs(c.event)
			if len(events) != 1 || events[0].TransactionID != a.header.Get("X-Okta-Request-Id") ||
				events[0].ActorID != w.acme.People["susan"] || events[0].ActorType != "User" || events[0].Targets[0] != u.ID {
				t.Errorf("events: %+v", events)
			}
			calls := w.Ledger()
			if len(calls) != 1 || !calls[0].Effect || calls[0].Targets[0] != u.ID || calls[0].Caller != w.acme.People["susan"] {
				t.Errorf("ledger: %+v", calls)
			}
		})
	}
}

// A2: every lifecycle operation refuses the wrong status in its own words.
func TestRefusedTransitions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const notAllowed = "This operation is not allowed in the user's current status."
	const noReset = "Password reset is not allowed in the user's current status"
	for _, c := range []struct {
		login, operation string
		status           int
		code             string
		summary, cause   string
	}{
		{"ada", "activate", 403, "E0000016", "Activation failed because the user is already active", ""},
		{"sid", "activate", 403, "E0000016", "", ""},
		{"ada", "reactivate", 403, "E0000038", notAllowed, ""},
		{"stan", "reactivate", 403, "E0000038", notAllowed, ""},
		{"dora", "deactivate", 404, "E0000007", "Not found: Resource not found: " + w.acme.People["dora"] + " (User)", ""},
		{"sid", "suspend", 400, "E0000001", "Api validation failed: suspendUser", "Cannot suspend a user that is not active"},
		{"stan", "suspend", 400, "E0000001", "Api validation failed: suspendUser", "Cannot suspend a user that is not active"},
		{"ada", "unsuspend", 400, "E0000001", "Api validation failed: suspendUser", "Cannot unsuspend a user that is not suspended"},
		{"ada", "unlock", 403, "E0000032", "Unlock is not allowed for this user.", "The user is not locked out."},
		{"abel", "unlock", 403, "E0000032", "Unlock is not allowed for this user.", ""},
		{"stan", "reset_password", 403, "E0000017", noReset, ""},
		{"priya", "reset_password", 403, "E0000017", noReset, ""},
		{"sid", "reset_password", 403, "E0000017", noReset, ""},
		{"dora", "reset_password", 403, "E0000017", noReset, ""},
		{"fred", "reset_password", 403, "E0000017", noReset, ""},
		{"sid", "expire_password", 403, "E0000038", notAllowed, ""},
		{"dora", "expire_password_with_temp_password", 403, "E0000038", notAllowed, ""},
	} {
		before, _ := w.User(c.login)
		a := w.call(t, post, "/users/"+w.acme.People[c.login]+"/lifecycle/"+c.operation)
		a.refused(t, c.status, c.code, c.summary, c.cause)
		if after, _ := w.User(c.login); after.Status != before.Status {
			t.Errorf("%s %s: status changed to %s", c.login, c.operation, after.Status)
		}
	}
	for _, call := range w.Ledger() {
		if call.Effect || call.ErrorCode == "" {
			t.Errorf("ledger: %+v", call)
		}
	}
	w.call(t, post, "/users/nobody/lifecycle/suspend").refused(t, 404, "E0000007", "", "")
	w.call(t, post, "/users/"+w.acme.People["fred"]+"/credentials/forgot_password").refused(t, 403, "E0000006", "", "")
}

func TestDeactivatingTakesAppsAndSessionsAndLeavesGroups(t *testing.T) {
	t.Parallel()
	w := setup(t)
	before, _ := w.User("ada")
	w.call(t, post, "/users/"+before.ID+"/lifecycle/deactivate").want(t, 200)
	after, _ := w.User("ada")
	if len(before.Apps) == 0 || len(after.Apps) != 0 || after.Sessions != 0 || len(after.Groups) != len(before.Groups) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if len(w.Logs("application.user_membership.remove")) != len(before.Apps) {
		t.Error("not every app was taken in the System Log")
	}
	w.call(t, post, "/users/"+before.ID+"/lifecycle/activate").want(t, 200)
	again, _ := w.User("ada")
	for _, id := range again.Apps {
		if id == w.acme.Apps["Notion"] {
			t.Error("a direct assignment came back")
		}
	}
}

// Deleting takes two calls: the first only deactivates.
func TestDeletingTakesTwoCalls(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.acme.People["ada"]
	w.call(t, del, "/users/"+id).want(t, 204)
	if u, _ := w.User(id); u.Status != oktasim.Deprovisioned {
		t.Errorf("status %s", u.Status)
	}
	w.call(t, del, "/users/"+id+"?sendEmail=false").want(t, 204)
	w.call(t, get, "/users/"+id).want(t, 404)
	w.call(t, del, "/users/"+id).refused(t, 404, "E0000007", "", "")
	if len(w.Logs("user.lifecycle.delete.initiated", "user.lifecycle.delete.completed")) != 2 {
		t.Error("the System Log lacks the deletion")
	}
}

func TestTransitionsCanTakeTime(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) { c.Quirks.TransitionTime = time.Minute })
	id := w.acme.People["stan"]
	w.call(t, post, "/users/"+id+"/lifecycle/activate").want(t, 200)
	u := w.call(t, get, "/users/"+id).json(t)
	if u["status"] != "STAGED" || u["transitioningToStatus"] != "PROVISIONED" {
		t.Errorf("in transition: %v", u)
	}
	w.call(t, post, "/users/"+id, `{"profile":{"city":"Bath"}}`).refused(t, 409, "E0000112", "", "")
	w.clock.advance(time.Minute)
	u = w.call(t, get, "/users/"+id).json(t)
	if u["status"] != "PROVISIONED" || u["transitioningToStatus"] != nil {
		t.Errorf("afterwards: %v", u)
	}
}

func TestSearchMayLagBehind(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *oktasim.Config) { c.Quirks.SearchDelay = time.Second })
	const search = "/users?search=status+eq+%22SUSPENDED%22"
	w.call(t, post, "/users/"+w.acme.People["ada"]+"/lifecycle/suspend").want(t, 200)
	if found := w.call(t, get, search).list(t); len(found) != 1 {
		t.Errorf("search saw it at once: %d", len(found))
	}
	if found := w.call(t, get, strings.Replace(search, "search", "filter", 1)).list(t); len(found) != 2 {
		t.Errorf("filter reads the primary store: %d", len(found))
	}
	w.clock.advance(time.Second)
	if found := w.call(t, get, search).list(t); len(found) != 2 {
		t.Errorf("search never saw it: %d", len(found))
	}
}

// A2: sign out everywhere; tokens and devices only if asked for.
func TestSessionsAreCleared(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		login, query             string
		sessions, tokens, device int
	}{
		{"ada", "", 0, 3, 0},
		{"ken", "?oauthTokens=true&forgetDevices=false", 0, 0, 1},
		{"grace", "?oauthTokens=true&forgetDevices=true", 0, 0, 0},
	} {
		w.call(t, del, "/users/"+w.acme.People[c.login]+"/sessions"+c.query).want(t, 204)
		u, _ := w.User(c.login)
		if u.Sessions != c.sessions || u.OAuthTokens != c.tokens || u.Devices != c.device {
			t.Errorf("%s%s: %d sessions, %d tokens, %d devices", c.login, c.query, u.Sessions, u.OAuthTokens, u.Devices)
		}
	}
}

// A3: the reason an ACTIVE person is stuck, and its cure.
func TestDeviceBlockIsListedAndLifted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/users/" + w.acme.People["dev"]
	if got := w.call(t, get, path+"/blocks").want(t, 200).list(t); len(got) != 1 || got[0]["appliesTo"] != "UNKNOWN_DEVICES" {
		t.Errorf("blocks: %v", got)
	}
	w.call(t, post, path+"/lifecycle/unlock").want(t, 200)
	if got := w.call(t, get, path+"/blocks").list(t); len(got) != 0 {
		t.Errorf("blocks: %v", got)
	}
}

func TestUsersAreCreatedAndChanged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const profile = `"login":"new@acme.example","email":"new@acme.example","firstName":"New","lastName":"Comer"`
	w.call(t, post, "/users", `{"profile":{`+profile+`,"shoe":"42"}}`).
		refused(t, 400, "E0000001", "Api validation failed: newUser", "Property name 'shoe' is not defined in profile")
	w.call(t, post, "/users", `{"profile":{"login":"x@acme.example"}}`).refused(t, 400, "E0000001", "", "")
	w.call(t, post, "/users", `{"profile":`).refused(t, 400, "E0000003", "", "")
	made := w.call(t, post, "/users?activate=false", `{"profile":{`+profile+`},"groupIds":["`+w.acme.Groups["Sales"]+`"]}`).want(t, 200).json(t)
	if made["status"] != "STAGED" || at(made, "profile", "secondEmail") != nil {
		t.Errorf("created: %v", made)
	}
	w.call(t, post, "/users", `{"profile":{`+profile+`}}`).refused(t, 400, "E0000001", "Api validation failed: login", "")
	id, _ := made["id"].(string)
	changed := w.call(t, post, "/users/"+id, `{"profile":{"department":"Engineering","city":null}}`).want(t, 200).json(t)
	if at(changed, "profile", "firstName") != "New" || at(changed, "profile", "department") != "Engineering" {
		t.Errorf("changed: %v", changed)
	}
	if u, _ := w.User(id); len(u.Groups) != 3 { // Everyone, Sales, and by the rule Engineering
		t.Errorf("groups: %v", u.Groups)
	}
	w.call(t, put, "/users/"+id, `{"profile":{`+profile+`}}`).want(t, 200)
	if u, _ := w.User(id); len(u.Groups) != 2 || u.Profile["department"] != nil {
		t.Errorf("replaced: %+v", u)
	}
}
