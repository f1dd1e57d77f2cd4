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

// originAttribute is the message attribute that has, in copies of a message, the id
// with which the message was first sent.
const originAttribute = "origin_message_id"

// Message is one message of a batch.
type Message[T any] struct {
	// Body is the decoded body.
	Body T
	// Raw is the record of the event. It is shared: do not modify it.
	Raw *events.SQSMessage
}

// ID returns the message id, which is the same at every delivery.
func (m Message[T]) ID() string { return m.Raw.MessageId }

// OriginID returns the id with which the message was first sent: that in its
// attribute origin_message_id if it is a copy, else its own.
func (m Message[T]) OriginID() string { return originID(m.Raw) }

// ReceiveCount returns how often SQS has delivered the message, including this time.
// A redrive does not reset it (SQS L4).
func (m Message[T]) ReceiveCount() int { return receiveCount(m.Raw) }

// SentAt returns when SQS accepted the message, to the millisecond, or the zero time
// if the record has no valid time stamp.
func (m Message[T]) SentAt() time.Time { return sentAt(m.Raw) }

// Group returns the message group id; empty if there is none.
func (m Message[T]) Group() string { return m.Raw.Attributes[groupAttribute] }

// Attribute returns the value of a message attribute of type String or Number, and
// whether there is one.
func (m Message[T]) Attribute(name string) (string, bool) { return attribute(m.Raw, name) }

// Int returns the value of a message attribute as an integer, and whether there is
// one. It returns an error if the attribute exists and is not an integer.
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
	n, _ := strconv.Atoi(m.Attributes[receiveCountAttribute]) // SQS always sets it; otherwise it counts as 1
	return max(n, 1)
}

func sentAt(m *events.SQSMessage) time.Time {
	ms, err := strconv.ParseInt(m.Attributes[sentAttribute], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// ordered reports whether the message belongs to a group of a FIFO queue. A group id
// on a standard queue (SQS F9) does not imply an order.
func ordered(m *events.SQSMessage) bool {
	return strings.HasSuffix(m.EventSourceARN, ".fifo") && m.Attributes[groupAttribute] != ""
}
