package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/sqsbatch"
)

// deadLetterQueue is a dead-letter queue in memory.
type deadLetterQueue struct {
	letters []sqsbatch.DeadLetter
	err     error
}

func (p *deadLetterQueue) SendDeadLetter(_ context.Context, m sqsbatch.DeadLetter) error {
	if p.err == nil {
		p.letters = append(p.letters, m)
	}
	return p.err
}

func texts(attributes map[string]events.SQSMessageAttribute) map[string]string {
	out := map[string]string{}
	for name, a := range attributes {
		out[name] = a.DataType + " " + *a.StringValue
	}
	return out
}

func TestPermanentErrorIsDeadLetteredImmediately(t *testing.T) {
	t.Parallel()
	queue := &deadLetterQueue{}
	var report sqsbatch.Report
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "a"), sqsbatch.WithDeadLetter(queue),
		sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
	event := events.SQSEvent{Records: []events.SQSMessage{received(with(record("a", "a"), "mine", "1"), 3), record("b", "b")}}
	if got := handle(t, h, event); len(got) != 0 {
		t.Errorf("reported %v", got)
	}
	want := map[string]string{
		"mine": "String 1", "origin_message_id": "String a", "dlq_reason": "String permanent",
		"dlq_error": "String downstream is down", "dlq_receive_count": "Number 3",
	}
	if len(queue.letters) != 1 || queue.letters[0].Body != "a" || queue.letters[0].DeduplicationID != "a" {
		t.Fatalf("letters %+v", queue.letters)
	}
	if diff := cmp.Diff(want, texts(queue.letters[0].Attributes)); diff != "" {
		t.Error(diff)
	}
	if report.Count(sqsbatch.DeadLettered) != 1 || !errors.Is(report.Results[0].Err, errDown) {
		t.Errorf("report %+v", report.Results[0])
	}
}

func TestDeadLetterHasTheFunctionName(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		"arn:aws:lambda:us-east-1:000000000000:function:ship":      "String ship",
		"arn:aws:lambda:us-east-1:000000000000:function:ship:live": "String ship",
		"nonsense": "",
	} {
		t.Run(arn, func(t *testing.T) {
			queue := &deadLetterQueue{}
			h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "a"), sqsbatch.WithDeadLetter(queue)))
			if _, err := h(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: arn}), ids("a")); err != nil {
				t.Fatal(err)
			}
			if got := texts(queue.letters[0].Attributes)["dlq_function"]; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestDeadLetterHasTheOriginID(t *testing.T) {
	t.Parallel()
	queue := &deadLetterQueue{}
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "a"), sqsbatch.WithDeadLetter(queue)))
	handle(t, h, events.SQSEvent{Records: []events.SQSMessage{with(with(record("a", "a"), "origin_message_id", "first"), "dlq_reason", "permanent")}})
	if got := *queue.letters[0].Attributes["origin_message_id"].StringValue; got != "first" {
		t.Errorf("origin %s", got)
	}
}

func TestDeadLetterKeepsTheTraceHeader(t *testing.T) {
	t.Parallel()
	queue := &deadLetterQueue{}
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "a", "b"), sqsbatch.WithDeadLetter(queue)))
	event := ids("a", "b")
	event.Records[0].Attributes["AWSTraceHeader"] = "Root=1-5759e988-bd862e3fe1be46a994272793"
	handle(t, h, event)
	if len(queue.letters) != 2 || queue.letters[0].TraceHeader != "Root=1-5759e988-bd862e3fe1be46a994272793" || queue.letters[1].TraceHeader != "" {
		t.Errorf("letters %+v", queue.letters)
	}
}

func TestFailedDeadLetterSendLosesNoMessage(t *testing.T) {
	t.Parallel()
	crowded := record("a", "a")
	for i := range 7 { // and four of the library: eleven
		crowded = with(crowded, fmt.Sprint("n", i), "x")
	}
	for name, tt := range map[string]struct {
		err   error
		queue *deadLetterQueue
		m     events.SQSMessage
	}{
		"SendFails":            {sqsbatch.Permanent(errDown), &deadLetterQueue{err: errors.New("throttled")}, record("a", "a")},
		"TooManyAttributes":    {sqsbatch.Permanent(errDown), &deadLetterQueue{}, crowded},
		"NotPermanent":         {errDown, &deadLetterQueue{}, record("a", "a")},
		"ThrottledIsRetryable": {sqsbatch.RetryAfter(1, errDown), &deadLetterQueue{}, record("a", "a")},
	} {
		t.Run(name, func(t *testing.T) {
			h := must(t)(sqsbatch.New(failing(tt.err, "a"), sqsbatch.WithDeadLetter(tt.queue)))
			got := handle(t, h, events.SQSEvent{Records: []events.SQSMessage{tt.m}})
			if len(got) != 1 || len(tt.queue.letters) != 0 {
				t.Errorf("reported %v, dead-lettered %v", got, tt.queue.letters)
			}
		})
	}
}

