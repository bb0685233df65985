package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Seal completes e as the successor of the event whose seq and hash are given:
// clean text, sequence number, salted digest of the personal fields, and the
// hash that covers all of it. The hash covers the digest, never the personal fields
// themselves, so erasing those later leaves the chain verifiable.
func Seal(e *Event, prevSeq int64, prevHash string) error {
	for _, s := range []*string{
		&e.ID, &e.RequestID, &e.RunID, &e.Kind, &e.Actor, &e.Action, &e.Target, &e.Outcome, &e.Code, &e.OktaRequestID,
	} {
		*s = CleanText(*s)
	}
	e.Detail, e.Personal = cleanWords(e.Detail), cleanWords(e.Personal)
	e.Seq, e.Prev = prevSeq+1, prevHash
	e.Salt, e.Digest = "", ""
	e.At = e.At.UTC().Truncate(time.Microsecond)
	if len(e.Personal) > 0 {
		salt := make([]byte, 16)
		if _, err := rand.Read(salt); err != nil {
			return fmt.Errorf("draw a salt: %w", err)
		}
		e.Salt = hex.EncodeToString(salt)
		d, err := personalDigest(e.Salt, e.Personal)
		if err != nil {
			return err
		}
		e.Digest = d
	}
	h, err := chainHash(e)
	if err != nil {
		return err
	}
	e.Hash = h
	return nil
}

// A ChainError names the first event that does not fit.
type ChainError struct {
	Seq    int64
	Reason string
}

// Error says which event is bad and why.
func (e *ChainError) Error() string {
	return fmt.Sprintf("event %d: %s", e.Seq, e.Reason)
}

// Check verifies that e follows an event with the given seq and hash and that
// nothing in it was changed. The error is a *ChainError.
func Check(e *Event, prevSeq int64, prevHash string) error {
	if e.Seq != prevSeq+1 {
		return &ChainError{prevSeq + 1, fmt.Sprintf("is missing: event %d comes where it should stand", e.Seq)}
	}
	if e.Prev != prevHash {
		return &ChainError{e.Seq, "does not follow the event before it"}
	}
	if e.Salt != "" || len(e.Personal) > 0 {
		d, err := personalDigest(e.Salt, e.Personal)
		if err != nil {
			return err
		}
		if d != e.Digest {
			return &ChainError{e.Seq, "its names or words were changed"}
		}
	}
	h, err := chainHash(e)
	if err != nil {
		return err
	}
	if h != e.Hash {
		return &ChainError{e.Seq, "was changed after it was written"}
	}
	return nil
}

func personalDigest(salt string, personal map[string]string) (string, error) {
	b, err := json.Marshal(personal) // keys sorted
	if err != nil {
		return "", fmt.Errorf("encode personal fields: %w", err)
	}
	sum := sha256.Sum256(append([]byte(salt+"\n"), b...))
	return hex.EncodeToString(sum[:]), nil
}

// chainHash is SHA-256 over a canonical JSON array of all that is not personal.
func chainHash(e *Event) (string, error) {
	detail := e.Detail
	if len(detail) == 0 {
		detail = nil
	}
	b, err := json.Marshal([]any{
		"frontdesk-event-1", e.Seq, e.ID, e.RequestID, e.RunID, e.At.UnixMicro(), e.Kind, e.Actor, e.Action, e.Target,
		e.Outcome, e.Status, e.Code, e.OktaRequestID, detail, e.Digest, e.Prev,
	})
	if err != nil {
		return "", fmt.Errorf("encode event: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
