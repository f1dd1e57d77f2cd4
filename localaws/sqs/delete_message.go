package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteMessageInput is the input of DeleteMessage.
type DeleteMessageInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// ReceiptHandle is the handle of the latest receive.
	ReceiptHandle string `json:"ReceiptHandle,omitempty"`
}

// DeleteMessageBatchInput is the input of DeleteMessageBatch.
type DeleteMessageBatchInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Entries are 1 to 10 messages.
	Entries []DeleteMessageBatchRequestEntry `json:"Entries,omitempty" query:"DeleteMessageBatchRequestEntry"`
}

// DeleteMessageBatchRequestEntry is one message to delete.
type DeleteMessageBatchRequestEntry struct {
	// ID identifies the entry within the request.
	ID string `json:"Id"`
	// ReceiptHandle is the handle of the latest receive.
	ReceiptHandle string `json:"ReceiptHandle"`
}

// DeleteMessageBatchOutput is the output of DeleteMessageBatch.
type DeleteMessageBatchOutput struct {
	// Successful are the entries that succeeded.
	Successful []BatchResultEntry `json:"Successful,omitempty" query:"DeleteMessageBatchResultEntry"`
	// Failed are the entries that failed.
	Failed []BatchResultErrorEntry `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}

// DeleteMessage deletes a message.
func (s *Service) DeleteMessage(_ context.Context, c *awsapi.Call, in *DeleteMessageInput) error {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return err
	}
	r, err := q.receipt(in.ReceiptHandle)
	if err != nil {
		return err
	}

	// The transaction must end even if the delete fails.
	tx, err := q.beginCall(c)
	if err != nil {
		return err
	}
	deleteErr := tx.delete(r, in.ReceiptHandle)
	if err := tx.endAndWait(); err != nil {
		return err
	}
	return deleteErr
}

// DeleteMessageBatch deletes up to ten messages.
func (s *Service) DeleteMessageBatch(_ context.Context, c *awsapi.Call, in *DeleteMessageBatchInput) (*DeleteMessageBatchOutput, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	entryID := func(i int) string { return in.Entries[i].ID }
	if err := checkBatch("DeleteMessageBatchRequestEntry", len(in.Entries), entryID); err != nil {
		return nil, err
	}

	tx, err := q.beginCall(c)
	if err != nil {
		return nil, err
	}
	out := &DeleteMessageBatchOutput{Successful: make([]BatchResultEntry, 0, len(in.Entries))}
	// An entry that fails does not fail the others.
	for _, e := range in.Entries {
		r, err := q.receipt(e.ReceiptHandle)
		if err == nil {
			err = tx.delete(r, e.ReceiptHandle)
		}
		if err != nil {
			out.Failed = append(out.Failed, failedEntry(e.ID, err))
			continue
		}
		out.Successful = append(out.Successful, BatchResultEntry{ID: e.ID})
	}
	if err := tx.endAndWait(); err != nil {
		return nil, err
	}
	return out, nil
}

// delete deletes the message of a receipt (SQS J2-J4). In a standard queue a stale
// receipt handle succeeds without effect: if the message was received again since,
// it stays (SQS Z5).
func (tx *transaction) delete(r receipt, handle string) error {
	q := tx.queue
	m := q.received[r.id]
	if q.fifo && m != nil && (m.state != inFlight || m.receives != r.receive) {
		return invalidParameter(handle, "ReceiptHandle", "The receipt handle has expired.")
	}

	// A delete counts even if it has no effect (SQS P3).
	q.counters.deleted++
	if m != nil && m.receives == r.receive && m.state != moving {
		tx.emit(Deleted, m, "")
		tx.remove(m)
	}
	return nil
}
