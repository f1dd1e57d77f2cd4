package mapping

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

func batchSize(n, window int) func(*CreateEventSourceMappingInput) {
	return func(in *CreateEventSourceMappingInput) {
		in.BatchSize = &n
		in.MaximumBatchingWindowInSeconds = &window
	}
}

func concurrency(n int) func(*CreateEventSourceMappingInput) {
	return func(in *CreateEventSourceMappingInput) { in.ScalingConfig = &ScalingConfig{MaximumConcurrency: &n} }
}

func reporting(in *CreateEventSourceMappingInput) {
	in.FunctionResponseTypes = []string{"ReportBatchItemFailures"}
}

func fromFIFO(in *CreateEventSourceMappingInput) { in.EventSourceARN = ptr(fifoARN) }

func numbered(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("m%03d", i))
	}
	return out
}

func TestWithoutWindowTheFirstReceiveIsInvoked_B25(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	w.send(queueARN, "a", "b", "c")
	w.runDue()
	w.wantBatches([]string{"a", "b", "c"})
	if left := w.queues.left(queueARN); len(left) != 0 {
		t.Errorf("left in the queue: %v", left)
	}
}

func TestFullBatchIsInvoked_B25(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create(batchSize(3, 0))
	w.send(queueARN, numbered(7)...)
	w.runDue()
	w.wantBatches(numbered(7)[:3], numbered(7)[3:6], numbered(7)[6:])
}

func TestBatchIsInvokedWhenItsWindowEnds_B25(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create(batchSize(10, 5))
	w.advance(time.Second)
	w.send(queueARN, "a")
	w.advance(4 * time.Second)
	w.send(queueARN, "b")
	w.advance(999 * time.Millisecond)
	w.wantBatches()
	w.advance(time.Millisecond)
	w.wantBatches([]string{"a", "b"})
	if at := w.functions.invocations()[0].at.Sub(start); at != 6*time.Second {
		t.Errorf("invoked at %s, want 5 s after the first receive", at)
	}
}

func TestFullBatchDoesNotWaitForItsWindow_B25(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create(batchSize(20, 20))
	w.send(queueARN, numbered(25)...)
	w.runDue()
	w.wantBatches(numbered(25)[:20])
	w.advance(20 * time.Second)
	w.wantBatches(numbered(25)[:20], numbered(25)[20:])
}

func TestPayloadStaysWithinSixMegabytes_B25(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	w.send(queueARN, tenLarge("")...)
	w.runDue()
	total := 0
	for _, i := range w.functions.invocations() {
		if len(i.event) > 6<<20 {
			t.Errorf("event of %d bytes", len(i.event))
		}
		total += len(i.bodies)
	}

	if total != 10 || len(w.functions.invocations()) != 2 {
		t.Errorf("%d messages in %d batches, want 10 in 2", total, len(w.functions.invocations()))
	}

	if n := len(w.queues.deleted(queueARN)); n != 10 {
		t.Errorf("%d deleted, want 10", n)
	}
}

// tenLarge returns ten bodies of a megabyte each after escaping.
func tenLarge(prefix string) []string {
	var out []string
	for i := range 10 {
		out = append(out, prefix+fmt.Sprint(i)+strings.Repeat(`"`, 500_000))
	}
	return out
}

func TestThirtyMessagesMakeTwoBatches_B26(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create(batchSize(20, 1), concurrency(2))
	w.send(queueARN, numbered(30)...)
	w.advance(2 * time.Second)
	got := w.functions.batches()
	if len(got) != 2 || len(got[0])+len(got[1]) != 30 {
		t.Errorf("batches %q, want two with all 30 messages", got)
	}
}

func TestStartsWithFiveBatches_B24(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.takes = 20 * time.Second
	w.create(batchSize(1, 0))
	w.send(queueARN, numbered(100)...)
	w.runDue()
	if n := len(w.functions.invocations()); n != 5 {
		t.Errorf("%d concurrent batches, want 5", n)
	}

	w.advance(time.Second)
	if n := len(w.functions.invocations()); n != 10 {
		t.Errorf("%d batches after a second of backlog, want 10: 300 more a minute", n)
	}

	if held := 100 - len(untouched(w, queueARN)); held != 10 {
		t.Errorf("%d messages received, want the 10 that were invoked with", held)
	}
}

// untouched lists the messages that were never received.
func untouched(w *testService, arn string) []string {
	var out []string
	for body, receives := range w.queues.left(arn) {
		if receives == 0 {
			out = append(out, body)
		}
	}
	return out
}

func TestLimitReturnsToFiveWhenIdle_B24(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.takes = 2 * time.Second
	w.create(batchSize(1, 0))
	w.send(queueARN, numbered(60)...)
	w.advance(time.Minute)
	w.functions.most = 0
	w.send(queueARN, numbered(20)...)
	w.advance(100 * time.Millisecond)
	if w.functions.most != 5 {
		t.Errorf("%d concurrent batches after an idle period, want 5", w.functions.most)
	}
}

