package store

import "context"

// verifyBatch is how many events Verify holds in memory at a time.
const verifyBatch = 1000

// Verify walks the whole chain inside a Read and compares its end with the head
// that the store remembers beside it. It returns how many events fit and the
// hash of the last of them, which is worth keeping elsewhere. The error is a
// *ChainError if an event does not fit; it names the first.
func Verify(ctx context.Context, tx Tx) (count int64, hash string, err error) {
	headSeq, headHash, err := tx.ChainHead(ctx)
	if err != nil {
		return 0, "", err
	}
	for {
		batch, err := tx.Events(ctx, count+1, verifyBatch)
		if err != nil {
			return count, hash, err
		}
		for i := range batch {
			if err := Check(&batch[i], count, hash); err != nil {
				return count, hash, err
			}
			count, hash = batch[i].Seq, batch[i].Hash
		}
		if len(batch) < verifyBatch {
			break
		}
	}
	switch {
	case count < headSeq:
		return count, hash, &ChainError{count + 1, "is missing: the end of the chain was cut off"}
	case count > headSeq:
		return count, hash, &ChainError{headSeq + 1, "comes after what the store remembers as the last event"}
	case hash != headHash:
		return count, hash, &ChainError{count, "is not what the store remembers as the last event"}
	}
	return count, hash, nil
}
