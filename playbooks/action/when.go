package action

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	day = 24 * time.Hour
	// maxFor is the longest time that may be asked for.
	maxFor = 365 * day
)

const (
	digits         = "0123456789"
	durationAdvice = " Write 90m, 8h, 2 days or 1 week."
	tooLong        = "A year is the longest." + durationAdvice
	tooShort       = "The time must be more than zero." + durationAdvice
)

// readDuration reads "8h", "1 day and 12 hours", "a week" at the beginning of
// words. It returns how many words it is about and, if it cannot be read, a
// sentence that says why. No words and no sentence: it is not a duration.
func readDuration(words []string) (d time.Duration, used int, problem string) {
	for used < len(words) {
		at := used
		if d > 0 && words[at] == "and" && at+1 < len(words) {
			at++
		}
		step, n, problem := readSpan(words[at:])
		if problem != "" {
			return 0, at + n, problem
		}
		if n == 0 {
			break
		}
		used = at + n
		if d += step; d > maxFor {
			return 0, used, tooLong
		}
	}
	if used > 0 && d <= 0 {
		return 0, used, tooShort
	}
	return d, used, ""
}

// readSpan reads numbers with their units: "8h", "1h30m", "8 hours", "an hour".
func readSpan(words []string) (d time.Duration, used int, problem string) {
	rest := strings.ToLower(words[0])
	if len(words) > 1 && (rest == "a" || rest == "an" || rest == "one") {
		if unit, problem := unitOf(strings.ToLower(words[1])); unit > 0 || problem != "" {
			return unit, 2, problem
		}
	}
	if r, n := utf8.DecodeRuneInString(rest); isDash(r) && startsWithDigit(rest[n:]) {
		return 0, 1, tooShort
	}
	if !startsWithDigit(rest) {
		return 0, 0, ""
	}
	used = 1
	for rest != "" {
		number := rest[:len(rest)-len(strings.TrimLeft(rest, digits))]
		rest = rest[len(number):]
		letters := rest[:len(rest)-len(strings.TrimLeftFunc(rest, unicode.IsLetter))]
		rest = rest[len(letters):]
		if letters == "" && rest == "" && used < len(words) { // "8 hours"
			letters = strings.ToLower(words[used])
			used++
		}
		unit, problem := unitOf(letters)
		switch {
		case problem != "":
			return 0, used, problem
		case unit == 0 || number == "":
			return 0, used, "“" + clip(strings.Join(words[:used], " "), 30) + "” is not a length of time." + durationAdvice
		}
		n, err := strconv.ParseInt(number, 10, 32)
		if err != nil || time.Duration(n) > maxFor/unit || d > maxFor {
			return 0, used, tooLong
		}
		d += time.Duration(n) * unit
	}
	return d, used, ""
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func unitOf(s string) (unit time.Duration, problem string) {
	switch s {
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute, ""
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour, ""
	case "d", "day", "days":
		return day, ""
	case "w", "wk", "wks", "week", "weeks":
		return 7 * day, ""
	case "y", "year", "years":
		return maxFor, ""
	case "s", "sec", "secs", "second", "seconds":
		return 0, "A minute is the shortest." + durationAdvice
	case "mo", "month", "months":
		return 0, "Months differ in length: say it in days or weeks, such as 30 days."
	}
	return 0, ""
}

// shortDuration writes whole minutes as readDuration reads them: "1d12h".
func shortDuration(d time.Duration) string {
	var b strings.Builder
	minutes := max(int64(d/time.Minute), 1)
	for _, unit := range [...]struct {
		minutes int64
		letter  byte
	}{{24 * 60, 'd'}, {60, 'h'}, {1, 'm'}} {
		if n := minutes / unit.minutes; n > 0 {
			b.WriteString(strconv.FormatInt(n, 10))
			b.WriteByte(unit.letter)
		}
		minutes %= unit.minutes
	}
	return b.String()
}

const dateAdvice = " Write the date as 2026-12-01, with a time if you like: 2026-12-01 18:00."

// readEnd reads "2026-12-01" or "2026-12-01 18:00" at the beginning of words,
// of which there is one. A date alone ends at the midnight after it.
func readEnd(words []string) (end time.Time, used int, problem string) {
	date, clock, joined := strings.Cut(strings.ToLower(words[0]), "t")
	used = 1
	if !joined {
		at := used
		if at < len(words) && strings.EqualFold(words[at], "at") {
			at++
		}
		if at < len(words) && startsWithDigit(words[at]) {
			clock, used = strings.ToLower(words[at]), at+1
		}
	}
	if used < len(words) && clock != "" && (strings.EqualFold(words[used], "utc") || strings.EqualFold(words[used], "z")) {
		used++
	}
	date = strings.Map(func(r rune) rune {
		if isDash(r) || r == '/' {
			return '-'
		}
		return r
	}, date)
	written := "“" + clip(strings.Join(words[:used], " "), 30) + "”"
	end, err := time.Parse("2006-1-2", date)
	if err != nil {
		return time.Time{}, used, written + " is not a date that I can read." + dateAdvice
	}
	if clock == "" {
		end = end.AddDate(0, 0, 1)
	} else {
		at, err := time.Parse("15:04", strings.TrimSuffix(clock, "z"))
		if err != nil {
			return time.Time{}, used, written + " is not a time that I can read." + dateAdvice
		}
		end = end.Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
	}
	if end.Year() < 2020 || end.After(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)) {
		return time.Time{}, used, "The year in " + written + " looks wrong." + dateAdvice
	}
	return end, used, ""
}

// shortEnd writes an end as readEnd reads it.
func shortEnd(t time.Time) string {
	t = t.UTC()
	if isMidnight(t) {
		return t.AddDate(0, 0, -1).Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04")
}

func isMidnight(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 }
