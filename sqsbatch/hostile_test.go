package sqsbatch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
)

// nilError is an error whose methods panic for a nil pointer, which handlers return by
// mistake.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }
func (e *nilError) Unwrap() error { return errors.New(e.text) }

// explosive is a store and a sender that panic for message b.
type explosive struct {
	sqsbatch.IdempotencyStore
	at string
}

func (e explosive) Claim(ctx context.Context, key string, until time.Time) (string, error) {
	if e.at == "claim" && key == "b" {
		panic("claim")
	}
	return e.IdempotencyStore.Claim(ctx, key, until)
}

func (e explosive) Complete(ctx context.Context, key, token string) error {
	if e.at == "complete" && key == "b" {
		panic("complete")
	}
	return e.IdempotencyStore.Complete(ctx, key, token)
}

func (explosive) SendDeadLetter(context.Context, sqsbatch.DeadLetter) error { panic("send") }

// If any part panics at message b, the others are processed and logs and metrics are
// written.
func TestPanicFailsOnlyItsMessage(t *testing.T) {
	t.Parallel()
	store := func(at string) func() sqsbatch.Option {
		return func() sqsbatch.Option {
			return sqsbatch.WithIdempotency(explosive{sqsbatch.NewMemory(time.Hour), at}, nil)
		}
	}
	plain := func(o sqsbatch.Option) func() sqsbatch.Option { return func() sqsbatch.Option { return o } }
	for name, tt := range map[string]struct {
		handlerErr error // of b
		option     func() sqsbatch.Option
		want       []string
	}{
		"Key": {option: plain(sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), func(m *events.SQSMessage) string {
			return *m.MessageAttributes["key"].StringValue
		})), want: []string{"b"}},
		"Decoder": {option: plain(sqsbatch.WithDecoder(func(_ context.Context, m *events.SQSMessage) (string, error) {
			if m.Body == "b" {
				panic("decoder")
			}
			return m.Body, nil
		})), want: []string{"b"}},
		"Claim":       {option: store("claim"), want: []string{"b"}},
		"Complete":    {option: store("complete"), want: []string{}}, // b is processed: its claim expires
		"Send":        {handlerErr: sqsbatch.Permanent(errDown), option: plain(sqsbatch.WithDeadLetter(explosive{})), want: []string{"b"}},
		"NilPointer":  {handlerErr: (*nilError)(nil), option: plain(sqsbatch.WithResponseTime(0)), want: []string{"b"}},
		"NilUnwrap":   {handlerErr: fmt.Errorf("wrapped: %w", (*nilError)(nil)), option: plain(sqsbatch.WithResponseTime(0)), want: []string{"b"}},
		"NilToBeDead": {handlerErr: sqsbatch.Permanent((*nilError)(nil)), option: plain(sqsbatch.WithDeadLetter(&deadLetterQueue{})), want: []string{"b"}},
		"TraceBegins": {option: plain(sqsbatch.WithTrace(func(ctx context.Context, _ sqsbatch.Trace, m *events.SQSMessage) (context.Context, func(error)) {
			if m.MessageId == "b" {
				panic("trace")
			}
			return ctx, func(error) {}
		})), want: []string{"b"}},
		"TraceEnds": {option: plain(sqsbatch.WithTrace(func(ctx context.Context, _ sqsbatch.Trace, m *events.SQSMessage) (context.Context, func(error)) {
			return ctx, func(error) {
				if m.MessageId == "b" {
					panic("trace")
				}
			}
		})), want: []string{}}, // b is processed
		"TraceWithoutContext": {option: plain(sqsbatch.WithTrace(func(_ context.Context, _ sqsbatch.Trace, m *events.SQSMessage) (context.Context, func(error)) {
			return nil, nil
		})), handlerErr: errDown, want: []string{"b"}},
	} {
		for _, concurrency := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, concurrency), func(t *testing.T) {
				t.Parallel()
				var log, metrics bytes.Buffer
				h := must(t)(sqsbatch.New(failing(tt.handlerErr, "b"), sqsbatch.WithConcurrency(concurrency), tt.option(),
					sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), sqsbatch.WithMetrics(&metrics, "test"),
					sqsbatch.WithBackoff(&hider{}, doubling)))
				event := ids("a", "b", "c")
				event.Records[0], event.Records[2] = with(event.Records[0], "key", "1"), with(event.Records[2], "key", "3")
				if diff := cmp.Diff(tt.want, handle(t, h, event)); diff != "" {
					t.Error(diff)
				}
				if !strings.Contains(log.String(), "message_id=b") || !strings.Contains(metrics.String(), `"Processed":`) {
					t.Errorf("log %s\nmetrics %s", log.String(), metrics.String())
				}
			})
		}
	}
}