func TestMaxBatchesLimitsBatches_B24(t *testing.T) {
	t.Parallel()

	w := newTestServiceWith(t, store.Memory(), 3)
	w.functions.takes = 20 * time.Second
	w.create(batchSize(1, 0))
	w.send(queueARN, numbered(100)...)
	w.advance(10 * time.Second)
	if w.functions.most != 3 {
		t.Errorf("%d concurrent batches, want 3", w.functions.most)
	}
}

func TestMaximumConcurrencyLeavesMessagesInTheQueue_B28(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.takes = 10 * time.Second
	w.create(batchSize(2, 0), concurrency(2))
	w.send(queueARN, numbered(20)...)
	w.advance(9 * time.Second)
	if w.functions.most != 2 {
		t.Errorf("%d concurrent batches, want 2", w.functions.most)
	}

	if n := len(untouched(w, queueARN)); n != 16 {
		t.Errorf("%d messages not received, want 16: waiting must not use up receives", n)
	}

	w.advance(100 * time.Second)
	if w.functions.most != 2 || len(w.queues.deleted(queueARN)) != 20 {
		t.Errorf("%d concurrent batches, %d deleted; want 2 and 20", w.functions.most, len(w.queues.deleted(queueARN)))
	}
}

func TestProvisionedPollersHaveTenInvocationsEach_B29(t *testing.T) {
	t.Parallel()

	w := newTestServiceWith(t, store.Memory(), 1000)
	w.functions.takes = 20 * time.Second
	w.create(batchSize(1, 0), func(in *CreateEventSourceMappingInput) {
		in.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: ptr(2), MaximumPollers: ptr(4)}
	})

	w.send(queueARN, numbered(100)...)
	w.runDue()
	if w.functions.most != 20 {
		t.Errorf("%d concurrent batches, want 20", w.functions.most)
	}

	w.advance(10 * time.Second)
	if w.functions.most != 40 {
		t.Errorf("%d concurrent batches under backlog, want 40", w.functions.most)
	}
}

func TestFIFORunsOneBatchPerGroup_B27(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.takes = 5 * time.Second
	w.create(fromFIFO, batchSize(1, 0))
	w.send(fifoARN, "a:1", "a:2", "b:1", "a:3", "c:1")
	w.runDue()
	w.wantBatches([]string{"a:1"}, []string{"b:1"}, []string{"c:1"})
	w.advance(5 * time.Second)
	w.wantBatches([]string{"a:1"}, []string{"b:1"}, []string{"c:1"}, []string{"a:2"})
	w.advance(10 * time.Second)
	if got, want := w.queues.deleted(fifoARN), []string{"a:1", "a:2", "a:3", "b:1", "c:1"}; !slices.Equal(got, want) {
		t.Errorf("deleted %q, want %q", got, want)
	}
}

func TestFIFOOverflowWaitsForTheMessagesBeforeIt_B27(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.takes = time.Second
	var fails bool
	w.functions.handler = func(i invocation) Outcome { return Outcome{FunctionError: fails && i.bodies[0][:2] == "a0"} }
	fails = true
	w.create(fromFIFO)
	w.send(fifoARN, tenLarge("a")...)
	w.advance(10 * time.Second)
	if n := len(w.functions.invocations()); n != 1 {
		t.Fatalf("%d invocations, want 1: the messages after a failed one in its group must not run", n)
	}

	w.functions.set(func() { fails = false })
	w.advance(40 * time.Second)
	var order string
	for _, i := range w.functions.invocations()[1:] {
		for _, b := range i.bodies {
			order += b[1:2]
		}
	}

	if order != "0123456789" {
		t.Errorf("sequence %s after the failure", order)
	}
}

func TestDisabledMappingDoesNotTrigger_F7(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create(func(in *CreateEventSourceMappingInput) { in.Enabled = ptr(false) })
	w.send(queueARN, "a")
	w.advance(time.Minute)
	w.wantBatches()
	if w.queues.receives != 0 {
		t.Errorf("%d receives while disabled", w.queues.receives)
	}
}

func TestDisablingAbandonsThePendingBatch(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	out := w.create(batchSize(10, 60))
	w.send(queueARN, "a")
	w.runDue()
	w.update(out.UUID, func(in *UpdateEventSourceMappingInput) { in.Enabled = ptr(false) })
	w.advance(2 * time.Minute)
	w.wantBatches()
	if got := w.queues.left(queueARN)["a"]; got != 1 {
		t.Errorf("received %d times, want 1", got)
	}
}

func TestDeletingLetsInvocationsInProgressEnd(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.takes = 5 * time.Second
	out := w.create(batchSize(1, 0), concurrency(2))
	w.send(queueARN, "a", "b", "c")
	w.runDue()
	if _, err := w.DeleteEventSourceMapping(t.Context(), w.call, &DeleteEventSourceMappingInput{UUID: out.UUID}); err != nil {
		t.Fatal(err)
	}

	w.advance(time.Minute)
	if got, want := w.queues.deleted(queueARN), []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("deleted %q, want %q", got, want)
	}

	w.wantBatches([]string{"a"}, []string{"b"})
}

