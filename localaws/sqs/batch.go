package sqs

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

const (
	maxEntries    = 10
	maxBatchBytes = 1 << 20 // of all entries, whatever the queue's MaximumMessageSize (SQS H3)
)

// BatchResultEntry is an entry of a batch that succeeded.
type BatchResultEntry struct {
	// ID is the id of the entry.
	ID string `json:"Id"`
}

// BatchResultErrorEntry is an entry of a batch that failed.
type BatchResultErrorEntry struct {
	// ID is the id of the entry.
	ID string `json:"Id"`
	// SenderFault reports whether the client caused the error.
	SenderFault bool `json:"SenderFault"`
	// Code is the error's code in the Query protocol.
	Code string `json:"Code"`
	// Message describes the error.
	Message string `json:"Message,omitempty"`
}

// failedEntry returns the result of an entry that failed with err.
func failedEntry(id string, err error) BatchResultErrorEntry {
	e := awsapi.AsError(err)
	return BatchResultErrorEntry{
		ID:          id,
		SenderFault: !e.Receiver(),
		Code:        e.LegacyCode(),
		Message:     e.Message,
	}
}

// checkBatch validates the number of entries and their ids. An error refuses the
// whole request (SQS H1, H2). entry is the name of the entry's type.
func checkBatch(entry string, n int, id func(int) string) error {
	if n == 0 {
		return errEmptyBatch.With("There should be at least one %s in the request.", entry)
	}
	if n > maxEntries {
		return errTooManyEntries.With("Maximum number of entries per request are %d. You have sent %d.", maxEntries, n)
	}

	// AWS checks the form of all ids before it looks for duplicates.
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
