package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
)

// A registry that is unavailable must not dead-letter good messages.
func TestTemporaryDecoderErrorsAreNotPermanent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err       error
		permanent bool
		hidden    int // seconds; the backoff is 1 s
	}{
		"Malformed":  {err: errors.New("unexpected end"), permanent: true},
		"RetryAfter": {err: fmt.Errorf("registry: %w", sqsbatch.RetryAfter(time.Minute, errDown)), hidden: 60},
		"Timeout":    {err: fmt.Errorf("registry: %w", os.ErrDeadlineExceeded), hidden: 1},
		"Deadline":   {err: context.DeadlineExceeded, hidden: 1},
		"Canceled":   {err: context.Canceled, hidden: 1},
	} {
		decode := sqsbatch.WithDecoder(func(_ context.Context, m *events.SQSMessage) (string, error) {
			if m.MessageId == "bad" {
				return "", tt.err
			}
			return m.Body, nil
		})
		check := func(t *testing.T, build func(options ...sqsbatch.Option) (sqsbatch.Handler, error)) {
			t.Helper()
			queue, dlq := &hider{}, &deadLetterQueue{}
			var report sqsbatch.Report
			h := must(t)(build(decode, sqsbatch.WithBackoff(queue, doubling), sqsbatch.WithDeadLetter(dlq),
				sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
			got := handle(t, h, ids("a", "bad", "c"))
			if dead := len(dlq.letters) == 1; dead != tt.permanent || slices.Equal(got, []string{"bad"}) == tt.permanent {
				t.Errorf("dead-lettered %v, reported %v", dead, got)
			}
			var failed *sqsbatch.DecodeError
			if !errors.As(report.Results[1].Err, &failed) || queue.seconds["r-bad"] != tt.hidden {
				t.Errorf("hidden for %d s, error %v", queue.seconds["r-bad"], report.Results[1].Err)
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, func(options ...sqsbatch.Option) (sqsbatch.Handler, error) {
				return sqsbatch.New(failing(nil), options...)
			})
		})
		t.Run(name+"InBulk", func(t *testing.T) {
			t.Parallel()
			check(t, func(options ...sqsbatch.Option) (sqsbatch.Handler, error) {
				return sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error { return make([]error, len(ms)) }, options...)
			})
		})
	}
}

func TestDecoderThatHangsIsNotPermanent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dlq := &deadLetterQueue{}
		h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithDeadLetter(dlq),
			sqsbatch.WithDecoder(func(ctx context.Context, m *events.SQSMessage) (string, error) {
				if m.Body == "a" {
					<-ctx.Done()
					return "", errors.New("connection lost") // which does not wrap the context's error
				}
				return m.Body, nil
			})))
		if got, _ := invoke(t, h, 3*time.Second, "a", "b"); !slices.Equal(got, []string{"a"}) || len(dlq.letters) != 0 {
			t.Errorf("reported %v, dead-lettered %d", got, len(dlq.letters))
		}
	})
}

func TestRetryAfterHasJitter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		random float64
		jitter backoff.Jitter
		want   int
	}{
		"Least": {0, backoff.Equal, 60},
		"Half":  {0.5, backoff.Full, 75},
		"Most":  {0.9999, backoff.Decorrelated, 90},
		"None":  {0.5, backoff.None, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := &hider{}
			policy := backoff.Policy{Base: time.Second, Jitter: tt.jitter, Rand: func() float64 { return tt.random }}
			h := must(t)(sqsbatch.New(failing(sqsbatch.RetryAfter(time.Minute, errDown), "a"), sqsbatch.WithBackoff(queue, policy)))
			handle(t, h, ids("a"))
			if diff := cmp.Diff(map[string]int{"r-a": tt.want}, queue.seconds); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The messages of a throttled batch must not become visible in the same second.
func TestThrottledMessagesAreSpread(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(sqsbatch.RetryAfter(10*time.Minute, errDown), "x"), sqsbatch.WithBackoff(queue, backoff.Policy{Base: time.Second})))
	handle(t, h, batchOf(600, "x"))
	seconds := map[int]int{}
	for _, s := range queue.seconds {
		if seconds[s]++; s < 600 || s > 900 {
			t.Errorf("hidden for %d s", s)
		}
	}
	if len(seconds) < 200 { // of 300; 260 are expected
		t.Errorf("600 messages become visible in %d different seconds", len(seconds))
	}
}
