// Package flowtest deploys the whole flow for a test, without Terraform: queues and
// mappings on an embedded AWS, and the project's own functions in the process of the
// test. Their log lines are written to their log groups.
package flowtest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/producer/produce"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// Handler is the Invoke method of a function.
type Handler = func(ctx context.Context, event []byte) ([]byte, error)

// Flow is a deployed flow, with one retry level of three replays.
type Flow struct {
	// AWS is the embedded AWS. It listens on a port.
	AWS *localawstest.Server
	// SQS is a client of the embedded AWS.
	SQS *sqs.Client
	// Deployment is the deployment. The name of each part is its key.
	Deployment flow.Deployment

	t      testing.TB
	lambda *lambdasdk.Client
	logs   *cloudwatchlogs.Client
}

// Deploy deploys a flow with the given clock mode. Its consumer reports failures
// per_message or for the whole_batch.
func Deploy(t testing.TB, mode clock.Mode, reporting string) *Flow {
	t.Helper()
	server := localawstest.NewWith(t, localaws.Options{
		Addr:      "127.0.0.1:0",
		NoAuth:    true,
		ClockMode: mode,
		Seed:      1,
	})

	w := &Flow{
		t:      t,
		AWS:    server,
		SQS:    sqs.NewFromConfig(server.Config()),
		lambda: lambdasdk.NewFromConfig(server.Config()),
		logs:   cloudwatchlogs.NewFromConfig(server.Config()),
		Deployment: flow.Deployment{
			Path:             []string{"source", "retry_1", "dlq"},
			QueueURLs:        map[string]string{},
			Functions:        map[string]string{},
			LogGroups:        map[string]string{},
			Mappings:         map[string]string{},
			FailureReporting: reporting,
		},
	}

	// The queues, each after the one that its redrive policy names.
	w.queue("dlq", nil)
	w.queue("retry_1", map[string]string{
		"DelaySeconds":      "10",
		"VisibilityTimeout": "10",
		"RedrivePolicy":     w.redrive("dlq", 3),
	})

	w.queue("source", map[string]string{
		"DelaySeconds":      "2",
		"VisibilityTimeout": "10",
		"RedrivePolicy":     w.redrive("retry_1", 5),
	})

	w.functions(reporting)
	return w
}

// functions creates the project's functions.
func (w *Flow) functions(reporting string) {
	w.t.Helper()
	source, err := outbox.Open(w.t.Context(), w.SQS, "source")
	if err != nil {
		w.t.Fatal(err)
	}

	p := &produce.Producer{
		Queue:    source,
		Project:  "reliable",
		BadRatio: 0.1,
		Journal:  w.journal("producer"),
		Now:      time.Now,
	}

	// The producer logs its request id as Lambda does: demo finds its lines by it.
	w.function("producer", "", func(ctx context.Context, event []byte) ([]byte, error) {
		lc, _ := lambdacontext.FromContext(ctx) // the embedded AWS always sets it
		w.Write("producer", "START RequestId: "+lc.AwsRequestID+" Version: $LATEST")
		return lambda.NewHandler(p.Handle).Invoke(ctx, event)
	})

	consumer, err := consume.New(reporting, w.journal("consumer"))
	if err != nil {
		w.t.Fatal(err)
	}

	w.function("consumer", "source", func(ctx context.Context, event []byte) ([]byte, error) {
		return lambda.NewHandler(consumer).Invoke(ctx, event)
	})

	retry, err := replay.New(replay.Level{
		Number:      1,
		MaxAttempts: 3,
		Backoff:     replay.Policy(2*time.Second, 15*time.Minute),
	}, source, w.journal("retry_1"))
	if err != nil {
		w.t.Fatal(err)
	}

	w.function("retry_1", "retry_1", func(ctx context.Context, event []byte) ([]byte, error) {
		return lambda.NewHandler(retry).Invoke(ctx, event)
	})
}

func (w *Flow) arn(queue string) string {
	return "arn:aws:sqs:" + w.AWS.Region() + ":" + w.AWS.Account() + ":" + queue
}

// redrive returns a redrive policy.
func (w *Flow) redrive(to string, receives int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, w.arn(to), receives)
}

// queue creates a queue whose name is its key.
func (w *Flow) queue(key string, attributes map[string]string) {
	w.t.Helper()
	out, err := w.SQS.CreateQueue(w.t.Context(), &sqs.CreateQueueInput{QueueName: &key, Attributes: attributes})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Deployment.QueueURLs[key] = *out.QueueUrl
}

// function creates a function whose name is its key, with a log group, and a mapping
// from the queue unless that is empty.
func (w *Flow) function(key, queue string, h Handler) {
	w.t.Helper()
	ctx := w.t.Context()
	w.AWS.RegisterHandler(key, h)
	if _, err := w.lambda.CreateFunction(ctx, &lambdasdk.CreateFunctionInput{
		FunctionName: &key,
		Role:         aws.String("arn:aws:iam::" + w.AWS.Account() + ":role/runs-functions"),
		Timeout:      aws.Int32(3),
		Runtime:      lambdatypes.RuntimeProvidedal2023,
		Handler:      aws.String("bootstrap"),
		Code:         &lambdatypes.FunctionCode{},
	}); err != nil {
		w.t.Fatal(err)
	}

	// The function's own lines need a stream; the embedded AWS makes those of Lambda.
	group := logGroup(key)
	if _, err := w.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: aws.String("one")}); err != nil {
		w.t.Fatal(err)
	}

	w.Deployment.Functions[key] = key
	w.Deployment.LogGroups[key] = group
	if queue == "" {
		return
	}

	out, err := w.lambda.CreateEventSourceMapping(ctx, &lambdasdk.CreateEventSourceMappingInput{
		FunctionName:          &key,
		EventSourceArn:        aws.String(w.arn(queue)),
		BatchSize:             aws.Int32(5),
		FunctionResponseTypes: w.responses(key),
	})
	if err != nil {
		w.t.Fatal(err)
	}

	w.Deployment.Mappings[key] = *out.UUID
}

// logGroup returns the log group of a function. Lambda writes to it too, in other
// streams.
func logGroup(key string) string { return "/aws/lambda/" + key }

// responses returns the function response types of a mapping.
func (w *Flow) responses(key string) []lambdatypes.FunctionResponseType {
	if key == "consumer" && w.Deployment.FailureReporting == consume.WholeBatch {
		return nil
	}
	return []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}
}

// Replace replaces the handler of a function.
func (w *Flow) Replace(key string, h Handler) { w.AWS.RegisterHandler(key, h) }

// Write writes a line to a function's log.
func (w *Flow) Write(key, line string) {
	_, err := w.logs.PutLogEvents(context.WithoutCancel(w.t.Context()), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName:  aws.String(logGroup(key)),
		LogStreamName: aws.String("one"),
		LogEvents:     []logtypes.InputLogEvent{{Message: &line, Timestamp: aws.Int64(w.AWS.Clock().Now().UnixMilli())}},
	})
	if err != nil {
		w.t.Errorf("write to the log of %s: %v", key, err)
	}
}

// journal returns a journal that writes to a function's log.
func (w *Flow) journal(key string) *journal.Journal {
	return journal.New(lines(func(line string) { w.Write(key, line) }), slog.LevelInfo)
}

// lines is a writer that is called with one line at a time.
type lines func(line string)

func (l lines) Write(p []byte) (int, error) {
	l(strings.TrimSpace(string(p)))
	return len(p), nil
}