func TestPanicInTheMappingCheckDoesNotFailTheInvocation(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	h := must(t)(sqsbatch.New(failing(errDown, "b"), sqsbatch.WithMappingCheck(func(context.Context, string, string) (bool, error) { panic("check") }),
		sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
	if diff := cmp.Diff([]string{"b"}, handle(t, h, ids("a", "b"))); diff != "" || !strings.Contains(log.String(), `msg="mapping not checked" error="panic: check"`) {
		t.Errorf("%s %s", diff, log.String())
	}
}

func TestBulkDecoderPanicFailsOnlyItsMessage(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error { return make([]error, len(ms)) },
		sqsbatch.WithDecoder(func(_ context.Context, m *events.SQSMessage) (string, error) {
			if m.Body == "b" {
				panic("decoder")
			}
			return m.Body, nil
		})))
	if diff := cmp.Diff([]string{"b"}, handle(t, h, ids("a", "b", "c"))); diff != "" {
		t.Error(diff)
	}
}

func TestSpanEndsWithThePanic(t *testing.T) {
	t.Parallel()
	var ended error
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error { panic(errDown) },
		sqsbatch.WithTrace(func(ctx context.Context, _ sqsbatch.Trace, _ *events.SQSMessage) (context.Context, func(error)) {
			return ctx, func(err error) { ended = err }
		})))
	if got := handle(t, h, ids("a")); len(got) != 1 || !errors.Is(ended, errDown) {
		t.Errorf("reported %v, span ended with %v", got, ended)
	}
}

// Lambda sends batches of one queue. Other callers of a function may send any event.
func TestMessagesOfTwoQueuesArePostponedInEach(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(errDown, "a", "b", "c"), sqsbatch.WithBackoff(queue, doubling)))
	event := ids("a", "b", "c")
	event.Records[1].EventSourceARN += "-other"
	handle(t, h, event)
	slices.Sort(queue.queues)
	if diff := cmp.Diff([]string{standardARN, standardARN, standardARN + "-other"}, queue.queues); diff != "" || len(queue.seconds) != 3 {
		t.Errorf("%v: %s", queue.seconds, diff)
	}
}

func TestGroupsOfTwoQueuesAreIndependent(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(failing(errDown, "a1")))
	event := events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("other", "a"), grouped("a2", "a")}}
	event.Records[1].EventSourceARN = "arn:aws:sqs:us-east-1:000000000000:other.fifo"
	if diff := cmp.Diff([]string{"a1", "a2"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}
}

// A mapping with a batching window may send ten thousand (LAM B7).
func TestLargestBatchIsProcessed(t *testing.T) {
	t.Parallel()
	event := batchOf(10_000, "x")
	for i := range event.Records {
		if i%100 == 7 {
			event.Records[i].Body = "bad"
		}
	}
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(errDown, "bad"), sqsbatch.WithConcurrency(100), sqsbatch.WithBackoff(queue, doubling),
		sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil), sqsbatch.WithMetrics(io.Discard, "test")))
	if got := handle(t, h, event); len(got) != 100 || queue.calls != 10 || len(queue.seconds) != 100 {
		t.Errorf("%d reported, %d hidden in %d calls", len(got), len(queue.seconds), queue.calls)
	}
}

