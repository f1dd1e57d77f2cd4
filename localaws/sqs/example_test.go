package sqs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// A message that is not deleted before its visibility timeout is received again. The
// program advances the clock, so ten seconds take no time.
func Example() {
	c := clock.New(clock.Manual, time.Time{})
	defer c.Close()
	service, err := sqs.New(sqs.Options{Clock: c})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, call := context.Background(), &awsapi.Call{
		Account:  "000000000000",
		Region:   "us-east-1",
		Endpoint: "http://127.0.0.1:4566",
	}

	queue, err := service.CreateQueue(ctx, call, &sqs.CreateQueueInput{
		QueueName: "orders", Attributes: map[string]string{"VisibilityTimeout": "10"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(queue.QueueURL)
	if _, err := service.SendMessage(ctx, call, &sqs.SendMessageInput{QueueURL: queue.QueueURL, MessageBody: "a book"}); err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		got, err := service.ReceiveMessage(ctx, call, &sqs.ReceiveMessageInput{
			QueueURL: queue.QueueURL, MessageSystemAttributeNames: []string{"ApproximateReceiveCount"},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, m := range got.Messages {
			fmt.Println(m.Body, "received", m.Attributes["ApproximateReceiveCount"], "times")
		}
		if err := c.Advance(ctx, 10*time.Second); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// http://127.0.0.1:4566/000000000000/orders
	// a book received 1 times
	// a book received 2 times
}
