package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
)

// printing is a middleware for handlers of any type.
func printing[T any](next sqsbatch.HandlerFunc[T]) sqsbatch.HandlerFunc[T] {
	return func(ctx context.Context, m sqsbatch.Message[T]) error {
		err := next(ctx, m)
		fmt.Println(m.ID(), "returned", err)
		return err
	}
}

func ExampleWithMiddleware() {
	handler, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[order]) error {
		fmt.Println("shipping", m.Body.ID)
		return nil
	}, sqsbatch.WithMiddleware[order](printing))
	if err != nil {
		fmt.Println(err)
		return
	}
	event := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m-1", Body: `{"id":"o-1"}`}}}
	response, err := handler(context.Background(), event)
	fmt.Println(len(response.BatchItemFailures), err)
	// Output:
	// shipping o-1
	// m-1 returned <nil>
	// 0 <nil>
}

func ExampleWithClassify() {
	errBusy := errors.New("too many requests")
	policy := backoff.Policy{Base: 10 * time.Second, Cap: time.Hour, Jitter: backoff.None} // so that the output is the same each time
	handler, err := sqsbatch.New(func(context.Context, sqsbatch.Message[order]) error {
		return fmt.Errorf("ship: %w", errBusy)
	}, sqsbatch.WithBackoff(printed{}, policy), sqsbatch.WithClassify(func(err error) sqsbatch.Class {
		if errors.Is(err, errBusy) {
			return sqsbatch.Class{RetryAfter: 90 * time.Second}
		}
		return sqsbatch.Class{}
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	event := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m-1", ReceiptHandle: "r-1", Body: `{}`}}}
	response, err := handler(context.Background(), event)
	fmt.Println(len(response.BatchItemFailures), err)
	// Output:
	// r-1 hidden for 90 s
	// 1 <nil>
}

func ExampleDecodeSNS() {
	handler, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[sqsbatch.SNSNotification[order]]) error {
		fmt.Println("shipping", m.Body.Message.ID, "published to", m.Body.TopicARN)
		return nil
	}, sqsbatch.WithDecoder(sqsbatch.DecodeSNS(sqsbatch.DecodeJSON[order])))
	if err != nil {
		fmt.Println(err)
		return
	}
	body := `{
		"Type": "Notification",
		"MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
		"TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
		"Message": "{\"id\":\"o-1\"}",
		"Timestamp": "2012-03-29T05:12:16.901Z"
	}`
	response, err := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m-1", Body: body}}})
	fmt.Println(len(response.BatchItemFailures), err)
	// Output:
	// shipping o-1 published to arn:aws:sns:us-west-2:123456789012:MyTopic
	// 0 <nil>
}
