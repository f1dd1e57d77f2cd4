package simulate

import (
	"bytes"
	"context"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/sqsbatch"
)

// Figures are what was measured in one run. A good message is one that the consumer
// can process.
type Figures struct {
	// Good and Bad are the numbers of messages that SQS accepted.
	Good, Bad int
	// GoodDead is the number of good messages in the dead-letter queue.
	GoodDead int
	// Lost is the number of messages that were neither processed nor are in any
	// queue.
	Lost int
	// Repeated is the number of good messages that were processed more than once.
	Repeated int
	// Receives is the number of messages received, over all queues.
	Receives int
	// Requests is the number of requests that SQS bills: sends, receives and
	// deletes. A batch is one request.
	Requests int
	// Invocations counts those of the consumer and of the retry functions,
	// Batches those of the consumer alone and Batched the messages in them.
	Invocations, Batches, Batched int
	// Billed is how long functions ran. Each invocation is rounded up to a
	// millisecond.
	Billed time.Duration
	// BadDead is, for each bad message, the time from its acceptance to the
	// dead-letter queue.
	BadDead []time.Duration
	// GoodDone is, for each good message, the time from its acceptance to its
	// deletion from the source queue.
	GoodDone []time.Duration
	// Wasted counts receives of good messages from the source queue after which
	// the messages became visible again.
	Wasted Wasted
}

// Wasted counts receives after which a message was not deleted, by cause.
type Wasted struct {
	// BatchFailed: another message of the batch failed, and the batch with it.
	BatchFailed int
	// Aborted: the invocation timed out or crashed.
	Aborted int
	// Throttled: the function was throttled until the visibility timeout ended.
	Throttled int
	// VisibilityExpired: the visibility timeout ended during the invocation.
	VisibilityExpired int
}

// meter measures a run. All of its methods run on the clock's
// goroutine. A nil meter does nothing.
type meter struct {
	*tracker
	Figures
	states map[string]*receiveState // by message id
	timing map[*trackedOrder]*timing
}

// receiveState is what happened to a message since its last receive from the
// source queue.
type receiveState struct {
	invocations int  // in progress with this message
	invoked     bool // the function was invoked with it
	failed      bool // the function failed the whole batch
}

// timing is when something first happened to an order; the zero time if it did
// not.
type timing struct{ sent, done, dead time.Time }

// newMeter returns a meter that observes what t records.
func newMeter(t *tracker) *meter {
	m := &meter{
		tracker: t,
		states:  map[string]*receiveState{},
		timing:  map[*trackedOrder]*timing{},
	}
	t.observer = m.observe
	return m
}

// start does not count the requests that created the queues.
func (m *meter) start() {
	if m != nil {
		m.Requests = 0
	}
}

// call counts a call to the embedded AWS.
func (m *meter) call(service, _ string) {
	if service == "sqs" {
		m.Requests++
	}
}

// endInvocations counts the invocations of a killed server as ended.
func (m *meter) endInvocations() {
	if m == nil {
		return
	}
	for _, s := range m.states {
		s.invocations = 0
		s.failed = false
	}
}

// observe records an event of SQS that the tracker has applied.
func (m *meter) observe(e sqs.Event, msg *trackedMessage) {
	switch {
	case e.Kind == sqs.Sent:
		m.observeSent(e, msg)
	case e.Kind == sqs.Moved && e.Queue == deadLetters:
		setOnce(&m.timing[msg.order].dead, e.Time)
	case e.Queue != source:
		// Only the source queue counts from here on.
	case e.Kind == sqs.Received:
		m.states[e.MessageID].invoked = false
	case e.Kind == sqs.Deleted:
		setOnce(&m.timing[msg.order].done, e.Time)
	case e.Kind == sqs.BecameVisible && e.Receives > 0 && !msg.order.bad:
		m.countWasted(m.states[e.MessageID])
	}
}

func (m *meter) observeSent(e sqs.Event, msg *trackedMessage) {
	m.states[e.MessageID] = &receiveState{}
	if m.timing[msg.order] == nil {
		m.timing[msg.order] = &timing{}
	}
	setOnce(&m.timing[msg.order].sent, e.Time)
}

func setOnce(t *time.Time, at time.Time) {
	if t.IsZero() {
		*t = at
	}
}

// countWasted counts a good message that became visible again, by its cause.
func (m *meter) countWasted(s *receiveState) {
	switch {
	case s.invocations > 0:
		m.Wasted.VisibilityExpired++
	case !s.invoked:
		m.Wasted.Throttled++
	case s.failed:
		m.Wasted.BatchFailed++
	default:
		m.Wasted.Aborted++
	}
}

// recordID precedes the id of each message in an event. It occurs nowhere else in
// the event, because quotes in bodies are escaped.
const recordID = `"messageId":"`

// begin records that an invocation begins, and how long it will take.
func (m *meter) begin(function string, event []byte, took time.Duration) {
	if m == nil {
		return
	}

	m.Invocations++
	m.Billed += (took + time.Millisecond - 1).Truncate(time.Millisecond)
	if function != source {
		return
	}

	// Decoding the whole event would cost more than the rest of the meter.
	m.Batches++
	for rest := event; ; {
		_, after, found := bytes.Cut(rest, []byte(recordID))
		if !found {
			return
		}
		id, _, _ := bytes.Cut(after, []byte(`"`)) // the event is JSON: the quote is there

		s := m.states[string(id)]
		s.invocations++
		s.invoked = true
		s.failed = false
		m.Batched++
		rest = after
	}
}

// measureEnd returns the consumer, with the end of each invocation recorded. The
// simulation calls the handler at the end of the time that the invocation takes.
func (m *meter) measureEnd(consumer sqsbatch.Handler) sqsbatch.Handler {
	if m == nil {
		return consumer
	}

	return func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		resp, err := consumer(ctx, e)
		for i := range e.Records {
			s := m.states[e.Records[i].MessageId]
			s.invocations--
			s.failed = err != nil
		}
		return resp, err
	}
}

// figures returns the figures of a run that has ended. They are a copy, so that
// the rest of the run can be collected as garbage.
func (m *meter) figures(violations []Violation) *Figures {
	f := m.Figures
	f.Receives = m.receives
	for _, o := range m.orders {
		// First times only: a duplicate does not change when an order was done.
		t := m.timing[o]
		switch {
		case t == nil:
			// SQS never accepted it.
		case o.bad:
			f.Bad++
			if !t.dead.IsZero() {
				f.BadDead = append(f.BadDead, t.dead.Sub(t.sent))
			}
		default:
			f.Good++
			if !t.dead.IsZero() {
				f.GoodDead++
			}
			if o.processed > 1 {
				f.Repeated++
			}
			if !t.done.IsZero() {
				f.GoodDone = append(f.GoodDone, t.done.Sub(t.sent))
			}
		}
	}

	for _, v := range violations {
		if v.Rule == "lost" {
			f.Lost++
		}
	}
	return &f
}
