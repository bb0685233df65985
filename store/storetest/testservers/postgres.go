package testservers

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var postgres = sync.OnceValues(startPostgres)

// Postgres gives the URL of a fresh, empty database, which is dropped when the
// test ends.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server, err := postgres()
	if err != nil {
		tb.Fatalf("PostgreSQL is needed: %v\nInstall it (apt-get install postgresql, or brew install postgresql), set TEST_DATABASE_URL, or run scripts/test-servers.sh run -- go test …", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatal("TEST_DATABASE_URL is no URL")
	}
	name := "frontdesk_test_" + strings.ToLower(rand.Text())
	if err := statement(tb.Context(), server, `create database `+name); err != nil {
		tb.Fatalf("create a test database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
		defer cancel()
		if err := statement(ctx, server, `drop database if exists `+name+` with (force)`); err != nil {
			tb.Errorf("drop the test database: %v", err)
		}
	})
	u.Path = "/" + name
	return u.String()
}

func statement(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

func startPostgres() (string, error) {
	if server := os.Getenv("TEST_DATABASE_URL"); server != "" {
		return server, nil
	}
	places := []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	}
	initdb, err := find("initdb", places...)
	if err != nil {
		return "", err
	}
	server, err := find("postgres", append([]string{filepath.Dir(initdb)}, places...)...)
	if err != nil {
		return "", err
	}
	p, err := newPlace("postgres", true)
	if err != nil {
		return "", err
	}
	data := filepath.Join(p.dir, "data")
	if err := run(p.command(initdb, "--pgdata", data, "--username", "frontdesk", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync")); err != nil {
		return "", err
	}
	address := fmt.Sprintf("postgres://frontdesk@127.0.0.1:%s/postgres?sslmode=disable", p.port)
	err = p.start(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return statement(ctx, address, `select 1`)
	}, server, "-D", data, "-p", p.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
		"-c", "shared_buffers=32MB", "-c", "max_connections=500")
	return address, err
}
