// Package consumer_test tests a consumer over hours, as docs/testing-your-own-functions.md shows.
package consumer_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws/localawstest"
)

// consume is your handler, as you pass it to lambda.Start.
func consume(_ context.Context, e events.SQSEvent) (out events.SQSEventResponse, err error) {
	for _, m := range e.Records {
		if m.Body == "bad" {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return out, nil
}

func TestBadOrderIsDeadLetteredAfterFiveHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := localawstest.New(t)
		client := sqs.NewFromConfig(server.Config())
		queue := func(name string, attributes map[string]string) *string {
			out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
			if err != nil {
				t.Fatal(err)
			}
			return out.QueueUrl
		}
		queue("dead", nil)
		orders := queue("orders", map[string]string{
			"VisibilityTimeout": "3600",
			"RedrivePolicy":     `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":5}`,
		})
		server.Function(t, localawstest.Function{Name: "consumer", Queue: "orders", BatchSize: 5, ReportFailures: true, Handler: consume})
		for _, body := range []string{"good", "bad"} {
			if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: orders, MessageBody: aws.String(body)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := server.Clock().Settle(t.Context()); err != nil { // until no event is left
			t.Fatal(err)
		}
		dead, err := server.Peek("dead")
		if err != nil || len(dead) != 1 || dead[0].Body != "bad" || dead[0].ReceiveCount != 5 {
			t.Errorf("dead letters %+v, %v: want the bad one, received five times", dead, err)
		}
	})
}
