package sqs

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

const (
	maxEntries    = 10
	maxBatchBytes = 1 << 20 // whatever the queue's MaximumMessageSize (SQS H3)
)

// BatchResultErrorEntry says why an entry of a batch failed.
type BatchResultErrorEntry struct {
	// ID is the entry's.
	ID string `json:"Id"`
	// SenderFault says that the caller is at fault, which is always so.
	SenderFault bool `json:"SenderFault"`
	// Code is the error's code in the Query protocol.
	Code string `json:"Code"`
	// Message says what is wrong.
	Message string `json:"Message,omitempty"`
}

// failed is the answer for an entry that failed with err.
func failedEntry(id string, err error) BatchResultErrorEntry {
	e := awsapi.AsError(err)
	return BatchResultErrorEntry{
		ID:          id,
		SenderFault: !e.Receiver(),
		Code:        e.LegacyCode(),
		Message:     e.Message,
	}
}

// checkBatch refuses a whole request for the number of its entries or for their
// ids (SQS H1, H2).
func checkBatch(entry string, n int, id func(int) string) error {
	if n == 0 {
		return errEmptyBatch.With("There should be at least one %s in the request.", entry)
	}
	if n > maxEntries {
		return errTooManyEntries.With("Maximum number of entries per request are %d. You have sent %d.", maxEntries, n)
	}
	for i := range n {
		if !isIdentifier(id(i)) {
			return errEntryID.With("A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
	}
	for i := range n {
		for j := range i {
			if id(i) == id(j) {
				return errEntryIDsRepeated.With("Id %s repeated.", id(i))
			}
		}
	}
	return nil
}
