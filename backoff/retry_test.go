package backoff_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/reliableq/reliableq/backoff"
)

var errBusy = errors.New("busy")

// steady waits 1 s, 2 s, 4 s and ends.
var steady = backoff.Policy{Base: time.Second, Jitter: backoff.None, MaxAttempts: 4}

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

// The wait and the context end at the same time: the error of the last attempt must
// not be lost, in either case.
func TestRetryWrapsBothErrorsWhenItsContextEndsWithAWait(t *testing.T) {
	t.Parallel()
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			err := backoff.Retry(ctx, steady, func(context.Context) error { return errBusy })
			if !errors.Is(err, context.Canceled) || !errors.Is(err, errBusy) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The number of calls is MaxAttempts, as in the AWS SDK, and three without one.
func TestRetryCallsMaxAttemptsTimes(t *testing.T) {
	t.Parallel()
	for max, want := range map[int]int{0: 3, 1: 1, 2: 2, 7: 7} {
		t.Run(fmt.Sprint(max), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := backoff.Retry(t.Context(), backoff.Policy{Base: time.Second, MaxAttempts: max}, func(context.Context) error {
					calls++
					return errBusy
				})
				if calls != want || !errors.Is(err, errBusy) {
					t.Errorf("%d calls, want %d: %v", calls, want, err)
				}
			})
		})
	}
}

func TestUnlimitedRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		err := backoff.Retry(ctx, backoff.Policy{Base: time.Second, Cap: time.Minute, MaxAttempts: backoff.Unlimited}, func(context.Context) error {
			if calls++; calls == 1000 {
				cancel()
			}
			return errBusy
		})
		if calls != 1000 || !errors.Is(err, context.Canceled) || !errors.Is(err, errBusy) {
			t.Errorf("%d calls, error %v", calls, err)
		}
	})
}

func TestRetryRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	called := false
	op := func(context.Context) error { called = true; return errBusy }
	valid := backoff.Policy{Base: time.Second}
	for _, tt := range []struct {
		name   string
		ctx    context.Context //nolint:containedctx // an argument of the call
		policy backoff.Policy
		op     func(context.Context) error
		want   string
	}{
		{"ZeroPolicy", t.Context(), backoff.Policy{}, op, "base 0s: want more than 0"},
		{"NegativeBase", t.Context(), backoff.Policy{Base: -1}, op, "base -1ns"},
		{"NegativeAttempts", t.Context(), backoff.Policy{Base: 1, MaxAttempts: -2}, op, "max attempts -2"},
		{"TwoFields", t.Context(), backoff.Policy{Base: 1, Budget: -1, Factor: math.NaN()}, op, "factor NaN: want 1 or more\nbudget -1ns is negative"},
		{"NoFunction", t.Context(), valid, nil, "nil function"},
		{"NoContext", nil, valid, op, "nil context"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := backoff.Retry(tt.ctx, tt.policy, tt.op); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if called {
		t.Error("the function was called")
	}
}

// frozenFor returns t as a process sees it that Lambda froze for d: the monotonic
// reading is behind the wall clock.
func frozenFor(t time.Time, d time.Duration) time.Time {
	t = t.Add(-d) // both readings
	// A time.Time is {wall uint64; ext int64; loc *Location}, where ext is the
	// monotonic reading. There is no other way to create one with different readings.
	ext := (*int64)(unsafe.Add(unsafe.Pointer(&t), unsafe.Sizeof(uint64(0))))
	*ext += int64(d)
	return t
}

// thawed is a context whose timers stopped during a freeze.
type thawed struct {
	context.Context
	deadline func() time.Time
}

func (c thawed) Deadline() (time.Time, bool) { return c.deadline(), true }

// The deadline is in 10 s by the monotonic clock, but 50 s ago by the wall clock.
func TestRetryMeasuresTheDeadlineByTheWallClock(t *testing.T) {
	t.Parallel()
	deadline := frozenFor(time.Now().Add(10*time.Second), time.Minute)
	if time.Until(deadline) < 9*time.Second || time.Now().Round(0).Before(deadline.Round(0)) {
		t.Fatalf("not a time with two readings: %v", deadline)
	}

	calls := 0
	ctx := thawed{t.Context(), func() time.Time { return deadline }}
	err := backoff.Retry(ctx, backoff.Policy{Base: time.Millisecond}, func(context.Context) error { calls++; return errBusy })
	if calls != 1 || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errBusy) {
		t.Errorf("%d calls: %v", calls, err)
	}
}

// The freeze begins during the wait: when it ends, the deadline has passed. In a
// bubble of synctest times have no monotonic reading, so this waits a millisecond.
func TestRetryDoesNotCallAfterAFreezeThatOutlastedTheDeadline(t *testing.T) {
	t.Parallel()
	deadline := time.Now().Add(time.Minute)
	asked := 0
	ctx := thawed{t.Context(), func() time.Time {
		if asked++; asked == 1 {
			return deadline
		}
		return frozenFor(deadline, time.Hour)
	}}
	calls := 0
	err := backoff.Retry(ctx, backoff.Policy{Base: time.Millisecond}, func(context.Context) error { calls++; return errBusy })
	if calls != 1 || asked != 2 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d calls, %d reads of the deadline: %v", calls, asked, err)
	}
}
