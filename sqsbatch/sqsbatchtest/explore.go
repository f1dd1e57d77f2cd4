package sqsbatchtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

// Process is a handler of one message for [sqsbatch.New].
type Process[T any] func(ctx context.Context, m sqsbatch.Message[T]) error

// BulkProcess is a handler of a whole batch for [sqsbatch.NewBulk].
type BulkProcess[T any] func(ctx context.Context, ms []sqsbatch.Message[T]) []error

// World is the system under test. Each timeline gets a new one.
type World[T any] struct {
	// Start is a cold start: it returns what main would pass to sqsbatch.New. What
	// it creates lives until the environment ends. Create what must live longer,
	// such as a fake database, outside of it.
	Start func() (Process[T], []sqsbatch.Option)
	// StartBulk is Start for a handler of whole batches. Exactly one of the two is
	// set.
	StartBulk func() (BulkProcess[T], []sqsbatch.Option)
	// Check checks the invariant when the timeline has ended.
	Check func(h History) error
}

// History is the result of a timeline.
type History struct {
	// Received is how often each message was delivered, by id.
	Received map[string]int
	// Done has the ids of the messages that were deleted from the queue.
	Done map[string]bool
	// DeadLettered has the ids of the messages that had no receives left.
	DeadLettered map[string]bool
}

// Option configures Explore and Find.
type Option func(*config)

// config is how timelines are explored.
type config struct {
	timelines   int
	steps       int
	maxReceives int
	seed        uint64
}

// Timelines plays n timelines; 500 by default.
func Timelines(n int) Option { return func(c *config) { c.timelines = n } }

// Seed determines the timelines; 1 by default, so that a test is repeatable.
func Seed(seed uint64) Option { return func(c *config) { c.seed = seed } }

// MaxReceives dead-letters a message after n deliveries without a fault, as the
// redrive policy of the queue would; 5 by default.
func MaxReceives(n int) Option { return func(c *config) { c.maxReceives = n } }

// Messages returns messages of a standard queue with the given bodies. Their ids are
// m1, m2 and so on.
func Messages(bodies ...string) []events.SQSMessage {
	messages := make([]events.SQSMessage, len(bodies))
	for i, body := range bodies {
		id := fmt.Sprintf("m%d", i+1)
		messages[i] = events.SQSMessage{
			MessageId:      id,
			ReceiptHandle:  "receipt of " + id,
			Body:           body,
			EventSource:    "aws:sqs",
			EventSourceARN: "arn:aws:sqs:us-east-1:000000000000:queue",
			AWSRegion:      "us-east-1",
		}
	}

	return messages
}

// Grouped returns messages of one group of a FIFO queue.
func Grouped(group string, bodies ...string) []events.SQSMessage {
	messages := Messages(bodies...)
	for i := range messages {
		m := &messages[i]
		m.MessageId = group + "-" + m.MessageId
		m.EventSourceARN += ".fifo"
		m.Attributes = map[string]string{"MessageGroupId": group}
	}
	return messages
}

// Failure is a timeline that broke the invariant.
type Failure struct {
	// Err is the error of Check.
	Err error
	// Timeline is the shortest timeline that was found.
	Timeline Timeline
	// Log is the timeline as text, with the outcome of each step.
	Log string
	// Tried is the number of timelines until the first that broke the invariant.
	Tried int
}

// Explore fails the test if a timeline breaks the invariant, and reports the shortest
// such timeline that it finds.
func Explore[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], options ...Option) {
	t.Helper()
	if f := Find(t, messages, world, options...); f != nil {
		t.Errorf("timeline %d breaks the invariant; the shortest one found that breaks it:\n%s%v", f.Tried, f.Log, f.Err)
	}
}

// Find is like Explore but does not fail the test. It returns nil if no timeline broke
// the invariant.
func Find[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], options ...Option) *Failure {
	t.Helper()
	c := config{
		timelines:   500,
		steps:       5,
		maxReceives: 5,
		seed:        1,
	}

	for _, option := range options {
		option(&c)
	}

	play := func(timeline Timeline) (log string, err error) {
		synctest.Test(t, func(*testing.T) { log, err = playIn(world(), messages, timeline, c.maxReceives) })
		return log, err
	}
	// Timelines get longer, so that simple failures are found first.
	rng := rand.New(rand.NewPCG(c.seed, 0))
	for n := range c.timelines {
		timeline := randomTimeline(rng, len(messages), 1+n*c.steps/max(c.timelines, 1))
		if _, err := play(timeline); err == nil {
			continue
		}

		timeline = shrink(timeline, func(shorter Timeline) bool { _, err := play(shorter); return err != nil })
		log, err := play(timeline)
		return &Failure{
			Err:      err,
			Timeline: timeline,
			Log:      log,
			Tried:    n + 1,
		}
	}

	return nil
}
