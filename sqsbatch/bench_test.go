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

// BenchmarkHotPath measures a batch whose messages all succeed beside the loop
// that one would write by hand. The difference, over the batch size, is what
// the library costs a message.
func BenchmarkHotPath(b *testing.B) {
	process := func(_ context.Context, body benchBody) error {
		if body.N < 0 {
			return fmt.Errorf("n is %d", body.N)
		}
		return nil
	}
	handler, err := sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[benchBody]) error { return process(ctx, m.Body) })
	if err != nil {
		b.Fatal(err)
	}
	plain := func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
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
	for _, size := range []int{1, 10, 1000} {
		event := batchOf(size, `{"id":"0001","n":7}`)
		ctx, cancel := context.WithTimeout(b.Context(), farAway)
		defer cancel()
		for _, side := range []struct {
			name   string
			handle sqsbatch.Handler
		}{{"plain", plain}, {"sqsbatch", handler}} {
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
