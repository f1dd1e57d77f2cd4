package simulate

import (
	"bytes"
	"context"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/sqsbatch"
)

// Figures are what one run did to its messages, and what it took. A good message
// is one that the consumer can process.
type Figures struct {
	// Good and Bad are how many of each SQS accepted.
	Good, Bad int
	// GoodDead is how many good ones are in the dead-letter queue.
	GoodDead int
	// Lost is how many were neither processed nor are in a queue.
	Lost int
	// Repeated is how many good ones were processed more than once.
	Repeated int
	// Receives counts messages received, over all queues.
	Receives int
	// Requests counts the requests that SQS bills: sends, receives and deletes, a
	// batch as one.
	Requests int
	// Invocations counts those of the consumer and the retry functions, Batches
	// those of the consumer alone and Batched the messages in them.
	Invocations, Batches, Batched int
	// Billed is how long functions ran, each invocation rounded up to a
	// millisecond.
	Billed time.Duration
	// BadDead is how long after it was accepted each bad message rested in the
	// dead-letter queue.
	BadDead []time.Duration
	// GoodDone is how long after it was accepted each good message was processed
	// and deleted from the source queue.
	GoodDone []time.Duration
	// Wasted counts the receives of good messages from the source queue after
	// which they were visible again.
	Wasted Wasted
}

// Wasted are causes of receives that led to nothing.
type Wasted struct {
	// Neighbour: the function failed the batch because of another message.
	Neighbour int
	// Cut: the invocation ran into its timeout or crashed.
	Cut int
	// Throttled: the function was not run before the visibility timeout ended.
	Throttled int
	// Overtaken: the visibility timeout ended while the function was at work.
	Overtaken int
}

// meter takes the figures of a run. All of it happens on the clock's goroutine. A
// nil meter measures nothing.
type meter struct {
	*ledger
	Figures
	states map[string]*state // by message id
	timing map[*entry]*timing
}

// state is a message of the source queue since it was last received.
type state struct {
	working int  // invocations under way that have it
	tried   bool // the function was run with it
	failed  bool // the function has failed the batch that it was in
}

// timing is when what happened to an order, first times only; zero if it did not.
type timing struct{ sent, done, died time.Time }

func newMeter(l *ledger) *meter {
	m := &meter{ledger: l, states: map[string]*state{}, timing: map[*entry]*timing{}}
	l.told = m.observe
	return m
}

// start forgets the requests that made the deployment.
func (m *meter) start() {
	if m != nil {
		m.Requests = 0
	}
}

// call counts a call.
func (m *meter) call(service, _ string) {
	if service == "sqs" {
		m.Requests++
	}
}

// cut ends the invocations of a server that was killed.
func (m *meter) cut() {
	if m == nil {
		return
	}
	for _, s := range m.states {
		s.working, s.failed = 0, false
	}
}

// observe takes what the ledger believes.
func (m *meter) observe(e sqs.Event, a *account) {
	switch {
	case e.Kind == sqs.Sent:
		m.sent(e, a)
	case e.Kind == sqs.Moved && e.Queue == deadLetters:
		first(&m.timing[a.order].died, e.Time)
	case e.Queue != source:
	case e.Kind == sqs.Received:
		m.states[e.MessageID].tried = false
	case e.Kind == sqs.Deleted:
		first(&m.timing[a.order].done, e.Time)
	case e.Kind == sqs.BecameVisible && e.Receives > 0 && !a.order.bad:
		m.waste(m.states[e.MessageID])
	}
}

func (m *meter) sent(e sqs.Event, a *account) {
	m.states[e.MessageID] = &state{}
	if m.timing[a.order] == nil {
		m.timing[a.order] = &timing{}
	}
	first(&m.timing[a.order].sent, e.Time)
}

func first(t *time.Time, at time.Time) {
	if t.IsZero() {
		*t = at
	}
}

// waste says why a good message is visible again.
func (m *meter) waste(s *state) {
	switch {
	case s.working > 0:
		m.Wasted.Overtaken++
	case !s.tried:
		m.Wasted.Throttled++
	case s.failed:
		m.Wasted.Neighbour++
	default:
		m.Wasted.Cut++
	}
}

// recordID is what stands before the id of each message in an event. It stands
// nowhere else, for quotes in bodies are escaped.
const recordID = `"messageId":"`

// begin notes that an invocation begins, and how long it will take.
func (m *meter) begin(function string, event []byte, took time.Duration) {
	if m == nil {
		return
	}
	m.Invocations++
	m.Billed += (took + time.Millisecond - 1).Truncate(time.Millisecond)
	if function != source {
		return
	}
	m.Batches++
	for rest := event; ; {
		_, after, found := bytes.Cut(rest, []byte(recordID))
		if !found {
			return
		}
		id, _, _ := bytes.Cut(after, []byte(`"`))
		s := m.states[string(id)]
		s.working++
		s.tried, s.failed = true, false
		m.Batched++
		rest = after
	}
}

// around is the consumer, whose work ends when its handler has run: a run has it
// run at the end of the time that the invocation takes.
func (m *meter) around(consumer sqsbatch.Handler) sqsbatch.Handler {
	if m == nil {
		return consumer
	}
	return func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		resp, err := consumer(ctx, e)
		for i := range e.Records {
			s := m.states[e.Records[i].MessageId]
			s.working--
			s.failed = err != nil
		}
		return resp, err
	}
}

// figures adds up a run that is over. They are a copy, which keeps nothing else of
// the run in memory.
func (m *meter) figures(violations []Violation) *Figures {
	f := m.Figures
	f.Receives = m.received
	for _, e := range m.orders {
		t := m.timing[e]
		switch {
		case t == nil: // never accepted
		case e.bad:
			f.Bad++
			if !t.died.IsZero() {
				f.BadDead = append(f.BadDead, t.died.Sub(t.sent))
			}
		default:
			f.Good++
			if !t.died.IsZero() {
				f.GoodDead++
			}
			if e.effects > 1 {
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
