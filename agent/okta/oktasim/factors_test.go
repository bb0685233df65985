package oktasim_test

import (
	"strings"
	"testing"
	"time"
)

// factor finds somebody's factor id by its kind.
func (w *world) factor(t *testing.T, login, kind string) string {
	t.Helper()
	for _, f := range w.call(t, get, "/users/"+w.acme.People[login]+"/factors").want(t, 200).list(t) {
		if f["factorType"] == kind {
			id, _ := f["id"].(string)
			return "/users/" + w.acme.People[login] + "/factors/" + id
		}
	}
	t.Fatalf("%s has no %s", login, kind)
	return ""
}

// N6: a push waits until the person answers, or its time is over.
func TestPushWaitsForThePerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(*world) error
		want   string
	}{
		"approved":    {func(w *world) error { return w.AnswerPush("ada", true) }, "SUCCESS"},
		"rejected":    {func(w *world) error { return w.AnswerPush("ada", false) }, "REJECTED"},
		"too late":    {func(w *world) error { w.clock.advance(6 * time.Minute); return nil }, "TIMEOUT"},
		"not yet":     {func(*world) error { return nil }, "WAITING"},
		"over HTTP":   {nil, "SUCCESS"},
		"wrong digit": {func(w *world) error { return w.AnswerNumber("ada", 5) }, "REJECTED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			sent := w.call(t, post, w.factor(t, "ada", "push")+"/verify").want(t, 201).json(t)
			poll, _ := at(sent, "_links", "poll", "href").(string)
			if sent["factorResult"] != "WAITING" || sent["expiresAt"] == nil || poll == "" || at(sent, "_links", "cancel", "href") == nil {
				t.Fatalf("sent: %v", sent)
			}
			if c.answer == nil {
				w.as(t, "", post, "/sim/push", `{"user":"ada","approve":true}`).want(t, 200)
			} else if err := c.answer(w); err != nil {
				t.Fatal(err)
			}
			got := w.call(t, get, poll).want(t, 200).json(t)
			if got["factorResult"] != c.want {
				t.Errorf("got %v", got)
			}
			if retry := at(got, "_links", "verify"); (retry != nil) != (c.want == "REJECTED" || c.want == "TIMEOUT") {
				t.Errorf("links: %v", got["_links"])
			}
			if c.want == "REJECTED" && len(w.Logs("user.mfa.okta_verify.deny_push")) != 1 {
				t.Error("the System Log lacks the denial")
			}
		})
	}
}

func TestPushCanShowANumber(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sent := w.call(t, post, w.factor(t, "ada", "push")+"/verify", `{"useNumberMatchingChallenge":true}`).want(t, 201).json(t)
	number, isNumber := at(sent, "_embedded", "challenge", "correctAnswer").(float64)
	if !isNumber || len(w.Pushes()) != 1 || w.Pushes()[0].Number != int(number) {
		t.Fatalf("sent: %v", sent)
	}
	if err := w.AnswerNumber("ada", int(number)); err != nil {
		t.Fatal(err)
	}
	poll, _ := at(sent, "_links", "poll", "href").(string)
	if got := w.call(t, get, poll).json(t)["factorResult"]; got != "SUCCESS" {
		t.Errorf("got %v", got)
	}
	if err := w.AnswerPush("ada", true); err == nil {
		t.Error("an answered push can be answered again")
	}
	w.call(t, del, poll).want(t, 204)
	w.call(t, get, poll).want(t, 404)
}

// N6: codes are right or wrong, used once, and in time.
func TestCodesAreVerified(t *testing.T) {
	t.Parallel()
	w := setup(t)
	verify := w.factor(t, "ada", "token:software:totp") + "/verify"
	code := w.TOTP("ada")
	if got := w.call(t, post, verify, `{"passCode":"`+code+`"}`).want(t, 200).json(t)["factorResult"]; got != "SUCCESS" {
		t.Errorf("got %v", got)
	}
	w.call(t, post, verify, `{"passCode":"`+code+`"}`).refused(t, 403, "E0000082", "", "")
	w.call(t, post, verify, `{"passCode":"wrong"}`).refused(t, 403, "E0000068", "Invalid Passcode/Answer",
		"Your passcode doesn't match our records. Please try again.")
	w.clock.advance(5 * time.Minute)
	w.call(t, post, verify, `{"passCode":"`+code+`"}`).refused(t, 403, "E0000083", "", "")

	question := w.factor(t, "quinn", "question") + "/verify"
	w.call(t, post, question, `{"answer":"ketchup"}`).refused(t, 403, "E0000068", "", "")
	w.call(t, post, question, `{"answer":"Mayonnaise"}`).want(t, 200)

	sms := w.factor(t, "otto", "sms") + "/verify"
	if got := w.call(t, post, sms).want(t, 200).json(t)["factorResult"]; got != "CHALLENGE" {
		t.Errorf("got %v", got)
	}
	w.call(t, post, sms).refused(t, 429, "E0000109", "", "")
	sent, _ := w.Code("otto", "sms")
	w.call(t, post, sms, `{"passCode":"`+sent+`"}`).want(t, 200)
	w.call(t, post, sms, `{"passCode":"`+sent+`"}`).refused(t, 403, "E0000068", "", "")
}

// A2: deleting the push takes the whole Okta Verify enrolment; a reset takes all.
func TestFactorsAreRemoved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	count := func(login string) int {
		u, _ := w.User(login)
		return len(u.Factors)
	}
	w.call(t, del, w.factor(t, "iris", "sms")).want(t, 204)
	if got := count("iris"); got != 3 {
		t.Errorf("%d factors left", got)
	}
	push := w.factor(t, "iris", "push")
	w.call(t, del, push).want(t, 204)
	if got := count("iris"); got != 1 { // email
		t.Errorf("%d factors left", got)
	}
	w.call(t, del, push).refused(t, 404, "E0000007", "", "")
	w.call(t, post, "/users/"+w.acme.People["iris"]+"/lifecycle/reset_factors").want(t, 200)
	if got := count("iris"); got != 0 {
		t.Errorf("%d factors left", got)
	}
	fast := w.call(t, get, w.factor(t, "dev", "signed_nonce")).want(t, 200)
	if strings.Contains(string(fast.body), "/verify") {
		t.Errorf("signed_nonce cannot be verified: %s", fast.body)
	}
}
