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
)

// player plays one timeline.
type player[T any] struct {
	config
	world    World[T]
	messages []events.SQSMessage
	history  History
	began    time.Time
	sched    *scheduler
	log      *journal
	over     chan struct{} // closed at the end
	steps    int           // number of invocations

	environments []*environment // those that can be reused; several if invocations overlapped
	poisoned     bool           // the queue has the message that panics
	poisonings   int            // how often it was delivered
}

// playIn plays a timeline to its end and returns the error of Check.
func playIn[T any](c config, world World[T], messages []events.SQSMessage, timeline Timeline, log *journal) error {
	p := &player[T]{
		config:   c,
		world:    world,
		messages: messages,
		began:    time.Now(),
		sched:    newScheduler(),
		log:      log,
		over:     make(chan struct{}),
		history: History{
			Received:     map[string]int{},
			Done:         map[string]bool{},
			DeadLettered: map[string]bool{},
		},
	}

	defer close(p.over)

	// First the steps with their faults.
	for rest := timeline; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Overlaps {
			n++
		}
		if err := p.play(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}

	// Then deliver the rest without faults.
	for range p.maxReceives {
		if err := p.play(Timeline{{Batch: p.left(), Poisoned: p.poisoned}}); err != nil {
			return err
		}
	}

	// The messages that are left have used up their receives.
	for _, i := range p.left() {
		p.history.DeadLettered[messages[i].MessageId] = true
	}

	return world.Check(p.history)
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

// play makes invocations that run at the same time, and waits until SQS delivers
// again.
func (p *player[T]) play(steps Timeline) error {
	var running []*invocation
	busy := map[string]bool{} // FIFO groups that are in flight
	for _, step := range steps {
		records := p.deliver(step, busy)
		if len(records) == 0 {
			continue
		}
		in, err := p.prepare(step, records, len(running))
		if err != nil {
			return err
		}
		running = append(running, in)
	}
	if len(running) == 0 {
		return nil
	}

	p.run(running, steps[0].Seed)
	for _, in := range running {
		p.settle(in)
	}
	if sequence := p.sched.interleaving(); sequence != nil {
		p.log.printf("   sequence: %s\n", strings.Join(sequence, ", "))
	}

	<-time.After(p.visibilityTimeout)
	// Goroutines of a crashed environment have reached a fault point by now. Waiting for
	// them makes their writes visible to the next environment and to Check.
	synctest.Wait()
	return nil
}

// prepare returns an invocation of the nth environment, and starts that if need be.
func (p *player[T]) prepare(step Step, records []events.SQSMessage, n int) (*invocation, error) {
	p.steps++
	in := &invocation{
		number:     p.steps,
		step:       step,
		records:    records,
		prefix:     fmt.Sprintf("%d. ", p.steps),
		overlaps:   n > 0,
		sched:      p.sched,
		over:       p.over,
		inProgress: map[string]bool{},
	}
	if n > 0 {
		in.prefix += "at the same time: "
	}

	if n == len(p.environments) {
		p.environments = append(p.environments, nil)
	}
	if env := p.environments[n]; step.Cold || env == nil || env.dead {
		p.log.progress(in.prefix + "cold start")
		started, err := p.start()
		if err != nil {
			return nil, err
		}
		if env != nil {
			env.dead = true
		}
		p.environments[n] = started
		in.prefix += "cold start, "
	}

	in.env = p.environments[n]
	in.prefix += fmt.Sprintf("delivers %v", idsOf(records))
	p.log.progress(in.prefix)
	return in, nil
}

// run runs invocations until all have ended.
func (p *player[T]) run(running []*invocation, seed uint64) {
	p.sched.begin(seed)
	timeout := time.NewTimer(p.functionTimeout)
	defer timeout.Stop()
	for _, in := range running {
		in.overlaps = len(running) > 1
		in.env.invoked = true
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), pointKey{}, &faultPoint{in: in}), p.functionTimeout)
		defer cancel()
		go in.run(ctx)
	}

	for {
		// One goroutine runs at a time: the others are at a fault point or wait for
		// something else.
		synctest.Wait()
		if !slices.ContainsFunc(running, func(in *invocation) bool { return !in.hasEnded() }) {
			break
		}
		if p.sched.grant() {
			continue
		}
		select {
		case <-p.sched.wake:
		case <-timeout.C:
			synctest.Wait()
			for _, in := range running {
				in.kill()
			}
		}
	}

	p.sched.mu.Lock()
	defer p.sched.mu.Unlock()
	for _, in := range running {
		in.env.invoked = false
	}
}

