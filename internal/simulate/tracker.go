package simulate

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/localaws/sqs"
)

// trackedOrder records what happened to one order.
type trackedOrder struct {
	number        int // from 1
	body          string
	attributes    map[string]types.MessageAttributeValue
	bad           bool
	recoversAfter int      // replays after which it succeeds; 0 if it does not fail
	sentIDs       []string // message ids from the producer's sends; several if a response was lost
	processed     int      // times that the consumer did the work
	skipped       int      // times that the idempotent consumer found the work done
	failed        int      // times that the consumer reported it as failed
	replays       int      // copies from retry functions that SQS accepted
	deadLettered  bool     // one of its messages was moved to the dead-letter queue
}

// trackedMessage records what happened to one message id.
type trackedMessage struct {
	id            string
	order         *trackedOrder
	receives      int  // in all queues
	queueReceives int  // in the current queue
	deleted       bool // and SQS returned success for it
	deadLettered  bool // moved to the dead-letter queue
}

// tracker records what the invariants are checked against. All of its methods run
// on the clock's goroutine.
type tracker struct {
	seed         uint64
	start        time.Time
	orders       []*trackedOrder
	byBody       map[string]*trackedOrder
	messages     map[string]*trackedMessage // by message id
	sent         []*trackedMessage          // the same, in the order in which they were sent
	maxReceives  map[string]int             // by queue
	violations   []Violation                // found during the run
	sending      []*trackedOrder            // orders of the send in progress, in order
	fromProducer bool                       // the producer sends, not a retry function
	receives     int
	deletes      int

	logging bool
	log     []Event

	// observer, unless nil, is called with each event that is applied.
	observer func(sqs.Event, *trackedMessage)

	// With a server that can be killed, events count only once they are durable.
	// Until then they are in unwritten.
	durable   bool
	unwritten []unwrittenEvent
}

// unwrittenEvent is an event of SQS that is not durable yet, with the tracker's
// state at that moment.
type unwrittenEvent struct {
	event        sqs.Event
	sending      []*trackedOrder
	fromProducer bool
}

// observe receives each event of SQS. It buffers the event if the server can be
// killed before the event is durable.
func (t *tracker) observe(e sqs.Event) {
	// Becoming visible is not written to the store: it follows from the deadline.
	notStored := e.Kind == sqs.BecameVisible && len(t.unwritten) == 0
	if !t.durable || notStored {
		t.apply(e)
		return
	}

	t.unwritten = append(t.unwritten, unwrittenEvent{e, t.sending, t.fromProducer})
	if e.Kind == sqs.Sent {
		t.sending = t.sending[1:]
	}
}

// commit applies the buffered events: the store is writing them.
func (t *tracker) commit() {
	sending := t.sending
	fromProducer := t.fromProducer
	for _, u := range t.unwritten {
		t.sending = u.sending
		t.fromProducer = u.fromProducer
		t.apply(u.event)
	}

	t.sending = sending
	t.fromProducer = fromProducer
	t.unwritten = t.unwritten[:0]
}

// discard drops the buffered events: the server was killed before they were
// written.
func (t *tracker) discard() { t.unwritten = t.unwritten[:0] }

// apply records an event of SQS.
func (t *tracker) apply(e sqs.Event) {
	m := t.messages[e.MessageID]
	switch e.Kind {
	case sqs.Sent:
		m = t.addMessage(e.MessageID)
	case sqs.Received:
		m.receives++
		m.queueReceives++
		t.receives++
	case sqs.Deleted:
		m.deleted = true
		t.deletes++
	case sqs.Moved:
		// SQS redrives at the receive after the last one that maxReceiveCount allows.
		if want := t.maxReceives[e.From]; m.queueReceives != want {
			t.violate("early", m.order.number, "message %s left %s after %d receives; maxReceiveCount is %d", m.id, e.From, m.queueReceives, want)
		}
		m.queueReceives = 0
		m.deadLettered = e.Queue == deadLetters
		m.order.deadLettered = m.order.deadLettered || m.deadLettered
	}

	if t.observer != nil {
		t.observer(e, m)
	}
	if t.logging {
		t.logSQS(e, m.order.number)
	}
}

// addMessage records the next message of the send in progress.
func (t *tracker) addMessage(id string) *trackedMessage {
	m := &trackedMessage{id: id, order: t.sending[0]}
	t.sending = t.sending[1:]
	t.messages[id] = m
	t.sent = append(t.sent, m)

	if t.fromProducer {
		m.order.sentIDs = append(m.order.sentIDs, id)
	} else {
		m.order.replays++
	}
	return m
}

// violate records an invariant that was broken during the run. An order number of
// 0 means that it is not about one order.
func (t *tracker) violate(rule string, order int, format string, args ...any) {
	t.violations = append(t.violations, Violation{rule, order, fmt.Sprintf(format, args...)})
}

// logSQS adds an event of SQS to the log.
func (t *tracker) logSQS(e sqs.Event, order int) {
	out := Event{
		Seed:     t.seed,
		Seconds:  e.Time.Sub(t.start).Seconds(),
		What:     e.Kind.String(),
		Queue:    e.Queue,
		From:     e.From,
		Order:    order,
		Message:  e.MessageID,
		Receives: e.Receives,
	}
	if !e.Until.IsZero() {
		out.Until = e.Until.Sub(t.start).Seconds()
	}
	t.log = append(t.log, out)
}

// logServer adds an event of the server to the log.
func (t *tracker) logServer(now time.Time, what string) {
	if t.logging {
		t.log = append(t.log, Event{
			Seed:    t.seed,
			Seconds: now.Sub(t.start).Seconds(),
			What:    what,
		})
	}
}

// logFunction adds to the log what a function did with a message.
func (t *tracker) logFunction(now time.Time, what, queue, message, detail string) {
	if !t.logging {
		return
	}

	number := 0
	if m := t.messages[message]; m != nil {
		number = m.order.number
	}
	t.log = append(t.log, Event{
		Seed:    t.seed,
		Seconds: now.Sub(t.start).Seconds(),
		What:    what,
		Queue:   queue,
		Order:   number,
		Message: message,
		Detail:  detail,
	})
}
