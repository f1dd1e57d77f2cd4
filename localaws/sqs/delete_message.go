package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteMessageInput is the input of DeleteMessage.
type DeleteMessageInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// ReceiptHandle is the latest receive's.
	ReceiptHandle string `json:"ReceiptHandle,omitempty"`
}

// DeleteMessageBatchInput is the input of DeleteMessageBatch.
type DeleteMessageBatchInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Entries are one to ten messages.
	Entries []DeleteMessageBatchRequestEntry `json:"Entries,omitempty" query:"DeleteMessageBatchRequestEntry"`
}

// DeleteMessageBatchRequestEntry is one message to delete.
type DeleteMessageBatchRequestEntry struct {
	// ID names the entry within the request.
	ID string `json:"Id"`
	// ReceiptHandle is the latest receive's.
	ReceiptHandle string `json:"ReceiptHandle"`
}

// DeleteMessageBatchOutput is the output of DeleteMessageBatch.
type DeleteMessageBatchOutput struct {
	// Successful are the entries that were carried out.
	Successful []BatchResultEntry `json:"Successful,omitempty" query:"DeleteMessageBatchResultEntry"`
	// Failed are those that were not.
	Failed []BatchResultErrorEntry `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}

// BatchResultEntry says that an entry was carried out.
type BatchResultEntry struct {
	// ID is the entry's.
	ID string `json:"Id"`
}

// DeleteMessage deletes a message.
func (s *Service) DeleteMessage(_ context.Context, c *awsapi.Call, in *DeleteMessageInput) (*awsapi.None, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	r, err := q.receipt(in.ReceiptHandle)
	if err != nil {
		return nil, err
	}
	tx := q.begin()
	if q.deleted {
		tx.end()
		return nil, queueDoesNotExist(c)
	}
	err = tx.delete(r, in.ReceiptHandle)
	if err := tx.end().Wait(); err != nil {
		return nil, notStored(err)
	}
	if err != nil {
		return nil, err
	}
	return &awsapi.None{}, nil
}

// DeleteMessageBatch deletes up to ten messages.
func (s *Service) DeleteMessageBatch(_ context.Context, c *awsapi.Call, in *DeleteMessageBatchInput) (*DeleteMessageBatchOutput, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch("DeleteMessageBatchRequestEntry", len(in.Entries), func(i int) string { return in.Entries[i].ID }); err != nil {
		return nil, err
	}
	out := &DeleteMessageBatchOutput{Successful: make([]BatchResultEntry, 0, len(in.Entries))}
	tx := q.begin()
	if q.deleted {
		tx.end()
		return nil, queueDoesNotExist(c)
	}
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
	if err := tx.end().Wait(); err != nil {
		return nil, notStored(err)
	}
	return out, nil
}

// delete deletes the message that a receipt is of (SQS J2-J4). A receive later
// than the receipt's keeps its message: a consumer that overran its timeout is
// shown, not helped (SQS Z5).
func (tx *transaction) delete(r receipt, handle string) error {
	q := tx.queue
	m := q.received[r.id]
	if q.fifo && m != nil && (m.state != inFlight || m.receives != r.number) {
		return invalidParameter(handle, "ReceiptHandle", "The receipt handle has expired.")
	}
	q.counters.deleted++
	if m != nil && m.receives == r.number && m.state != moving {
		tx.emit(Deleted, m, "")
		tx.remove(m)
	}
	return nil
}
