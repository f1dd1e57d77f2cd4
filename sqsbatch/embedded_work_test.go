package sqsbatch_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// Batches of a FIFO queue are complete even in skipped time. So these tests use a
// group for each message to test one batch.

func TestEmbeddedConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true})
	var mu sync.Mutex
	running, most := 0, 0
	three := make(chan struct{})
	h := must(t)(sqsbatch.New(func(ctx context.Context, _ sqsbatch.Message[string]) error {
		mu.Lock()
		if running++; running > most {
			if most = running; most == 3 {
				close(three)
			}
		}
		mu.Unlock()
		defer func() { mu.Lock(); running--; mu.Unlock() }()
		select {
		case <-three:
			return nil
		case <-ctx.Done(): // fewer than three run concurrently
			return ctx.Err()
		}
	}, sqsbatch.WithConcurrency(3)))
	s.play(h, "a/1", "b/1", "c/1", "d/1", "e/1", "f/1")
	if most != 3 || len(s.dead()) != 0 {
		t.Errorf("%d concurrent", most)
	}
}

// returned counts the messages that reports list as returned unprocessed for lack of
// time.
type returned struct {
	mu sync.Mutex // guards n
	n  int
}

func (c *returned) option() sqsbatch.Option {
	return sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, result := range r.Results {
			if result.Err == sqsbatch.ErrNoTime { //nolint:errorlint // it is not wrapped
				c.n++
			}
		}
	})
}

func TestEmbeddedHangingMessageDoesNotAffectOthers(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true})
	d, untouched := &diary{clock: s.aws.Clock()}, &returned{}
	var log strings.Builder
	h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 && m.Body == "a/slow" {
			<-ctx.Done() // machine time: a function's deadline is in machine time
			return ctx.Err()
		}
		return nil
	}, sqsbatch.WithResponseTime(2900*time.Millisecond), untouched.option(), sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
	s.play(h, "a/slow", "b/x", "c/y")
	for body, times := range map[string]int{"a/slow": 2, "b/x": 1, "c/y": 1} {
		t.Run(body, func(t *testing.T) {
			if len(d.seen[body]) != times {
				t.Errorf("%s was received %d times", body, len(d.seen[body]))
			}
		})
	}
	if len(s.dead()) != 0 || untouched.n != 0 || !strings.Contains(log.String(), "exceeded its time limit") {
		t.Errorf("%d returned unprocessed; %s", untouched.n, log.String())
	}
}

// The remaining time is too short for another message as slow as the first two, but
// these are fast.
func TestEmbeddedEstimateIsTheReserve(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]sqsbatch.Option{
		"Learned": sqsbatch.WithResponseTime(time.Second), // a quarter of the three: 2.25 s for the work
		"Told":    sqsbatch.WithReserve(1200 * time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, stageOptions{fifo: true, receives: 20})
			d, untouched := &diary{clock: s.aws.Clock()}, &returned{}
			h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
				if d.note(m.Body); strings.HasSuffix(m.Body, "/slow") {
					<-time.After(800 * time.Millisecond)
				}
				return nil
			}, option, untouched.option()))
			s.play(h, "a/slow", "d/slow", "b/x", "c/y")
			if untouched.n < 2 || len(d.seen["b/x"]) != 1 || len(d.seen["c/y"]) != 1 || len(s.dead()) != 0 {
				t.Errorf("received %v, %d returned unprocessed", d.seen, untouched.n)
			}
		})
	}
}

func TestEmbeddedRepeatedKeysAreProcessedOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error { d.note(m.Body); return nil },
		sqsbatch.WithIdempotency(sqsbatch.NewTableStore(table{}, time.Hour), func(m *events.SQSMessage) string { return m.Body })))
	s.play(h, "order 1", "order 1", "order 2", "order 1")
	if len(d.seen["order 1"]) != 1 || len(d.seen["order 2"]) != 1 || len(s.dead()) != 0 {
		t.Errorf("received %v", d.seen)
	}
}

// The function is killed after it processed a: SQS delivers the whole batch again, and
// only unprocessed messages are processed.
func TestEmbeddedIdempotencyAfterALostResponse(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true, timeout: time.Second})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 && m.Body == "b/hangs" {
			<-time.After(1200 * time.Millisecond) // ignoring its context
		}
		return nil
	}, sqsbatch.WithIdempotency(sqsbatch.NewMemory(24*time.Hour), nil)))
	s.play(h, "a/1", "b/hangs", "c/1")
	for body, times := range map[string]int{"a/1": 1, "b/hangs": 2, "c/1": 1} {
		t.Run(body, func(t *testing.T) {
			if len(d.seen[body]) != times {
				t.Errorf("%s was received %d times", body, len(d.seen[body]))
			}
		})
	}
	if len(s.dead()) != 0 {
		t.Error("a message was dead-lettered")
	}
}

func TestEmbeddedBulkReportsEachMessage(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error {
		errs := make([]error, len(ms))
		for i, m := range ms {
			if times := d.note(m.Body); m.Body == "b/bad" || m.Body == "c/1" && times == 1 {
				errs[i] = errDown
			}
		}
		return errs
	}))
	s.play(h, "a/1", "b/bad", "a/2", "c/1", "c/2")
	// c/2 is received again with the message that failed before it.
	for body, times := range map[string]int{"a/1": 1, "a/2": 1, "b/bad": 3, "c/1": 2, "c/2": 2} {
		t.Run(body, func(t *testing.T) {
			if len(d.seen[body]) != times {
				t.Errorf("%s was received %d times, want %d", body, len(d.seen[body]), times)
			}
		})
	}
	if dead := s.dead(); len(dead) != 1 {
		t.Errorf("dead-lettered %v", dead)
	}
}

func TestEmbeddedLogsMetricsAndTraceLinks(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true})
	var log, metrics strings.Builder
	var links []sqsbatch.Trace
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "b/bad"),
		sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), sqsbatch.WithMetrics(&metrics, "Orders"),
		sqsbatch.WithTrace(func(ctx context.Context, from sqsbatch.Trace, _ *events.SQSMessage) (context.Context, func(error)) {
			links = append(links, from)
			return ctx, func(error) {}
		})))
	const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	s.send("a/1", func(in *sqs.SendMessageInput) {
		in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(header)},
		}
	})
	s.play(h, "b/bad")
	if !slices.ContainsFunc(links, func(l sqsbatch.Trace) bool { return l.Valid() && l.Sampled && l.Header == header }) {
		t.Errorf("links %+v", links)
	}
	for _, want := range []string{`"Function":"handler"`, `"Queue":"orders.fifo"`, `"Processed":1`, `"Failed":1`, `"Permanent":1`, `"Age":[`, `"BatchTime":`} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(metrics.String(), want) {
				t.Errorf("no %s in %s", want, metrics.String())
			}
		})
	}
	if n := strings.Count(log.String(), `level=ERROR msg="message failed"`); n != 3 || !strings.Contains(log.String(), "receive_count=3") {
		t.Errorf("%d records: %s", n, log.String())
	}
	if diff := cmp.Diff(1, len(s.dead())); diff != "" {
		t.Error(diff)
	}
}

// A consumer of the dead-letter queue can link to the span of the original sender.
func TestEmbeddedDeadLetterKeepsTheTraceHeader(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "bad"), sqsbatch.WithDeadLetter(sqsclient.DeadLetters(s.sqs, s.dlq))))
	const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	s.send("bad", func(in *sqs.SendMessageInput) {
		in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(header)},
		}
	})
	s.play(h)
	if got := s.dead()["bad"].Attributes["AWSTraceHeader"]; got != header {
		t.Errorf("trace header %q", got)
	}
}
