package sqlite_test

import (
	"path/filepath"
	"testing"

	"frontdesk/store"
	"frontdesk/store/sqlite"
	"frontdesk/store/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.RunBenchmarks(b, func(b *testing.B, o store.Options) store.Store {
		b.Helper()
		s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "frontdesk.db"), o)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s
	})
}
