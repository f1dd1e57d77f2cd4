package sqsbatch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

// requiredOrder panics for a message without the attribute.
func requiredOrder(m *events.SQSMessage) string { return *m.MessageAttributes["order"].StringValue }

// groupedOf returns a message of the group g at its third receive.
func groupedOf(id, order string) events.SQSMessage {
	m := received(grouped(id, "g"), 3)
	if order != "" {
		m = with(m, "order", order)
	}
	return m
}

// A message that fails before its handler is called must not take its group with it.
func TestGiveUpAtAppliesBeforeTheHandler(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		batch events.SQSEvent
		want  []string
		dead  []string
	}{
		"key panics":         {recordsOf(groupedOf("b", ""), groupedOf("c", "o-2")), []string{}, []string{"b"}},
		"other payload":      {recordsOf(groupedOf("b", "o-1"), groupedOf("c", "o-2")), []string{}, []string{"b"}},
		"below the receives": {recordsOf(received(groupedOf("b", ""), 2), groupedOf("c", "o-2")), []string{"b", "c"}, nil},
		"behind a failure":   {recordsOf(received(groupedOf("fails", "o-3"), 2), groupedOf("b", ""), groupedOf("c", "o-2")), []string{"fails", "b", "c"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dlq := &deadLetterQueue{}
			h := must(t)(sqsbatch.New(failing(errDown, "fails"), sqsbatch.WithDeadLetter(dlq), sqsbatch.GiveUpAt(3),
				sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), requiredOrder), sqsbatch.WithPayloadCheck(nil)))
			handle(t, h, recordsOf(groupedOf("a", "o-1")))
			if diff := cmp.Diff(tt.want, handle(t, h, tt.batch)); diff != "" {
				t.Error(diff)
			}
			var dead []string
			for _, letter := range dlq.letters {
				dead = append(dead, letter.Body)
			}
			if !slices.Equal(dead, tt.dead) {
				t.Errorf("dead letters %v, want %v", dead, tt.dead)
			}
		})
	}
}

// The duplicate has failed by itself, so it has its own delay.
func TestOtherPayloadInOneBatchIsPostponed(t *testing.T) {
	t.Parallel()
	queue := &hider{}
	h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithBackoff(queue, doubling),
		sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byOrder), sqsbatch.WithPayloadCheck(nil)))
	second := received(ofOrder("b", "2 shoes", "o-1"), 3)
	handle(t, h, recordsOf(ofOrder("a", "1 shoe", "o-1"), second))
	if diff := cmp.Diff(map[string]int{second.ReceiptHandle: 4}, queue.seconds); diff != "" {
		t.Error(diff)
	}
}

// releases is a store that counts releases and may panic in them.
type releases struct {
	*sqsbatch.Memory
	n      int
	panics bool
}

func (s *releases) Release(ctx context.Context, key, token string) error {
	if s.n++; s.panics {
		panic("release")
	}
	return s.Memory.Release(ctx, key, token)
}

// The claim must not block the message until the invocation's deadline, and the
// handler's error must not be lost.
func TestPanicAfterAFailureReleasesTheKey(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err    error
		panics bool
		want   error
	}{
		"sender":            {err: sqsbatch.Permanent(errDown), want: errDown},
		"store":             {err: errDown, panics: true, want: errDown},
		"methods of errors": {err: (*nilError)(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var report sqsbatch.Report
			var log bytes.Buffer
			store := &releases{Memory: sqsbatch.NewMemory(time.Hour), panics: tt.panics}
			h := must(t)(sqsbatch.New(failing(tt.err, "a"), sqsbatch.WithIdempotency(store, nil), sqsbatch.WithDeadLetter(explosive{}),
				sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
				sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
			if got := handle(t, h, ids("a")); len(got) != 1 || store.n != 1 {
				t.Errorf("reported %v, released %d times", got, store.n)
			}
			if err := report.Results[0].Err; tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(log.String(), "panic: ") {
				t.Errorf("error %v, log %s", err, log.String())
			}
		})
	}
}

type senderFunc func(ctx context.Context) error

func (f senderFunc) SendDeadLetter(ctx context.Context, _ sqsbatch.DeadLetter) error { return f(ctx) }

func TestDeadlineThatHasPassedReturnsTheBatch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	h := must(t)(sqsbatch.New(failing(nil)))
	if response, err := h(ctx, ids("a", "b")); err != nil || len(response.BatchItemFailures) != 2 {
		t.Errorf("%v, %v", response, err)
	}
}

// A constructor whose error was ignored returns a nil pointer, which is not a nil
// interface.
func TestNilPointersAreRefused(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]sqsbatch.Option{
		"store":   sqsbatch.WithIdempotency((*sqsbatch.Memory)(nil), nil),
		"sender":  sqsbatch.WithDeadLetter((*deadLetterQueue)(nil)),
		"func":    sqsbatch.WithDeadLetter(senderFunc(nil)),
		"client":  sqsbatch.WithBackoff((*hider)(nil), doubling),
		"writer":  sqsbatch.WithMetrics((*os.File)(nil), "test"),
		"writer2": sqsbatch.WithMetrics(io.Writer(nil), "test"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := sqsbatch.New(failing(nil), option); err == nil {
				t.Error("accepted")
			}
		})
	}
}
