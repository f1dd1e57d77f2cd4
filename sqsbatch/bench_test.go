package sqsbatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

type benchBody struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

// sides are the library and the loop that one would write by hand, over the same
// work.
func sides(t testing.TB) (plain, library sqsbatch.Handler) {
	process := func(_ context.Context, body benchBody) error {
		if body.N < 0 {
			return fmt.Errorf("n is %d", body.N)
		}
		return nil
	}
	library = must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[benchBody]) error { return process(ctx, m.Body) }))
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

// Two allocations a message is what the library may cost; of a batch of ten it
// takes six in all. AllocsPerRun is not for parallel tests.
func TestAMessageCostsNoMoreThanTwoAllocations(t *testing.T) { //nolint:paralleltest // see above
	plain, library := sides(t)
	ctx, cancel := context.WithTimeout(t.Context(), farAway)
	defer cancel()
	for _, size := range []int{10, 100} {
		event := batchOf(size, `{"id":"0001","n":7}`)
		count := func(h sqsbatch.Handler) float64 { return testing.AllocsPerRun(50, func() { _, _ = h(ctx, event) }) }
		if extra := (count(library) - count(plain)) / float64(size); extra > 2 {
			t.Errorf("batch of %d: %.2f allocations a message", size, extra)
		}
	}
}

// BenchmarkHotPath measures a batch whose messages all succeed beside the plain
// loop. The difference, over the batch size, is what the library costs a message.
func BenchmarkHotPath(b *testing.B) {
	plain, library := sides(b)
	for _, size := range []int{1, 10, 1000} {
		event := batchOf(size, `{"id":"0001","n":7}`)
		ctx, cancel := context.WithTimeout(b.Context(), farAway)
		defer cancel()
		for _, side := range []struct {
			name   string
			handle sqsbatch.Handler
		}{{"plain", plain}, {"sqsbatch", library}} {
			b.Run(fmt.Sprintf("size=%d/%s", size, side.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if out, err := side.handle(ctx, event); err != nil || len(out.BatchItemFailures) > 0 {
						b.Fatal(out, err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/message")
			})
		}
	}
}
