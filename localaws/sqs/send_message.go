package sqs

import (
	"context"
	"crypto/md5"
	"encoding/hex"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// SendMessageInput is the input of SendMessage.
type SendMessageInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// MessageBody is the body, 1 byte to 1 MiB with the attributes.
	MessageBody string `json:"MessageBody,omitempty"`
	// DelaySeconds is the message's own delay, 0 to 900 s; nil means the delay of the
	// queue.
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

// SendMessageOutput is the output of SendMessage.
type SendMessageOutput struct {
	// MD5OfMessageBody is the MD5 of the body in hex.
	MD5OfMessageBody string `json:"MD5OfMessageBody"`
	// MD5OfMessageAttributes is the MD5 of the attributes, if there were any.
	MD5OfMessageAttributes string `json:"MD5OfMessageAttributes,omitempty"`
	// MD5OfMessageSystemAttributes is the MD5 of the system attributes, if there were
	// any.
	MD5OfMessageSystemAttributes string `json:"MD5OfMessageSystemAttributes,omitempty"`
	// MessageID is the id of the message; for a duplicate that of the first one.
	MessageID string `json:"MessageId"`
	// SequenceNumber is 20 digits that increase; FIFO queues only.
	SequenceNumber string `json:"SequenceNumber,omitempty"`
}

// SendMessage sends a message to a queue.
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
		dedupID:          in.MessageDeduplicationID,
		groupID:          in.MessageGroupID,
	})
	if err != nil {
		return nil, err
	}
	if limit := q.attributes.Load().maxMessageSize; d.size() > limit {
		return nil, errParameterValue.With("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	}

	// Validation took no lock; from here on the queue is locked.
	tx, err := q.beginCall(c)
	if err != nil {
		return nil, err
	}
	result := tx.send(d)
	if err := tx.endAndWait(); err != nil {
		return nil, err
	}

	out := &SendMessageOutput{
		MessageID:        result.id.String(),
		MD5OfMessageBody: hex.EncodeToString(d.md5[:]),
	}
	out.MD5OfMessageAttributes, out.MD5OfMessageSystemAttributes = d.digests(len(in.MessageSystemAttributes) > 0)
	if q.fifo {
		out.SequenceNumber = sequenceNumber(result.number)
	}
	return out, nil
}

// digests returns the MD5 of the message attributes and, if the sender set them, of
// the system attributes; empty without any (SQS A17, G10).
func (d *draft) digests(hasSystem bool) (attributes, system string) {
	if len(d.attributes) > 0 {
		attributes = hexMD5(attributesMD5(d.attributes))
	}
	if hasSystem {
		header := messageAttribute{
			name:     "AWSTraceHeader",
			dataType: "String",
			value:    d.optional.traceHeader,
		}
		system = hexMD5(attributesMD5([]messageAttribute{header}))
	}
	return attributes, system
}

func hexMD5(sum [md5.Size]byte) string { return hex.EncodeToString(sum[:]) }