// idsOf returns the message ids of records.
func idsOf(records []events.SQSMessage) []string {
	ids := make([]string, len(records))
	for i := range records {
		ids[i] = records[i].MessageId
	}
	return ids
}

// deliver returns the records of a step's batch.
func (p *player[T]) deliver(step Step, busy map[string]bool) []events.SQSMessage {
	var records []events.SQSMessage
	for _, i := range p.deliverable(step.Batch, busy) {
		m := p.messages[i]
		p.history.Received[m.MessageId]++
		records = append(records, p.received(m, p.history.Received[m.MessageId]))
	}

	if !step.Poisoned || p.poison == nil || len(records) == 0 || busy[PoisonID] {
		return records
	}
	p.poisoned = true
	p.poisonings++
	busy[PoisonID] = true
	poison := records[0]
	poison.MessageId = PoisonID
	poison.Body = *p.poison
	poison.MessageAttributes = nil
	poison.Attributes = map[string]string{"MessageGroupId": PoisonID}
	return slices.Insert(records, max(min(step.PoisonAt, len(records)), 0), p.received(poison, p.poisonings))
}

// received returns the record of a message that is received for the nth time.
func (p *player[T]) received(m events.SQSMessage, n int) events.SQSMessage {
	attributes := maps.Clone(m.Attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	attributes["ApproximateReceiveCount"] = strconv.Itoa(n)
	attributes["SentTimestamp"] = strconv.FormatInt(p.began.UnixMilli(), 10)
	m.Attributes = attributes
	m.ReceiptHandle = fmt.Sprintf("receipt %d of %s", n, m.MessageId) // another one for each receive
	return m
}

// deliverable returns the batch in a form that the queue could deliver: of a FIFO
// group that is not in flight, the messages that are not done, in order and from the
// oldest on. It marks those groups as in flight.
func (p *player[T]) deliverable(batch []int, busy map[string]bool) []int {
	var standard, fifo []int
	mine := map[string]bool{}
	for _, i := range batch {
		group, isFIFO := p.group(i)
		switch {
		case !isFIFO:
			standard = append(standard, i)
		case !busy[group] && !p.history.Done[p.messages[i].MessageId]:
			mine[group] = true
			for older := range i + 1 {
				if g, same := p.group(older); same && g == group && !p.history.Done[p.messages[older].MessageId] {
					fifo = append(fifo, older)
				}
			}
		}
	}

	maps.Copy(busy, mine)
	slices.Sort(fifo)
	return append(standard, slices.Compact(fifo)...)
}

// group returns a message's group, and whether its queue is a FIFO queue.
func (p *player[T]) group(i int) (string, bool) {
	m := &p.messages[i]
	return "group " + m.Attributes["MessageGroupId"], strings.HasSuffix(m.EventSourceARN, ".fifo")
}

// settle deletes messages as the mapping would, and logs the outcome.
func (p *player[T]) settle(in *invocation) {
	p.log.printf("%s", in.prefix)
	if in.injectedAt != "" && !in.crashed {
		p.log.printf(", %s %s", [faultCount]string{Deadline: "time runs out", CallError: "error", CallHang: "a call hangs"}[in.step.Fault], in.injectedAt)
	}

	failed := map[string]bool{}
	for _, item := range in.response.BatchItemFailures {
		failed[item.ItemIdentifier] = true
	}

	ended := true // the environment
	switch current := in.current(); {
	case in.crashed:
		p.log.printf(": crash %s\n", in.injectedAt)
	case in.step.Fault == Crash:
		p.log.printf(": crash after the work, before the response\n")
	case in.timedOut && len(current) > 0:
		p.log.printf(": the function times out with %v in progress\n", current)
	case in.timedOut:
		p.log.printf(": the function times out before its response\n")
	case in.exit != "":
		p.log.printf(": the function ends by %s\n", in.exit)
	case in.err != nil:
		p.log.printf(": the invocation fails: %v\n", in.err)
		ended = false
	default:
		p.delete(in, failed)
		ended = false
	}

	for _, line := range in.results {
		p.log.printf("   %s\n", line)
	}
	if ended {
		in.env.dead = true
	}
}

// delete deletes the messages that are not reported as failed.
func (p *player[T]) delete(in *invocation, failed map[string]bool) {
	if len(failed) == 0 {
		p.log.printf(": all done\n")
	} else {
		p.log.printf(": reports %v as failed\n", slices.Sorted(maps.Keys(failed)))
	}

	for _, id := range idsOf(in.records) {
		switch {
		case failed[id]:
		case id == PoisonID:
			p.poisoned = false
		default:
			p.history.Done[id] = true
		}
	}
}
