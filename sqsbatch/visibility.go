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
func (e *engine) postpone(ctx context.Context, results []Result, began time.Time) {
	if e.visibility == nil {
		return
	}
	var changes []Visibility
	var places []int
	for i := range results {
		wait, ok := e.waitFor(&results[i], results)
		if !ok {
			continue
		}
		limit := maxHidden - maxHeld - time.Since(began)
		seconds := int(math.Ceil(min(wait, limit).Seconds()))
		changes = append(changes, Visibility{ReceiptHandle: results[i].Message.ReceiptHandle, Seconds: seconds})
		places = append(places, i)
		results[i].hidden = time.Now().Add(time.Duration(seconds) * time.Second)
	}
	for start := 0; start < len(changes); start += maxChanges {
		end := min(start+maxChanges, len(changes))
		for i, err := range e.visibility.ChangeVisibility(ctx, results[0].Message.EventSourceARN, changes[start:end]) {
			if err != nil {
				result := &results[places[start+i]]
				result.hidden = time.Time{}
				e.warn(ctx, "not postponed", result, err)
			}
		}
	}
	e.mapping.remember(results)
}

// waitFor is how long a message is to be hidden, and whether it is. What
// follows in its group waits as long, so that the group comes back together.
func (e *engine) waitFor(result *Result, results []Result) (time.Duration, bool) {
	grouped := errors.Is(result.Err, ErrGroup)
	switch {
	case result.Outcome.Done() || result.Outcome == NotStarted && !grouped:
		return 0, false
	case !grouped:
		var throttled *throttledError
		if errors.As(result.Err, &throttled) {
			result.hiddenFor = max(throttled.after, 0)
		} else {
			result.hiddenFor = e.backoff.Delay(receiveCount(result.Message) - 1)
		}
	}
	if result.next > 0 {
		results[result.next-1].hiddenFor = result.hiddenFor
	}
	return result.hiddenFor, result.twin == 0
}

func (e *engine) warn(ctx context.Context, what string, result *Result, err error) {
	if e.logger != nil {
		e.logger.WarnContext(ctx, what, "message_id", result.Message.MessageId, "error", err.Error())
	}
}
