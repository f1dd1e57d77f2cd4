package sqsbatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
)

var errDown = errors.New("downstream is down")

// failing returns a handler of string bodies that fails those in bad with err.
func failing(err error, bad ...string) func(context.Context, sqsbatch.Message[string]) error {
	return func(_ context.Context, m sqsbatch.Message[string]) error {
		if slices.Contains(bad, m.Body) {
			return err
		}
		return nil
	}
}

func handle(t *testing.T, h sqsbatch.Handler, event events.SQSEvent) []string {
	t.Helper()
	response, err := h(t.Context(), event)
	if err != nil {
		t.Fatalf("invocation failed: %v", err)
	}
	return failed(response)
}

func TestEachMessageIsReportedSeparately(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		process func(context.Context, sqsbatch.Message[string]) error
		event   events.SQSEvent
		want    []string
	}{
		{"AllSucceed", failing(nil), ids("a", "b"), []string{}},
		{"OneFails", failing(errDown, "b"), ids("a", "b", "c"), []string{"b"}},
		{"AllFail", failing(errDown, "a", "b"), ids("a", "b"), []string{"a", "b"}},
		{"PanicFailsItsOwnMessageOnly", func(_ context.Context, m sqsbatch.Message[string]) error {
			if m.Body == "b" {
				panic("boom")
			}
			return nil
		}, ids("a", "b", "c"), []string{"b"}},
		{"PermanentWithoutAFastPathFails", failing(sqsbatch.Permanent(errDown), "a"), ids("a", "b"), []string{"a"}},
		{"RetryAfterFails", failing(sqsbatch.RetryAfter(time.Second, errDown), "a"), ids("a", "b"), []string{"a"}},
	} {
		for _, concurrency := range []int{1, 3} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				h := must(t)(sqsbatch.New(tt.process, sqsbatch.WithConcurrency(concurrency)))
				if diff := cmp.Diff(tt.want, handle(t, h, tt.event)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestUndecodableBodyFailsOnlyItsMessage(t *testing.T) {
	t.Parallel()
	type order struct{ N int }
	event := events.SQSEvent{Records: []events.SQSMessage{record("a", `{"N":1}`), record("b", `{"N":"x"}`), record("c", `{"N":3}`)}}
	var sum int
	var reported error
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[order]) error {
		sum += m.Body.N
		return nil
	}, sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { reported = r.Results[1].Err })))
	if diff := cmp.Diff([]string{"b"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}
	var decode *sqsbatch.DecodeError
	if sum != 4 || !errors.As(reported, &decode) || !sqsbatch.IsPermanent(reported) {
		t.Errorf("sum %d, error %v", sum, reported)
	}
}

func TestResponseWithoutFailuresIsValid(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(failing(nil)))
	event, err := json.Marshal(ids("a"))
	if err != nil {
		t.Fatal(err)
	}
	// As the Runtime API client does: event JSON in, response JSON out (LAM B35).
	out, err := lambda.NewHandler(h).Invoke(t.Context(), event)
	if err != nil || strings.TrimSpace(string(out)) != `{"batchItemFailures":[]}` {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestWithDecoder(t *testing.T) {
	t.Parallel()
	var got []string
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[[]string]) error {
		got = m.Body
		return nil
	}, sqsbatch.WithDecoder(func(_ context.Context, m *events.SQSMessage) ([]string, error) {
		return strings.Split(m.Body, ","), nil
	})))
	handle(t, h, events.SQSEvent{Records: []events.SQSMessage{record("a", "x,y")}})
	if diff := cmp.Diff([]string{"x", "y"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		h := must(t)(sqsbatch.New(func(ctx context.Context, _ sqsbatch.Message[string]) error {
			most.Store(max(most.Load(), running.Add(1)))
			<-time.After(time.Second)
			running.Add(-1)
			return nil
		}, sqsbatch.WithConcurrency(3)))
		began := time.Now()
		handle(t, h, batchOf(9, "x"))
		if most.Load() != 3 || time.Since(began) != 3*time.Second {
			t.Errorf("%d concurrent, %v in total; want 3 and 3s", most.Load(), time.Since(began))
		}
	})
}

func TestRepeatedMessagesAreProcessedOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 40} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel() // both ways to find duplicates
			runs := map[string]int{}
			h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
				runs[m.ID()]++
				return failing(errDown, "b")(t.Context(), m)
			}))
			event := ids("a", "b", "a", "b")
			for len(event.Records) < n {
				event.Records = append(event.Records, record("a", "a"))
			}
			got := handle(t, h, event)
			if diff := cmp.Diff([]string{"b", "b"}, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, runs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		policy  sqsbatch.FailurePolicy
		bad     []string
		invalid bool
	}{
		{sqsbatch.ReportEach, []string{"a", "b"}, false},
		{sqsbatch.FailIfAll, []string{"a"}, false},
		{sqsbatch.FailIfAll, []string{"a", "b"}, true},
		{sqsbatch.FailIfAny, []string{"b"}, true},
		{sqsbatch.FailIfAny, nil, false},
	} {
		t.Run(fmt.Sprint(tt.policy), func(t *testing.T) {
			h := must(t)(sqsbatch.New(failing(errDown, tt.bad...), sqsbatch.WithFailures(tt.policy)))
			response, err := h(t.Context(), ids("a", "b"))
			if (err != nil) != tt.invalid {
				t.Errorf("policy %v with %v bad: %v", tt.policy, tt.bad, err)
			}
			var batch *sqsbatch.BatchError
			if err == nil {
				if diff := cmp.Diff(append([]string{}, tt.bad...), failed(response)); diff != "" {
					t.Error(diff)
				}
			} else if !errors.As(err, &batch) || !errors.Is(err, errDown) || !slices.Equal(batch.Failed, tt.bad) || batch.Total != 2 {
				t.Errorf("error %#v", err)
			}
		})
	}
}

