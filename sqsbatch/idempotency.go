package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// IdempotencyStore records which messages are done, so that a message that SQS
// delivers twice is processed once. All execution environments of a function share
// it. It is safe for concurrent use. Package dynamostore has one in DynamoDB; [NewMemory]
// and [NewTableStore] return others.
type IdempotencyStore interface {
	// Claim claims the key for the caller until the given time, and returns a token.
	// It returns ErrDone if the key is complete, and ErrClaimed if another caller has
	// claimed it and its time has not passed.
	Claim(ctx context.Context, key string, until time.Time) (token string, err error)
	// Complete marks the key as complete, if the token still holds the claim.
	Complete(ctx context.Context, key, token string) error
	// Release removes the claim after a failure, if the token still holds it.
	Release(ctx context.Context, key, token string) error
}

// ErrDone is what a store returns if the key is already complete.
var ErrDone = errors.New("done already")

// claimTime is the duration of a claim if the invocation has no deadline: the longest
// timeout of a function.
const claimTime = 15 * time.Minute

// settleTime is the timeout for completing or releasing a key.
const settleTime = time.Second

// WithIdempotency processes messages with the same key only once, as long as the
// store keeps the key. A nil key function means the origin message id, which copies
// of a message keep (see [Message.OriginID]). A message whose key is "" is always
// processed.
//
// A message whose key is complete is reported as succeeded. A message that another
// invocation has claimed fails with [ErrClaimed], because that invocation may still
// crash; a claim ends with its invocation's deadline. If the store returns an error,
// the message fails. The key of a message that failed or was dead-lettered is
// released, so that it is processed when it is delivered again or replayed.
func WithIdempotency(store IdempotencyStore, key func(m *events.SQSMessage) string) Option {
	return func(c *config) {
		if t, ok := store.(*TableStore); isNil(store) || ok && t.table == nil {
			c.refuse("WithIdempotency: no store, or one without a table")
			return
		}
		c.store = store
		c.key = key
		if key == nil {
			c.key = originID
		}
	}
}

// claim reports whether this invocation is to process the message. If not, it records
// the outcome.
func (r *run) claim(ctx context.Context, result *Result) bool {
	if result.key == "" {
		return true
	}

	// A crashed invocation never releases its claim: it must end by itself.
	until := r.end
	if until.IsZero() {
		until = r.began.Add(claimTime)
	}

	token, err := r.claimKey(ctx, result, until.Round(0)) // a wall time
	switch {
	case errors.Is(err, ErrDone):
		result.Outcome = Succeeded
		result.Duplicate = true
	case errors.Is(err, ErrClaimed):
		result.Err = ErrClaimed
	case err != nil:
		result.Outcome = Failed
		result.Err = fmt.Errorf("claim %s: %w", result.key, err)
	default:
		result.claim = token
	}
	return err == nil
}

// settleClaim completes or releases the key of a message. An error does not change
// the outcome: the claim expires, and a duplicate may be processed again. The key of
// a dead-lettered message is released, so that it is processed if it is replayed.
func (r *run) settleClaim(ctx context.Context, result *Result) {
	settle := r.store.Complete
	what := "complete"
	if result.Outcome != Succeeded {
		settle = r.store.Release
		what = "release"
	}

	// The message's own context may have ended; the store must be updated anyway.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if !r.settleBy.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, r.settleBy)
		defer cancel()
	}

	err := func() (err error) {
		defer recovered(&err)
		return settle(ctx, result.key, result.claim)
	}()
	if err != nil {
		r.warn(ctx, "idempotency store cannot "+what, result, err)
	}
}
