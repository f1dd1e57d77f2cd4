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

// Process is a handler of one message, as [sqsbatch.New] takes it.
type Process[T any] func(ctx context.Context, m sqsbatch.Message[T]) error

// BulkProcess is a handler of a whole batch, as [sqsbatch.NewBulk] takes it.
type BulkProcess[T any] func(ctx context.Context, ms []sqsbatch.Message[T]) []error

// World is all that one timeline is played in. It is made anew for each.
type World[T any] struct {
	// Start is a cold start: it makes what main would pass to sqsbatch.New. What
	// it makes lives until the environment is lost; what must outlive that, such
	// as a fake database, is made outside.
	Start func() (Process[T], []sqsbatch.Option)
	// StartBulk is Start for a handler of whole batches; one of them is nil.
	StartBulk func() (BulkProcess[T], []sqsbatch.Option)
	// Check is the invariant: what must hold when the timeline has ended.
	Check func(h History) error
}

// History is how a timeline ended.
type History struct {
	// Received is how often each message was delivered, by id.
	Received map[string]int
	// Done are the ids of the messages that the queue has deleted.
	Done map[string]bool
	// DeadLettered are the ids of those that were out of receives.
	DeadLettered map[string]bool
}

// Option changes how timelines are explored.
type Option func(*settings)

type settings struct {
	timelines   int
	steps       int
	maxReceives int
	seed        uint64
}

// Timelines explores n timelines; 500 by default.
func Timelines(n int) Option { return func(s *settings) { s.timelines = n } }

// Seed fixes the timelines; 1 by default, so that a test is repeatable.
func Seed(seed uint64) Option { return func(s *settings) { s.seed = seed } }

// MaxReceives gives a message up after n deliveries without a fault, as the
// queue's redrive policy would; 5 by default.
func MaxReceives(n int) Option { return func(s *settings) { s.maxReceives = n } }

// Messages makes messages of a standard queue with the given bodies; their ids
// are m1, m2 and so on.
func Messages(bodies ...string) []events.SQSMessage {
	messages := make([]events.SQSMessage, len(bodies))
	for i, body := range bodies {
		id := fmt.Sprintf("m%d", i+1)
		messages[i] = events.SQSMessage{
			MessageId: id, ReceiptHandle: "receipt of " + id, Body: body, EventSource: "aws:sqs",
			EventSourceARN: "arn:aws:sqs:us-east-1:000000000000:queue", AWSRegion: "us-east-1",
		}
	}
	return messages
}

// Grouped makes messages of one group of a FIFO queue.
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
	// Err is what the invariant's check answered.
	Err error
	// Timeline is the shortest that was found.
	Timeline Timeline
	// Log tells the timeline with what came of each step.
	Log string
	// Tried is how many timelines were played until the first broke it.
	Tried int
}

// Explore fails the test with the shortest timeline that it finds to break the
// invariant of the world.
func Explore[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], options ...Option) {
	t.Helper()
	if f := Find(t, messages, world, options...); f != nil {
		t.Errorf("the invariant broke in timeline %d; the shortest that breaks it:\n%s%v", f.Tried, f.Log, f.Err)
	}
}

// Find is Explore without a verdict: it answers nil if no timeline broke the
// invariant.
func Find[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], options ...Option) *Failure {
	t.Helper()
	s := settings{timelines: 500, steps: 5, maxReceives: 5, seed: 1}
	for _, option := range options {
		option(&s)
	}
	play := func(timeline Timeline) (log string, err error) {
		synctest.Test(t, func(*testing.T) { log, err = playIn(world(), messages, timeline, s.maxReceives) })
		return log, err
	}
	rng := rand.New(rand.NewPCG(s.seed, 0))
	for n := range s.timelines {
		timeline := draw(rng, len(messages), 1+n*s.steps/max(s.timelines, 1))
		if _, err := play(timeline); err == nil {
			continue
		}
		timeline = shrink(timeline, func(shorter Timeline) bool { _, err := play(shorter); return err != nil })
		log, err := play(timeline)
		return &Failure{Err: err, Timeline: timeline, Log: log, Tried: n + 1}
	}
	return nil
}
