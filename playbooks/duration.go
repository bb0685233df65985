package playbooks

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var durationPart = regexp.MustCompile(`^([0-9]{1,6})(w|d|h|m|s)`)

// parseDuration reads 30m, 8h, 2h30m, 3d, 2w.
func parseDuration(s string) (time.Duration, error) {
	units := map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}
	var sum time.Duration
	for rest := strings.ReplaceAll(s, " ", ""); rest != "" || s == ""; {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, errors.New("a duration is written like 30m, 8h, 2h30m or 3d")
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * units[m[2]]
		rest = rest[len(m[0]):]
	}
	switch {
	case sum <= 0:
		return 0, errors.New("a duration must be longer than nothing")
	case sum > 10*365*24*time.Hour:
		return 0, errors.New("a duration may be ten years long")
	}
	return sum, nil
}

// durationWords writes a duration for people: "8 hours", "3 days".
func durationWords(d time.Duration) string {
	if d == 0 {
		return "no time"
	}
	sign := ""
	if d < 0 {
		sign, d = "minus ", -d
	}
	var parts []string
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / unit.of; n > 0 {
			words := strconv.Itoa(int(n)) + " " + unit.name
			if n > 1 {
				words += "s"
			}
			parts = append(parts, words)
			d %= unit.of
		}
	}
	if len(parts) == 0 {
		return sign + d.String()
	}
	return sign + list(parts, "and")
}
