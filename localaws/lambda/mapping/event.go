package mapping

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/awsapi/awsjson"
)

// An event is {"Records":[R,…]} (LAM B45).
const (
	eventPrefix = `{"Records":[`
	eventSuffix = `]}`
)

// systemAttributes is the order of the message system attributes in a record (LAM B47).
var systemAttributes = [...]string{
	"ApproximateReceiveCount",
	"AWSTraceHeader",
	"SentTimestamp",
	"SequenceNumber",
	"MessageGroupId",
	"SenderId",
	"MessageDeduplicationId",
	"ApproximateFirstReceiveTimestamp",
	"DeadLetterQueueSourceArn",
}

// recordEncoder encodes the messages of a queue as records of an event.
type recordEncoder struct {
	suffix []byte // the end of every record: members that are the same for all messages
}

// newRecordEncoder returns the encoder for the messages of a queue.
func newRecordEncoder(queueARN string) *recordEncoder {
	a, _ := awsapi.ParseARN(queueARN) // validated when the mapping was created
	b := awsjson.AppendString([]byte(`,"eventSource":"aws:sqs","eventSourceARN":`), queueARN)
	b = awsjson.AppendString(append(b, `,"awsRegion":`...), a.Region)
	return &recordEncoder{suffix: append(b, '}')}
}

// appendRecord appends the record of a message (LAM B45 to B49). Without message attributes
// their MD5 is null with a batching window and absent without one (LAM B46).
func (e *recordEncoder) appendRecord(b []byte, m *Message, window bool) []byte {
	b = awsjson.AppendString(append(b, `{"messageId":`...), m.ID)
	b = awsjson.AppendString(append(b, `,"receiptHandle":`...), m.ReceiptHandle)
	b = awsjson.AppendString(append(b, `,"body":`...), m.Body)
	b = append(b, `,"attributes":{`...)

	// System attributes have a fixed order; those that SQS did not return are left out.
	comma := false
	for _, name := range systemAttributes {
		v, ok := m.System[name]
		if !ok {
			continue
		}

		if comma {
			b = append(b, ',')
		}

		comma = true
		b = awsjson.AppendString(append(awsjson.AppendString(b, name), ':'), v)
	}

	b = append(b, `},"messageAttributes":{`...)
	b = appendAttributes(b, m.Attributes)
	b = append(b, '}')
	switch {
	case m.MD5OfAttributes != "":
		b = awsjson.AppendString(append(b, `,"md5OfMessageAttributes":`...), m.MD5OfAttributes)
	case window:
		b = append(b, `,"md5OfMessageAttributes":null`...)
	}

	b = awsjson.AppendString(append(b, `,"md5OfBody":`...), m.MD5OfBody)
	return append(b, e.suffix...)
}

// appendAttributes appends the message attributes, sorted by name (LAM B48).
func appendAttributes(b []byte, attributes map[string]Attribute) []byte {
	if len(attributes) == 0 {
		return b
	}

	// A message has at most 10 attributes.
	names := make([]string, 0, 10)
	for name := range attributes {
		names = append(names, name)
	}

	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}

		a := attributes[name]
		b = append(awsjson.AppendString(b, name), ':', '{')

		// A data type may have a custom label, such as Binary.png.
		if strings.HasPrefix(a.DataType, "Binary") {
			b = append(b, `"binaryValue":"`...)
			b = append(base64.StdEncoding.AppendEncode(b, a.Binary), '"')
		} else {
			b = awsjson.AppendString(append(b, `"stringValue":`...), a.Text)
		}

		b = append(b, `,"stringListValues":[],"binaryListValues":[],"dataType":`...)
		b = append(awsjson.AppendString(b, a.DataType), '}')
	}

	return b
}
