package simulate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/sqsbatch"
)

// noLog is the logger of the functions: nothing reads their logs.
var noLog = jsonlog.New(io.Discard, slog.LevelError+1)

// RetryFactory returns the handler of a retry function. Tests use it for
// functions with a bug.
type RetryFactory func(level replay.Level, to *outbox.Outbox, aws *localaws.Server) (sqsbatch.Handler, error)

// function describes a function and its mapping. The function has the name of the
// queue that it reads.
type function struct {
	queue          string
	visibility     time.Duration // of the queue
	handler        sqsbatch.Handler
	timeout        time.Duration
	reserved       int  // concurrency; 0 reserves none
	partial        bool // the mapping has ReportBatchItemFailures
	batchSize      int
	window         time.Duration
	maxConcurrency int // of the mapping; 0 sets no maximum
}

// createFunctions creates the consumer and the retry functions. On a server that
// was restarted it registers only their handlers: the rest is in the store.
func (sim *simulation) createFunctions(ctx context.Context) error {
	consumer, err := sim.newConsumer()
	if err != nil {
		return err
	}
	err = sim.createFunction(ctx, function{
		queue:          source,
		visibility:     sim.Source.Visibility,
		handler:        sim.meter.measureEnd(consumer),
		timeout:        sim.Timeout,
		reserved:       sim.Reserved,
		partial:        sim.Mode == consume.PerMessage,
		batchSize:      sim.BatchSize,
		window:         sim.Window,
		maxConcurrency: sim.MaxConcurrency,
	})
	if err != nil {
		return err
	}

	// A message carries one replay count through all levels, so each level's
	// maximum includes those before it.
	attempts := 0
	for i, l := range sim.Levels {
		attempts += l.Attempts
		level := replay.Level{
			Number:      i + 1,
			MaxAttempts: attempts,
			Backoff:     replay.Policy(l.Base, l.Cap),
		}
		level.Backoff.Rand = sim.random.Float64
		handler, err := sim.newRetryHandler(level)
		if err != nil {
			return err
		}

		err = sim.createFunction(ctx, function{
			queue:      levelName(i + 1),
			visibility: l.Visibility,
			handler:    sim.withEventLog(levelName(i+1), handler),
			timeout:    sim.timeout(l),
			partial:    true,
			batchSize:  cmp.Or(l.BatchSize, sim.BatchSize),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// timeout returns the timeout of a level's function.
func (s *Scenario) timeout(l Level) time.Duration { return cmp.Or(l.Timeout, s.Timeout) }

// newConsumer returns the handler of the project's consumer, with its results
// recorded.
func (sim *simulation) newConsumer() (sqsbatch.Handler, error) {
	options := []sqsbatch.Option{sqsbatch.WithReport(sim.recordConsumed)}
	if sim.Idempotent {
		if sim.idempotency == nil { // outside of the server: it outlives a crash
			sim.idempotency = sqsbatch.NewMemory(24 * time.Hour)
		}
		options = append(options, sqsbatch.WithIdempotency(sim.idempotency, nil))
	}
	return consume.New(sim.Mode, noLog, options...)
}

// newRetryHandler returns the handler of a level's retry function.
func (sim *simulation) newRetryHandler(level replay.Level) (sqsbatch.Handler, error) {
	if sim.newRetry != nil {
		return sim.newRetry(level, sim.outbox, sim.server)
	}
	return replay.New(level, sim.outbox, noLog)
}

// recordConsumed records what the consumer did with a batch.
func (sim *simulation) recordConsumed(_ context.Context, r sqsbatch.Report) {
	now := sim.server.Clock().Now()
	for i := range r.Results {
		result := &r.Results[i]
		m := sim.tracker.messages[result.Message.MessageId]
		// SQS must deliver only what was sent, unchanged.
		if m == nil || m.order.body != result.Message.Body {
			sim.tracker.violate("invented", 0, "the consumer received message %s, which was never sent: %.100q", result.Message.MessageId, result.Message.Body)
			continue
		}

		what := "processed"
		detail := ""
		switch {
		case result.Outcome == sqsbatch.Succeeded && result.Duplicate:
			what = "repeated"
			m.order.skipped++
		case result.Outcome == sqsbatch.Succeeded:
			m.order.processed++
		default:
			what = "failed"
			detail = fmt.Sprint(result.Err)
			m.order.failed++
		}
		sim.tracker.logFunction(now, what, source, result.Message.MessageId, detail)
	}
}

// withEventLog returns a retry function that adds its outcome for each message to the
// event log.
func (sim *simulation) withEventLog(queue string, handler sqsbatch.Handler) sqsbatch.Handler {
	if !sim.tracker.logging {
		return handler
	}

	return func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
		resp, err := handler(ctx, event)
		now := sim.server.Clock().Now()
		failed := map[string]bool{}
		for _, f := range resp.BatchItemFailures {
			failed[f.ItemIdentifier] = true
		}

		for i := range event.Records {
			what := "replayed"
			if err != nil || failed[event.Records[i].MessageId] {
				what = "refused"
			}
			sim.tracker.logFunction(now, what, queue, event.Records[i].MessageId, "")
		}
		return resp, err
	}
}

// createFunction registers a handler and, on the first server, creates its
// function and mapping.
func (sim *simulation) createFunction(ctx context.Context, f function) error {
	sim.server.RegisterHandler(f.queue, func(ctx context.Context, event []byte) ([]byte, error) {
		e, err := decodeEvent(event)
		if err != nil {
			return nil, fmt.Errorf("decode the event: %w", err)
		}
		resp, err := f.handler(ctx, e)
		if err != nil {
			return nil, err
		}
		return json.Marshal(resp)
	})
	if sim.restarts > 0 {
		return nil
	}

	err := sim.request(http.MethodPost, "/2015-03-31/functions", map[string]any{
		"FunctionName": f.queue,
		"Role":         "arn:aws:iam::" + sim.server.Account() + ":role/runs-functions",
		"Runtime":      "provided.al2023",
		"Handler":      "bootstrap",
		"Code":         map[string]any{},
		"Timeout":      int(f.timeout.Seconds()),
	})
	if err != nil {
		return fmt.Errorf("create function %s: %w", f.queue, err)
	}

	if f.reserved > 0 {
		reservation := map[string]any{"ReservedConcurrentExecutions": f.reserved}
		if err := sim.request(http.MethodPut, "/2017-10-31/functions/"+f.queue+"/concurrency", reservation); err != nil {
			return fmt.Errorf("reserve concurrency for %s: %w", f.queue, err)
		}
	}

	if err := sim.request(http.MethodPost, "/2015-03-31/event-source-mappings", f.mapping(sim.arn(f.queue))); err != nil {
		return fmt.Errorf("create the mapping of %s: %w", f.queue, err)
	}

	// A mapping refuses a queue whose visibility timeout is below the function's
	// timeout, but the timeout can be lowered afterwards.
	if f.visibility >= f.timeout {
		return nil
	}
	_, err = sim.server.Do(ctx, "sqs", "SetQueueAttributes", &sqs.SetQueueAttributesInput{
		QueueURL:   sim.url(f.queue),
		Attributes: map[string]string{"VisibilityTimeout": seconds(f.visibility)},
	})
	return err
}

// mapping returns the request that creates the mapping.
func (f function) mapping(queueARN string) map[string]any {
	m := map[string]any{
		"FunctionName":   f.queue,
		"EventSourceArn": queueARN,
		"BatchSize":      f.batchSize,
	}
	if f.partial {
		m["FunctionResponseTypes"] = []string{"ReportBatchItemFailures"}
	}
	if f.window > 0 {
		m["MaximumBatchingWindowInSeconds"] = int(f.window.Seconds())
	}
	if f.maxConcurrency > 0 {
		m["ScalingConfig"] = map[string]any{"MaximumConcurrency": f.maxConcurrency}
	}
	return m
}

// request sends an unsigned request to Lambda in memory.
func (sim *simulation) request(method, path string, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	r, err := http.NewRequest(method, sim.server.URL()+path, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")

	resp, err := sim.server.Transport().RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()

	if resp.StatusCode >= http.StatusBadRequest {
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return fmt.Errorf("%s, and its body cannot be read: %w", resp.Status, err)
		}
		return fmt.Errorf("%s: %s", resp.Status, text)
	}
	return nil
}
