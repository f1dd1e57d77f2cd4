package backoff

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stop returns an error that makes Retry return err at once, without further attempts.
// It returns nil if err is nil.
func Stop(err error) error {
	if err == nil {
		return nil
	}
	return &stopError{err}
}

type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

// Retry calls op until it succeeds, and waits between attempts according to the policy.
// With a MaxAttempts of n, it calls op at most n+1 times. With neither MaxAttempts nor
// a Budget, it ends only with ctx.
//
// Retry returns the last error of op when the attempts or the budget are used up, or
// when op returns an error from [Stop]. When ctx ends, the returned error wraps the
// errors of ctx and of op. Retry does not start a wait that would exceed the deadline
// of ctx.
func Retry(ctx context.Context, p Policy, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}

	err := op(ctx)
	var stop *stopError
	for _, delay := range p.Delays() {
		if err == nil || errors.As(err, &stop) {
			break
		}
		// Both errors matter: why it ended, and what the last attempt returned.
		if waitErr := wait(ctx, delay); waitErr != nil {
			return fmt.Errorf("%w: last attempt: %w", waitErr, err)
		}

		err = op(ctx)
	}

	if errors.As(err, &stop) {
		return stop.err
	}

	return err
}

// wait waits for d. It returns an error if ctx ends before that, and at once if the
// deadline of ctx is before that.
func wait(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
