package sqsbatch

import (
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Outcome is the outcome of a message.
type Outcome int

const (
	// NotStarted: the handler was not called. The message is reported as failed,
	// so that SQS delivers it again.
	NotStarted Outcome = iota
	// Succeeded: the message, or the one that it duplicates, was processed.
	Succeeded
	// DeadLettered: the message has a permanent error or failed at the receive of
	// [GiveUpAt], and SQS accepted a copy for the dead-letter queue. It is reported as
	// done.
	DeadLettered
	// Failed: the message is reported as failed, so that SQS delivers it again.
	Failed
)

// String returns the outcome as text.
func (o Outcome) String() string {
	switch o {
	case NotStarted:
		return "not started"
	case Succeeded:
		return "succeeded"
	case DeadLettered:
		return "dead-lettered"
	case Failed:
		return "failed"
	}
	return fmt.Sprintf("outcome(%d)", int(o))
}

// Done reports whether the message is reported as done, so that Lambda deletes it.
func (o Outcome) Done() bool { return o == Succeeded || o == DeadLettered }

// Result is the result of one message.
type Result struct {
	// Message is the record of the event.
	Message *events.SQSMessage
	// Outcome is the outcome.
	Outcome Outcome
	// Err is the reason for the outcome; nil for Succeeded.
	Err error
	// Duplicate is true if the handler was not called because it had been called
	// with the same message or idempotency key before. The outcome is then that of
	// the earlier message.
	Duplicate bool
	// Started is when its processing began; the zero time if it was not started.
	Started time.Time

	key         string        // identifies duplicates; empty for none
	claim       string        // token of the idempotency store; empty if nothing is claimed
	duplicateOf int           // 1 + the index of the message that it repeats; 0 if there is none
	next        int           // 1 + the index of the next message of its group; 0 if none
	waiting     int           // number of messages that no worker had taken when it was
	rest        int           // number of messages after it in its group
	head        bool          // whether it is the first of its group
	blocked     error         // why it must not be started: an earlier message of its group
	behind      bool          // whether an earlier message of its group failed in NewBulk
	permanent   bool          // whether Err is permanent
	throttled   bool          // whether Err is from RetryAfter
	postponed   bool          // whether its visibility timeout is changed
	hiddenFor   time.Duration // to this value
	unchanged   error         // why it was not changed
	hiddenUntil time.Time     // end of the changed timeout; the zero time if it was not changed
}

// ReceiveCount returns how often SQS has delivered the message; 1 or more.
func (r *Result) ReceiveCount() int { return receiveCount(r.Message) }

// OriginID returns the id with which the message was first sent; see
// [Message.OriginID].
func (r *Result) OriginID() string { return originID(r.Message) }

// Report is the result of a batch.
type Report struct {
	// Results has one result for each record, in the order of the event.
	Results []Result
	// Began is when the processing of the batch began.
	Began time.Time
	// Took is how long the batch took.
	Took time.Duration
}

// Count returns the number of messages with the outcome.
func (r Report) Count(o Outcome) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Outcome == o {
			n++
		}
	}
	return n
}

// Queue returns the ARN of the batch's queue; empty if the batch has no messages.
func (r Report) Queue() string {
	if len(r.Results) == 0 {
		return ""
	}
	return r.Results[0].Message.EventSourceARN
}

// failed returns the ids of the messages that are not done, and their errors.
func (r Report) failed() (ids []string, errs []error) {
	for i := range r.Results {
		if result := &r.Results[i]; !result.Outcome.Done() {
			ids = append(ids, result.Message.MessageId)
			errs = append(errs, result.Err)
		}
	}
	return ids, errs
}
