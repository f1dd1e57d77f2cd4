package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// Violation is an invariant that a run broke.
type Violation struct {
	// Rule is the invariant's name, such as lost.
	Rule string `json:"rule"`
	// Order is the number of the order that broke it, from 1; 0 if it is not
	// about one order.
	Order int `json:"order,omitempty"`
	// Text describes what is wrong.
	Text string `json:"text"`
}

// String returns the rule, the order and the text.
func (v Violation) String() string {
	if v.Order == 0 {
		return v.Rule + ": " + v.Text
	}
	return fmt.Sprintf("%s: order %d: %s", v.Rule, v.Order, v.Text)
}

// checker checks the invariants after a run, when no message will move again.
type checker struct {
	*simulation
	counts map[*trackedOrder]map[string]int // messages of an order by queue
	queues map[*trackedMessage]string       // the queue that holds a message
	found  []Violation
}

func (c *checker) fail(rule string, order int, format string, args ...any) {
	c.found = append(c.found, Violation{rule, order, fmt.Sprintf(format, args...)})
}

// check returns the violations of all invariants, those found during the run
// first. The error is from reading the queues.
func (sim *simulation) check() ([]Violation, error) {
	c := &checker{
		simulation: sim,
		counts:     map[*trackedOrder]map[string]int{},
		queues:     map[*trackedMessage]string{},
	}
	c.found = append(c.found, sim.tracker.violations...)

	// What the queues hold.
	for _, q := range sim.server.Queues() {
		if q.InFlight+q.Delayed > 0 {
			c.fail("in flight", 0, "%s has %d messages in flight and %d delayed at the end", q.Name, q.InFlight, q.Delayed)
		}

		messages, err := sim.server.Peek(q.Name)
		if err != nil {
			return nil, err
		}
		for i := range messages {
			c.checkQueued(q.Name, &messages[i])
		}
	}

	// What SQS accepted.
	for _, m := range sim.tracker.sent {
		if !m.deleted && c.queues[m] == "" {
			c.fail("place", m.order.number, "message %s was not deleted and is in no queue", m.id)
		}
	}

	// What the producer was asked to send.
	for _, o := range sim.tracker.orders {
		c.checkOrder(o)
	}
	return c.found, nil
}

// checkQueued checks a message that a queue holds at the end.
func (c *checker) checkQueued(queue string, peeked *sqs.PeekedMessage) {
	o := c.tracker.byBody[peeked.Body]
	m := c.tracker.messages[peeked.MessageID]
	if o == nil || m == nil || m.order != o {
		c.fail("invented", 0, "%s holds message %s, which was never sent: %.100q", queue, peeked.MessageID, peeked.Body)
		return
	}

	// Each message is in at most one queue, and in none once it was deleted.
	switch other := c.queues[m]; {
	case other != "":
		c.fail("place", o.number, "message %s is in both %s and %s", m.id, other, queue)
	case m.deleted:
		c.fail("place", o.number, "message %s was deleted and is in %s", m.id, queue)
	}
	c.queues[m] = queue
	if c.counts[o] == nil {
		c.counts[o] = map[string]int{}
	}
	c.counts[o][queue]++

	// Only the dead-letter queue may hold messages: functions read the others.
	if queue != deadLetters {
		c.fail("stuck", o.number, "message %s is visible in %s, and its function does not receive it", m.id, queue)
		return
	}

	if peeked.ReceiveCount != m.receives {
		c.fail("counts", o.number, "message %s has receive count %d after %d receives", m.id, peeked.ReceiveCount, m.receives)
	}
	c.checkDeadLetter(o, peeked)
}

// checkDeadLetter compares a dead-lettered message with what was sent.
func (c *checker) checkDeadLetter(o *trackedOrder, m *sqs.PeekedMessage) {
	for name, want := range o.attributes {
		got, ok := m.Attributes[name]
		if !ok || got.StringValue == nil || *got.StringValue != *want.StringValue || got.DataType != *want.DataType {
			c.fail("intact", o.number, "message %s: attribute %s is %v, want %s", m.MessageID, name, got, *want.StringValue)
		}
	}

	// The only further attributes are the two that a replay adds.
	replays := 0
	for name, v := range m.Attributes {
		switch {
		case o.attributes[name].DataType != nil:
		case name == order.ReplayCount && v.StringValue != nil:
			n, err := strconv.Atoi(*v.StringValue)
			if err != nil {
				c.fail("intact", o.number, "message %s has replay count %q, which is no integer", m.MessageID, *v.StringValue)
			}
			replays = n
		case name == order.OriginID && v.StringValue != nil:
			if !slices.Contains(o.sentIDs, *v.StringValue) {
				c.fail("intact", o.number, "message %s has origin id %s, want one of %s", m.MessageID, *v.StringValue, o.sentIDs)
			}
		default:
			c.fail("intact", o.number, "message %s has an unexpected attribute %s", m.MessageID, name)
		}
	}

	// Faults, and failures of other messages in its batch, may use up a message's
	// receives: it is then dead-lettered before it has had all its replays.
	most := c.maxReplays()
	if replays > most || c.faultFree() && c.independent() && replays != most {
		c.fail("counts", o.number, "message %s was dead-lettered after %d replays; the levels allow %d", m.MessageID, replays, most)
	}
}

// independent reports whether only its own processing can fail a message.
func (s *Scenario) independent() bool {
	slowest := s.Work + s.Each*3/2*time.Duration(s.BatchSize)
	return s.Mode == consume.PerMessage && s.Source.Visibility > slowest && s.Reserved == 0
}

// checkOrder checks the invariants of one order.
func (c *checker) checkOrder(o *trackedOrder) {
	if len(o.sentIDs) == 0 {
		c.fail("unsent", o.number, "SQS did not accept it, though the producer retries until it does")
		return
	}

	perMessage := c.Mode == consume.PerMessage
	dead := c.counts[o][deadLetters]
	good := !o.bad && o.recoversAfter == 0
	switch {
	case o.processed == 0 && dead == 0 && c.counts[o] == nil:
		c.fail("lost", o.number, "it was accepted as %s, was not processed, and is in no queue", o.sentIDs[0])
	case o.bad && o.processed > 0:
		c.fail("bad", o.number, "it is bad and was processed")
	case o.bad && dead == 0:
		c.fail("bad", o.number, "it is bad and not in the dead-letter queue")
	case good && perMessage && o.failed > 0:
		c.fail("good", o.number, "it is good and the consumer failed it %d times", o.failed)
	}

	// Each accepted send may be processed once: the producer sends again if the
	// response was lost.
	if c.Idempotent && o.processed > len(o.sentIDs) {
		c.fail("twice", o.number, "the idempotent consumer processed it %d times", o.processed)
	}

	// Without faults, and with failures that do not affect other messages, there
	// are no duplicates.
	if !c.faultFree() || !perMessage {
		return
	}
	if !o.bad && dead > 0 {
		c.fail("good", o.number, "it is good, no fault was injected, and it is in the dead-letter queue")
	}
	if o.processed+dead != 1 {
		c.fail("duplicate", o.number, "it was processed %d times and is in the dead-letter queue %d times", o.processed, dead)
	}
	if most := c.maxReplays(); o.bad && o.replays != most {
		c.fail("counts", o.number, "it was replayed %d times, want %d", o.replays, most)
	}
}
