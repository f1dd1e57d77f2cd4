package backoff

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stop returns an error that makes Retry end at once, without further attempts. It
// may be wrapped or joined with others before it is returned to Retry. Stop returns
// nil if err is nil.
func Stop(err error) error {
	if err == nil {
		return nil
	}
	return &stopError{err}
}

// stopError is the mark of Stop on an error.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

// Retry calls op until it succeeds, and waits between attempts according to the policy.
// It calls op at most MaxAttempts times. If that is Unlimited and there is no Budget,
// Retry ends only with ctx. A policy that [Policy.Validate] rejects is an error, and op
// is not called.
//
// The error depends on why Retry ended:
//
//   - op returned an error that is or wraps one of [Stop]: that error, with everything
//     that wraps it, but without the mark. An enclosing Retry does not stop because
//     of it.
//   - The attempts or the budget are used up: an error that wraps those of the
//     attempts, for errors.Is and errors.As. Of successive errors with the same text
//     it wraps only the latest, and of more than ten the first and the latest nine.
//     Its text is that of the latest and the first.
//   - ctx ended: the error of ctx, its cause if it has one, and the errors of the
//     attempts as above.
//
// Retry does not start a wait that would exceed the deadline of ctx, by the wall clock:
// after Lambda has frozen the execution environment, the time of the freeze counts.
func Retry(ctx context.Context, p Policy, op func(context.Context) error) error {
	if err := validate(ctx, p, op); err != nil {
		return fmt.Errorf("cannot retry: %w", err)
	}
	if err := ended(ctx); err != nil {
		return err
	}

	var failed failures
	err := op(ctx)
	for _, delay := range p.Delays() {
		if err == nil || stopped(err) {
			break
		}
		// All errors matter: why it ended, and what the attempts returned.
		failed.add(err)
		if waitErr := wait(ctx, delay); waitErr != nil {
			return fmt.Errorf("%w: %w", waitErr, failed.err())
		}

		err = op(ctx)
	}

	switch {
	case err == nil:
		return nil
	case stopped(err):
		return unmark(err)
	}

	failed.add(err)
	return failed.err()
}

// validate returns an error if Retry cannot work with its arguments.
func validate(ctx context.Context, p Policy, op func(context.Context) error) error {
	switch {
	case ctx == nil:
		return errors.New("nil context")
	case op == nil:
		return errors.New("nil function")
	}
	if err := p.Validate(); err != nil {
		return fmt.Errorf("invalid policy: %w", err)
	}
	return nil
}

// wait waits for d. It returns an error if ctx ends before that, and at once if the
// deadline of ctx is before that.
func wait(ctx context.Context, d time.Duration) error {
	if !timeFor(ctx, d) {
		return context.DeadlineExceeded
	}

	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ended(ctx)
	case <-timer.C:
	}

	if err := ended(ctx); err != nil {
		return err
	}
	// During a freeze the timers of ctx stand still: check its deadline again.
	if !timeFor(ctx, 0) {
		return context.DeadlineExceeded
	}

	return nil
}

// ended returns the error of ctx and its cause, or nil if ctx has not ended.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil // ctx may end before the next call, so that it has a cause
	}
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// timeFor reports whether d ends before the deadline of ctx. It compares wall clock
// times, because monotonic readings stand still while Lambda freezes an execution
// environment.
func timeFor(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || deadline.Round(0).Sub(time.Now().Round(0)) >= d
}
