package backoff

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stop marks an error that another attempt cannot mend: Retry returns the error
// inside at once. Stop of nil is nil.
func Stop(err error) error {
	if err == nil {
		return nil
	}
	return &stopError{err}
}

type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

// Retry calls op until it succeeds, waiting between attempts as the policy
// says. With MaxAttempts of n, op is called n+1 times at most; with neither
// MaxAttempts nor a Budget that delays use up, until ctx ends.
//
// It gives up, with the last error of op, when the policy's attempts or budget
// are spent, when op returns an error marked by Stop, or when ctx ends; then
// the error wraps both. It does not begin a wait that would outlast the
// deadline of ctx, for the attempt after it could not be made.
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

// wait blocks for d, or says why there is no point in it.
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
