package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/reliableq/reliableq/sqsbatch"
)

func TestEventsThatAreNotSQSBatchesFail(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error {
		t.Error("called")
		return nil
	}))
	for name, tt := range map[string]struct{ event, want string }{
		"SNS":          {`{"Records":[{"EventVersion":"1.0","EventSource":"aws:sns","EventSubscriptionArn":"arn","Sns":{"Message":"m"}}]}`, "record 1 is from aws:sns"},
		"S3":           {`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"r","s3":{"bucket":{"name":"b"}}}]}`, "record 1 is from aws:s3"},
		"Kinesis":      {`{"Records":[{"kinesis":{"data":"x"},"eventSource":"aws:kinesis","eventSourceARN":"arn"}]}`, "record 1 is from aws:kinesis"},
		"SecondRecord": {`{"Records":[{"messageId":"a","eventSource":"aws:sqs"},{"eventSource":"aws:s3"}]}`, "record 2 is from aws:s3"},
		"Kafka":        {`{"eventSource":"aws:kafka","records":{"t-0":[]}}`, "an event from aws:kafka"},
		"Firehose":     {`{"deliveryStreamArn":"arn","records":[{"recordId":"1","data":"x"}]}`, "record 1 is from an unknown source"},
		"EventBridge":  {`{"version":"0","detail-type":"Order Placed","source":"shop","detail":{}}`, `an EventBridge event "Order Placed" from shop`},
		"HTTP":         {`{"requestContext":{"http":{}},"body":""}`, "an HTTP request"},
		"Logs":         {`{"awslogs":{"data":"x"}}`, "an event with the members awslogs"},
		"NoRecords":    {`{"Records":[]}`, "the event has no records of SQS"},
		"NullRecords":  {`{"Records":null}`, "the event has no records of SQS"},
		"TextRecords":  {`{"Records":"x"}`, "the event has no records of SQS"},
		"Empty":        {`{}`, "the event is empty"},
		"Null":         {`null`, "the event is empty"},
		"Pipe":         {`[{"messageId":"a","eventSource":"aws:sqs"}]`, "the event is a list"},
		"Text":         {`"x"`, "the event is a text"},
		"Number":       {`7`, "the event is a number"},
		"Truth":        {`true`, "the event is a truth value"},
		"NoJSON":       {`{`, "the event is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := lambda.NewHandler(h).Invoke(t.Context(), []byte(tt.event))
			if !errors.Is(err, sqsbatch.ErrNotSQS) || !strings.Contains(fmt.Sprint(err), tt.want) || len(out) != 0 {
				t.Errorf("got %s, %v; want %s", out, err, tt.want)
			}
		})
	}
	if _, err := h(t.Context(), events.SQSEvent{}); !errors.Is(err, sqsbatch.ErrNotSQS) {
		t.Errorf("called without records: %v", err)
	}
}

func TestEventWithoutASourceIsAccepted(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(failing(errDown, "bad")))
	got := handle(t, h, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "a", Body: "good"}, {MessageId: "b", Body: "bad"}}})
	if len(got) != 1 || got[0] != "b" {
		t.Errorf("reported %v", got)
	}
}

func TestErrorOfABatchHasAllErrors(t *testing.T) {
	t.Parallel()
	third := errors.New("no such customer")
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if m.Body == "c" {
			return third
		}
		return errDown
	}, sqsbatch.WithFailures(sqsbatch.FailIfAll)))
	_, err := h(t.Context(), ids("a", "b", "c"))
	const want = "3 of 3 messages failed [a b c]: downstream is down (2 times); no such customer"
	if err == nil || err.Error() != want || !errors.Is(err, errDown) || !errors.Is(err, third) {
		t.Errorf("error %v", err)
	}
}

func TestErrorOfALargeBatchIsShort(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		return fmt.Errorf("order %s", m.ID())
	}, sqsbatch.WithFailures(sqsbatch.FailIfAll)))
	_, err := h(t.Context(), ids("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"))
	if err == nil || !strings.HasSuffix(err.Error(), ": order a; order b; order c; order d; order e; order f; order g; order h; order i; order j; and 2 other errors") {
		t.Errorf("error %v", err)
	}
}