func TestInvalidRecordIsProcessed(t *testing.T) {
	t.Parallel()
	m := record("a", "")
	m.Attributes = map[string]string{
		"ApproximateReceiveCount": "99999999999999999999999", "SentTimestamp": "-1e9", "AWSTraceHeader": strings.Repeat("Root=1-;", 1000),
	}
	queue := &hider{}
	var count int
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		count = m.ReceiveCount()
		return errDown
	}, sqsbatch.WithBackoff(queue, backoff.Policy{Base: time.Second, Cap: time.Hour, Jitter: backoff.None})))
	handle(t, h, events.SQSEvent{Records: []events.SQSMessage{m}})
	if count < 1 || queue.seconds["r-a"] != 3600 {
		t.Errorf("received %d times, hidden for %d s", count, queue.seconds["r-a"])
	}
}

// FuzzEvent passes events like the Runtime API client. For any event, the response
// lists only messages of the event, as often as they are unprocessed, and no message
// is hidden for longer than SQS allows.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{
		`{"Records":[{"messageId":"a","receiptHandle":"r","body":"{\"n\":1}","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1"},` +
			`"messageAttributes":{"n":{"stringValue":"12","dataType":"Number"},"b":{"binaryValue":"AA==","dataType":"Binary"}},` +
			`"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:q.fifo"}]}`,
		`{"Records":[{"messageId":"a","body":null},{"messageId":"a"},{"messageId":"","attributes":null,"messageAttributes":{"n":{}}}]}`,
		`{"Records":[{"messageId":"x","body":"[]","attributes":{"ApproximateReceiveCount":"-7","MessageGroupId":"g"},"eventSourceARN":".fifo"}]}`,
		`{"Records":null}`, `{}`, `[]`, `null`, `{"Records":[null]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		queue, letters := &hider{}, &deadLetterQueue{}
		var report *sqsbatch.Report
		h, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[map[string]int]) error {
			if _, _, err := m.Int("n"); err != nil {
				return err
			}
			if m.ReceiveCount() < 1 || m.Group() == "panic" {
				panic(m.SentAt())
			}
			return nil
		}, sqsbatch.WithBackoff(queue, backoff.Policy{Base: time.Hour}), sqsbatch.WithDeadLetter(letters),
			sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil), sqsbatch.WithMetrics(io.Discard, "test"),
			sqsbatch.WithLogger(slog.New(slog.DiscardHandler)), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = &r }),
			sqsbatch.WithTrace(func(ctx context.Context, _ sqsbatch.Trace, _ *events.SQSMessage) (context.Context, func(error)) {
				return ctx, func(error) {}
			}))
		if err != nil {
			t.Fatal(err)
		}
		out, err := lambda.NewHandler(h).Invoke(t.Context(), raw)
		if report == nil {
			if err == nil {
				t.Errorf("no report, and the response is %s", out)
			}
			return // not an event
		}
		var response events.SQSEventResponse
		if err := json.Unmarshal(out, &response); err != nil {
			t.Fatal(err)
		}
		want := []string{}
		for _, r := range report.Results {
			if !r.Outcome.Done() {
				want = append(want, r.Message.MessageId)
			}
			if (r.Err == nil) != (r.Outcome == sqsbatch.Succeeded) {
				t.Errorf("%s is %v with %v", r.Message.MessageId, r.Outcome, r.Err)
			}
		}
		if diff := cmp.Diff(want, failed(response)); diff != "" {
			t.Error(diff)
		}
		if len(letters.letters) != report.Count(sqsbatch.DeadLettered) && !slices.ContainsFunc(report.Results, func(r sqsbatch.Result) bool { return r.Duplicate }) {
			t.Errorf("%d letters, %d dead-lettered", len(letters.letters), report.Count(sqsbatch.DeadLettered))
		}
		for handle, seconds := range queue.seconds {
			if seconds < 0 || seconds > 43200 {
				t.Errorf("%s hidden for %d s", handle, seconds)
			}
		}
	})
}
