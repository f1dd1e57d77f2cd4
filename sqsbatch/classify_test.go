package sqsbatch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

var (
	errNotFound  = errors.New("no such customer")
	errThrottled = errors.New("too many requests")
)

// byStatus classifies like a function for the errors of an HTTP client.
func byStatus(err error) sqsbatch.Class {
	switch {
	case errors.Is(err, errNotFound):
		return sqsbatch.Class{Permanent: true, RetryAfter: time.Hour}
	case errors.Is(err, errThrottled):
		return sqsbatch.Class{RetryAfter: time.Minute}
	}
	return sqsbatch.Class{}
}

func TestClassDecidesTheRetry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err    error
		reason string // of the dead letter; empty for none
		hidden int    // seconds; the backoff is 1 s
	}{
		"Permanent":           {err: fmt.Errorf("load: %w", errNotFound), reason: "permanent"},
		"RetryAfter":          {err: errThrottled, hidden: 60},
		"Other":               {err: errDown, hidden: 1},
		"ExplicitPermanent":   {err: sqsbatch.Permanent(errThrottled), reason: "permanent"},
		"ExplicitRetryAfter":  {err: fmt.Errorf("wait: %w", sqsbatch.RetryAfter(10*time.Second, errNotFound)), hidden: 10},
		"ExplicitAtOnce":      {err: sqsbatch.RetryAfter(0, errNotFound), hidden: 0},
		"PanicWithKnownError": {err: &panicWith{errNotFound}, reason: "permanent"},
	} {
		check := func(t *testing.T, build func(handle func(string) error, options ...sqsbatch.Option) (sqsbatch.Handler, error)) {
			t.Helper()
			queue, dlq := &hider{}, &deadLetterQueue{}
			var report sqsbatch.Report
			h := must(t)(build(func(body string) error {
				if body != "bad" {
					return nil
				}
				if p, ok := tt.err.(*panicWith); ok {
					panic(p.error)
				}
				return tt.err
			}, sqsbatch.WithClassify(byStatus), sqsbatch.WithBackoff(queue, doubling), sqsbatch.WithDeadLetter(dlq),
				sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
			got := handle(t, h, ids("a", "bad"))

			result := report.Results[1]
			if sqsbatch.IsPermanent(result.Err) != (tt.reason != "") || !strings.Contains(result.Err.Error(), tt.err.Error()) {
				t.Errorf("error %v", result.Err)
			}
			if tt.reason != "" {
				if len(got) != 0 || len(dlq.letters) != 1 || *dlq.letters[0].Attributes[sqsbatch.ReasonAttribute].StringValue != tt.reason {
					t.Errorf("reported %v, dead letters %+v", got, dlq.letters)
				}
				return
			}
			if !slices.Equal(got, []string{"bad"}) || len(dlq.letters) != 0 || queue.seconds["r-bad"] != tt.hidden {
				t.Errorf("reported %v, dead letters %+v, hidden for %d s", got, dlq.letters, queue.seconds["r-bad"])
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, func(handle func(string) error, options ...sqsbatch.Option) (sqsbatch.Handler, error) {
				return sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error { return handle(m.Body) }, options...)
			})
		})
		if _, ok := tt.err.(*panicWith); ok {
			continue // a panic of NewBulk's handler fails all messages
		}
		t.Run(name+"InBulk", func(t *testing.T) {
			t.Parallel()
			check(t, func(handle func(string) error, options ...sqsbatch.Option) (sqsbatch.Handler, error) {
				return sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error {
					errs := make([]error, len(ms))
					for i, m := range ms {
						errs[i] = handle(m.Body)
					}
					return errs
				}, options...)
			})
		})
	}
}

// panicWith marks an error of the table with which the handler panics.
type panicWith struct{ error }

