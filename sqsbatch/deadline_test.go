package sqsbatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

// takes returns a handler that works for d, or until its context ends.
func takes(d time.Duration, started *[]string) func(context.Context, sqsbatch.Message[string]) error {
	return func(ctx context.Context, m sqsbatch.Message[string]) error {
		*started = append(*started, m.Body)
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// invoke runs a batch with a function timeout.
func invoke(t *testing.T, h sqsbatch.Handler, timeout time.Duration, names ...string) ([]string, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	began := time.Now()
	response, err := h(ctx, ids(names...))
	if err != nil {
		t.Fatal(err)
	}
	return failed(response), time.Since(began)
}

func TestMessageIsNotStartedIfItCannotFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		var report sqsbatch.Report
		h := must(t)(sqsbatch.New(takes(time.Second, &started), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
		// 3 s less 300 ms for the response: two messages of 1 s fit, a third does not.
		got, took := invoke(t, h, 3*time.Second, "a", "b", "c", "d")
		if diff := cmp.Diff([]string{"c", "d"}, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"a", "b"}, started); diff != "" {
			t.Error(diff)
		}
		if took != 2*time.Second || !errors.Is(report.Results[2].Err, sqsbatch.ErrNoTime) || report.Results[2].Outcome != sqsbatch.NotStarted {
			t.Errorf("took %v, c is %v with %v", took, report.Results[2].Outcome, report.Results[2].Err)
		}
	})
}

func TestEstimateIsKeptBetweenInvocations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		h := must(t)(sqsbatch.New(takes(2*time.Second, &started)))
		invoke(t, h, time.Minute, "a")
		got, took := invoke(t, h, 4*time.Second, "b", "c", "d")
		if diff := cmp.Diff([]string{"c", "d"}, got); diff != "" || took != 2*time.Second {
			t.Errorf("after %v: %s", took, diff)
		}
	})
}

func TestEstimateIsTheShorterOfTheLastTwo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		took := map[string]time.Duration{"slow": time.Second, "fast": 900 * time.Millisecond}
		h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
			return takes(took[m.Body], &started)(ctx, m)
		}))
		// Less 300 ms, 850 ms are left: not enough for another fast message.
		if got, _ := invoke(t, h, 3050*time.Millisecond, "slow", "fast", "next"); len(got) != 1 || len(started) != 2 {
			t.Errorf("returned %v after %v", got, started)
		}
		// 950 ms are enough, though the slow one takes more.
		if got, _ := invoke(t, h, 3150*time.Millisecond, "slow", "fast", "next"); len(got) != 0 || len(started) != 5 {
			t.Errorf("returned %v after %v", got, started)
		}
	})
}

func TestNothingIsStartedAfterTheInvocationEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if cancel(); m.Body != "a" {
			t.Errorf("%s was started", m.Body)
		}
		return nil
	}))
	response, err := h(ctx, ids("a", "b", "c"))
	if diff := cmp.Diff([]string{"b", "c"}, failed(response)); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
}

// Otherwise an environment could stop working after one slow message.
func TestEstimateNeverPreventsTheFirstMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		slow, fast := takes(time.Hour, &started), takes(0, &started)
		h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
			if m.Body == "slow" {
				return slow(ctx, m)
			}
			return fast(ctx, m)
		}))
		invoke(t, h, time.Minute, "slow")
		for range 40 { // each reduces the estimate by an eighth
			if got, _ := invoke(t, h, 3*time.Second, "a"); len(got) != 0 {
				t.Fatal("the first message was not started")
			}
		}
		if got, _ := invoke(t, h, 3*time.Second, "a", "b", "c"); len(got) != 0 {
			t.Errorf("returned %v", got)
		}
	})
}

func TestTheReserveIsNotUsedForMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		h := must(t)(sqsbatch.New(takes(time.Second, &started), sqsbatch.WithReserve(5*time.Second), sqsbatch.WithResponseTime(0)))
		got, _ := invoke(t, h, 7*time.Second, "a", "b", "c", "d")
		if diff := cmp.Diff([]string{"d"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Otherwise it would return every message unprocessed, until SQS dead-letters them.
func TestReserveAboveTheTimeoutIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithReserve(5*time.Second)))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := h(ctx, ids("a")); err == nil || !strings.Contains(err.Error(), "WithReserve wants 5s and the function has 2.7s") {
			t.Errorf("error %v", err)
		}
	})
}

func TestHangingMessageLeavesTimeForTheNextAndTheResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		slow := takes(time.Hour, &started)
		h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
			if m.Body == "b" {
				return slow(ctx, m)
			}
			return nil
		}))
		got, took := invoke(t, h, 3*time.Second, "a", "b", "c")
		// A quarter of the 2.7 s is reserved for c.
		if diff := cmp.Diff([]string{"b"}, got); diff != "" || took != 2025*time.Millisecond {
			t.Errorf("after %v: %s", took, diff)
		}
	})
}

func TestAMessageTimeoutEndsOneMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		h := must(t)(sqsbatch.New(takes(time.Hour, &started), sqsbatch.WithMessageTimeout(time.Second)))
		got, took := invoke(t, h, time.Minute, "a", "b")
		if len(got) != 2 || took != 2*time.Second {
			t.Errorf("failed %v after %v", got, took)
		}
	})
}
