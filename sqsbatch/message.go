package sqsbatch

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Names of the system attributes of a record (LAM B47).
const (
	receiveCountAttribute = "ApproximateReceiveCount"
	sentAttribute         = "SentTimestamp"
	groupAttribute        = "MessageGroupId"
	traceAttribute        = "AWSTraceHeader"
)

// originAttribute is the message attribute that keeps the id that a message had
// when it was first sent, through all copies that were made of it.
const originAttribute = "origin_message_id"

// Message is one message of a batch.
type Message[T any] struct {
	// Body is what the decoder made of the body.
	Body T
	// Raw is the record as Lambda passed it. It is shared: do not change it.
	Raw *events.SQSMessage
}

// ID is the message's id, which stays the same when SQS delivers it again.
func (m Message[T]) ID() string { return m.Raw.MessageId }

// OriginID is the id that the message was first sent with: its own, or, if it
// is a copy, the one in its attribute origin_message_id.
func (m Message[T]) OriginID() string { return originID(m.Raw) }

// ReceiveCount is how often SQS has delivered the message, this time included;
// 1 or more. Across a redrive it counts on (SQS L4).
func (m Message[T]) ReceiveCount() int { return receiveCount(m.Raw) }

// SentAt is when SQS accepted the message, to the millisecond; the zero time if
// the record does not say.
func (m Message[T]) SentAt() time.Time { return sentAt(m.Raw) }

// Group is the message's group id; empty if it has none.
func (m Message[T]) Group() string { return m.Raw.Attributes[groupAttribute] }

// Attribute is the value of a message attribute of type String or Number, and
// whether there is one.
func (m Message[T]) Attribute(name string) (string, bool) { return attribute(m.Raw, name) }

// Int is the value of a message attribute as a whole number, and whether there
// is one. An attribute that is there and is no whole number is an error.
func (m Message[T]) Int(name string) (n int, ok bool, err error) {
	value, ok := m.Attribute(name)
	if !ok {
		return 0, false, nil
	}
	n, err = strconv.Atoi(value)
	return n, true, err
}

func attribute(m *events.SQSMessage, name string) (string, bool) {
	a, ok := m.MessageAttributes[name]
	if !ok || a.StringValue == nil {
		return "", false
	}
	return *a.StringValue, true
}

func originID(m *events.SQSMessage) string {
	if id, ok := attribute(m, originAttribute); ok {
		return id
	}
	return m.MessageId
}

func receiveCount(m *events.SQSMessage) int {
	n, _ := strconv.Atoi(m.Attributes[receiveCountAttribute])
	return max(n, 1)
}

func sentAt(m *events.SQSMessage) time.Time {
	ms, err := strconv.ParseInt(m.Attributes[sentAttribute], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// ordered tells whether the message's place in its group matters. A group id
// on a standard queue (SQS F9) orders nothing.
func ordered(m *events.SQSMessage) bool {
	return strings.HasSuffix(m.EventSourceARN, ".fifo") && m.Attributes[groupAttribute] != ""
}
