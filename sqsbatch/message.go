package sqsbatch

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Names of the system attributes of a record (LAM B47).
const (
	receiveCountAttribute  = "ApproximateReceiveCount"
	sentAttribute          = "SentTimestamp"
	firstReceivedAttribute = "ApproximateFirstReceiveTimestamp"
	senderAttribute        = "SenderId"
	groupAttribute         = "MessageGroupId"
	deduplicationAttribute = "MessageDeduplicationId"
	sequenceAttribute      = "SequenceNumber"
	sourceAttribute        = "DeadLetterQueueSourceArn"
	traceAttribute         = "AWSTraceHeader"
)

// originAttribute is the message attribute that has, in copies of a message, the id
// with which the message was first sent.
const originAttribute = "origin_message_id"

// replayAttribute is the message attribute by which this project's retry functions mark
// copies.
const replayAttribute = "sqs-dlq-replay-cnt"

// Message is one message of a batch.
type Message[T any] struct {
	// Body is the decoded body.
	Body T
	// Raw is the record of the event. It is shared: do not modify it. It may be nil in
	// tests of a handler; methods then behave as for an empty record.
	Raw *events.SQSMessage
}

// raw returns the record, or an empty one.
func (m Message[T]) raw() *events.SQSMessage {
	if m.Raw == nil {
		return &events.SQSMessage{}
	}
	return m.Raw
}

// ID returns the message id, which is the same at every delivery.
func (m Message[T]) ID() string { return m.raw().MessageId }

// OriginID returns the id with which the message was first sent: that in its
// attribute origin_message_id if it is a copy, else its own. A copy has the attribute
// dlq_reason of [WithDeadLetter], or sqs-dlq-replay-cnt of this project's retry
// functions.
func (m Message[T]) OriginID() string { return originID(m.raw()) }

// ReceiveCount returns how often SQS has delivered the message, including this time.
// A redrive does not reset it (SQS L4).
func (m Message[T]) ReceiveCount() int { return receiveCount(m.raw()) }

// SentAt returns when SQS accepted the message, to the millisecond, or the zero time
// if the record has no valid time stamp.
func (m Message[T]) SentAt() time.Time { return sentAt(m.raw()) }

// Group returns the message group id; empty if there is none.
func (m Message[T]) Group() string { return m.raw().Attributes[groupAttribute] }

// Attribute returns the value of a message attribute of type String or Number, and
// whether there is one.
func (m Message[T]) Attribute(name string) (string, bool) { return attribute(m.raw(), name) }

// Int returns the value of a message attribute of type String or Number as an integer,
// and whether there is one. It returns an [AttributeError] if the attribute exists and
// is not an integer.
func (m Message[T]) Int(name string) (n int, ok bool, err error) {
	value, ok := m.Attribute(name)
	if !ok {
		return 0, false, nil
	}
	if n, err = strconv.Atoi(value); err != nil {
		err = &AttributeError{
			Name:     name,
			DataType: m.Raw.MessageAttributes[name].DataType,
			Want:     "int",
			Err:      err.(*strconv.NumError).Err,
		}
	}
	return n, true, err
}

func attribute(m *events.SQSMessage, name string) (string, bool) {
	a, ok := m.MessageAttributes[name]
	if !ok || a.StringValue == nil {
		return "", false
	}
	return *a.StringValue, true
}

// originID returns the id in the attribute origin_message_id of a copy, or the message's
// own. Other senders may use the name for something else: without a sign that the
// message is a copy, two messages with the same value are still two messages.
func originID(m *events.SQSMessage) string {
	id, ok := attribute(m, originAttribute)
	_, deadLettered := m.MessageAttributes[ReasonAttribute]
	_, replayed := m.MessageAttributes[replayAttribute]
	if ok && id != "" && (deadLettered || replayed) {
		return id
	}
	return m.MessageId
}

func receiveCount(m *events.SQSMessage) int {
	n, _ := strconv.Atoi(m.Attributes[receiveCountAttribute]) // SQS always sets it; otherwise it counts as 1
	return max(n, 1)
}

func sentAt(m *events.SQSMessage) time.Time { return timeOf(m, sentAttribute) }

// timeOf returns the time in a system attribute, or the zero time.
func timeOf(m *events.SQSMessage, name string) time.Time {
	ms, err := strconv.ParseInt(m.Attributes[name], 10, 64)
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
