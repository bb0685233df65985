package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/store"
	"frontdesk/store/postgres"
	"frontdesk/store/storetest"
	"frontdesk/store/storetest/testservers"
)

func open(t *testing.T, url string, o store.Options) *postgres.Store {
	t.Helper()
	if o.Now == nil {
		o.Now = (&storetest.Clock{}).Now
	}
	s, err := postgres.Open(t.Context(), url, o)
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

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, o store.Options) (store.Store, func(string, ...any)) {
		t.Helper()
		url := testservers.Postgres(t)
		return open(t, url, o), func(query string, _ ...any) { execute(t, url, query) }
	})
}

// execute works on the database behind the store's back.
func execute(t *testing.T, url, query string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.PgConn().Exec(t.Context(), query).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

func TestReplicasThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	url := testservers.Postgres(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), url, store.Options{Now: (&storetest.Clock{}).Now})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := open(t, url, store.Options{})
	if err := s.Migrate(t.Context()); err != nil {
		t.Errorf("migrating again: %v", err)
	}
	if s.Exclusive() {
		t.Error("the store says that it is alone")
	}
}

func TestReplicasAppendToOneChain(t *testing.T) { // N5
	t.Parallel()
	url := testservers.Postgres(t)
	const replicas, each = 3, 30
	var wg sync.WaitGroup
	for range replicas {
		s := open(t, url, store.Options{})
		wg.Go(func() {
			for range each {
				if err := s.Write(t.Context(), func(tx store.Tx) error {
					return tx.Append(t.Context(), &store.Event{Kind: "k"})
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := open(t, url, store.Options{}).Read(t.Context(), func(tx store.Tx) error {
		n, _, err := store.Verify(t.Context(), tx)
		if n != replicas*each {
			t.Errorf("%d events, want %d", n, replicas*each)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestReplicasShareTheQueue(t *testing.T) {
	t.Parallel()
	url := testservers.Postgres(t)
	const jobs = 100
	var (
		mu     sync.Mutex
		count  = map[string]int{}
		all    = make(chan struct{})
		closed sync.Once
		wg     sync.WaitGroup
	)
	ctx, cancel := context.WithCancel(t.Context())
	for range 3 {
		s := open(t, url, store.Options{Workers: 2})
		wg.Go(func() {
			if err := s.Work(ctx, func(_ context.Context, subject string) error {
				mu.Lock()
				defer mu.Unlock()
				if subject != store.SweepSubject {
					count[subject]++
				}
				if len(count) == jobs {
					closed.Do(func() { close(all) })
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	s := open(t, url, store.Options{})
	for i := range jobs {
		if err := s.Write(t.Context(), func(tx store.Tx) error {
			return tx.Wake(t.Context(), "run/"+string(rune('a'+i)), time.Time{})
		}); err != nil {
			t.Fatal(err)
		}
	}
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case <-all:
	case <-timer.C:
		t.Error("not everything was handed out")
	}
	cancel()
	wg.Wait()
	for subject, n := range count {
		if n != 1 {
			t.Errorf("%s was handed out %d times", subject, n)
		}
	}
}

func TestDeadlockedTransactionsRunAgain(t *testing.T) {
	t.Parallel()
	s := open(t, testservers.Postgres(t), store.Options{})
	people := [2]store.Person{{ID: "00u1"}, {ID: "00u2"}}
	for _, p := range people {
		if err := s.Write(t.Context(), func(tx store.Tx) error { return tx.SavePerson(t.Context(), p) }); err != nil {
			t.Fatal(err)
		}
	}
	// Each takes one row, waits until the other has the other row, and then
	// wants that one too: PostgreSQL gives one of them up.
	var met, wg sync.WaitGroup
	met.Add(2)
	for i := range 2 {
		wg.Go(func() {
			var once sync.Once
			err := s.Write(t.Context(), func(tx store.Tx) error {
				if err := tx.SavePerson(t.Context(), people[i]); err != nil {
					return err
				}
				once.Do(func() { met.Done(); met.Wait() })
				return tx.SavePerson(t.Context(), people[1-i])
			})
			if err != nil {
				t.Errorf("Write: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestWorkSurvivesLostConnections(t *testing.T) {
	t.Parallel()
	url := testservers.Postgres(t)
	s := open(t, url, store.Options{})
	got := make(chan string, 10)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Work(ctx, func(_ context.Context, subject string) error {
			if subject != store.SweepSubject {
				got <- subject
			}
			return nil
		})
	}()
	for _, subject := range []string{"run/before", "run/after"} {
		if err := s.Write(t.Context(), func(tx store.Tx) error {
			return tx.Wake(t.Context(), subject, time.Time{})
		}); err != nil {
			t.Fatal(err)
		}
		timer := time.NewTimer(30 * time.Second)
		select {
		case came := <-got:
			if came != subject {
				t.Errorf("%s came, want %s", came, subject)
			}
		case <-timer.C:
			t.Fatalf("waited in vain for %s", subject)
		}
		timer.Stop()
		execute(t, url, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Work: %v", err)
	}
}

func TestWritesSurviveLostConnections(t *testing.T) {
	t.Parallel()
	url := testservers.Postgres(t)
	s := open(t, url, store.Options{})
	const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
	for round := range 5 {
		var (
			wg   sync.WaitGroup
			once sync.Once
		)
		for range 10 {
			wg.Go(func() {
				err := s.Write(t.Context(), func(tx store.Tx) error {
					if err := tx.Append(t.Context(), &store.Event{Kind: "k"}); err != nil {
						return err
					}
					if err := tx.SavePerson(t.Context(), store.Person{ID: rand.Text()}); err != nil {
						return err
					}
					if round%2 == 0 { // in the midst of it
						once.Do(func() { execute(t, url, cut) })
					}
					return nil
				})
				if err != nil && !strings.Contains(err.Error(), "commit") {
					t.Errorf("Write: %v", err)
				}
			})
		}
		wg.Wait()
		execute(t, url, cut)
		if err := s.Read(t.Context(), func(tx store.Tx) error {
			_, _, err := store.Verify(t.Context(), tx)
			return err
		}); err != nil {
			t.Errorf("Read: %v", err)
		}
	}
}

func TestErrorsDoNotTellThePassword(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"unparsable":     "postgres://user:open%sesame@127.0.0.1:1/db",
		"a slash in it":  "postgres://user:open/sesame@127.0.0.1:1/db",
		"a bad option":   "postgres://user:opensesame@127.0.0.1:1/db?sslmode=nonsense",
		"words":          "host=127.0.0.1 port=x user=u password=opensesame",
		"nobody listens": "postgres://user:opensesame@127.0.0.1:1/db?sslmode=disable",
		"no such host":   "postgres://user:opensesame@no-such-host.invalid:5432/db",
		"words, nobody":  "host=127.0.0.1 port=1 user=u password=opensesame dbname=db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := postgres.Open(t.Context(), url, store.Options{Now: (&storetest.Clock{}).Now})
			if err == nil {
				t.Fatal("Open succeeds")
			}
			if strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "open/") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := postgres.Open(ctx, testservers.Postgres(t), store.Options{Now: (&storetest.Clock{}).Now})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v, want context.Canceled", err)
	}
}
