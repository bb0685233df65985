package oktasim_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (w *world) suspend(t *testing.T, login string) string {
	t.Helper()
	return w.call(t, post, "/users/"+w.acme.People[login]+"/lifecycle/suspend").want(t, 200).header.Get("X-Okta-Request-Id")
}

// transactions lists the request ids of log events.
func transactions(t *testing.T, a answer) (ids []string) {
	t.Helper()
	for _, e := range a.want(t, 200).list(t) {
		id, _ := at(e, "transaction", "id").(string)
		ids = append(ids, id)
	}
	return ids
}

// N4: the log is asked for what a call did, by every kind of filter.
func TestLogsAreFiltered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ada := w.suspend(t, "ada")
	w.clock.advance(time.Minute)
	ken := w.suspend(t, "ken")
	w.call(t, post, "/users/"+w.acme.People["ada"]+"/lifecycle/unsuspend").want(t, 200)
	for filter, want := range map[string][]string{
		`target.id eq "` + w.acme.People["ada"] + `" and eventType eq "user.lifecycle.suspend"`: {ada},
		`transaction.id eq "` + ken + `"`: {ken},
		`actor.id eq "` + w.acme.People["susan"] + `" and eventType sw "user.lifecycle" and not eventType ew "unsuspend"`: {ada, ken},
		`eventType co "suspend" and eventType ne "user.lifecycle.unsuspend"`:                                              {ada, ken},
		`outcome.result eq "FAILURE"`: nil,
		`published gt "2026-11-24T09:00:30.000Z" and eventType eq "user.lifecycle.suspend"`: {ken},
		`target.type eq "User" and transaction.id eq "` + ada + `"`:                         {ada},
	} {
		if diff := cmp.Diff(want, transactions(t, w.call(t, get, "/logs?filter="+url.QueryEscape(filter)))); diff != "" {
			t.Errorf("%s: %s", filter, diff)
		}
	}
	q := transactions(t, w.call(t, get, "/logs?q=lovelace+suspend&sortOrder=DESCENDING&since=2026-11-24T09:00:00Z"))
	if len(q) != 2 || q[1] != ada {
		t.Errorf("q: %v", q)
	}
	w.call(t, get, "/logs?since=2026-01-01T00:00:00Z").refused(t, 400, "E0000001", "", "")
	w.call(t, get, "/logs?since=yesterday").refused(t, 400, "E0000001", "", "")
	w.call(t, get, "/logs?filter=eventType").refused(t, 400, "E0000031", "", "")
}

// Bounded queries end; polling never does.
func TestLogsAreReadInPagesAndPolled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var want []string
	for _, login := range []string{"ada", "ken", "alan"} {
		want = append(want, w.suspend(t, login))
		w.clock.advance(time.Second)
	}
	var got []string
	pages := 0
	for path := "/logs?limit=2&since=2026-11-24T09:00:00Z&until=2026-11-24T10:00:00Z"; path != ""; pages++ {
		a := w.call(t, get, path)
		got = append(got, transactions(t, a)...)
		path = a.next()
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 2 {
		t.Errorf("%d pages: %s", pages, diff)
	}

	poll := w.call(t, get, "/logs?limit=2&since=2026-11-24T09:00:00Z")
	poll = w.call(t, get, poll.next())
	if got := transactions(t, poll); len(got) != 1 || got[0] != want[2] {
		t.Errorf("second page: %v", got)
	}
	poll = w.call(t, get, poll.next())
	if got := transactions(t, poll); len(got) != 0 || poll.next() == "" {
		t.Errorf("an empty poll: %v, next %q", got, poll.next())
	}
	late := w.suspend(t, "dennis")
	if got := transactions(t, w.call(t, get, poll.next())); len(got) != 1 || got[0] != late {
		t.Errorf("what came later: %v", got)
	}
}

// Late and reordered events reach those who poll, each once.
func TestDelayedLogsArriveOutOfOrderAndWhole(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.DelayLogs(10*time.Second, 30*time.Second)
	var want, got []string
	poll := w.call(t, get, "/logs?since=2026-11-24T09:00:00Z")
	for i, login := range []string{"ada", "ken", "alan", "dennis", "radia", "edsger", "hedy", "annie"} {
		want = append(want, w.suspend(t, login))
		w.clock.advance(3 * time.Second)
		if i == 0 && len(w.call(t, get, "/logs").list(t)) != 0 {
			t.Error("the delay has no effect")
		}
		poll = w.call(t, get, poll.next())
		got = append(got, transactions(t, poll)...)
	}
	w.clock.advance(time.Minute)
	got = append(got, transactions(t, w.call(t, get, poll.next()))...)
	if slices.Equal(want, got) {
		t.Error("the order did not change")
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	held := w.suspend(t, "barbara")
	w.DelayLogs(0, 0)
	if got := transactions(t, w.call(t, get, "/logs?filter="+url.QueryEscape(fmt.Sprintf(`transaction.id eq %q`, held)))); len(got) != 1 {
		t.Error("what was held back is not shown")
	}
}
