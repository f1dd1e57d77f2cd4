package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxVisibility is the longest visibility timeout, in seconds.
const maxVisibility = 43200

// ChangeMessageVisibilityInput is the input of ChangeMessageVisibility.
type ChangeMessageVisibilityInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// ReceiptHandle is the handle of a receive.
	ReceiptHandle string `json:"ReceiptHandle,omitempty"`
	// VisibilityTimeout is the new timeout from now, 0 to 43200 s. Required.
	VisibilityTimeout *int `json:"VisibilityTimeout,omitempty"`
}

// ChangeMessageVisibilityBatchInput is the input of ChangeMessageVisibilityBatch.
type ChangeMessageVisibilityBatchInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Entries are 1 to 10 changes.
	Entries []ChangeMessageVisibilityBatchRequestEntry `json:"Entries,omitempty" query:"ChangeMessageVisibilityBatchRequestEntry"`
}

// ChangeMessageVisibilityBatchRequestEntry is one change of a batch.
type ChangeMessageVisibilityBatchRequestEntry struct {
	// ID identifies the entry within the request.
	ID string `json:"Id"`
	// ReceiptHandle is the handle of a receive.
	ReceiptHandle string `json:"ReceiptHandle"`
	// VisibilityTimeout is the new timeout from now, 0 to 43200 s. Required.
	VisibilityTimeout *int `json:"VisibilityTimeout,omitempty"`
}

// ChangeMessageVisibilityBatchOutput is the output of
// ChangeMessageVisibilityBatch.
type ChangeMessageVisibilityBatchOutput struct {
	// Successful are the entries that succeeded.
	Successful []BatchResultEntry `json:"Successful,omitempty" query:"ChangeMessageVisibilityBatchResultEntry"`
	// Failed are the entries that failed.
	Failed []BatchResultErrorEntry `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}

// ChangeMessageVisibility sets the visibility timeout of a message, counted from
// now. 0 makes the message visible.
func (s *Service) ChangeMessageVisibility(_ context.Context, c *awsapi.Call, in *ChangeMessageVisibilityInput) error {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return err
	}
	r, err := q.parseChange(in.ReceiptHandle, in.VisibilityTimeout, "")
	if err != nil {
		return err
	}

	// The transaction must end even if the change fails.
	tx, err := q.beginCall(c)
	if err != nil {
		return err
	}
	changeErr := tx.changeVisibility(r, in.ReceiptHandle, *in.VisibilityTimeout)
	if err := tx.endAndWait(); err != nil {
		return err
	}
	return changeErr
}

// ChangeMessageVisibilityBatch sets the visibility timeouts of up to ten messages.
func (s *Service) ChangeMessageVisibilityBatch(_ context.Context, c *awsapi.Call, in *ChangeMessageVisibilityBatchInput) (
	*ChangeMessageVisibilityBatchOutput, error,
) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	entryID := func(i int) string { return in.Entries[i].ID }
	if err := checkBatch("ChangeMessageVisibilityBatchRequestEntry", len(in.Entries), entryID); err != nil {
		return nil, err
	}

	tx, err := q.beginCall(c)
	if err != nil {
		return nil, err
	}
	out := &ChangeMessageVisibilityBatchOutput{}
	// An entry that fails does not fail the others.
	for _, e := range in.Entries {
		r, err := q.parseChange(e.ReceiptHandle, e.VisibilityTimeout, ".")
		if err == nil {
			err = tx.changeVisibility(r, e.ReceiptHandle, *e.VisibilityTimeout)
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

// parseChange validates the parameters of a change (SQS J11, A12). AWS ends the
// error text of a batch entry with a period, hence the suffix.
func (q *queue) parseChange(handle string, timeout *int, suffix string) (receipt, error) {
	r, err := q.receipt(handle)
	if err != nil {
		return r, err
	}
	if timeout == nil {
		return r, missingParameter("VisibilityTimeout")
	}
	if *timeout < 0 || *timeout > maxVisibility {
		return r, invalidParameter(*timeout, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200"+suffix)
	}
	return r, nil
}

// changeVisibility sets a message's visibility timeout (SQS J5-J10). In a standard
// queue every handle of the message works, and a message that is already visible is
// hidden again (SQS Z4). In a FIFO queue the message must be in flight, and the
// handle must be that of its latest receive.
func (tx *transaction) changeVisibility(r receipt, handle string, timeout int) error {
	q := tx.queue
	m := q.received[r.id]
	if m == nil || m.state == moving || q.fifo && (m.state != inFlight || m.receives != r.receive) {
		return invalidParameter(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
	}

	// The limit of 12 hours counts from the receive.
	deadline := tx.now + int64(seconds(timeout))
	if deadline >= r.received+int64(seconds(maxVisibility)) {
		return invalidParameter(timeout, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}

	switch {
	case timeout > 0:
		tx.hideUntil(m, deadline)
	case m.state == inFlight:
		tx.makeVisible(m)
	}
	tx.storeState(m)
	return nil
}
