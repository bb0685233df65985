package bot

import (
	"encoding/json"

	"frontdesk/agent"
)

// pending is a click that waits behind a form: ids and a verdict, nothing that
// carries authority and nothing that people wrote.
type pending struct {
	Delivery string        `json:"d,omitempty"`
	Ask      string        `json:"a,omitempty"`
	Verdict  agent.Verdict `json:"v,omitempty"`
	Reason   string        `json:"r,omitempty"` // the key of a reason on the engine's shelf
	Channel  string        `json:"c,omitempty"` // where the click was made
}

func waitingFor(c agent.Click) pending {
	return pending{Delivery: c.Delivery, Ask: c.AskID, Verdict: c.Verdict, Channel: c.Caller.Channel}
}

func (p pending) encode() string {
	if p == (pending{}) {
		return ""
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return "" // strings always encode
	}
	return string(raw)
}

// readPending reads what came back from Slack and may have been tampered with.
func readPending(private string) (pending, bool) {
	var p pending
	if private == "" {
		return p, true
	}
	if json.Unmarshal([]byte(private), &p) != nil || !opaque(p.Ask) || (p.Reason != "" && !opaque(p.Reason)) {
		return pending{}, false
	}
	switch p.Verdict {
	case agent.Approve, agent.Deny, agent.Happened, agent.NotHappened:
		return p, true
	}
	return pending{}, false
}
