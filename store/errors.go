package store

import "errors"

// The errors that callers test for with errors.Is.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrConflict: somebody changed the row since it was read (compare-and-swap
	// lost). Read it again and decide anew.
	ErrConflict = errors.New("changed by somebody else meanwhile")
	// ErrDuplicate: a row that must be unique is there already: the same
	// delivery, the same person's second decision, the same step's second effect.
	ErrDuplicate = errors.New("already there")
	// ErrLocked: another process holds the embedded database.
	ErrLocked = errors.New("another Frontdesk has this database open")
)
