package sqlite

import (
	"context"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// driver is River's SQLite driver with a bell instead of an outbox table.
//
// River's own listener polls that table twenty times a second, which costs
// latency at work and processor time at rest. In the embedded profile whoever
// inserts is in the same process, so it can simply be told.
type driver struct {
	*riversqlite.Driver
	bell chan struct{}
}

// GetListener gives the client a listener that hears the bell.
func (d *driver) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{bell: d.bell, schema: p.Schema}
}

// SupportsListenNotify tells River not to write notifications into the table.
func (d *driver) SupportsListenNotify() bool { return false }

// listener turns each ring into the notification that jobs were inserted.
type listener struct {
	bell   chan struct{}
	schema string
}

// WaitForNotification waits for the bell.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-l.bell:
		return &riverdriver.Notification{Topic: "river_insert", Payload: `{"queue": "default"}`}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close, Connect, Listen, Ping and Unlisten have nothing to do: there is no
// connection, and River drops what it did not subscribe to.

// Close does nothing.
func (l *listener) Close(context.Context) error { return nil }

// Connect does nothing.
func (l *listener) Connect(context.Context) error { return nil }

// Listen does nothing.
func (l *listener) Listen(context.Context, string) error { return nil }

// Ping does nothing.
func (l *listener) Ping(context.Context) error { return nil }

// Unlisten does nothing.
func (l *listener) Unlisten(context.Context, string) error { return nil }

// Schema is what River asked for.
func (l *listener) Schema() string { return l.schema }

// SetAfterConnectExec does nothing.
func (l *listener) SetAfterConnectExec(string) {}
