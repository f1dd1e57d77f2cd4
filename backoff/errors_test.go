package backoff_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

// retryErrors returns the number of calls and the error of a Retry whose function
// returns the given errors, the last of them from then on.
func retryErrors(t *testing.T, p backoff.Policy, errs ...error) (calls int, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = backoff.Retry(t.Context(), p, func(context.Context) error {
			calls++
			return errs[min(calls, len(errs))-1]
		})
	})
	return calls, err
}

func TestStopEndsRetry(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"Plain": backoff.Stop(errBusy),
		"Twice": backoff.Stop(backoff.Stop(errBusy)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, got := retryErrors(t, steady, err)
			if calls != 1 || got != errBusy { //nolint:errorlint // without the mark
				t.Errorf("%d calls, error %#v", calls, got)
			}
		})
	}

	// Also at the last attempt, and where the budget allows no delay.
	oneAttempt := backoff.Policy{Base: time.Second, MaxAttempts: 1}
	noBudget := backoff.Policy{Base: time.Hour, Jitter: backoff.None, Budget: 1}
	for _, p := range []backoff.Policy{oneAttempt, noBudget} {
		if _, got := retryErrors(t, p, backoff.Stop(errBusy)); got != errBusy { //nolint:errorlint // without the mark
			t.Errorf("error %#v", got)
		}
	}
	if backoff.Stop(nil) != nil {
		t.Error("Stop(nil) is an error")
	}
}

var errCause = errors.New("cause")

func TestStopKeepsTheErrorsAroundIt(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "read", Path: "config", Err: errCause}
	for _, tt := range []struct {
		name string
		err  error
		text string
	}{
		{"Joined", errors.Join(path, backoff.Stop(errBusy)), "read config: cause\nbusy"},
		{"JoinedFirst", errors.Join(backoff.Stop(errBusy), path), "busy\nread config: cause"},
		{"Wrapped", fmt.Errorf("charge: %w: %w", path, backoff.Stop(errBusy)), "charge: read config: cause: busy"},
		{"WrappedDeeply", fmt.Errorf("a: %w", fmt.Errorf("b: %w", errors.Join(path, backoff.Stop(errBusy)))), "a: b: read config: cause\nbusy"},
		{"StopOfStop", backoff.Stop(fmt.Errorf("%w: %w", path, backoff.Stop(errBusy))), "read config: cause: busy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls, err := retryErrors(t, steady, tt.err)
			if calls != 1 || err.Error() != tt.text {
				t.Errorf("%d calls, error %q", calls, err)
			}
			var got *fs.PathError
			if !errors.Is(err, errCause) || !errors.Is(err, errBusy) || !errors.As(err, &got) || got != path {
				t.Errorf("%v lost an error", err)
			}

			// Stop ends only one Retry: an enclosing one tries again.
			if calls, _ := retryErrors(t, steady, err); calls != 4 {
				t.Errorf("an enclosing Retry stopped after %d calls", calls)
			}
		})
	}
}

func TestRetryReturnsTheErrorsOfAllAttempts(t *testing.T) {
	t.Parallel()
	timeout := fmt.Errorf("attempt: %w", context.DeadlineExceeded)
	_, err := retryErrors(t, steady, errCause, errBusy, errBusy, timeout)
	if want := "after 4 attempts: attempt: context deadline exceeded (first attempt: cause)"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	for _, want := range []error{errCause, errBusy, context.DeadlineExceeded} {
		if !errors.Is(err, want) {
			t.Errorf("%q does not wrap %v", err, want)
		}
	}

	if _, err := retryErrors(t, steady, errBusy); err.Error() != "after 4 attempts: busy" {
		t.Errorf("error %q", err)
	}
	if _, err := retryErrors(t, backoff.Policy{Base: 1, MaxAttempts: 1}, errBusy); err != errBusy { //nolint:errorlint // unchanged
		t.Errorf("error %#v", err)
	}
}

// The number of errors is bounded: the first and the latest nine.
func TestRetryReturnsTheFirstAndTheLatestErrors(t *testing.T) {
	t.Parallel()
	var errs []error
	for i := range 100 {
		errs = append(errs, fmt.Errorf("error %d", i))
	}
	_, err := retryErrors(t, backoff.Policy{Base: 1, MaxAttempts: 100}, errs...)
	if want := "after 100 attempts: error 99 (first attempt: error 0)"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	for i, attempt := range errs {
		if wraps := errors.Is(err, attempt); wraps != (i == 0 || i > 90) {
			t.Errorf("wraps error %d: %v", i, wraps)
		}
	}
}

// A context that ends must not hide why the attempts failed.
func TestRetryReturnsTheErrorsOfAllAttemptsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		calls := 0
		err := backoff.Retry(ctx, steady, func(ctx context.Context) error {
			if calls++; calls == 1 {
				return errCause
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, errCause) || !errors.Is(err, context.DeadlineExceeded) || calls != 2 {
			t.Errorf("%d calls: %v", calls, err)
		}
	})
}

func TestRetryReturnsTheCauseOfItsContextsEnd(t *testing.T) {
	t.Parallel()
	for name, cancelAt := range map[string]time.Duration{"Before": 0, "WhileWaiting": 500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(cancelAt, func() { cancel(errCause) })
				synctest.Wait()
				err := backoff.Retry(ctx, steady, func(context.Context) error { return errBusy })
				if !errors.Is(err, context.Canceled) || !errors.Is(err, errCause) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// nilError is an error whose Error panics for nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestRetrySurvivesAnErrorThatIsANilPointer(t *testing.T) {
	t.Parallel()
	if calls, err := retryErrors(t, steady, (*nilError)(nil)); err == nil || calls != 4 {
		t.Errorf("%d calls", calls)
	}
}
