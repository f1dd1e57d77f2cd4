package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

// function makes one that reads the queue of its own name.
func (w *world) function(queue string, handler sqsbatch.Handler, reports bool) error {
	w.server.RegisterHandler(queue, func(ctx context.Context, event []byte) ([]byte, error) {
		e, err := decodeEvent(event)
		if err != nil {
			return nil, fmt.Errorf("decode the event: %w", err)
		}
		resp, err := handler(ctx, e)
		if err != nil {
			return nil, err
		}
		return json.Marshal(resp)
	})
	if w.lives > 0 {
		return nil // the rest was kept
	}
	err := w.post("/2015-03-31/functions", map[string]any{
		"FunctionName": queue, "Role": "arn:aws:iam::" + w.server.Account() + ":role/runs-functions",
		"Runtime": "provided.al2023", "Handler": "bootstrap", "Code": map[string]any{}, "Timeout": int(w.Timeout.Seconds()),
	})
	if err != nil {
		return fmt.Errorf("make function %s: %w", queue, err)
	}
	mapping := map[string]any{"FunctionName": queue, "EventSourceArn": w.arn(queue), "BatchSize": w.BatchSize}
	if reports {
		mapping["FunctionResponseTypes"] = []string{"ReportBatchItemFailures"}
	}
	if err := w.post("/2015-03-31/event-source-mappings", mapping); err != nil {
		return fmt.Errorf("make the mapping of %s: %w", queue, err)
	}
	return nil
}

// post sends a request to Lambda in memory; nothing needs to be signed.
func (w *world) post(path string, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	r, err := http.NewRequest(http.MethodPost, w.server.URL()+path, bytes.NewReader(encoded))
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
