package bot

import (
	"encoding/json"
	"strings"

	"github.com/slack-go/slack/socketmode"
)

// eventWritten follows, in Client.Events, everything that the library had to say
// about an acknowledgement, once it has been handed to the socket.
const eventWritten = socketmode.EventType("frontdesk_written")

// wire listens to one client's debug log: the only place where slack-go tells
// when an acknowledgement has been written and why Slack asked to disconnect.
// Everything else in it, which is what people wrote, is dropped.
type wire struct {
	events  chan<- socketmode.Event
	closing <-chan struct{}
	asked   func(reason string) // Slack sent a disconnect frame
}

const (
	linePrefixSent     = "Finished sending Socket Mode response with envelope ID "
	linePrefixReceived = "Received WebSocket message: "
)

// Output takes a line of the log. The library calls it from the goroutine that
// wrote the acknowledgement, after it queued the event of a failed write.
func (w *wire) Output(_ int, line string) error {
	if id, ok := strings.CutPrefix(line, linePrefixSent); ok {
		select {
		case w.events <- socketmode.Event{Type: eventWritten, Data: strings.Trim(id, `"`)}:
		case <-w.closing:
		}
		return nil
	}
	frame, ok := strings.CutPrefix(line, linePrefixReceived)
	if !ok || !strings.Contains(frame, `"type":"disconnect"`) {
		return nil
	}
	var d struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}
	if json.Unmarshal([]byte(frame), &d) == nil && d.Type == socketmode.RequestTypeDisconnect {
		w.asked(d.Reason)
	}
	return nil
}
