package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/sqsbatch"
)

func TestAFailureReturnsTheRestOfItsGroup(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{1, 4} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			var mu sync.Mutex
			var ran []string
			h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
				mu.Lock()
				defer mu.Unlock()
				ran = append(ran, m.Body)
				return failing(errDown, "a2")(ctx, m)
			}, sqsbatch.WithConcurrency(concurrency)))
			event := events.SQSEvent{Records: []events.SQSMessage{
				grouped("a1", "a"), grouped("b1", "b"), grouped("a2", "a"), grouped("a3", "a"), grouped("b2", "b"),
			}}
			// LAM B38: Lambda deletes messages that are not listed, so a3 must be
			// listed.
			if diff := cmp.Diff([]string{"a2", "a3"}, handle(t, h, event)); diff != "" {
				t.Error(diff)
			}
			slices.Sort(ran)
			if diff := cmp.Diff([]string{"a1", "a2", "b1", "b2"}, ran); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// No message of b failed: the group is returned because the batch stopped. It is
// postponed as if it had been tried.
func TestGroupsThatWereNotStartedHaveTheReasonOfTheBatch(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	var report sqsbatch.Report
	h := must(t)(sqsbatch.New(failing(errDown, "a1"), sqsbatch.WithBreaker(1, 1), sqsbatch.WithBackoff(queue, doubling),
		sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
	handle(t, h, events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("a2", "a"), grouped("b1", "b"), grouped("b2", "b")}})
	for i, want := range []error{errDown, sqsbatch.ErrGroup, sqsbatch.ErrBreaker, sqsbatch.ErrBreaker} {
		t.Run(fmt.Sprint(want), func(t *testing.T) {
			if got := report.Results[i].Err; !errors.Is(got, want) {
				t.Errorf("%s: %v, want %v", report.Results[i].OriginID(), got, want)
			}
		})
	}
	if diff := cmp.Diff(map[string]int{"r-a1": 1, "r-a2": 1, "r-b1": 1, "r-b2": 1}, queue.seconds); diff != "" {
		t.Error(diff)
	}
}

func TestGroupIDOnAStandardQueueIsIgnored(t *testing.T) {
	t.Parallel()
	event := events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("a2", "a")}}
	for i := range event.Records {
		event.Records[i].EventSourceARN = standardARN // SQS F9: fair queues
	}
	h := must(t)(sqsbatch.New(failing(errDown, "a1")))
	if diff := cmp.Diff([]string{"a1"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}
}

func TestBulkFailureFailsTheRestOfItsGroup(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error {
		errs := make([]error, len(ms))
		for i, m := range ms {
			errs[i] = failing(errDown, "a2")(t.Context(), m)
		}
		return errs
	}))
	event := events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("b1", "b"), grouped("a2", "a"), grouped("a3", "a")}}
	if diff := cmp.Diff([]string{"a2", "a3"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}
}

// With any batch and any failures: each message runs at most once, in sequence within
// its group, and exactly the messages that failed or follow a failure are reported.
func TestFailedMessagesAndTheirGroupsAreReported(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c"}), 1, 30).Draw(t, "groups")
		bad := map[string]bool{}
		var event events.SQSEvent
		for i, group := range groups {
			m := grouped(string(rune('A'+i)), group)
			if group == "" {
				m.EventSourceARN = standardARN
			}
			if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
				bad[m.MessageId] = true
			}
			event.Records = append(event.Records, m)
		}
		var mu sync.Mutex
		ran := map[string][]string{}
		h, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
			mu.Lock()
			defer mu.Unlock()
			ran[m.Group()] = append(ran[m.Group()], m.ID())
			if bad[m.ID()] {
				return errDown
			}
			return nil
		}, sqsbatch.WithConcurrency(rapid.IntRange(1, 5).Draw(t, "concurrency")))
		if err != nil {
			t.Fatal(err)
		}
		response, err := h(context.Background(), event)
		if err != nil {
			t.Fatal(err)
		}
		wantFailed, wantRan := []string{}, map[string][]string{}
		broken := map[string]bool{}
		for i, m := range event.Records {
			group := groups[i]
			if group == "" || !broken[group] {
				wantRan[group] = append(wantRan[group], m.MessageId)
				broken[group] = bad[m.MessageId]
			}
			if bad[m.MessageId] || group != "" && broken[group] {
				wantFailed = append(wantFailed, m.MessageId)
			}
		}
		slices.Sort(ran[""]) // without a group, any sequence is correct
		slices.Sort(wantRan[""])
		if diff := cmp.Diff(wantFailed, failed(response)); diff != "" {
			t.Errorf("reported: %s", diff)
		}
		if len(groups) > 0 {
			for _, group := range []string{"", "a", "b", "c"} {
				if diff := cmp.Diff(wantRan[group], ran[group]); diff != "" {
					t.Errorf("ran of group %q: %s", group, diff)
				}
			}
		}
	})
}
