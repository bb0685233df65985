package store

import "strings"

// CleanText replaces what is not UTF-8, and NUL, by U+FFFD: text that every
// engine keeps and that JSON repeats unchanged. Engines pass all text through it.
func CleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func cleanWords(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[CleanText(k)] = CleanText(v)
	}
	return c
}
