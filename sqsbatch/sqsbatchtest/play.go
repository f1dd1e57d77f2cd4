package sqsbatchtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

// The configuration of the simulated function and queue.
const (
	functionTimeout = 3 * time.Second
	visibility      = 30 * time.Second
	poisonID        = "poison"
)

// player plays one timeline.
type player[T any] struct {
	world    World[T]
	messages []events.SQSMessage
	history  History
	began    time.Time
	handler  sqsbatch.Handler // of the environment; nil if there is none
	poisoned bool             // the queue has the message that panics
	log      strings.Builder
	over     chan struct{} // closed at the end
}

// playIn plays a timeline to its end. It returns its log and the error of Check.
func playIn[T any](world World[T], messages []events.SQSMessage, timeline Timeline, maxReceives int) (string, error) {
	p := &player[T]{
		world:    world,
		messages: messages,
		began:    time.Now(),
		over:     make(chan struct{}),
		history: History{
			Received:     map[string]int{},
			Done:         map[string]bool{},
			DeadLettered: map[string]bool{},
		},
	}

	defer close(p.over)

	// First the steps with their faults.
	for _, step := range timeline {
		if err := p.step(step); err != nil {
			return p.log.String(), err
		}
	}

	// Then deliver the rest without faults.
	for range maxReceives {
		if err := p.step(Step{Batch: p.left(), Poisoned: p.poisoned}); err != nil {
			return p.log.String(), err
		}
	}

	// The messages that are left have used up their receives.
	for _, i := range p.left() {
		p.history.DeadLettered[messages[i].MessageId] = true
	}

	return p.log.String(), world.Check(p.history)
}

// left returns the indices of the messages that are not done.
func (p *player[T]) left() []int {
	var all []int
	for i := range p.messages {
		if !p.history.Done[p.messages[i].MessageId] {
			all = append(all, i)
		}
	}
	return all
}

// step makes one invocation and waits until SQS delivers again.
func (p *player[T]) step(step Step) error {
	records := p.deliver(step)
	if len(records) == 0 {
		return nil
	}

	fmt.Fprintf(&p.log, "%d. ", strings.Count(p.log.String(), "\n")+1)
	if step.Cold || p.handler == nil {
		if err := p.start(); err != nil {
			return err
		}
	}

	p.poisoned = p.poisoned || step.Poisoned
	in := &invocation{
		fault:   step.Fault,
		at:      step.At,
		crashed: make(chan struct{}),
		over:    p.over,
	}

	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), pointKey{}, &faultPoint{in: in}), functionTimeout)
	defer cancel()

	// The handler runs in its own goroutine: a crash never returns.
	var response events.SQSEventResponse
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		response, err = p.handler(ctx, events.SQSEvent{Records: records})
	}()

	fmt.Fprintf(&p.log, "delivers %v", idsOf(records))
	select {
	case <-in.crashed:
		p.endEnvironment("crash " + in.where())
	case <-done:
		p.settle(in, records, response, err, ctx.Err() != nil)
	}

	<-time.After(visibility)
	// Goroutines of a crashed environment have reached a fault point by now. Waiting for
	// them makes their writes visible to the next environment and to Check.
	synctest.Wait()
	return nil
}

// idsOf returns the message ids of records.
func idsOf(records []events.SQSMessage) []string {
	ids := make([]string, len(records))
	for i := range records {
		ids[i] = records[i].MessageId
	}
	return ids
}

// endEnvironment ends the environment and logs why.
func (p *player[T]) endEnvironment(why string) {
	fmt.Fprintf(&p.log, ": %s\n", why)
	p.handler = nil
}

// deliver returns the records of a step's batch.
func (p *player[T]) deliver(step Step) []events.SQSMessage {
	var records []events.SQSMessage
	for _, i := range p.deliverable(step.Batch) {
		m := p.messages[i]
		p.history.Received[m.MessageId]++
		attributes := maps.Clone(m.Attributes)
		if attributes == nil {
			attributes = map[string]string{}
		}

		attributes["ApproximateReceiveCount"] = strconv.Itoa(p.history.Received[m.MessageId])
		attributes["SentTimestamp"] = strconv.FormatInt(p.began.UnixMilli(), 10)
		m.Attributes = attributes
		records = append(records, m)
	}

	if step.Poisoned && len(records) > 0 {
		poison := records[0]
		poison.MessageId = poisonID
		poison.MessageAttributes = nil
		poison.Attributes = map[string]string{"ApproximateReceiveCount": "1", "MessageGroupId": poisonID}
		records = append([]events.SQSMessage{poison}, records...)
	}

	return records
}

// deliverable returns the batch in a form that the queue could deliver: of a FIFO
// group, the messages that are not done, in order and from the oldest on.
func (p *player[T]) deliverable(batch []int) []int {
	var standard, fifo []int
	for _, i := range batch {
		m := &p.messages[i]
		group, isFIFO := p.group(i)
		switch {
		case !isFIFO:
			standard = append(standard, i)
		case !p.history.Done[m.MessageId]:
			for older := range i + 1 {
				if g, same := p.group(older); same && g == group && !p.history.Done[p.messages[older].MessageId] {
					fifo = append(fifo, older)
				}
			}
		}
	}

	slices.Sort(fifo)
	return append(standard, slices.Compact(fifo)...)
}

// group returns a message's group id, and whether its queue is a FIFO queue.
func (p *player[T]) group(i int) (string, bool) {
	m := &p.messages[i]
	return m.Attributes["MessageGroupId"], strings.HasSuffix(m.EventSourceARN, ".fifo")
}

// settle deletes messages as the mapping would, and logs the outcome.
func (p *player[T]) settle(in *invocation, records []events.SQSMessage, response events.SQSEventResponse, err error, timedOut bool) {
	if where := in.where(); where != "" {
		fmt.Fprintf(&p.log, ", time runs out %s", where)
	}

	failed := map[string]bool{}
	for _, item := range response.BatchItemFailures {
		failed[item.ItemIdentifier] = true
	}

	switch {
	case in.fault == Crash:
		p.endEnvironment("crash after the work, before the response")
		return
	case timedOut:
		p.endEnvironment("the function times out before its response")
		return
	case err != nil:
		fmt.Fprintf(&p.log, ": the invocation fails: %v\n", err)
		return
	case len(failed) == 0:
		p.log.WriteString(": all done\n")
	default:
		fmt.Fprintf(&p.log, ": reports %v as failed\n", slices.Sorted(maps.Keys(failed)))
	}

	for _, id := range idsOf(records) {
		if id != poisonID && !failed[id] {
			p.history.Done[id] = true
		}
	}
}
