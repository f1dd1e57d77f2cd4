package sqs

import (
	"context"
	"crypto/md5"
	"encoding/hex"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// SendMessageInput is the input of SendMessage.
type SendMessageInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// MessageBody is the body, 1 byte to 1 MiB with the attributes.
	MessageBody string `json:"MessageBody,omitempty"`
	// DelaySeconds is the message's own delay, 0 to 900 s; nil takes the queue's.
	DelaySeconds *int `json:"DelaySeconds,omitempty"`
	// MessageAttributes are up to ten attributes by name.
	MessageAttributes map[string]MessageAttributeValue `json:"MessageAttributes,omitempty" query:"MessageAttribute,Name,Value"`
	// MessageSystemAttributes may hold AWSTraceHeader.
	MessageSystemAttributes map[string]MessageAttributeValue `json:"MessageSystemAttributes,omitempty" query:"MessageSystemAttribute,Name,Value"`
	// MessageDeduplicationID is the deduplication id, FIFO queues only.
	MessageDeduplicationID *string `json:"MessageDeduplicationId,omitempty"`
	// MessageGroupID is the group; required in FIFO queues.
	MessageGroupID *string `json:"MessageGroupId,omitempty"`
}

// SendMessageOutput is the output of SendMessage.
type SendMessageOutput struct {
	// MD5OfMessageBody is the MD5 of the body in hex.
	MD5OfMessageBody string `json:"MD5OfMessageBody"`
	// MD5OfMessageAttributes is the MD5 of the attributes, if there were any.
	MD5OfMessageAttributes string `json:"MD5OfMessageAttributes,omitempty"`
	// MD5OfMessageSystemAttributes is that of the system attributes given.
	MD5OfMessageSystemAttributes string `json:"MD5OfMessageSystemAttributes,omitempty"`
	// MessageID is the message's id, or the first one's if this is a duplicate.
	MessageID string `json:"MessageId"`
	// SequenceNumber is 20 digits that rise, FIFO queues only.
	SequenceNumber string `json:"SequenceNumber,omitempty"`
}

// SendMessage puts a message into a queue.
func (s *Service) SendMessage(_ context.Context, c *awsapi.Call, in *SendMessageInput) (*SendMessageOutput, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	d, err := q.validateSend(c, &sendRequest{
		body:             in.MessageBody,
		delay:            in.DelaySeconds,
		attributes:       in.MessageAttributes,
		systemAttributes: in.MessageSystemAttributes,
		dedup:            in.MessageDeduplicationID,
		group:            in.MessageGroupID,
	})
	if err != nil {
		return nil, err
	}
	if limit := q.attributes.Load().maxMessageSize; d.size() > limit {
		return nil, errParameterValue.With("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	}
	tx := q.begin()
	if tx.queue.deleted {
		tx.end()
		return nil, queueDoesNotExist(c)
	}
	ok := tx.send(d)
	if err := tx.end().Wait(); err != nil {
		return nil, notStored(err)
	}
	out := &SendMessageOutput{MessageID: ok.id.String(), MD5OfMessageBody: hex.EncodeToString(d.md5[:])}
	out.MD5OfMessageAttributes, out.MD5OfMessageSystemAttributes = d.digests(len(in.MessageSystemAttributes) > 0)
	if q.fifo {
		out.SequenceNumber = sequenceNumber(ok.number)
	}
	return out, nil
}

// digests are the MD5s of message attributes and, where the sender gave them, of
// system attributes; empty without any (SQS A17, G10).
func (d *draft) digests(system bool) (attrs, sys string) {
	if len(d.attrs) > 0 {
		attrs = hexMD5(attributesMD5(d.attrs))
	}
	if system {
		sys = hexMD5(attributesMD5([]messageAttribute{{
			name:     "AWSTraceHeader",
			dataType: "String",
			value:    d.optional.traceHeader,
		}}))
	}
	return attrs, sys
}

func hexMD5(sum [md5.Size]byte) string { return hex.EncodeToString(sum[:]) }
