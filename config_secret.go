package main

import (
	"fmt"
	"log/slog"
)

// Secret is a value that no log, no message and no %v may show. Only Reveal does.
type Secret string

// Reveal gives the value, for handing it to what needs it and to nothing else.
func (s Secret) Reveal() string { return string(s) }

// String says only whether there is a value.
func (s Secret) String() string {
	if s == "" {
		return "(not set)"
	}
	return "(set)"
}

// Format holds for every verb, those that would look below String as well.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.String()) } // a fmt.State takes all it is given

// MarshalText keeps the value out of JSON and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil } //nolint:unparam // encoding.TextMarshaler

// LogValue keeps the value out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
