package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
)

// hider is a queue that records how long messages were hidden, by receipt handle.
type hider struct {
	mu      sync.Mutex // guards what follows
	seconds map[string]int
	calls   int
	largest int
	result  func(handle string) error
	hang    func(ctx context.Context) error
	queues  []string // of each call
}

func (h *hider) ChangeVisibility(ctx context.Context, queueARN string, changes []sqsbatch.Visibility) []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seconds == nil {
		h.seconds = map[string]int{}
	}
	h.calls++
	h.queues = append(h.queues, queueARN)
	h.largest = max(h.largest, len(changes))
	errs := make([]error, len(changes))
	for i, change := range changes {
		if h.hang != nil {
			errs[i] = h.hang(ctx)
		}
		if h.result != nil {
			errs[i] = h.result(change.ReceiptHandle)
		}
		if errs[i] == nil {
			h.seconds[change.ReceiptHandle] = change.Seconds
		}
	}
	return errs
}

var doubling = backoff.Policy{Base: time.Second, Cap: 20 * time.Hour, Jitter: backoff.None}

func TestBackoffGrowsWithTheReceiveCount(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(errDown, "a", "b", "c"), sqsbatch.WithBackoff(queue, doubling)))
	event := events.SQSEvent{Records: []events.SQSMessage{
		record("a", "a"), received(record("b", "b"), 4), received(record("c", "c"), 60), record("d", "d"),
	}}
	handle(t, h, event)
	limit := 12*60*60 - 6*60 // SQS J10, less the longest that Lambda holds a message
	if diff := cmp.Diff(map[string]int{"r-a": 1, "r-b": 8, "r-c": limit}, queue.seconds); diff != "" {
		t.Error(diff)
	}
}

// SQS counts its twelve hours from the receive (SQS J10), and so from before the batch
// began.
func TestLongestVisibilityTimeoutExcludesTheTimeOfTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := &hider{}
		h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error {
			<-time.After(10 * time.Minute)
			return sqsbatch.RetryAfter(24*time.Hour, errDown)
		}, sqsbatch.WithBackoff(queue, doubling)))
		if handle(t, h, ids("a")); queue.seconds["r-a"] != (12*60-6-10)*60 {
			t.Errorf("hidden for %d s", queue.seconds["r-a"])
		}
	})
}

func TestDeadLetteredMessageIsNotPostponed(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.NewBulk(func(context.Context, []sqsbatch.Message[string]) []error {
		return []error{sqsbatch.Permanent(errDown), errDown, nil}
	}, sqsbatch.WithBackoff(queue, doubling), sqsbatch.WithDeadLetter(&deadLetterQueue{})))
	got := handle(t, h, events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("a2", "a"), grouped("a3", "a")}})
	if diff := cmp.Diff(map[string]int{"r-a2": 1, "r-a3": 1}, queue.seconds); diff != "" || !slices.Equal(got, []string{"a2", "a3"}) {
		t.Errorf("reported %v: %s", got, diff)
	}
}

func TestRetryAfterSetsItsOwnTime(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(sqsbatch.RetryAfter(90*time.Second, errDown), "a"), sqsbatch.WithBackoff(queue, doubling)))
	handle(t, h, ids("a", "b"))
	if diff := cmp.Diff(map[string]int{"r-a": 90}, queue.seconds); diff != "" {
		t.Error(diff)
	}
}

func TestGroupIsPostponedTogether(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(errDown, "a2"), sqsbatch.WithBackoff(queue, doubling)))
	handle(t, h, events.SQSEvent{Records: []events.SQSMessage{
		grouped("a1", "a"), received(grouped("a2", "a"), 3), grouped("a3", "a"), grouped("a4", "a"),
	}})
	if diff := cmp.Diff(map[string]int{"r-a2": 4, "r-a3": 4, "r-a4": 4}, queue.seconds); diff != "" {
		t.Error(diff)
	}
}

func TestChangesAreBatchesOfTen(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(errDown, "x"), sqsbatch.WithBackoff(queue, doubling)))
	handle(t, h, batchOf(23, "x"))
	if len(queue.seconds) != 23 || queue.calls != 3 || queue.largest != 10 {
		t.Errorf("%d hidden in %d calls of up to %d", len(queue.seconds), queue.calls, queue.largest)
	}
}

func TestPostponingIsBestEffort(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	queue := &hider{result: func(string) error { return errors.New("no network") }}
	h := must(t)(sqsbatch.New(failing(errDown, "a"), sqsbatch.WithBackoff(queue, doubling),
		sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
	if diff := cmp.Diff([]string{"a"}, handle(t, h, ids("a", "b"))); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(log.String(), `msg="messages not postponed" count=1 of=1 first_error="no network" message_ids=[a]`) {
		t.Error(log.String())
	}
}

// With any policy and any count, a message is hidden within the policy's ceiling,
// except for rounding to seconds, and within SQS's limit.
func TestVisibilityTimeoutIsInRange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := backoff.Policy{
			Base:   time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "base")),
			Jitter: backoff.Jitter(rapid.IntRange(0, 1).Draw(t, "jitter")),
		}
		count := rapid.IntRange(1, 1000).Draw(t, "count")
		queue := &hider{}
		h, err := sqsbatch.New(failing(errDown, "a"), sqsbatch.WithBackoff(queue, policy))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h(context.Background(), events.SQSEvent{Records: []events.SQSMessage{received(record("a", "a"), count)}}); err != nil {
			t.Fatal(err)
		}
		got := time.Duration(queue.seconds["r-a"]) * time.Second
		if got < 0 || got >= 12*time.Hour || got-time.Second > policy.Ceiling(count-1) {
			t.Fatalf("hidden for %v, ceiling %v", got, policy.Ceiling(count-1))
		}
	})
}

