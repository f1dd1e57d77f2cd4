package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxVisibility is the longest that a receive may hide a message, in seconds.
const maxVisibility = 43200

// ChangeMessageVisibilityInput is the input of ChangeMessageVisibility.
type ChangeMessageVisibilityInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// ReceiptHandle is a receive's.
	ReceiptHandle string `json:"ReceiptHandle,omitempty"`
	// VisibilityTimeout is for how long from now, 0 to 43200 s. Required.
	VisibilityTimeout *int `json:"VisibilityTimeout,omitempty"`
}

// ChangeMessageVisibilityBatchInput is the input of ChangeMessageVisibilityBatch.
type ChangeMessageVisibilityBatchInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Entries are one to ten changes.
	Entries []ChangeMessageVisibilityBatchRequestEntry `json:"Entries,omitempty" query:"ChangeMessageVisibilityBatchRequestEntry"`
}

// ChangeMessageVisibilityBatchRequestEntry is one change of a batch.
type ChangeMessageVisibilityBatchRequestEntry struct {
	// ID names the entry within the request.
	ID string `json:"Id"`
	// ReceiptHandle is a receive's.
	ReceiptHandle string `json:"ReceiptHandle"`
	// VisibilityTimeout is for how long from now, 0 to 43200 s. Required.
	VisibilityTimeout *int `json:"VisibilityTimeout,omitempty"`
}

// ChangeMessageVisibilityBatchOutput is the output of
// ChangeMessageVisibilityBatch.
type ChangeMessageVisibilityBatchOutput struct {
	// Successful are the entries that were carried out.
	Successful []BatchResultEntry `json:"Successful,omitempty" query:"ChangeMessageVisibilityBatchResultEntry"`
	// Failed are those that were not.
	Failed []BatchResultErrorEntry `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}

// ChangeMessageVisibility hides a message for a time from now, or shows it.
func (s *Service) ChangeMessageVisibility(_ context.Context, c *awsapi.Call, in *ChangeMessageVisibilityInput) (*awsapi.None, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	r, err := q.readChange(in.ReceiptHandle, in.VisibilityTimeout, "")
	if err != nil {
		return nil, err
	}
	tx := q.begin()
	if q.deleted {
		tx.end()
		return nil, queueDoesNotExist(c)
	}
	err = tx.change(r, in.ReceiptHandle, *in.VisibilityTimeout)
	if err := tx.end().Wait(); err != nil {
		return nil, notStored(err)
	}
	if err != nil {
		return nil, err
	}
	return &awsapi.None{}, nil
}

// ChangeMessageVisibilityBatch changes up to ten messages' timeouts.
func (s *Service) ChangeMessageVisibilityBatch(_ context.Context, c *awsapi.Call, in *ChangeMessageVisibilityBatchInput) (
	*ChangeMessageVisibilityBatchOutput, error,
) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	err = checkBatch("ChangeMessageVisibilityBatchRequestEntry", len(in.Entries), func(i int) string { return in.Entries[i].ID })
	if err != nil {
		return nil, err
	}
	out := &ChangeMessageVisibilityBatchOutput{}
	tx := q.begin()
	if q.deleted {
		tx.end()
		return nil, queueDoesNotExist(c)
	}
	for _, e := range in.Entries {
		r, err := q.readChange(e.ReceiptHandle, e.VisibilityTimeout, ".")
		if err == nil {
			err = tx.change(r, e.ReceiptHandle, *e.VisibilityTimeout)
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

// readChange checks a change's parameters (SQS J11, A12); stop is how the text
// ends, which batches do with a point.
func (q *queue) readChange(handle string, timeout *int, stop string) (receipt, error) {
	r, err := q.receipt(handle)
	if err != nil {
		return r, err
	}
	if timeout == nil {
		return r, missingParameter("VisibilityTimeout")
	}
	if *timeout < 0 || *timeout > maxVisibility {
		return r, invalidParameter(*timeout, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200"+stop)
	}
	return r, nil
}

// change sets a message's visibility timeout (SQS J5-J10). In a standard queue any
// handle of the message does, and a message that is visible already is hidden
// again (SQS Z4); in a FIFO queue it must be in flight by this very receive.
func (tx *transaction) change(r receipt, handle string, timeout int) error {
	q := tx.queue
	m := q.received[r.id]
	if m == nil || m.state == moving || q.fifo && (m.state != inFlight || m.receives != r.number) {
		return invalidParameter(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
	}
	until := tx.now + int64(seconds(timeout))
	if until >= r.received+int64(seconds(maxVisibility)) {
		return invalidParameter(timeout, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}
	switch {
	case timeout > 0:
		tx.hideUntil(m, until)
	case m.state == inFlight:
		tx.makeVisible(m)
	}
	tx.storeState(m)
	return nil
}