func TestTwoMappingsShareAQueue(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.known["other"] = Function{
		ARN:     functionARN + "2",
		Name:    "other",
		Timeout: time.Second,
		Role:    roleARN,
	}

	w.functions.takes = 10 * time.Second
	w.create(batchSize(1, 0))
	w.create(batchSize(1, 0), func(in *CreateEventSourceMappingInput) { in.FunctionName = ptr("other") })
	w.send(queueARN, numbered(10)...)
	w.runDue()
	byFunction := map[string]int{}
	for _, i := range w.functions.invocations() {
		byFunction[i.arn]++
	}

	if want := map[string]int{functionARN: 5, functionARN + "2": 5}; !cmp.Equal(byFunction, want) {
		t.Errorf("invocations %v, want %v", byFunction, want)
	}
}

func TestTraceHeaderOfTheFirstMessageGoesToTheFunction(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create(batchSize(10, 1))
	w.clock.Begin()
	w.queues.sendMessage(queueARN, Message{Body: "a", System: map[string]string{"AWSTraceHeader": "Root=1-a;Lineage=1:b:0"}})
	w.queues.sendMessage(queueARN, Message{Body: "b", System: map[string]string{"AWSTraceHeader": "Root=1-c"}})
	w.clock.End()
	w.advance(time.Second)
	if got := w.functions.invocations(); len(got) != 1 || got[0].trace != "Root=1-a;Lineage=1:b:0" {
		t.Errorf("invocations %+v", got)
	}
}

func TestEventCounts_E32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = func(i invocation) Outcome {
		return Outcome{Payload: fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":%q}]}`, i.ids[0])}
	}

	w.create(reporting, func(in *CreateEventSourceMappingInput) {
		in.MetricsConfig = &MetricsConfig{Metrics: []string{"EventCount"}}
		in.FilterCriteria = &FilterCriteria{Filters: []Filter{{Pattern: ptr(`{"body":[{"anything-but":"no"}]}`)}}}
	})

	w.send(queueARN, "a", "b", "no", "c")
	w.runDue()
	want := map[string]int{
		"PolledEventCount":       4,
		"FilteredOutEventCount":  1,
		"InvokedEventCount":      3,
		"FailedInvokeEventCount": 1,
		"DeletedEventCount":      2,
	}

	if diff := cmp.Diff(want, w.metrics.counts); diff != "" {
		t.Errorf("counts differ (-want +got):\n%s", diff)
	}
}

func TestCountsAreOptIn_E32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	w.send(queueARN, "a")
	w.runDue()
	if len(w.metrics.counts) != 0 {
		t.Errorf("counted %v without being enabled", w.metrics.counts)
	}
}

func TestFilteredMessagesAreDeletedAndDoNotCount_B40(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create(batchSize(2, 10), func(in *CreateEventSourceMappingInput) {
		in.FilterCriteria = &FilterCriteria{Filters: []Filter{{Pattern: ptr(`{"body":{"ok":[true]}}`)}}}
	})
	w.send(queueARN, `{"ok":true,"n":1}`, `{"ok":false}`, `plain`, `{ "ok" : true, "n" : 2 }`)
	w.runDue()
	w.wantBatches([]string{`{"ok":true,"n":1}`, `{ "ok" : true, "n" : 2 }`}) // LAM B44: byte for byte
	if left := w.queues.left(queueARN); len(left) != 0 {
		t.Errorf("left in the queue: %v", left)
	}
}

// Signals, ends of invocations and the clock run in many goroutines, and each message
// is still processed once and deleted.
func TestPollerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()

	w := newTestServiceOn(t, clock.Real, store.Memory(), 0)
	w.create(batchSize(3, 1), concurrency(4))
	const senders, each = 4, 600 // the total is a multiple of the batch size: no batch waits for its window
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				for len(w.queues.left(queueARN)) > 20 { // so that signals arrive while others are in progress
					runtime.Gosched()
				}
				w.queues.send(queueARN, fmt.Sprintf("%d-%d", s, i))
			}
		})
	}

	wg.Wait()
	for len(w.queues.deleted(queueARN)) < senders*each {
		if err := w.clock.Idle(t.Context()); err != nil {
			t.Fatalf("%d of %d deleted: %v", len(w.queues.deleted(queueARN)), senders*each, err)
		}
		runtime.Gosched()
	}

	if n := len(slices.Compact(w.queues.deleted(queueARN))); n != senders*each {
		t.Errorf("%d messages deleted, want %d", n, senders*each)
	}

	if w.functions.most > 4 {
		t.Errorf("%d concurrent batches, cap 4", w.functions.most)
	}
}
