package sqsbatch

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

const (
	// maxHidden is the longest visibility timeout, counted from the receive (SQS J10).
	maxHidden = 12 * time.Hour
	// maxHeld is the longest time from the receive to the invocation: a batching
	// window (LAM B7), and a minute of clock skew.
	maxHeld = 6 * time.Minute
	// maxChanges is the largest number of changes in one request (SQS H1).
	maxChanges = 10
)

// VisibilityChanger changes the visibility timeout of received messages. Package
// sqsclient has one for the AWS SDK.
type VisibilityChanger interface {
	// ChangeVisibility makes up to ten changes to messages of the queue with the
	// given ARN. It returns one error, or nil, for each, in the same order. An error
	// that wraps ErrGone means that the message no longer exists.
	ChangeVisibility(ctx context.Context, queueARN string, changes []Visibility) []error
}

// Visibility is a change of a visibility timeout.
type Visibility struct {
	// ReceiptHandle identifies the message.
	ReceiptHandle string
	// Seconds is the new timeout, from now on, 0 to 43200.
	Seconds int
}

// ErrGone is what a VisibilityChanger returns for a message that was deleted.
var ErrGone = errors.New("the message is gone")

// WithBackoff delays the next delivery of a failed message by policy.Delay(n-1),
// where n is its receive count. It changes the message's visibility timeout, in whole
// seconds and up to the 12 hours that SQS allows. [RetryAfter] sets another delay. If
// the change fails, the message becomes visible when the queue's visibility timeout
// ends. The function's role needs sqs:ChangeMessageVisibility.
//
// The timeout of a message that was not started is not changed, unless a message
// before it in its FIFO group failed: then both become visible together.
//
// WithBackoff also detects a mapping that ignores failures; see [WithMappingCheck].
func WithBackoff(client VisibilityChanger, policy backoff.Policy) Option {
	return func(c *config) {
		if client == nil {
			c.refuse("WithBackoff: no client")
		}
		if err := policy.Validate(); err != nil {
			c.refuse("WithBackoff: %w", err)
		}
		c.visibility = client
		c.backoff = policy
	}
}

// postpone changes the visibility timeouts of failed messages.
func (r *run) postpone(ctx context.Context) {
	if r.visibility == nil {
		return
	}

	changes := r.changes()
	if len(changes) == 0 {
		return
	}

	if !r.settleBy.IsZero() { // an SQS that does not respond must not delay the response
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, r.settleBy)
		defer cancel()
	}

	// One request changes messages of one queue.
	for len(changes) > 0 {
		queueARN := changes[0].Message.EventSourceARN
		n := 1
		for n < min(len(changes), maxChanges) && changes[n].Message.EventSourceARN == queueARN {
			n++
		}

		r.changeVisibility(ctx, queueARN, changes[:n])
		changes = changes[n:]
	}

	r.mapping.chooseProbe(r.results)
}

// changes returns the messages whose visibility timeout is to be changed.
func (r *run) changes() []*Result {
	var changes []*Result
	for i := range r.results {
		result := &r.results[i]
		if result.postponed = result.postponed || r.shouldPostpone(result); result.next > 0 {
			// The rest of the group gets the same timeout, so that it stays in order.
			if next := &r.results[result.next-1]; result.postponed && next.Err == ErrGroup {
				next.postponed = true
				next.hiddenFor = result.hiddenFor
			}
		}

		if result.postponed && result.duplicateOf == 0 {
			changes = append(changes, result)
		}
	}
	return changes
}

// shouldPostpone reports whether a message's own outcome requires a changed timeout,
// and records the timeout.
func (r *run) shouldPostpone(result *Result) bool {
	if result.Outcome != Failed || result.Err == ErrGroup {
		return false
	}
	if !result.throttled {
		result.hiddenFor = r.backoff.Delay(receiveCount(result.Message) - 1)
	}
	return true
}

// changeVisibility makes up to ten changes to messages of one queue.
func (r *run) changeVisibility(ctx context.Context, queueARN string, messages []*Result) {
	// The limit counts from the receive, which is earlier than the batch.
	limit := maxHidden - maxHeld - time.Since(r.began)
	changes := make([]Visibility, len(messages))
	for i, result := range messages {
		seconds := int(math.Ceil(max(min(result.hiddenFor, limit), 0).Seconds()))
		changes[i] = Visibility{ReceiptHandle: result.Message.ReceiptHandle, Seconds: seconds}
	}

	// The new timeout starts when SQS gets the request, so not before this.
	asked := time.Now()
	errs := r.visibility.ChangeVisibility(ctx, queueARN, changes)
	for i, result := range messages {
		if i < len(errs) && errs[i] != nil {
			r.warn(ctx, "not postponed", result, errs[i])
			continue
		}

		result.hiddenUntil = asked.Add(time.Duration(changes[i].Seconds) * time.Second)
	}
}
