package localawstest_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws/localawstest"
)

func makeQueue(t *testing.T, server *localawstest.Server, name string, attributes map[string]string) *string {
	t.Helper()
	out, err := sqs.NewFromConfig(server.Config()).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

// A complete test of a consumer: a message that always fails is delivered as often as
// the redrive policy allows, an hour apart, and ends in the dead-letter queue. Server,
// SDK and handler run in the bubble, without a socket, so five hours take
// milliseconds.
func TestAConsumerOverHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := localawstest.New(t)
		makeQueue(t, server, "dead", nil)
		url := makeQueue(t, server, "orders", map[string]string{
			"VisibilityTimeout": "3600",
			"RedrivePolicy":     `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"5"}`,
		})
		var seen []time.Duration
		start := time.Now()
		server.Function(t, localawstest.Function{
			Name: "consumer", Queue: "orders", BatchSize: 1, ReportFailures: true,
			Handler: func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
				seen = append(seen, time.Since(start).Round(time.Minute))
				return events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{{ItemIdentifier: e.Records[0].MessageId}}}, nil
			},
		})
		client := sqs.NewFromConfig(server.Config())
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("bad")}); err != nil {
			t.Fatal(err)
		}
		if err := server.Clock().Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint([]time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour})
		if got := fmt.Sprint(seen); got != want {
			t.Errorf("delivered after %s, want %s", got, want)
		}
		if dead, err := server.Peek("dead"); err != nil || len(dead) != 1 || dead[0].Body != "bad" {
			t.Errorf("dead letters %+v, %v", dead, err)
		}
	})
}

func TestAFunctionHasItsRoleAndItsVariables(t *testing.T) {
	t.Parallel()
	server := localawstest.New(t)
	url := makeQueue(t, server, "out", nil)
	server.Function(t, localawstest.Function{
		Name: "sender", Timeout: 9 * time.Second, Environment: map[string]string{"QUEUE": *url},
		Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:out"}]}`,
		Handler: func(ctx context.Context) (string, error) {
			client := sqs.NewFromConfig(server.FunctionConfig(ctx))
			queue := localawstest.Variables(ctx)["QUEUE"]
			if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: aws.String("hello")}); err != nil {
				return "", err
			}
			_, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{"All"}})
			var api smithy.APIError
			if !errors.As(err, &api) {
				return "", fmt.Errorf("the role may do more than its policy allows: %w", err)
			}
			return api.ErrorCode(), nil
		},
	})
	out, err := lambda.NewFromConfig(server.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("sender")})
	if err != nil || string(out.Payload) != `"AccessDenied"` {
		t.Errorf("%v %s", err, out.Payload)
	}
	if got, err := server.Peek("out"); err != nil || len(got) != 1 || got[0].Body != "hello" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestHandleReplacesAProgram(t *testing.T) {
	t.Parallel()
	server := localawstest.New(t)
	server.Function(t, localawstest.Function{Name: "f", Handler: func() (int, error) { return 1, nil }})
	var calls atomic.Int64
	server.Handle("f", func(in int) (int64, error) { return calls.Add(int64(in)), nil })
	for want := range 3 {
		out, err := lambda.NewFromConfig(server.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("1")})
		if err != nil || string(out.Payload) != fmt.Sprint(want+1) {
			t.Errorf("%v %s", err, out.Payload)
		}
	}
}
