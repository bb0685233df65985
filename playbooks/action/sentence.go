package action

import (
	"fmt"
	"strings"
	"time"
)

// Sentence says what an action would do, for a card or a question: "Reset
// multi-factor for Ada Lovelace", "Add Ada Lovelace to Figma Editors for 8
// hours". It is plain text: whoever shows it escapes it. An unknown kind gives
// an empty sentence.
func Sentence(kind Kind, person string, objects []string, opts Options) string {
	switch kind {
	case ActivateUser:
		return "Activate " + person
	case SuspendUser:
		return "Suspend " + person
	case DeprovisionUser:
		return "Deprovision " + person
	case ResetPassword:
		return "Reset password for " + person + opts.password()
	case ResetMultifactor:
		return "Reset multi-factor for " + person
	case RevokeSessions:
		return "Sign " + person + " out everywhere"
	case RestoreSessions:
		return "Let " + person + " sign in again"
	case AddToGroup:
		return "Add " + person + " to " + list(objects, "a group") + opts.end()
	case RemoveFromGroup:
		return "Remove " + person + " from " + list(objects, "a group")
	case AddApplications:
		return "Assign " + list(objects, "an application") + " to " + person + opts.end()
	case RemoveApplications:
		return "Take " + list(objects, "an application") + " away from " + person
	default:
		return ""
	}
}

// Past says that an action was done, for a timeline: "Multi-factor was reset
// for Ada Lovelace", "Ada Lovelace was added to Figma Editors for 8 hours".
func Past(kind Kind, person string, objects []string, opts Options) string {
	switch kind {
	case ActivateUser:
		return person + " was activated"
	case SuspendUser:
		return person + " was suspended"
	case DeprovisionUser:
		return person + " was deprovisioned"
	case ResetPassword:
		return "Password was reset for " + person + opts.password()
	case ResetMultifactor:
		return "Multi-factor was reset for " + person
	case RevokeSessions:
		return person + " was signed out everywhere"
	case RestoreSessions:
		return person + " may sign in again"
	case AddToGroup:
		return person + " was added to " + list(objects, "a group") + opts.end()
	case RemoveFromGroup:
		return person + " was removed from " + list(objects, "a group")
	case AddApplications:
		return list(objects, "An application") + wasOrWere(objects) + "assigned to " + person + opts.end()
	case RemoveApplications:
		return list(objects, "An application") + wasOrWere(objects) + "taken away from " + person
	default:
		return ""
	}
}

// For returns a length of time as people read it: "8 hours", "1 day and 12
// hours". Less than a minute is rounded up to one.
func For(d time.Duration) string {
	minutes := max(int64((d+time.Minute-1)/time.Minute), 1)
	parts := make([]string, 0, 3)
	for _, unit := range [...]struct {
		minutes int64
		name    string
	}{{24 * 60, "day"}, {60, "hour"}, {1, "minute"}} {
		if n := minutes / unit.minutes; n > 0 {
			parts = append(parts, plural(n, unit.name))
		}
		minutes %= unit.minutes
	}
	return list(parts, "")
}

// End returns the end of a grant as people read it. Midnight is the end of the
// day before: "1 December 2026"; otherwise "1 December 2026, 18:00 UTC".
func End(t time.Time) string {
	t = t.UTC()
	if isMidnight(t) {
		return t.AddDate(0, 0, -1).Format("2 January 2006")
	}
	return t.Format("2 January 2006, 15:04") + " UTC"
}

func (o Options) password() string {
	if o.TempPassword {
		return ", with a temporary password"
	}
	return ""
}

func (o Options) end() string {
	switch {
	case o.For > 0:
		return " for " + For(o.For)
	case !o.Until.IsZero():
		return " until " + End(o.Until)
	}
	return ""
}

// list joins names as people do: "A, B and C".
func list(names []string, none string) string {
	switch n := len(names); n {
	case 0:
		return none
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

func plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func wasOrWere(objects []string) string {
	if len(objects) > 1 {
		return " were "
	}
	return " was "
}
