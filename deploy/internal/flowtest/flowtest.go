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
	"github.com/reliableq/reliableq/functions/jsonlog"
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

	f := &Flow{
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

	// Create each queue after the one that its redrive policy names.
	f.createQueue("dlq", nil)
	f.createQueue("retry_1", map[string]string{
		"DelaySeconds":      "10",
		"VisibilityTimeout": "10",
		"RedrivePolicy":     f.redrive("dlq", 3),
	})

	f.createQueue("source", map[string]string{
		"DelaySeconds":      "2",
		"VisibilityTimeout": "10",
		"RedrivePolicy":     f.redrive("retry_1", 5),
	})

	f.createFunctions(reporting)
	return f
}

// createFunctions creates the project's functions.
func (f *Flow) createFunctions(reporting string) {
	f.t.Helper()
	source, err := outbox.Open(f.t.Context(), f.SQS, "source")
	if err != nil {
		f.t.Fatal(err)
	}

	p := &produce.Producer{
		Queue:    source,
		Project:  "reliable",
		BadRatio: 0.1,
		Logger:   f.logger("producer"),
		Now:      time.Now,
	}

	// Log the START line with the request id, as Lambda does: demo looks for it.
	f.createFunction("producer", "", func(ctx context.Context, event []byte) ([]byte, error) {
		lc, _ := lambdacontext.FromContext(ctx) // the embedded AWS always sets it
		f.WriteLog("producer", "START RequestId: "+lc.AwsRequestID+" Version: $LATEST")
		return lambda.NewHandler(p.Handle).Invoke(ctx, event)
	})

	consumer, err := consume.New(reporting, f.logger("consumer"))
	if err != nil {
		f.t.Fatal(err)
	}

	f.createFunction("consumer", "source", func(ctx context.Context, event []byte) ([]byte, error) {
		return lambda.NewHandler(consumer).Invoke(ctx, event)
	})

	retry, err := replay.New(replay.Level{
		Number:      1,
		MaxAttempts: 3,
		Backoff:     replay.Policy(2*time.Second, 15*time.Minute),
	}, source, f.logger("retry_1"))
	if err != nil {
		f.t.Fatal(err)
	}

	f.createFunction("retry_1", "retry_1", func(ctx context.Context, event []byte) ([]byte, error) {
		return lambda.NewHandler(retry).Invoke(ctx, event)
	})
}

func (f *Flow) arn(queue string) string {
	return "arn:aws:sqs:" + f.AWS.Region() + ":" + f.AWS.Account() + ":" + queue
}

// redrive returns a redrive policy.
func (f *Flow) redrive(to string, receives int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, f.arn(to), receives)
}

// createQueue creates a queue whose name is its key.
func (f *Flow) createQueue(key string, attributes map[string]string) {
	f.t.Helper()
	out, err := f.SQS.CreateQueue(f.t.Context(), &sqs.CreateQueueInput{QueueName: &key, Attributes: attributes})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Deployment.QueueURLs[key] = *out.QueueUrl
}

// createFunction creates a function whose name is its key, with a log group, and a mapping
// from the queue unless that is empty.
func (f *Flow) createFunction(key, queue string, h Handler) {
	f.t.Helper()
	ctx := f.t.Context()
	f.AWS.RegisterHandler(key, h)
	if _, err := f.lambda.CreateFunction(ctx, &lambdasdk.CreateFunctionInput{
		FunctionName: &key,
		Role:         aws.String("arn:aws:iam::" + f.AWS.Account() + ":role/runs-functions"),
		Timeout:      aws.Int32(3),
		Runtime:      lambdatypes.RuntimeProvidedal2023,
		Handler:      aws.String("bootstrap"),
		Code:         &lambdatypes.FunctionCode{},
	}); err != nil {
		f.t.Fatal(err)
	}

	// WriteLog needs a log stream: the embedded AWS creates only those of the execution
	// environments.
	group := logGroup(key)
	if _, err := f.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: aws.String("one")}); err != nil {
		f.t.Fatal(err)
	}

	f.Deployment.Functions[key] = key
	f.Deployment.LogGroups[key] = group
	if queue == "" {
		return
	}

	out, err := f.lambda.CreateEventSourceMapping(ctx, &lambdasdk.CreateEventSourceMappingInput{
		FunctionName:          &key,
		EventSourceArn:        aws.String(f.arn(queue)),
		BatchSize:             aws.Int32(5),
		FunctionResponseTypes: f.responses(key),
	})
	if err != nil {
		f.t.Fatal(err)
	}

	f.Deployment.Mappings[key] = *out.UUID
}

// logGroup returns the log group of a function. Lambda writes to it too, in other
// streams.
func logGroup(key string) string { return "/aws/lambda/" + key }

// responses returns the function response types of a mapping.
func (f *Flow) responses(key string) []lambdatypes.FunctionResponseType {
	if key == "consumer" && f.Deployment.FailureReporting == consume.WholeBatch {
		return nil
	}
	return []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}
}

// ReplaceHandler replaces the handler of a function.
func (f *Flow) ReplaceHandler(key string, h Handler) { f.AWS.RegisterHandler(key, h) }

// WriteLog writes a line to a function's log.
func (f *Flow) WriteLog(key, line string) {
	_, err := f.logs.PutLogEvents(context.WithoutCancel(f.t.Context()), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName:  aws.String(logGroup(key)),
		LogStreamName: aws.String("one"),
		LogEvents:     []logtypes.InputLogEvent{{Message: &line, Timestamp: aws.Int64(f.AWS.Clock().Now().UnixMilli())}},
	})
	if err != nil {
		f.t.Errorf("write to the log of %s: %v", key, err)
	}
}

// logger returns a logger that writes to a function's log group.
func (f *Flow) logger(key string) *jsonlog.Logger {
	return jsonlog.New(lines(func(line string) { f.WriteLog(key, line) }), slog.LevelInfo)
}

// lines is a writer that calls a function with each line.
type lines func(line string)

func (l lines) Write(p []byte) (int, error) {
	l(strings.TrimSpace(string(p)))
	return len(p), nil
}
