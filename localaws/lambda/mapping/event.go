package mapping

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
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

// recordSource is the end of a record, which is the same for all messages of a queue.
type recordSource struct {
	suffix []byte
}

// newSource returns the end of the records of a queue.
func newSource(queueARN string) *recordSource {
	a, _ := awsapi.ParseARN(queueARN) // validated when the mapping was created
	b := appendString([]byte(`,"eventSource":"aws:sqs","eventSourceARN":`), queueARN)
	b = appendString(append(b, `,"awsRegion":`...), a.Region)
	return &recordSource{suffix: append(b, '}')}
}

// appendRecord appends the record of a message (LAM B45 to B49). Without message attributes
// their MD5 is null with a batching window and absent without one (LAM B46).
func (s *recordSource) appendRecord(b []byte, m *Message, window bool) []byte {
	b = appendString(append(b, `{"messageId":`...), m.ID)
	b = appendString(append(b, `,"receiptHandle":`...), m.ReceiptHandle)
	b = appendString(append(b, `,"body":`...), m.Body)
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
		b = appendString(append(appendString(b, name), ':'), v)
	}

	b = append(b, `},"messageAttributes":{`...)
	b = appendAttributes(b, m.Attributes)
	b = append(b, '}')
	switch {
	case m.MD5OfAttributes != "":
		b = appendString(append(b, `,"md5OfMessageAttributes":`...), m.MD5OfAttributes)
	case window:
		b = append(b, `,"md5OfMessageAttributes":null`...)
	}

	b = appendString(append(b, `,"md5OfBody":`...), m.MD5OfBody)
	return append(b, s.suffix...)
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
		b = append(appendString(b, name), ':', '{')

		// A data type may have a custom label, such as Binary.png.
		if strings.HasPrefix(a.DataType, "Binary") {
			b = append(b, `"binaryValue":"`...)
			b = append(base64.StdEncoding.AppendEncode(b, a.Binary), '"')
		} else {
			b = appendString(append(b, `"stringValue":`...), a.Text)
		}

		b = append(b, `,"stringListValues":[],"binaryListValues":[],"dataType":`...)
		b = append(appendString(b, a.DataType), '}')
	}

	return b
}

// appendString appends s as a JSON string. Only what JSON requires is escaped, so that
// the function reads the body that was sent (LAM B44). Bytes that are not UTF-8 become
// U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			// What needs no escape is copied in one piece, up to here.
			if c < ' ' || c == '"' || c == '\\' {
				b = appendEscape(append(b, s[from:i]...), c)
				from = i + 1
			}
			i++
			continue
		}

		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(append(b, s[from:i]...), "\ufffd"...)
			from = i + n
		}

		i += n
	}

	return append(append(b, s[from:]...), '"')
}

// appendEscape appends a character that JSON requires to be escaped.
func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}

	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
