package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/sqsbatch"
)

// reader is a function that reads the queue of its own name, and its mapping.
type reader struct {
	queue          string
	visibility     time.Duration // of the queue
	handler        sqsbatch.Handler
	timeout        time.Duration
	reserved       int // concurrency; 0 reserves none
	reports        bool
	batchSize      int
	window         time.Duration
	maxConcurrency int // of the mapping; 0 is no bound
}

// function makes a function and its mapping.
func (w *world) function(ctx context.Context, r reader) error {
	w.server.RegisterHandler(r.queue, func(ctx context.Context, event []byte) ([]byte, error) {
		e, err := decodeEvent(event)
		if err != nil {
			return nil, fmt.Errorf("decode the event: %w", err)
		}
		resp, err := r.handler(ctx, e)
		if err != nil {
			return nil, err
		}
		return json.Marshal(resp)
	})
	if w.lives > 0 {
		return nil // the rest was kept
	}
	err := w.request(http.MethodPost, "/2015-03-31/functions", map[string]any{
		"FunctionName": r.queue, "Role": "arn:aws:iam::" + w.server.Account() + ":role/runs-functions",
		"Runtime": "provided.al2023", "Handler": "bootstrap", "Code": map[string]any{}, "Timeout": int(r.timeout.Seconds()),
	})
	if err != nil {
		return fmt.Errorf("make function %s: %w", r.queue, err)
	}
	if r.reserved > 0 {
		reservation := map[string]any{"ReservedConcurrentExecutions": r.reserved}
		if err := w.request(http.MethodPut, "/2017-10-31/functions/"+r.queue+"/concurrency", reservation); err != nil {
			return fmt.Errorf("reserve concurrency for %s: %w", r.queue, err)
		}
	}
	if err := w.request(http.MethodPost, "/2015-03-31/event-source-mappings", r.mapping(w.arn(r.queue))); err != nil {
		return fmt.Errorf("make the mapping of %s: %w", r.queue, err)
	}
	if r.visibility >= r.timeout {
		return nil
	}
	_, err = w.server.Do(ctx, "sqs", "SetQueueAttributes", &sqs.SetQueueAttributesInput{
		QueueURL: w.url(r.queue), Attributes: map[string]string{"VisibilityTimeout": seconds(r.visibility)},
	})
	return err
}

// mapping is the request that makes the mapping.
func (r reader) mapping(queueARN string) map[string]any {
	m := map[string]any{"FunctionName": r.queue, "EventSourceArn": queueARN, "BatchSize": r.batchSize}
	if r.reports {
		m["FunctionResponseTypes"] = []string{"ReportBatchItemFailures"}
	}
	if r.window > 0 {
		m["MaximumBatchingWindowInSeconds"] = int(r.window.Seconds())
	}
	if r.maxConcurrency > 0 {
		m["ScalingConfig"] = map[string]any{"MaximumConcurrency": r.maxConcurrency}
	}
	return m
}

// request sends a request to Lambda in memory; nothing needs to be signed.
func (w *world) request(method, path string, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	r, err := http.NewRequest(method, w.server.URL()+path, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := w.server.Transport().RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		answer, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return nil
}

// noted is a retry function that says in the log what it did.
func (w *world) noted(queue string, handler sqsbatch.Handler) sqsbatch.Handler {
	if !w.ledger.logging {
		return handler
	}
	return func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
		resp, err := handler(ctx, event)
		now := w.server.Clock().Now()
		failed := map[string]bool{}
		for _, f := range resp.BatchItemFailures {
			failed[f.ItemIdentifier] = true
		}
		for i := range event.Records {
			what := "replayed"
			if err != nil || failed[event.Records[i].MessageId] {
				what = "refused"
			}
			w.ledger.note(now, what, queue, event.Records[i].MessageId, "")
		}
		return resp, err
	}
}
