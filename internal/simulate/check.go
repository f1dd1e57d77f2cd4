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

// Violation is an invariant that did not hold.
type Violation struct {
	// Rule is the invariant in one word, such as lost.
	Rule string `json:"rule"`
	// Order is the number of the order that broke it, from 1; 0 when it is about
	// a queue.
	Order int `json:"order,omitempty"`
	// Text says what is wrong.
	Text string `json:"text"`
}

// String is the violation for people.
func (v Violation) String() string {
	if v.Order == 0 {
		return v.Rule + ": " + v.Text
	}
	return fmt.Sprintf("%s: order %d: %s", v.Rule, v.Order, v.Text)
}

// checker looks at a world in which nothing moves any more.
type checker struct {
	*world
	resting map[*entry]map[string]int // in which queue, how often
	lying   map[*account]string       // in which queue
	found   []Violation
}

func (c *checker) fail(rule string, number int, format string, args ...any) {
	c.found = append(c.found, Violation{rule, number, fmt.Sprintf(format, args...)})
}

// check holds every invariant against the world.
func (w *world) check() ([]Violation, error) {
	c := &checker{world: w, resting: map[*entry]map[string]int{}, lying: map[*account]string{}}
	c.found = append(c.found, w.ledger.strays...)
	for _, q := range w.server.Queues() {
		if q.InFlight+q.Delayed > 0 {
			c.fail("in flight", 0, "%s has %d messages in flight and %d delayed at the end", q.Name, q.InFlight, q.Delayed)
		}
		messages, err := w.server.Peek(q.Name)
		if err != nil {
			return nil, err
		}
		for i := range messages {
			c.rest(q.Name, &messages[i])
		}
	}
	for _, a := range w.ledger.accounts {
		if !a.deleted && c.lying[a] == "" {
			c.fail("place", a.order.number, "message %s was not deleted and is in no queue", a.id)
		}
	}
	for _, e := range w.ledger.orders {
		c.order(e)
	}
	return c.found, nil
}

// rest looks at a message that lies in a queue at the end.
func (c *checker) rest(queue string, m *sqs.PeekedMessage) {
	e := c.ledger.byBody[m.Body]
	a := c.ledger.messages[m.MessageID]
	if e == nil || a == nil || a.order != e {
		c.fail("invented", 0, "%s holds message %s, which nobody sent: %.100q", queue, m.MessageID, m.Body)
		return
	}
	switch other := c.lying[a]; {
	case other != "":
		c.fail("place", e.number, "message %s lies in %s and in %s", a.id, other, queue)
	case a.deleted:
		c.fail("place", e.number, "message %s was deleted and lies in %s", a.id, queue)
	}
	c.lying[a] = queue
	if c.resting[e] == nil {
		c.resting[e] = map[string]int{}
	}
	c.resting[e][queue]++
	if queue != deadLetters {
		c.fail("stuck", e.number, "message %s rests in %s, whose function would take it", m.MessageID, queue)
		return
	}
	if m.ReceiveCount != a.received {
		c.fail("counts", e.number, "message %s says %d receives and had %d", m.MessageID, m.ReceiveCount, a.received)
	}
	c.intact(e, m)
}

// intact compares a dead letter with what was sent.
func (c *checker) intact(e *entry, m *sqs.PeekedMessage) {
	for name, want := range e.attributes {
		got, ok := m.Attributes[name]
		if !ok || got.StringValue == nil || *got.StringValue != *want.StringValue || got.DataType != *want.DataType {
			c.fail("intact", e.number, "attribute %s of message %s was %s and is %v", name, m.MessageID, *want.StringValue, got)
		}
	}
	replays := 0
	for name, v := range m.Attributes {
		switch {
		case e.attributes[name].DataType != nil:
		case name == order.ReplayCount && v.StringValue != nil:
			n, err := strconv.Atoi(*v.StringValue)
			if err != nil {
				c.fail("intact", e.number, "message %s has the replay count %q", m.MessageID, *v.StringValue)
			}
			replays = n
		case name == order.OriginID && v.StringValue != nil:
			if !slices.Contains(e.origins, *v.StringValue) {
				c.fail("intact", e.number, "message %s names %s as its origin, which is %s", m.MessageID, *v.StringValue, e.origins)
			}
		default:
			c.fail("intact", e.number, "message %s has an attribute %s that nobody gave it", m.MessageID, name)
		}
	}
	if budget := c.budget(); replays > budget || c.untroubled() && c.sound() && replays != budget {
		c.fail("counts", e.number, "message %s is dead after %d replays, and may have %d", m.MessageID, replays, budget)
	}
}

// budget is how many replays a message may have.
func (w *world) budget() int {
	n := 0
	for _, l := range w.Levels {
		n += l.Attempts
	}
	return n
}

// sound reports that each message pays for itself alone: nothing but its own
// processing can fail it.
func (w *world) sound() bool {
	slowest := w.Work + w.Each*3/2*time.Duration(w.BatchSize)
	return w.Mode == consume.PerMessage && w.Source.Visibility > slowest && w.Reserved == 0
}

// order holds the invariants of one order.
func (c *checker) order(e *entry) {
	if len(e.origins) == 0 {
		c.fail("unsent", e.number, "the producer tried until SQS accepted it, and SQS has not")
		return
	}
	dead := c.resting[e][deadLetters]
	works := !e.bad && e.heals == 0
	switch {
	case e.effects == 0 && dead == 0 && c.resting[e] == nil:
		c.fail("lost", e.number, "it was accepted as %s, was not processed, and is in no queue", e.origins[0])
	case e.bad && e.effects > 0:
		c.fail("bad", e.number, "it is bad and was processed")
	case e.bad && dead == 0:
		c.fail("bad", e.number, "it is bad and not in the dead-letter queue")
	case works && c.Mode == consume.PerMessage && e.blamed > 0:
		c.fail("good", e.number, "it is good and the consumer failed it %d times", e.blamed)
	}
	if c.Idempotent && e.effects > len(e.origins) {
		c.fail("twice", e.number, "the idempotent consumer did its work %d times", e.effects)
	}
	if !c.untroubled() {
		return
	}
	// Without faults and neighbours there are no duplicates either.
	if c.Mode == consume.PerMessage && !e.bad && dead > 0 {
		c.fail("good", e.number, "it is good, nothing went wrong, and it is in the dead-letter queue")
	}
	if c.Mode == consume.PerMessage && e.effects+dead != 1 {
		c.fail("duplicate", e.number, "it was processed %d times and lies in the dead-letter queue %d times", e.effects, dead)
	}
	if budget := c.budget(); e.bad && c.Mode == consume.PerMessage && e.copies != budget {
		c.fail("counts", e.number, "it was replayed %d times, and may be %d times", e.copies, budget)
	}
}
