package sqsbatch_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

// simulatedQueue is a queue with a redrive policy, read by one poller. It also
// changes visibility timeouts.
type simulatedQueue struct {
	visibility  time.Duration
	maxReceives int
	timeout     time.Duration // of the function
	batch       int
	shuffled    bool // receives in random order, not in that of sending

	messages []*simulatedMessage
	dead     []string // bodies
}

type simulatedMessage struct {
	events.SQSMessage
	visible  time.Time
	receives int
	done     bool
}

func (q *simulatedQueue) add(m events.SQSMessage) {
	q.messages = append(q.messages, &simulatedMessage{SQSMessage: m, visible: time.Now()})
}

// run invokes h with batches until the queue is empty.
func (q *simulatedQueue) run(t *testing.T, h sqsbatch.Handler) {
	t.Helper()
	rng := rand.New(rand.NewPCG(12, 12))
	for {
		event, next := q.receive(rng)
		if len(event.Records) == 0 {
			if next.IsZero() {
				return
			}
			<-time.After(time.Until(next))
			continue
		}

		ctx, cancel := context.WithTimeout(t.Context(), q.timeout)
		response, err := h(ctx, event)
		cancel()
		failed := failed(response)
		for _, m := range q.messages {
			for _, r := range event.Records {
				if r.MessageId == m.MessageId && err == nil && !slices.Contains(failed, m.MessageId) {
					m.done = true
				}
			}
		}
	}
}

// receive takes a batch, and returns when the next message is visible.
func (q *simulatedQueue) receive(rng *rand.Rand) (event events.SQSEvent, next time.Time) {
	now := time.Now()
	for i, shuffled := range rng.Perm(len(q.messages)) {
		if q.shuffled {
			i = shuffled
		}
		m := q.messages[i]
		switch {
		case m.done || len(event.Records) == q.batch:
		case m.visible.After(now):
			if next.IsZero() || m.visible.Before(next) {
				next = m.visible
			}
		case m.receives == q.maxReceives:
			m.done = true
			q.dead = append(q.dead, m.Body)
		default:
			m.receives++
			m.visible = now.Add(q.visibility)
			r := received(m.SQSMessage, m.receives)
			r.ReceiptHandle = m.MessageId
			event.Records = append(event.Records, r)
		}
	}
	return event, next
}

// ChangeVisibility changes the timeout of messages, whose ids are their handles.
func (q *simulatedQueue) ChangeVisibility(_ context.Context, _ string, changes []sqsbatch.Visibility) []error {
	for _, change := range changes {
		for _, m := range q.messages {
			if m.MessageId == change.ReceiptHandle {
				m.visible = time.Now().Add(time.Duration(change.Seconds) * time.Second)
			}
		}
	}
	return make([]error, len(changes))
}
