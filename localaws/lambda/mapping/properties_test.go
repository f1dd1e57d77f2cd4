package mapping

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// With any messages, function outcomes and clock steps: only processed or filtered
// messages are deleted, processed messages are deleted, others become visible again,
// and the limit on batches holds.
func TestEveryMessageIsDeletedOrBecomesVisibleAgain(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(rt *rapid.T) {
		w := newTestServiceWith(t, store.Memory(), rapid.IntRange(1, 8).Draw(rt, "bound"))
		defer w.clock.Close()
		defer w.Service.Close()
		arn := rapid.SampledFrom([]string{queueARN, fifoARN}).Draw(rt, "queue")
		top := rapid.IntRange(2, 6).Draw(rt, "cap")
		reports := rapid.Bool().Draw(rt, "reports")
		processed := map[string]bool{}
		w.functions.takes = time.Duration(rapid.IntRange(0, 40).Draw(rt, "takes")) * time.Second
		w.functions.handler = func(i invocation) Outcome { return randomOutcome(rt, i, reports, processed) }
		w.create(func(in *CreateEventSourceMappingInput) {
			in.EventSourceARN = &arn
			concurrency(top)(in)
			if arn == queueARN {
				batchSize(rapid.IntRange(1, 25).Draw(rt, "size"), rapid.IntRange(1, 20).Draw(rt, "window"))(in)
			}

			if reports {
				reporting(in)
			}

			in.FilterCriteria = &FilterCriteria{Filters: []Filter{{Pattern: ptr(`{"body":[{"anything-but":{"suffix":"filtered"}}]}`)}}}
		})

		sent := 0
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			// Everything is drawn before the first message is sent: from then on until
			// the clock was advanced, the poller may run, and its function draws
			// values too.
			var bodies []string
			if rapid.Bool().Draw(rt, "sends") {
				for range rapid.IntRange(1, 15).Draw(rt, "messages") {
					sent++
					bodies = append(bodies, fmt.Sprintf("%c:%d%s", 'a'+sent%3, sent, rapid.SampledFrom([]string{"", "", "filtered"}).Draw(rt, "kind")))
				}
			}
			pause := time.Duration(rapid.IntRange(0, 50).Draw(rt, "seconds")) * time.Second

			for _, body := range bodies {
				w.send(arn, body)
			}
			w.advance(pause)
		}

		w.functions.set(func() {
			w.functions.takes = 0
			w.functions.handler = func(i invocation) Outcome {
				for _, b := range i.bodies {
					processed[b] = true
				}
				return Outcome{}
			}
		})

		w.advance(10 * time.Minute)
		deleted := w.queues.deleted(arn)
		left := w.queues.left(arn)
		if len(left) > 0 || len(deleted) != sent || len(slices.Compact(deleted)) != sent {
			rt.Errorf("%d sent, %d deleted, %v left", sent, len(deleted), left)
		}

		for _, b := range deleted {
			if filtered := b[len(b)-1] == 'd'; processed[b] == filtered {
				rt.Errorf("%s was deleted: processed %v, filtered %v", b, processed[b], filtered)
			}
		}

		if w.functions.most > min(top, w.opts.MaxBatches) {
			rt.Errorf("%d concurrent batches, cap %d and bound %d", w.functions.most, top, w.opts.MaxBatches)
		}

		checkOrder(rt, arn, w.functions.invocations())
	})
}

// randomOutcome draws the outcome of an invocation and records what it processed.
func randomOutcome(rt *rapid.T, i invocation, reports bool, processed map[string]bool) Outcome {
	note := func(ok func(string) bool) {
		for _, b := range i.bodies {
			processed[b] = processed[b] || ok(b)
		}
	}

	switch rapid.SampledFrom([]string{"done", "error", "throttled", "refused", "partial", "malformed"}).Draw(rt, "outcome") {
	case "error":
		return Outcome{FunctionError: true}
	case "throttled":
		return Outcome{Err: throttled}
	case "refused":
		return Outcome{Err: noFn}
	case "malformed":
		if reports {
			return Outcome{Payload: []byte(`{"batchItemFailures":[{}]}`)}
		}
	case "partial":
		if reports {
			n := rapid.IntRange(0, len(i.ids)-1).Draw(rt, "first failed")
			payload := `{"batchItemFailures":[`
			for k, id := range i.ids[n:] {
				if k > 0 {
					payload += ","
				}
				payload += fmt.Sprintf(`{"itemIdentifier":%q}`, id)
			}

			failed := i.bodies[n:]
			note(func(b string) bool { return !slices.Contains(failed, b) })
			return Outcome{Payload: []byte(payload + "]}")}
		}
	}

	note(func(string) bool { return true })
	return Outcome{}
}

// checkOrder checks that a FIFO group's messages first reach the function in the
// sequence in which they were sent (LAM B27).
func checkOrder(rt *rapid.T, arn string, all []invocation) {
	if arn != fifoARN {
		return
	}

	last := map[byte]int{}
	seen := map[string]bool{}
	for _, i := range all {
		for _, b := range i.bodies {
			if seen[b] {
				continue
			}

			seen[b] = true
			var n int
			fmt.Sscanf(b[2:], "%d", &n)
			if n < last[b[0]] {
				rt.Errorf("group %c: message %d came first after %d", b[0], n, last[b[0]])
			}

			last[b[0]] = n
		}
	}
}

// The same inputs give the same invocations at the same times.
func TestSameInputsGiveSameInvocations(t *testing.T) {
	t.Parallel()

	run := func() []invocation {
		w := newTestService(t)
		n := 0
		w.functions.takes = 700 * time.Millisecond
		w.functions.handler = func(invocation) Outcome {
			if n++; n%3 == 0 {
				return Outcome{Err: &awsapi.Error{Code: "TooManyRequestsException", Status: 429}}
			}
			return Outcome{FunctionError: n%4 == 0}
		}

		w.create(batchSize(2, 0))
		for range 10 {
			w.send(queueARN, numbered(17)...)
			w.advance(7 * time.Second)
		}

		w.advance(10 * time.Minute)
		return w.functions.invocations()
	}

	first := run()
	second := run()
	if len(first) < 85 {
		t.Fatalf("only %d invocations", len(first))
	}

	for i := range first {
		if !first[i].at.Equal(second[i].at) || !slices.Equal(first[i].ids, second[i].ids) {
			t.Fatalf("invocation %d: %v at %v, then %v at %v", i, first[i].ids, first[i].at, second[i].ids, second[i].at)
		}
	}
}
