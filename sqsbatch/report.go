package sqsbatch

import (
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Outcome is what became of a message.
type Outcome int

const (
	// NotStarted is the outcome of a message that was returned untouched: it is
	// reported as failed so that SQS delivers it again.
	NotStarted Outcome = iota
	// Succeeded is the outcome of a message that is done; of a duplicate, too.
	Succeeded
	// DeadLettered is the outcome of a message with a permanent error, of which
	// the dead-letter queue accepted a copy. It is reported as done.
	DeadLettered
	// Failed is the outcome of a message that SQS shall deliver again.
	Failed
)

// String is the outcome in words.
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

// Done tells whether the message is reported as done, and so deleted.
func (o Outcome) Done() bool { return o == Succeeded || o == DeadLettered }

// Result is one message and what became of it.
type Result struct {
	// Message is the record as Lambda passed it.
	Message *events.SQSMessage
	// Outcome is what became of it.
	Outcome Outcome
	// Err is why, for every outcome but Succeeded.
	Err error
	// Duplicate is true if the handler did not see the message because it had
	// seen it before, or had processed one with its idempotency key. The outcome
	// is that one's.
	Duplicate bool
	// Started is when its processing began; the zero time if it did not.
	Started time.Time

	key       string        // what makes two messages the same; empty for none
	claim     string        // what the idempotency store gave; empty if nothing is claimed
	twin      int           // 1 + the index of the message that it repeats; 0 if of none
	next      int           // 1 + the index of the next message of its group; 0 if none
	head      bool          // the first of its group
	held      error         // why it may not start: something earlier in its group
	permanent bool          // Err is
	throttled bool          // Err says itself for how long
	hides     bool          // it is to be hidden anew, for as long as
	hiddenFor time.Duration // says
	hidden    time.Time     // until when it was hidden anew; the zero time if not
}

// ReceiveCount is how often SQS has delivered the message; 1 or more.
func (r *Result) ReceiveCount() int { return receiveCount(r.Message) }

// OriginID is the id that the message was first sent with; see Message.OriginID.
func (r *Result) OriginID() string { return originID(r.Message) }

// Report is what became of a batch.
type Report struct {
	// Results are in the order of the event's records.
	Results []Result
	// Began is when the batch began.
	Began time.Time
	// Took is how long it took.
	Took time.Duration
}

// Count is how many messages had the outcome.
func (r Report) Count(o Outcome) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Outcome == o {
			n++
		}
	}
	return n
}

// Queue is the ARN of the queue that the batch came from; empty if it has no
// messages. A mapping reads from one queue.
func (r Report) Queue() string {
	if len(r.Results) == 0 {
		return ""
	}
	return r.Results[0].Message.EventSourceARN
}

func (r Report) failed() (ids []string, first error) {
	for i := range r.Results {
		if result := &r.Results[i]; !result.Outcome.Done() {
			ids = append(ids, result.Message.MessageId)
			if first == nil {
				first = result.Err
			}
		}
	}
	return ids, first
}
