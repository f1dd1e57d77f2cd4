package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
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
	// maxRequests is the largest number of requests at the same time.
	maxRequests = 32
	// maxLoggedIDs is the largest number of message ids in a log record about messages
	// that were not postponed.
	maxLoggedIDs = 10
)

// VisibilityChanger changes the visibility timeout of received messages. It is safe
// for concurrent use. Package sqsclient has one for the AWS SDK, which is also a
// [ReceiveLimiter].
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
// A message that the breaker returned is delayed as if it had failed. The timeout of
// other messages that were not started is not changed, unless a message before them in
// their FIFO group is delayed: then all become visible together.
//
// A message that failed at its last receive becomes visible at once, so that SQS moves
// it to the dead-letter queue now and not after the longest delay. The number of
// receives is that of [WithMaxReceives], or client is asked if it is a
// [ReceiveLimiter]. If it is not known, the last delay is as long as the policy says.
//
// WithBackoff also warns of a mapping that may ignore failures; see [WithMappingCheck].
func WithBackoff(client VisibilityChanger, policy backoff.Policy) Option {
	return func(c *config) {
		if isNil(client) {
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
	if r.visibility == nil || !r.anyPostponed() {
		return
	}

	if !r.settleBy.IsZero() { // an SQS that does not respond must not delay the response
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, r.settleBy)
		defer cancel()
	}

	r.changeAll(ctx, r.changes(ctx))
	r.mapping.chooseProbe(r.results)
}

// changeAll changes the timeouts of messages. It sends requests side by side, because
// there is little time.
func (r *run) changeAll(ctx context.Context, changes []*Result) {
	var wg sync.WaitGroup
	free := make(chan struct{}, maxRequests)
	for rest := changes; len(rest) > 0; {
		// One request changes messages of one queue.
		queueARN := rest[0].Message.EventSourceARN
		n := 1
		for n < min(len(rest), maxChanges) && rest[n].Message.EventSourceARN == queueARN {
			n++
		}

		messages := rest[:n]
		rest = rest[n:]
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			r.changeVisibility(ctx, queueARN, messages)
		})
	}
	wg.Wait()

	r.logUnchanged(ctx, changes)
}

// anyPostponed reports whether any message is to be postponed.
func (r *run) anyPostponed() bool {
	for i := range r.results {
		if r.shouldPostpone(&r.results[i]) {
			return true
		}
	}
	return false
}

// changes returns the messages whose visibility timeout is to be changed.
func (r *run) changes(ctx context.Context) []*Result {
	var changes []*Result
	for i := range r.results {
		result := &r.results[i]
		if !result.postponed && r.shouldPostpone(result) {
			result.postponed = true
			result.hiddenFor = r.delay(ctx, result)
		}

		// The rest of the group gets the same timeout, so that it stays in order.
		if result.next > 0 && result.postponed {
			next := &r.results[result.next-1]
			if next.Err == ErrGroup || next.Err == ErrBreaker {
				next.postponed = true
				next.hiddenFor = result.hiddenFor
			}
		}

		// A duplicate that has another payload than its message has failed by itself.
		if result.postponed && (result.duplicateOf == 0 || !result.Duplicate) {
			changes = append(changes, result)
		}
	}
	return changes
}

// shouldPostpone reports whether a message's own outcome requires a changed timeout. A
// message that the breaker returned must not come back, and use up a receive, earlier
// than if it had been tried.
func (r *run) shouldPostpone(result *Result) bool {
	return result.Outcome == Failed && result.Err != ErrGroup || result.Outcome == NotStarted && result.Err == ErrBreaker
}

// delay returns the visibility timeout of a message that failed.
func (r *run) delay(ctx context.Context, result *Result) (d time.Duration) {
	attempt := receiveCount(result.Message) - 1
	defer func() {
		if v := recover(); v != nil { // in the policy's Rand
			r.warn(ctx, "panic in the backoff policy", result, panicked(v))
			d = max(result.hiddenFor, r.backoff.Ceiling(attempt))
		}
	}()

	switch {
	case r.isLast(ctx, result.Message):
		return 0
	case result.throttled:
		return r.spread(result.hiddenFor)
	}
	return r.backoff.Delay(attempt)
}

// spread returns a random time between d and one and a half times d. Messages that a
// service throttled together must not come back together.
func (r *run) spread(d time.Duration) time.Duration {
	if d <= 0 || d > maxHidden || r.backoff.Jitter == backoff.None {
		return d
	}
	more := backoff.Policy{
		Base:   d / 2,
		Jitter: backoff.Full,
		Rand:   r.backoff.Rand,
	}
	return d + more.Delay(0)
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
	asked := wallNow()
	errs, err := r.callChanger(ctx, queueARN, changes)
	for i, result := range messages {
		switch {
		case err != nil:
			result.unchanged = err
		case errs[i] != nil:
			result.unchanged = errs[i]
		default:
			result.hiddenUntil = asked.Add(time.Duration(changes[i].Seconds) * time.Second)
		}
	}
}

// callChanger calls the VisibilityChanger. It returns a panic as an error, and makes
// no call if there is no time for it.
func (e *engine) callChanger(ctx context.Context, queueARN string, changes []Visibility) (errs []error, err error) {
	defer recovered(&err)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	errs = e.visibility.ChangeVisibility(ctx, queueARN, changes)
	if len(errs) != len(changes) {
		return nil, fmt.Errorf("the VisibilityChanger returned %d errors for %d changes", len(errs), len(changes))
	}
	return errs, nil
}

// logUnchanged logs the messages that could not be postponed, in one record.
func (r *run) logUnchanged(ctx context.Context, changes []*Result) {
	if r.logger == nil {
		return
	}

	n := 0
	var first error
	var ids []string
	for _, result := range changes {
		if result.unchanged == nil {
			continue
		}
		if n++; n == 1 {
			first = result.unchanged
		}
		if len(ids) < maxLoggedIDs {
			ids = append(ids, result.Message.MessageId)
		}
	}
	if n > 0 {
		r.logger.WarnContext(ctx, "messages not postponed", "count", n, "of", len(changes), "first_error", text(first), "message_ids", ids)
	}
}
