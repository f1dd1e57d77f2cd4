package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// IdempotencyStore remembers which messages are done, so that one that SQS
// delivers twice is processed once. It is shared by all instances of a function
// and safe for concurrent use. [NewMemory] and [NewTableStore] make one.
type IdempotencyStore interface {
	// Claim takes the key for the caller until the given time, and answers a
	// token. It answers ErrDone if the key's work is done, and ErrClaimed if
	// another has claimed it and its time is not over.
	Claim(ctx context.Context, key string, until time.Time) (token string, err error)
	// Complete remembers the key's work as done, if the token still holds it.
	Complete(ctx context.Context, key, token string) error
	// Release gives the key back after a failure, if the token still holds it.
	Release(ctx context.Context, key, token string) error
}

// ErrDone is what a store answers to a claim whose work is done already.
var ErrDone = errors.New("done already")

// claimTime is how long a message is claimed for where the invocation has no
// deadline: as long as a function may run.
const claimTime = 15 * time.Minute

// settleTime is how long a store may take to be told of one message.
const settleTime = time.Second

// WithIdempotency processes a message only once, as far as the store remembers.
// The key says what makes two messages the same; nil means the origin message
// id, which a copy keeps. A message whose key is "" is always processed.
//
// A message that is done already is reported as succeeded. One that another
// invocation holds fails with [ErrClaimed], for if that one crashes it is still
// to be done; a claim ends with its invocation's deadline. If the store cannot
// say, the message fails. One that failed or was dead-lettered gives its key
// back, so that it is processed when it comes again, be it replayed.
func WithIdempotency(store IdempotencyStore, key func(m *events.SQSMessage) string) Option {
	return func(c *config) {
		if store == nil {
			c.refuse("WithIdempotency: no store")
			return
		}
		c.store, c.key = store, key
		if key == nil {
			c.key = originID
		}
	}
}

// claim tells whether the message is the caller's to process, and writes down
// what became of it if not.
func (r *run) claim(ctx context.Context, result *Result) bool {
	if result.key == "" {
		return true
	}
	until := r.end
	if until.IsZero() {
		until = r.began.Add(claimTime)
	}
	token, err := r.store.Claim(ctx, result.key, until)
	switch {
	case errors.Is(err, ErrDone):
		result.Outcome, result.Duplicate = Succeeded, true
	case errors.Is(err, ErrClaimed):
		result.Err = ErrClaimed
	case err != nil:
		result.Outcome, result.Err = Failed, fmt.Errorf("claim %s: %w", result.key, err)
	default:
		result.claim = token
	}
	return err == nil
}

// settleClaim tells the store. That it cannot be told changes nothing about
// what became of the message: its claim runs out, and a duplicate would be
// processed once more. A message that was dead-lettered is not done: when it is
// replayed it is to be processed.
func (r *run) settleClaim(ctx context.Context, result *Result) {
	settle, what := r.store.Complete, "complete"
	if result.Outcome != Succeeded {
		settle, what = r.store.Release, "release"
	}
	// Though the message's time is over, the store must still hear of it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if !r.closing.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, r.closing)
		defer cancel()
	}
	if err := settle(ctx, result.key, result.claim); err != nil {
		r.warn(ctx, "idempotency store cannot "+what, result, err)
	}
}