func TestUndecodableBodyIsDeadLettered(t *testing.T) {
	t.Parallel()
	queue := &deadLetterQueue{}
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[int]) error { return nil }, sqsbatch.WithDeadLetter(queue)))
	handle(t, h, events.SQSEvent{Records: []events.SQSMessage{record("a", "no number")}})
	if len(queue.letters) != 1 || *queue.letters[0].Attributes["dlq_reason"].StringValue != "invalid_body" {
		t.Errorf("letters %+v", queue.letters)
	}
}

func TestDeadLetteredMessageDoesNotBlockItsGroup(t *testing.T) {
	t.Parallel()
	queue := &deadLetterQueue{}
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "a1"), sqsbatch.WithDeadLetter(queue)))
	got := handle(t, h, events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("a2", "a")}})
	if len(got) != 0 || len(queue.letters) != 1 || queue.letters[0].Group != "a" {
		t.Errorf("reported %v, letters %+v", got, queue.letters)
	}
}

func TestErrorAttributeIsValidForSQS(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Just(strings.Repeat("é", 2000)), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string {
			return string(b)
		})).Draw(t, "text")
		queue := &deadLetterQueue{}
		h, err := sqsbatch.New(failing(sqsbatch.Permanent(errors.New(text)), "a"), sqsbatch.WithDeadLetter(queue))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h(context.Background(), ids("a")); err != nil {
			t.Fatal(err)
		}
		got := *queue.letters[0].Attributes["dlq_error"].StringValue
		if got == "" || len(got) > 1024 || !utf8.ValidString(got) {
			t.Fatalf("%d bytes: %q", len(got), got)
		}
		for _, c := range got { // SQS F3
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xFFFE || c == 0xFFFF {
				t.Fatalf("%q has %#x", got, c)
			}
		}
	})
}

func TestGiveUpAtDeadLettersAtTheReceive(t *testing.T) {
	t.Parallel()
	dlq := &deadLetterQueue{}
	h := must(t)(sqsbatch.New(failing(sqsbatch.RetryAfter(time.Minute, errDown), "second", "third", "fourth"),
		sqsbatch.WithDeadLetter(dlq), sqsbatch.GiveUpAt(3)))
	got := handle(t, h, events.SQSEvent{Records: []events.SQSMessage{
		received(record("second", "second"), 2), received(record("third", "third"), 3), received(record("fourth", "fourth"), 4),
	}})
	if diff := cmp.Diff([]string{"second"}, got); diff != "" {
		t.Error(diff)
	}
	if len(dlq.letters) != 2 || *dlq.letters[0].Attributes[sqsbatch.ReasonAttribute].StringValue != "gave_up" {
		t.Errorf("dead letters %+v", dlq.letters)
	}
}

func TestBulkDoesNotDeadLetterBehindAFailure(t *testing.T) {
	t.Parallel()
	dlq := &deadLetterQueue{}
	h := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error {
		errs := make([]error, len(ms))
		for i, m := range ms {
			switch m.Body {
			case "a1":
				errs[i] = errDown
			case "a3", "b1":
				errs[i] = sqsbatch.Permanent(errDown)
			}
		}
		return errs
	}, sqsbatch.WithDeadLetter(dlq)))
	got := handle(t, h, events.SQSEvent{Records: []events.SQSMessage{
		grouped("a1", "a"), grouped("b1", "b"), grouped("a2", "a"), grouped("a3", "a"), grouped("b2", "b"),
	}})
	if diff := cmp.Diff([]string{"a1", "a2", "a3"}, got); diff != "" || len(dlq.letters) != 1 || dlq.letters[0].Body != "b1" {
		t.Errorf("dead letters %+v: %s", dlq.letters, diff)
	}
}
