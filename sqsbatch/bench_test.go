package sqsbatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

type benchBody struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

// sides are the library and an equivalent loop without it, with the same work.
func sides(t testing.TB, options ...sqsbatch.Option) (plain, library sqsbatch.Handler) {
	process := func(_ context.Context, body benchBody) error {
		if body.N < 0 {
			return fmt.Errorf("n is %d", body.N)
		}
		return nil
	}
	library = must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[benchBody]) error { return process(ctx, m.Body) }, options...))
	plain = func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
		response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, m := range event.Records {
			var body benchBody
			err := json.Unmarshal([]byte(m.Body), &body)
			if err == nil {
				err = process(ctx, body)
			}
			if err != nil {
				response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		return response, nil
	}
	return plain, library
}

const benchBodyText = `{"id":"0001","n":7}`

// added returns the number of allocations per message that the library adds.
func added(ctx context.Context, plain, library sqsbatch.Handler, event events.SQSEvent) float64 {
	count := func(h sqsbatch.Handler) float64 { return testing.AllocsPerRun(100, func() { _, _ = h(ctx, event) }) }
	return (count(library) - count(plain)) / float64(len(event.Records))
}

// AllocsPerRun is not for parallel tests.
func TestMessageNeedsAtMostTwoAllocations(t *testing.T) { //nolint:paralleltest // see above
	ctx, cancel := context.WithTimeout(t.Context(), farAway)
	defer cancel()
	for _, concurrency := range []int{1, 10} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			plain, library := sides(t, sqsbatch.WithConcurrency(concurrency))
			for _, size := range []int{1, 10, 100} {
				if extra := added(ctx, plain, library, batchOf(size, benchBodyText)); extra > 2 {
					t.Errorf("batch of %d with concurrency %d: %.2f allocations a message", size, concurrency, extra)
				}
			}
		})
	}
}

// BenchmarkOverAPlainLoop measures what the library adds to a message of a batch
// without failures. Both sides run alternately and the medians are compared, so that
// other load affects both equally.
func BenchmarkOverAPlainLoop(b *testing.B) {
	ctx, cancel := context.WithTimeout(b.Context(), farAway)
	defer cancel()
	for _, bm := range []struct {
		name    string
		size    int
		options []sqsbatch.Option
	}{
		{"batch=1", 1, nil},
		{"batch=10", 10, nil},
		{"batch=10/concurrency=10", 10, []sqsbatch.Option{sqsbatch.WithConcurrency(10)}},
		{"batch=1000", 1000, nil},
		{"batch=10000", 10_000, nil},
	} {
		b.Run(bm.name, func(b *testing.B) {
			plain, library := sides(b, bm.options...)
			event := batchOf(bm.size, benchBodyText)
			const loop, lib = 0, 1
			var took [2][]time.Duration
			calls := max(1000/bm.size, 1) // between reads of the clock
			for b.Loop() {
				for side, handle := range [...]sqsbatch.Handler{loop: plain, lib: library} {
					began := time.Now()
					for range calls {
						if out, err := handle(ctx, event); err != nil || len(out.BatchItemFailures) > 0 {
							b.Fatal(out, err)
						}
					}
					took[side] = append(took[side], time.Since(began))
				}
			}
			perMessage := func(side int) float64 {
				slices.Sort(took[side])
				return float64(took[side][len(took[side])/2]) / float64(calls*bm.size)
			}
			b.ReportMetric(0, "ns/op") // the sum of both sides has no meaning
			b.ReportMetric(perMessage(loop), "loop-ns/msg")
			b.ReportMetric(perMessage(lib), "sqsbatch-ns/msg")
			b.ReportMetric(perMessage(lib)-perMessage(loop), "added-ns/msg")
			b.ReportMetric(added(ctx, plain, library, event), "added-allocs/msg")
		})
	}
}
