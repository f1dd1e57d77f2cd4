package sqsbatch

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

const (
	// maxHidden is how long SQS hides a message, counted from its receipt (SQS J10).
	maxHidden = 12 * time.Hour
	// maxHeld is the longest that Lambda holds a message before it invokes: a
	// batching window (LAM B7), and a minute for clocks that disagree.
	maxHeld = 6 * time.Minute
	// maxChanges is how many changes SQS takes at once (SQS H1).
	maxChanges = 10
)

// VisibilityChanger changes how long received messages stay hidden. Package
// sqsclient makes one of the AWS SDK's client.
type VisibilityChanger interface {
	// ChangeVisibility makes up to ten changes to messages of the queue with the
	// given ARN. It answers one error, or nil, for each, in their order; an error
	// that is ErrGone says that the message is not there any more.
	ChangeVisibility(ctx context.Context, queueARN string, changes []Visibility) []error
}

// Visibility is one change.
type Visibility struct {
	// ReceiptHandle is the message's.
	ReceiptHandle string
	// Seconds is how long it shall stay hidden from now on, 0 to 43200.
	Seconds int
}

// ErrGone is what a VisibilityChanger answers for a message that was deleted.
var ErrGone = errors.New("the message is gone")

// WithBackoff hides a failed message for longer the more often it was received:
// for policy.Delay of its receive count, counted from 0, in whole seconds and
// within the 12 hours that SQS allows. The error of [RetryAfter] sets its own
// time. It is best effort: where it does not succeed, the message comes back
// when the queue's visibility timeout ends. The function's role needs
// sqs:ChangeMessageVisibility.
//
// A message that was not started keeps its time, but one of a FIFO group comes
// back together with the one that failed before it.
//
// It also finds out whether the mapping deletes what was reported as failed:
// see [WithMappingCheck].
func WithBackoff(client VisibilityChanger, policy backoff.Policy) Option {
	return func(c *config) {
		if client == nil {
			c.refuse("WithBackoff: no client")
		}
		if err := policy.Validate(); err != nil {
			c.refuse("WithBackoff: %w", err)
		}
		c.visibility, c.backoff = client, policy
	}
}

// postpone hides failed messages for as long as their backoff says.
func (r *run) postpone(ctx context.Context) {
	if r.visibility == nil {
		return
	}
	changes := r.changes()
	if len(changes) == 0 {
		return
	}
	if !r.closing.IsZero() { // else a queue that does not answer would cost the batch its answer
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, r.closing)
		defer cancel()
	}
	for len(changes) > 0 {
		queueARN, n := changes[0].Message.EventSourceARN, 1
		for n < min(len(changes), maxChanges) && changes[n].Message.EventSourceARN == queueARN {
			n++
		}
		r.hide(ctx, queueARN, changes[:n])
		changes = changes[n:]
	}
	r.mapping.remember(r.results)
}

// changes are the messages that are to be hidden anew.
func (r *run) changes() []*Result {
	var changes []*Result
	for i := range r.results {
		result := &r.results[i]
		if result.hides = result.hides || r.hides(result); result.next > 0 {
			// What follows in its group waits as long: the group comes back together.
			if next := &r.results[result.next-1]; result.hides && next.Err == ErrGroup {
				next.hides, next.hiddenFor = true, result.hiddenFor
			}
		}
		if result.hides && result.twin == 0 {
			changes = append(changes, result)
		}
	}
	return changes
}

// hides tells whether a message is to be hidden anew by what became of itself,
// and writes down for how long.
func (r *run) hides(result *Result) bool {
	if result.Outcome != Failed || result.Err == ErrGroup {
		return false
	}
	if !result.throttled {
		result.hiddenFor = r.backoff.Delay(receiveCount(result.Message) - 1)
	}
	return true
}

// hide makes up to ten changes to messages of one queue.
func (r *run) hide(ctx context.Context, queueARN string, messages []*Result) {
	limit := maxHidden - maxHeld - time.Since(r.began)
	changes := make([]Visibility, len(messages))
	for i, result := range messages {
		seconds := int(math.Ceil(max(min(result.hiddenFor, limit), 0).Seconds()))
		changes[i] = Visibility{ReceiptHandle: result.Message.ReceiptHandle, Seconds: seconds}
	}
	asked := time.Now()
	errs := r.visibility.ChangeVisibility(ctx, queueARN, changes)
	for i, result := range messages {
		if i < len(errs) && errs[i] != nil {
			r.warn(ctx, "not postponed", result, errs[i])
			continue
		}
		result.hidden = asked.Add(time.Duration(changes[i].Seconds) * time.Second)
	}
}
