package sqs

import (
	"context"
	"encoding/hex"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// SendMessageBatchInput is the input of SendMessageBatch.
type SendMessageBatchInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Entries are 1 to 10 messages.
	Entries []SendMessageBatchRequestEntry `json:"Entries,omitempty" query:"SendMessageBatchRequestEntry"`
}

// SendMessageBatchRequestEntry is one message of a batch; see SendMessageInput.
type SendMessageBatchRequestEntry struct {
	// ID identifies the entry within the request.
	ID string `json:"Id"`
	// MessageBody is the body.
	MessageBody string `json:"MessageBody"`
	// DelaySeconds is the message's own delay in seconds, or nil.
	DelaySeconds *int `json:"DelaySeconds,omitempty"`
	// MessageAttributes are up to ten attributes by name.
	MessageAttributes map[string]MessageAttributeValue `json:"MessageAttributes,omitempty" query:"MessageAttribute,Name,Value"`
	// MessageSystemAttributes may hold AWSTraceHeader.
	MessageSystemAttributes map[string]MessageAttributeValue `json:"MessageSystemAttributes,omitempty" query:"MessageSystemAttribute,Name,Value"`
	// MessageDeduplicationID is the deduplication id; FIFO queues only.
	MessageDeduplicationID *string `json:"MessageDeduplicationId,omitempty"`
	// MessageGroupID is the group; required in FIFO queues.
	MessageGroupID *string `json:"MessageGroupId,omitempty"`
}

// SendMessageBatchOutput is the output of SendMessageBatch.
type SendMessageBatchOutput struct {
	// Successful are the accepted messages.
	Successful []SendMessageBatchResultEntry `json:"Successful,omitempty" query:"SendMessageBatchResultEntry"`
	// Failed are the entries that failed.
	Failed []BatchResultErrorEntry `json:"Failed,omitempty" query:"BatchResultErrorEntry"`
}

// SendMessageBatchResultEntry is one accepted message; see SendMessageOutput.
type SendMessageBatchResultEntry struct {
	// ID is the id of the entry.
	ID string `json:"Id"`
	// MessageID is the message's id.
	MessageID string `json:"MessageId"`
	// MD5OfMessageBody is the MD5 of the body in hex.
	MD5OfMessageBody string `json:"MD5OfMessageBody"`
	// MD5OfMessageAttributes is the MD5 of the attributes, if there were any.
	MD5OfMessageAttributes string `json:"MD5OfMessageAttributes,omitempty"`
	// MD5OfMessageSystemAttributes is the MD5 of the system attributes, if there were
	// any.
	MD5OfMessageSystemAttributes string `json:"MD5OfMessageSystemAttributes,omitempty"`
	// SequenceNumber is 20 digits that increase; FIFO queues only.
	SequenceNumber string `json:"SequenceNumber,omitempty"`
}

// SendMessageBatch sends up to ten messages to a queue. One invalid entry does not
// fail the others, except as in SQS H1 and H5.
func (s *Service) SendMessageBatch(_ context.Context, c *awsapi.Call, in *SendMessageBatchInput) (*SendMessageBatchOutput, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := q.checkSendBatch(in.Entries); err != nil {
		return nil, err
	}

	// Validate without the lock. The draft of an invalid entry is nil.
	out := &SendMessageBatchOutput{}
	drafts := make([]*draft, len(in.Entries))
	for i := range in.Entries {
		e := &in.Entries[i]
		if drafts[i], err = q.validateSendEntry(c, e); err != nil {
			out.Failed = append(out.Failed, failedEntry(e.ID, err))
		}
	}

	tx, err := q.beginCall(c)
	if err != nil {
		return nil, err
	}
	out.Successful = make([]SendMessageBatchResultEntry, 0, len(drafts))
	for i, d := range drafts {
		if d == nil {
			continue
		}
		result := tx.send(d)
		entry := SendMessageBatchResultEntry{ID: in.Entries[i].ID, MessageID: result.id.String()}
		if q.fifo {
			entry.SequenceNumber = sequenceNumber(result.number)
		}
		out.Successful = append(out.Successful, entry)
	}
	if err := tx.endAndWait(); err != nil {
		return nil, err
	}

	// Add the digests, which need no lock.
	n := 0
	for i, d := range drafts {
		if d == nil {
			continue
		}
		entry := &out.Successful[n]
		entry.MD5OfMessageBody = hex.EncodeToString(d.md5[:])
		entry.MD5OfMessageAttributes, entry.MD5OfMessageSystemAttributes = d.digests(len(in.Entries[i].MessageSystemAttributes) > 0)
		n++
	}
	return out, nil
}

// validateSendEntry validates one entry, with the error texts of batches (SQS H4,
// H6).
func (q *queue) validateSendEntry(c *awsapi.Call, e *SendMessageBatchRequestEntry) (*draft, error) {
	if e.MessageBody == "" {
		return nil, errEmptyValue.With("The request must contain the parameter MessageBody.")
	}
	if q.fifo && e.DelaySeconds != nil && *e.DelaySeconds != 0 {
		return nil, errParameterValue.With("The request include parameter that is not valid for this queue type")
	}

	d, err := q.validateSend(c, &sendRequest{
		body:             e.MessageBody,
		delay:            e.DelaySeconds,
		attributes:       e.MessageAttributes,
		systemAttributes: e.MessageSystemAttributes,
		dedupID:          e.MessageDeduplicationID,
		groupID:          e.MessageGroupID,
	})
	if err != nil {
		return nil, err
	}
	if limit := q.attributes.Load().maxMessageSize; d.size() > limit {
		return nil, errParameterValue.With("One or more parameters cannot be validated. Reason: Message must be shorter than %d bytes.", limit)
	}
	return d, nil
}

// checkSendBatch validates what refuses the whole request (SQS H1, H5).
func (q *queue) checkSendBatch(entries []SendMessageBatchRequestEntry) error {
	entryID := func(i int) string { return entries[i].ID }
	if err := checkBatch("SendMessageBatchRequestEntry", len(entries), entryID); err != nil {
		return err
	}

	// In a FIFO queue these fail the batch, not the entry.
	for i := range entries {
		e := &entries[i]
		if q.fifo && e.MessageGroupID == nil {
			return errParameterValue.With("The request must contain the parameter MessageGroupId.")
		}
		if q.fifo && e.MessageDeduplicationID == nil && !q.attributes.Load().contentDedup {
			return errNoDedupID()
		}
	}

	// The limit counts bodies and attributes.
	total := 0
	for i := range entries {
		total += entries[i].size()
	}
	if total > maxBatchBytes {
		return errBatchTooLong.With("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBatchBytes, total)
	}
	return nil
}

// size returns the bytes of an entry that count towards the limit of the batch (SQS
// F4).
func (e *SendMessageBatchRequestEntry) size() int {
	n := len(e.MessageBody)
	for name, v := range e.MessageAttributes {
		n += len(name) + len(v.DataType) + len(v.BinaryValue)
		if v.StringValue != nil {
			n += len(*v.StringValue)
		}
	}
	return n
}
