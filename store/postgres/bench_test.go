package postgres_test

import (
	"testing"

	"frontdesk/store"
	"frontdesk/store/postgres"
	"frontdesk/store/storetest"
	"frontdesk/store/storetest/testservers"
)

func BenchmarkStore(b *testing.B) {
	storetest.RunBenchmarks(b, func(b *testing.B, o store.Options) store.Store {
		b.Helper()
		s, err := postgres.Open(b.Context(), testservers.Postgres(b), o)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s
	})
}
