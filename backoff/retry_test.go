package backoff_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

var errBusy = errors.New("busy")

// steady waits 1 s, 2 s, 4 s and ends.
var steady = backoff.Policy{Base: time.Second, Jitter: backoff.None, MaxAttempts: 3}

func TestRetryCallsUntilSuccess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		succeeds  int // at this call; 0 for never
		wantCalls int
		wantTook  time.Duration
	}{
		{"AtOnce", 1, 1, 0},
		{"Third", 3, 3, 3 * time.Second},
		{"Never", 0, 4, 7 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls, began := 0, time.Now()
				err := backoff.Retry(t.Context(), steady, func(context.Context) error {
					if calls++; calls == tt.succeeds {
						return nil
					}
					return errBusy
				})
				if (err == nil) != (tt.succeeds > 0) || err != nil && !errors.Is(err, errBusy) {
					t.Errorf("error %v", err)
				}
				if took := time.Since(began); calls != tt.wantCalls || took != tt.wantTook {
					t.Errorf("%d calls in %v, want %d in %v", calls, took, tt.wantCalls, tt.wantTook)
				}
			})
		})
	}
}

func TestStopEndsRetry(t *testing.T) {
	t.Parallel()
	calls := 0
	err := backoff.Retry(t.Context(), steady, func(context.Context) error {
		calls++
		return backoff.Stop(errBusy)
	})
	if calls != 1 || err != errBusy { //nolint:errorlint // the mark is to be taken off
		t.Errorf("%d calls, error %v", calls, err)
	}
	if backoff.Stop(nil) != nil {
		t.Error("Stop(nil) is an error")
	}
	err = backoff.Retry(t.Context(), backoff.Policy{Budget: 1, Base: time.Hour, Jitter: backoff.None}, func(context.Context) error {
		return backoff.Stop(errBusy)
	})
	if err != errBusy { //nolint:errorlint // as above, where no delay is left
		t.Errorf("error %#v", err)
	}
}

func TestRetryDoesNotWaitPastTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		err := backoff.Retry(ctx, steady, func(context.Context) error { return errBusy })
		// After 1 s the next wait of 2 s would end past the deadline.
		if took := time.Since(began); took != time.Second || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errBusy) {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, cancel)
		began := time.Now()
		err := backoff.Retry(ctx, steady, func(context.Context) error { return errBusy })
		if took := time.Since(began); took != 500*time.Millisecond || !errors.Is(err, context.Canceled) || !errors.Is(err, errBusy) {
			t.Errorf("after %v: %v", took, err)
		}
		calls := 0
		err = backoff.Retry(ctx, steady, func(context.Context) error { calls++; return nil })
		if calls != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%d calls after the end, error %v", calls, err)
		}
	})
}

// Both the wait and the context end at the same moment: the error of the last
// attempt must not be lost, whichever is seen first.
func TestRetryWrapsBothErrorsWhenItsContextEndsWithAWait(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			err := backoff.Retry(ctx, backoff.Policy{Base: time.Second, Jitter: backoff.None}, func(context.Context) error { return errBusy })
			if !errors.Is(err, context.Canceled) || !errors.Is(err, errBusy) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestRetryOfAPolicyThatNeverWaitsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := backoff.Retry(ctx, backoff.Policy{}, func(context.Context) error {
		if calls++; calls == 1000 {
			cancel()
		}
		return errBusy
	})
	if calls != 1000 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d calls, error %v", calls, err)
	}
}
