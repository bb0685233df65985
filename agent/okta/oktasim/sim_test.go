package oktasim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/agent/okta/oktasim"
)

// clock is a tenant's clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a running tenant with Acme in it and a super admin's token.
type world struct {
	*oktasim.Tenant
	acme  *oktasim.Company
	clock *clock
	url   string
}

func setup(t *testing.T, change ...func(*oktasim.Config)) *world {
	t.Helper()
	w := &world{clock: newClock()}
	config := oktasim.Config{Now: w.clock.now, Seed: 7}
	for _, apply := range change {
		apply(&config)
	}
	w.Tenant = oktasim.New(config)
	company, err := w.LoadAcme()
	if err != nil {
		t.Fatal(err)
	}
	w.acme = company
	for token, owner := range map[string]string{
		"super": "susan", "helpdesk": "hal", "reader": "rob", "nobody": "ada", "org": "olga", "apps": "grace",
	} {
		if err := w.AllowToken(token, w.acme.People[owner]); err != nil {
			t.Fatal(err)
		}
	}
	server, err := w.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.url = server.URL
	return w
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a call with the super admin's token; path starts after /api/v1.
func (w *world) call(t *testing.T, method, path string, body ...string) answer {
	t.Helper()
	return w.as(t, "SSWS super", method, path, body...)
}

func (w *world) as(t *testing.T, authorization, method, path string, body ...string) answer {
	t.Helper()
	a, err := w.try(t, authorization, method, path, body...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (w *world) try(t *testing.T, authorization, method, path string, body ...string) (answer, error) {
	t.Helper()
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/oauth2") && !strings.HasPrefix(path, "/sim") {
		path = "/api/v1" + path
	}
	if strings.HasPrefix(path, "/") {
		path = w.url + path
	}
	request, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(strings.Join(body, "")))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	request.Header.Set("Content-Type", "application/json")
	return fetch(request)
}

// send makes a call that the test prepared.
func (w *world) send(t *testing.T, request *http.Request) answer {
	t.Helper()
	a, err := fetch(request)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func fetch(request *http.Request) (answer, error) {
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, response.Header, read}, nil
}

// json reads the body as one object.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(a.body, &object); err != nil {
		t.Fatalf("status %d, body %q: %v", a.status, a.body, err)
	}
	return object
}

// list reads the body as a list of objects.
func (a answer) list(t *testing.T) []map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal(a.body, &list); err != nil {
		t.Fatalf("status %d, body %q: %v", a.status, a.body, err)
	}
	return list
}

// next is the link to the following page.
func (a answer) next() string {
	for _, line := range a.header.Values("Link") {
		if target, isNext := strings.CutSuffix(line, `; rel="next"`); isNext {
			return strings.Trim(target, "<>")
		}
	}
	return ""
}

// at digs a value out of nested objects.
func at(object map[string]any, path ...string) any {
	var value any = object
	for _, name := range path {
		inner, _ := value.(map[string]any)
		value = inner[name]
	}
	return value
}

// refused checks a refusal: status, errorCode, summary and first cause.
func (a answer) refused(t *testing.T, status int, code, summary, cause string) {
	t.Helper()
	var body struct {
		ErrorCode, ErrorSummary, ErrorLink, ErrorID string
		ErrorCauses                                 []struct{ ErrorSummary string }
	}
	if err := json.NewDecoder(bytes.NewReader(a.body)).Decode(&body); err != nil {
		t.Fatalf("status %d, body %q: %v", a.status, a.body, err)
	}
	got := ""
	if len(body.ErrorCauses) > 0 {
		got = body.ErrorCauses[0].ErrorSummary
	}
	if a.status != status || body.ErrorCode != code || summary != "" && body.ErrorSummary != summary || cause != "" && got != cause {
		t.Errorf("got %d %s %q (%q), want %d %s %q (%q)", a.status, body.ErrorCode, body.ErrorSummary, got, status, code, summary, cause)
	}
	if body.ErrorID == "" || body.ErrorCauses == nil {
		t.Errorf("the body lacks errorId or errorCauses: %s", a.body)
	}
}

func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// ask makes a call without a network and returns the status.
func ask(t *testing.T, tenant *oktasim.Tenant, path string) int {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	request.Header.Set("Authorization", "SSWS super")
	recorder := httptest.NewRecorder()
	tenant.ServeHTTP(recorder, request)
	return recorder.Code
}
