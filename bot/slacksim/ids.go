package slacksim

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// nextID makes an id such as V0000000A. It needs mu.
func (w *Workspace) nextID(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s%08s", prefix, strings.ToUpper(strconv.FormatUint(w.serial, 36)))
}

// nextTS makes a message timestamp, unique in the workspace and later than
// every one before. It needs mu.
func (w *Workspace) nextTS() string {
	w.lastTS = max(w.cfg.Now().UnixMicro(), w.lastTS+1)
	return formatTS(w.lastTS)
}

func formatTS(micros int64) string {
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

// parseTS reads a timestamp as microseconds; fractions may be missing.
func parseTS(ts string) (int64, bool) {
	whole, fraction, _ := strings.Cut(ts, ".")
	if len(fraction) > 6 {
		fraction = fraction[:6]
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, false
	}
	micros, err := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	if err != nil {
		return 0, false
	}
	return seconds*1e6 + micros, true
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails, by its contract
	return hex.EncodeToString(b)
}

// newUUID makes a version 4 UUID, the form of envelope ids.
func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails, by its contract
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// trigger allows one modal to be opened within a few seconds of a gesture.
type trigger struct {
	person  string
	view    string // the view the gesture was made in, if any
	expires time.Time
	used    bool
}

// newTrigger issues a trigger id. It needs mu.
func (w *Workspace) newTrigger(person, view string) string {
	w.serial++
	id := fmt.Sprintf("%d.%d.%s", w.cfg.Now().Unix(), w.serial, randomHex(16))
	w.triggers[id] = &trigger{person: person, view: view, expires: w.cfg.Now().Add(w.cfg.TriggerTTL)}
	w.forgetTriggers()
	return id
}

// forgetTriggers drops the long dead, so that the map stays small. An unknown
// trigger is invalid rather than expired, so the recent dead stay. It needs mu.
func (w *Workspace) forgetTriggers() {
	if len(w.triggers)%10_000 != 0 {
		return
	}
	old := w.cfg.Now().Add(-10 * w.cfg.TriggerTTL)
	for id, t := range w.triggers {
		if t.expires.Before(old) {
			delete(w.triggers, id)
		}
	}
}

// exchange uses a trigger up. It needs mu.
func (w *Workspace) exchange(id string) (*trigger, error) {
	t, ok := w.triggers[id]
	switch {
	case !ok:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case w.cfg.Now().After(t.expires):
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}

// ring remembers the last few strings it was given.
type ring struct {
	has  map[string]bool
	list []string
	next int
}

func newRing(size int) ring {
	return ring{has: make(map[string]bool, size), list: make([]string, size)}
}

func (r *ring) add(s string) {
	delete(r.has, r.list[r.next])
	r.list[r.next] = s
	r.has[s] = true
	r.next = (r.next + 1) % len(r.list)
}
