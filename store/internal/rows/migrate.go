package rows

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings our tables and River's to this version. The caller sees to it
// that only one process does so at a time.
func (s *Store) Migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/"+s.engine.Name)
	if err != nil {
		return fmt.Errorf("find migrations: %w", err)
	}
	dialect := goose.DialectPostgres
	if s.engine.Name == "sqlite" {
		dialect = goose.DialectSQLite3
	}
	ours, err := goose.NewProvider(dialect, s.engine.Writer, files, goose.WithDisableGlobalRegistry(true), goose.WithSlog(s.riverLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := ours.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	queue, err := rivermigrate.New(s.engine.Driver, &rivermigrate.Config{Logger: s.riverLogger()})
	if err != nil {
		return fmt.Errorf("read the queue's migrations: %w", err)
	}
	if _, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}
