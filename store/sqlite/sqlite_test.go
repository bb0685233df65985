package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/store"
	"frontdesk/store/sqlite"
	"frontdesk/store/storetest"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: (&storetest.Clock{}).Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// migrated is a fresh file. Making one takes a tenth of a second, and under the
// race detector half of one, so the suites start from copies.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "frontdesk-test-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "frontdesk.db")
	s, err := sqlite.Open(context.Background(), path, sqlite.Options{Now: (&storetest.Clock{}).Now})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func copyOfFresh(t *testing.T) (path string) {
	t.Helper()
	b, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "frontdesk.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, o store.Options) (store.Store, func(string, ...any)) {
		t.Helper()
		path := copyOfFresh(t)
		s, err := sqlite.Open(t.Context(), path, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s, func(query string, args ...any) { execute(t, path, query, args...) }
	})
}

// execute works on the file behind the store's back.
func execute(t *testing.T, path, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func TestShelfConforms(t *testing.T) {
	t.Parallel()
	storetest.RunShelf(t, func(t *testing.T) store.Shelf {
		t.Helper()
		return open(t, copyOfFresh(t)).Shelf()
	})
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	open(t, path)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		_, err := sqlite.Open(t.Context(), name, sqlite.Options{Now: (&storetest.Clock{}).Now})
		if !errors.Is(err, store.ErrLocked) {
			t.Fatalf("Open(%s): %v, want ErrLocked", name, err)
		}
		for _, word := range []string{"frontdesk.db", "process", "DATABASE_URL"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("the error does not mention %q: %v", word, err)
			}
		}
	}
}

func TestClosingLetsTheNextOneIn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	o := sqlite.Options{Now: (&storetest.Clock{}).Now}
	for range 2 {
		s, err := sqlite.Open(t.Context(), path, o)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Exclusive() {
			t.Error("the store is not exclusive")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	s := open(t, path)
	if err := s.Write(t.Context(), func(tx store.Tx) error {
		return tx.SavePerson(t.Context(), store.Person{ID: "00u1"})
	}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if m := info.Mode().Perm(); m != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), m)
		}
	}
}

func TestOddPathsWork(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "a?b#c%20.db", "ü&x=1.db"} {
		path := filepath.Join(t.TempDir(), name)
		open(t, path)
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestBadPathsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := sqlite.Options{Now: (&storetest.Clock{}).Now}
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", filepath.Join(t.TempDir(), "no", "such", "folder.db"), t.TempDir(), garbage} {
		s, err := sqlite.Open(t.Context(), path, o)
		if err == nil {
			t.Errorf("Open(%q) succeeds", path)
			_ = s.Close()
		}
	}
	if _, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{}); err == nil {
		t.Error("Open without a clock succeeds")
	}
	if _, err := sqlite.OpenReadOnly(t.Context(), filepath.Join(t.TempDir(), "a.db"), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("OpenReadOnly of nothing: %v", err)
	}
}

func TestReadOnlyReadsWhileAnotherWorks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	s := open(t, path)
	add := func() {
		t.Helper()
		if err := s.Write(t.Context(), func(tx store.Tx) error {
			return tx.Append(t.Context(), &store.Event{Kind: "k", Personal: map[string]string{"name": "Ada"}})
		}); err != nil {
			t.Fatal(err)
		}
	}
	add()
	ro, err := sqlite.OpenReadOnly(t.Context(), path, sqlite.Options{Now: (&storetest.Clock{}).Now})
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	add()
	if err := ro.Read(t.Context(), func(tx store.Tx) error {
		n, _, err := store.Verify(t.Context(), tx)
		if n != 2 {
			t.Errorf("%d events, want 2", n)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if err := ro.Write(t.Context(), func(store.Tx) error { return nil }); err == nil {
		t.Error("Write succeeds")
	}
	if err := ro.Work(t.Context(), nil); err == nil {
		t.Error("Work succeeds")
	}
	if _, err := ro.Claim(t.Context(), "k", "o", time.Minute); err == nil {
		t.Error("Claim succeeds")
	}
}

func TestReadOnlyReadsAfterTheOtherHasEnded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: (&storetest.Clock{}).Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ro, err := sqlite.OpenReadOnly(t.Context(), path, sqlite.Options{Now: (&storetest.Clock{}).Now})
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	if err := ro.Read(t.Context(), func(tx store.Tx) error {
		_, _, err := store.Verify(t.Context(), tx)
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestKilledProcessLeavesNothingLost kills a process that holds the file, leads
// River and runs a job, and sees that the next one takes over at once.
func TestKilledProcessLeavesNothingLost(t *testing.T) { // N2
	t.Parallel()
	if path := os.Getenv("FRONTDESK_TEST_VICTIM"); path != "" {
		victim(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "frontdesk.db")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcessLeavesNothingLost$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), "FRONTDESK_TEST_VICTIM="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if b := make([]byte, 7); !readFull(out, b) || string(b) != "running" {
		t.Fatalf("the victim said %q", b)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()

	s := open(t, path)
	began := (&storetest.Clock{}).Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var mu sync.Mutex
	got := map[string]bool{}
	if err := s.Work(ctx, func(_ context.Context, subject string) error {
		mu.Lock()
		defer mu.Unlock()
		got[subject] = true
		if got["run/interrupted"] && got["run/soon"] {
			cancel()
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !got["run/interrupted"] || !got["run/soon"] {
		t.Errorf("taken over: %v", got)
	}
	// A dead leader's term and a stuck job's rescue take longer than this.
	if took := (&storetest.Clock{}).Now().Sub(began); took > 12*time.Second {
		t.Errorf("taking over took %s", took)
	}
}

func readFull(r interface{ Read([]byte) (int, error) }, b []byte) bool {
	for n := 0; n < len(b); {
		k, err := r.Read(b[n:])
		n += k
		if err != nil && n < len(b) {
			return false
		}
	}
	return true
}

func victim(t *testing.T, path string) {
	t.Helper()
	s := open(t, path)
	if err := s.Write(t.Context(), func(tx store.Tx) error {
		return errors.Join(
			tx.Wake(t.Context(), "run/interrupted", time.Time{}),
			tx.Wake(t.Context(), "run/soon", tx.Now().Add(7*time.Second)),
		)
	}); err != nil {
		t.Fatal(err)
	}
	_ = s.Work(t.Context(), func(ctx context.Context, subject string) error {
		if subject == "run/interrupted" {
			_, _ = os.Stdout.WriteString("running")
			select {} // until killed
		}
		return nil
	})
}