// Another environment may have deleted the message, a duplicate from SQS. That must
// not fail whole batches afterwards.
func TestDeletedMessageIsOnlyAWarning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log, metrics strings.Builder
		queue := &hider{}
		h := must(t)(sqsbatch.New(failing(errDown, "a", "c"), sqsbatch.WithBackoff(queue, backoff.Policy{Base: time.Minute, Jitter: backoff.None}),
			sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), sqsbatch.WithMetrics(&metrics, "test")))
		if diff := cmp.Diff([]string{"a"}, handle(t, h, ids("a", "b"))); diff != "" {
			t.Error(diff)
		}
		<-time.After(10 * time.Second)
		queue.result = func(handle string) error {
			if handle == "r-a" {
				return fmt.Errorf("%w: as SQS says it", sqsbatch.ErrGone)
			}
			return nil
		}
		for range 3 {
			if diff := cmp.Diff([]string{"c"}, handle(t, h, ids("c", "d"))); diff != "" {
				t.Error(diff)
			}
			<-time.After(10 * time.Second)
		}
		if strings.Count(log.String(), `level=WARN msg="a message that was reported as failed is gone`) != 1 || !strings.Contains(log.String(), "message_id=a") {
			t.Error(log.String())
		}
		if strings.Count(metrics.String(), `"PartialResponseSuspected":1`) != 1 || strings.Contains(metrics.String(), "PartialResponseIgnored") {
			t.Error(metrics.String())
		}
	})
}

// SQS deletes messages that are older than the queue's retention: a message of four
// days that does not exist is no evidence about the mapping.
func TestExpiredMessageIsNoProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := &hider{}
		h := must(t)(sqsbatch.New(failing(errDown, "old"), sqsbatch.WithBackoff(queue, backoff.Policy{Base: time.Hour, Jitter: backoff.None})))
		<-time.After(23*time.Hour + time.Second) // all are sent when the bubble begins
		handle(t, h, ids("old"))
		if handle(t, h, ids("b")); queue.calls != 1 {
			t.Errorf("probed: %d calls", queue.calls)
		}
	})
}

func TestProbeKeepsTheVisibilityTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := &hider{}
		h := must(t)(sqsbatch.New(failing(errDown, "a"), sqsbatch.WithBackoff(queue, backoff.Policy{Base: time.Minute, Jitter: backoff.None})))
		handle(t, h, ids("a"))
		<-time.After(10 * time.Second)
		handle(t, h, ids("b"))
		if queue.seconds["r-a"] != 50 || queue.calls != 2 {
			t.Errorf("hidden for %d s more in %d calls", queue.seconds["r-a"], queue.calls)
		}
		handle(t, h, ids("b"))
		if queue.calls != 2 {
			t.Error("probed twice")
		}
	})
}

func TestMappingIsCheckedBeforeTheFirstBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		asked := 0
		check := func(_ context.Context, queueARN, _ string) (bool, error) {
			if asked++; asked == 1 {
				return false, errors.New("no network")
			}
			if queueARN != standardARN {
				t.Errorf("checked %s", queueARN)
			}
			return false, nil
		}
		h := must(t)(sqsbatch.New(failing(errDown, "a"), sqsbatch.WithMappingCheck(check),
			sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
		for range 3 { // within a minute: a function without permission must not call at each batch
			if _, err := h(t.Context(), ids("a")); err != nil || asked != 1 {
				t.Errorf("checked %d times without a result: %v", asked, err)
			}
		}
		<-time.After(time.Minute)
		if _, err := h(t.Context(), ids("a", "b")); !errors.Is(err, sqsbatch.ErrIgnored) || !errors.Is(err, errDown) {
			t.Errorf("a failure was reported to a mapping that ignores it: %v", err)
		}
		if _, err := h(t.Context(), ids("b")); err != nil {
			t.Errorf("nothing failed: %v", err)
		}
		if asked != 2 || strings.Count(log.String(), "level=ERROR msg=\"the event source mapping lacks ReportBatchItemFailures") != 1 {
			t.Errorf("checked %d times; %s", asked, log.String())
		}
	})
}

// Without a route to the API (in a private subnet, for example) a request does not
// fail but blocks. The batch must have its time nevertheless.
func TestSlowMappingCheckIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		queue := &hider{hang: hang}
		ran := 0
		h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
			ran++
			return failing(errDown, "a")(ctx, m)
		}, sqsbatch.WithBackoff(queue, doubling), sqsbatch.WithMappingCheck(func(ctx context.Context, _, _ string) (bool, error) { return false, hang(ctx) })))
		if got, took := invoke(t, h, time.Second, "b"); len(got) != 0 || took != 250*time.Millisecond || ran != 1 {
			t.Errorf("of a function of 1 s: ran %d in %v, reported %v", ran, took, got)
		}
		<-time.After(time.Minute)
		ran = 0
		got, took := invoke(t, h, 3*time.Second, "a", "b")
		// 750 ms for the check; then until 100 ms before the deadline for the queue.
		if diff := cmp.Diff([]string{"a"}, got); diff != "" || ran != 2 || took != 2900*time.Millisecond {
			t.Errorf("ran %d in %v: %s", ran, took, diff)
		}
	})
}

func TestMappingIsCheckedOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	h := must(t)(sqsbatch.New(failing(errDown, "a"), sqsbatch.WithMappingCheck(func(context.Context, string, string) (bool, error) {
		asked++
		return true, nil
	})))
	for range 3 {
		if diff := cmp.Diff([]string{"a"}, handle(t, h, ids("a", "b"))); diff != "" {
			t.Error(diff)
		}
	}
	if asked != 1 {
		t.Errorf("checked %d times", asked)
	}
}
