package sqsbatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
)

type order struct {
	ID       string `json:"id"`
	Quantity int    `json:"quantity"`
}

// In a function, main ends with lambda.Start(handler).
func ExampleNew() {
	handler, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[order]) error {
		if m.Body.Quantity == 0 {
			return sqsbatch.Permanent(errors.New("nothing ordered"))
		}
		fmt.Println("shipping", m.Body.ID)
		return nil
	}, sqsbatch.WithBreaker(0.8, 5))
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "m-1", Body: `{"id":"o-1","quantity":2}`},
		{MessageId: "m-2", Body: `{"id":"o-2"}`},
	}})
	encoded, _ := json.Marshal(response)
	fmt.Println(string(encoded), err)
	// Output:
	// shipping o-1
	// {"batchItemFailures":[{"itemIdentifier":"m-2"}]} <nil>
}

func ExampleNewBulk() {
	handler, err := sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[order]) []error {
		fmt.Println("inserting", len(ms), "rows")
		return make([]error, len(ms))
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "m-1", Body: `{"id":"o-1"}`}, {MessageId: "m-2", Body: `{"id":"o-2"}`},
	}})
	fmt.Println(len(response.BatchItemFailures), err)
	// Output:
	// inserting 2 rows
	// 0 <nil>
}

func ExampleWithIdempotency() {
	charge := func(_ context.Context, m sqsbatch.Message[order]) error {
		fmt.Println("charging", m.Body.ID)
		return nil
	}
	handler, err := sqsbatch.New(charge, sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	event := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m-1", Body: `{"id":"o-1"}`}}}
	for range 2 { // SQS may deliver a message twice
		if _, err := handler(context.Background(), event); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// charging o-1
}

// printed is a sender and a queue that print their calls. Package sqsclient has the
// ones that call SQS.
type printed struct{}

func (printed) SendDeadLetter(_ context.Context, m sqsbatch.DeadLetter) error {
	for _, name := range []string{sqsbatch.ReasonAttribute, sqsbatch.ErrorAttribute, sqsbatch.ReceiveCountAttribute} {
		fmt.Println(name, *m.Attributes[name].StringValue)
	}
	return nil
}

func (printed) ChangeVisibility(_ context.Context, _ string, changes []sqsbatch.Visibility) []error {
	for _, change := range changes {
		fmt.Println(change.ReceiptHandle, "hidden for", change.Seconds, "s")
	}
	return make([]error, len(changes))
}

func ExampleWithDeadLetter() {
	handler, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[order]) error {
		return sqsbatch.Permanent(errors.New("no such customer"))
	}, sqsbatch.WithDeadLetter(printed{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m-1", Body: `{"id":"o-1"}`}}})
	fmt.Println(len(response.BatchItemFailures), err)
	// Output:
	// dlq_reason permanent
	// dlq_error no such customer
	// dlq_receive_count 1
	// 0 <nil>
}

func ExampleWithBackoff() {
	policy := backoff.Policy{Base: 10 * time.Second, Cap: time.Hour, Jitter: backoff.None} // so that the output is the same each time
	handler, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[order]) error {
		if m.ID() == "busy" {
			return sqsbatch.RetryAfter(90*time.Second, errors.New("too many requests"))
		}
		return errors.New("connection refused")
	}, sqsbatch.WithBackoff(printed{}, policy))
	if err != nil {
		fmt.Println(err)
		return
	}
	third := map[string]string{"ApproximateReceiveCount": "3"}
	response, err := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{
		{MessageId: "down", ReceiptHandle: "down", Body: `{}`, Attributes: third},
		{MessageId: "busy", ReceiptHandle: "busy", Body: `{}`, Attributes: third},
	}})
	fmt.Println(len(response.BatchItemFailures), err)
	// Output:
	// down hidden for 40 s
	// busy hidden for 90 s
	// 2 <nil>
}