func TestBreakerReturnsTheRestUnprocessed(t *testing.T) {
	t.Parallel()
	var runs int
	var report sqsbatch.Report
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error {
		runs++
		return errDown
	}, sqsbatch.WithBreaker(0.5, 3), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
	got := handle(t, h, batchOf(10, "x"))
	if runs != 3 || len(got) != 10 || report.Count(sqsbatch.NotStarted) != 7 || !errors.Is(report.Results[9].Err, sqsbatch.ErrBreaker) {
		t.Errorf("%d runs, %d reported, %d not started, last %v", runs, len(got), report.Count(sqsbatch.NotStarted), report.Results[9].Err)
	}
}

func TestBreakerIgnoresASmallerShare(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(failing(errDown, "a", "d"), sqsbatch.WithBreaker(0.5, 2)))
	if diff := cmp.Diff([]string{"a", "d"}, handle(t, h, ids("b", "a", "c", "d", "e"))); diff == "" {
		t.Error("b and a: one of two has failed, so that the breaker should be open")
	}
	h = must(t)(sqsbatch.New(failing(errDown, "a", "d"), sqsbatch.WithBreaker(0.6, 2)))
	if diff := cmp.Diff([]string{"a", "d"}, handle(t, h, ids("b", "a", "c", "d", "e"))); diff != "" {
		t.Error(diff)
	}
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]sqsbatch.Option{
		"concurrency":           sqsbatch.WithConcurrency(0),
		"reserve":               sqsbatch.WithReserve(0),
		"response time":         sqsbatch.WithResponseTime(-1),
		"timeout":               sqsbatch.WithMessageTimeout(0),
		"policy":                sqsbatch.WithFailures(9),
		"breaker":               sqsbatch.WithBreaker(0, 1),
		"least":                 sqsbatch.WithBreaker(1, 0),
		"decoder":               sqsbatch.WithDecoder[string](nil),
		"other type":            sqsbatch.WithDecoder(func(context.Context, *events.SQSMessage) (int, error) { return 0, nil }),
		"report":                sqsbatch.WithReport(nil),
		"store":                 sqsbatch.WithIdempotency(nil, nil),
		"logger":                sqsbatch.WithLogger(nil),
		"metrics":               sqsbatch.WithMetrics(nil, ""),
		"trace":                 sqsbatch.WithTrace(nil),
		"check":                 sqsbatch.WithMappingCheck(nil),
		"dead letter":           sqsbatch.WithDeadLetter(nil),
		"visibility":            sqsbatch.WithBackoff(nil, backoff.Policy{}),
		"store without a table": sqsbatch.WithIdempotency(sqsbatch.NewTableStore(nil, time.Hour), nil),
		"payload check":         sqsbatch.WithPayloadCheck(nil),
		"max receives":          sqsbatch.WithMaxReceives(0),
		"give up":               sqsbatch.GiveUpAt(0),
		"give up to nobody":     sqsbatch.GiveUpAt(3),
		"policy of backoff":     sqsbatch.WithBackoff(&hider{}, backoff.Policy{Base: -1}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := sqsbatch.New(failing(nil), option); err == nil {
				t.Error("accepted")
			}
		})
	}
	if _, err := sqsbatch.New[string](nil); err == nil || err.Error() != "sqsbatch: the handler is nil" {
		t.Errorf("no handler: %v", err)
	}
	if _, err := sqsbatch.NewBulk[string](nil, nil); err == nil {
		t.Error("no handler in bulk: accepted")
	}
	if _, err := sqsbatch.New(failing(nil), sqsbatch.WithConcurrency(1), nil); err == nil || err.Error() != "sqsbatch: option 2 of 2 is nil" {
		t.Errorf("nil option: %v", err)
	}
	for name, option := range map[string]sqsbatch.Option{
		"concurrency": sqsbatch.WithConcurrency(2),
		"timeout":     sqsbatch.WithMessageTimeout(1),
		"breaker":     sqsbatch.WithBreaker(1, 1),
		"trace": sqsbatch.WithTrace(func(ctx context.Context, _ sqsbatch.Trace, _ *events.SQSMessage) (context.Context, func(error)) {
			return ctx, nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := sqsbatch.NewBulk(func(context.Context, []sqsbatch.Message[string]) []error { return nil }, option); err == nil {
				t.Errorf("bulk with %s: accepted", name)
			}
		})
	}
}