// A function that treats all unknown errors as permanent must not dead-letter good
// messages.
func TestClassifyIsNotCalledForErrorsOfOthers(t *testing.T) {
	t.Parallel()
	all := sqsbatch.WithClassify(func(error) sqsbatch.Class { return sqsbatch.Class{Permanent: true} })
	t.Run("TimeLimit", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			dlq := &deadLetterQueue{}
			h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
				if m.Body == "b" {
					return nil
				}
				<-ctx.Done()
				return errors.New("connection lost")
			}, all, sqsbatch.WithDeadLetter(dlq)))
			if got, _ := invoke(t, h, 3*time.Second, "a", "b", "c"); !slices.Equal(got, []string{"a", "c"}) || len(dlq.letters) != 0 {
				t.Errorf("reported %v, dead-lettered %d", got, len(dlq.letters))
			}
		})
	})
	t.Run("EndOfTheWork", func(t *testing.T) {
		t.Parallel()
		dlq := &deadLetterQueue{}
		ctx, cancel := context.WithCancel(t.Context())
		h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error {
			cancel()
			return errDown
		}, all, sqsbatch.WithDeadLetter(dlq)))
		if got, err := h(ctx, ids("a")); err != nil || len(got.BatchItemFailures) != 1 || len(dlq.letters) != 0 {
			t.Errorf("%v, %v, dead-lettered %d", got, err, len(dlq.letters))
		}
	})
	t.Run("WrongNumberOfErrors", func(t *testing.T) {
		t.Parallel()
		dlq := &deadLetterQueue{}
		h := must(t)(sqsbatch.NewBulk(func(context.Context, []sqsbatch.Message[string]) []error { return nil }, all, sqsbatch.WithDeadLetter(dlq)))
		if got := handle(t, h, ids("a", "b")); len(got) != 2 || len(dlq.letters) != 0 {
			t.Errorf("reported %v, dead-lettered %d", got, len(dlq.letters))
		}
	})
	t.Run("Decoder", func(t *testing.T) {
		t.Parallel()
		dlq := &deadLetterQueue{}
		h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[int]) error { return nil },
			sqsbatch.WithClassify(func(error) sqsbatch.Class { return sqsbatch.Class{RetryAfter: time.Minute} }), sqsbatch.WithDeadLetter(dlq)))
		if got := handle(t, h, ids("a")); len(got) != 0 || *dlq.letters[0].Attributes[sqsbatch.ReasonAttribute].StringValue != "invalid_body" {
			t.Errorf("reported %v, dead letters %+v", got, dlq.letters)
		}
	})
}

func TestPanicInClassifyChangesNoOutcome(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var report sqsbatch.Report
	h := must(t)(sqsbatch.New(failing(errDown, "a"), sqsbatch.WithClassify(func(error) sqsbatch.Class { panic("unknown") }),
		sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
	if diff := cmp.Diff([]string{"a"}, handle(t, h, ids("a", "b"))); diff != "" {
		t.Error(diff)
	}
	if err := report.Results[0].Err; err != errDown || !strings.Contains(log.String(), "panic in WithClassify") {
		t.Errorf("error %v, log %s", err, log.String())
	}
}

func TestClassifiedPanicIsLoggedWithItsStack(t *testing.T) {
	t.Parallel()
	for name, class := range map[string]sqsbatch.Class{"Permanent": {Permanent: true}, "RetryAfter": {RetryAfter: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error { panic("x") },
				sqsbatch.WithClassify(func(error) sqsbatch.Class { return class }), sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
			handle(t, h, ids("a"))
			if !strings.Contains(log.String(), "stack=") {
				t.Error(log.String())
			}
		})
	}
}

func TestRetryAfterOfReadsTheTime(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want time.Duration
		ok   bool
	}{
		"Nil":       {nil, 0, false},
		"Other":     {errDown, 0, false},
		"Permanent": {sqsbatch.Permanent(errDown), 0, false},
		"Direct":    {sqsbatch.RetryAfter(time.Minute, errDown), time.Minute, true},
		"Wrapped":   {fmt.Errorf("ship: %w", sqsbatch.RetryAfter(time.Second, errDown)), time.Second, true},
		"Joined":    {errors.Join(errDown, sqsbatch.RetryAfter(time.Second, errDown)), time.Second, true},
		"Outermost": {sqsbatch.RetryAfter(time.Minute, sqsbatch.RetryAfter(time.Hour, errDown)), time.Minute, true},
		"Zero":      {sqsbatch.RetryAfter(0, errDown), 0, true},
		"Negative":  {sqsbatch.RetryAfter(-time.Second, errDown), 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d, ok := sqsbatch.RetryAfterOf(tt.err); d != tt.want || ok != tt.ok {
				t.Errorf("%v, %v, want %v, %v", d, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestNilClassifyIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := sqsbatch.New(failing(nil), sqsbatch.WithClassify(nil)); err == nil || !strings.Contains(err.Error(), "WithClassify: no function") {
		t.Errorf("error %v", err)
	}
}
