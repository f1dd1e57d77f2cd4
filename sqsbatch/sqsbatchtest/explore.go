package sqsbatchtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

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
	// Log is the timeline as text, with the outcome of each step and why messages
	// failed.
	Log string
	// Tried is the number of timelines until the first that broke the invariant.
	Tried int
}

// Explore fails the test if a timeline breaks the invariant, and reports the shortest
// such timeline that it finds, also as a Go expression for [Play].
func Explore[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], options ...Option) {
	t.Helper()
	if f := Find(t, messages, world, options...); f != nil {
		t.Errorf("timeline %d breaks the invariant; the shortest one found that breaks it:\n%s%v\n\nto play it again: %v", f.Tried, f.Log, f.Err, f.Timeline)
	}
}

// Play plays one timeline, such as one that Explore has reported, and fails the test if
// it breaks the invariant. Use it as a regression test.
func Play[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], timeline Timeline, options ...Option) {
	t.Helper()
	c, err := configure(options)
	log := ""
	if err == nil {
		log, err = inBubble(t, c, messages, world, timeline)
	}
	if err != nil {
		t.Errorf("the timeline breaks the invariant:\n%s%v", log, err)
	}
}

// Find is like Explore but does not fail the test. It returns nil if no timeline broke
// the invariant.
func Find[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], options ...Option) *Failure {
	t.Helper()
	c, err := configure(options)
	if err != nil {
		return &Failure{Err: err}
	}

	play := func(timeline Timeline) (string, error) { return inBubble(t, c, messages, world, timeline) }
	// Timelines get longer, so that simple failures are found first.
	rng := rand.New(rand.NewPCG(c.seed, 0))
	for n := range c.timelines {
		timeline := randomTimeline(rng, len(messages), 1+n*c.steps/max(c.timelines, 1))
		log, err := play(timeline)
		if err == nil {
			continue
		}

		// One that does not end is not shrunk: that would take too long.
		var stuck *stuckError
		if !errors.As(err, &stuck) {
			timeline = shrink(timeline, func(shorter Timeline) bool {
				l, e := play(shorter)
				if e != nil {
					log, err = l, e
				}
				return e != nil
			})
		}
		return &Failure{
			Err:      err,
			Timeline: timeline,
			Log:      log,
			Tried:    n + 1,
		}
	}

	return nil
}
