package demo

import (
	"bytes"
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

	"github.com/reliableq/reliableq/deploy/internal/control"
	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/functions/consume"
	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/produce"
	"github.com/reliableq/reliableq/functions/replay"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// handler is the Invoke of a function.
type handler = func(ctx context.Context, event []byte) ([]byte, error)

// world is a deployed flow on an embedded AWS: the project's own functions in this
// process, whose log lines go where those of a program would.
type world struct {
	t    *testing.T
	aws  *localawstest.Server
	sqs  *sqs.Client
	call *lambdasdk.Client
	logs *cloudwatchlogs.Client
	d    flow.Deployment
	said bytes.Buffer // what progress showed
}

// deploy makes a flow with one retry level of three replays.
func deploy(t *testing.T, mode clock.Mode, reporting string) *world {
	t.Helper()
	server := localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0", NoAuth: true, ClockMode: mode, Seed: 1})
	w := &world{
		t: t, aws: server, sqs: sqs.NewFromConfig(server.Config()), call: lambdasdk.NewFromConfig(server.Config()),
		logs: cloudwatchlogs.NewFromConfig(server.Config()),
		d: flow.Deployment{
			Path: []string{"source", "retry_1", "dlq"}, QueueURLs: map[string]string{}, Functions: map[string]string{},
			LogGroups: map[string]string{}, Mappings: map[string]string{}, FailureReporting: reporting,
		},
	}
	w.queue("dlq", nil)
	w.queue("retry_1", map[string]string{"DelaySeconds": "10", "VisibilityTimeout": "10", "RedrivePolicy": w.redrive("dlq", 3)})
	w.queue("source", map[string]string{"DelaySeconds": "2", "VisibilityTimeout": "10", "RedrivePolicy": w.redrive("retry_1", 5)})
	source, err := outbox.Open(t.Context(), w.sqs, "source")
	if err != nil {
		t.Fatal(err)
	}
	p := &produce.Producer{Queue: source, Project: "reliable", BadRatio: 0.1, Journal: w.journal("producer"), Now: time.Now}
	w.function("producer", "", func(ctx context.Context, event []byte) ([]byte, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		w.write("producer", "START RequestId: "+lc.AwsRequestID+" Version: $LATEST")
		return lambda.NewHandler(p.Handle).Invoke(ctx, event)
	})
	consumer, err := consume.New(reporting, w.journal("consumer"))
	if err != nil {
		t.Fatal(err)
	}
	w.function("consumer", "source", func(ctx context.Context, event []byte) ([]byte, error) {
		return lambda.NewHandler(consumer).Invoke(ctx, event)
	})
	retry, err := replay.New(replay.Level{Number: 1, MaxAttempts: 3, Backoff: replay.Policy(2*time.Second, 15*time.Minute)}, source, w.journal("retry_1"))
	if err != nil {
		t.Fatal(err)
	}
	w.function("retry_1", "retry_1", func(ctx context.Context, event []byte) ([]byte, error) {
		return lambda.NewHandler(retry).Invoke(ctx, event)
	})
	return w
}

func (w *world) arn(queue string) string {
	return "arn:aws:sqs:" + w.aws.Region() + ":" + w.aws.Account() + ":" + queue
}

func (w *world) redrive(to string, receives int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, w.arn(to), receives)
}

// queue makes a queue whose name is its key.
func (w *world) queue(key string, attributes map[string]string) {
	w.t.Helper()
	out, err := w.sqs.CreateQueue(w.t.Context(), &sqs.CreateQueueInput{QueueName: &key, Attributes: attributes})
	if err != nil {
		w.t.Fatal(err)
	}
	w.d.QueueURLs[key] = *out.QueueUrl
}

// function makes a function whose name is its key, fed by a queue unless that is
// empty, with a log group of its own.
func (w *world) function(key, queue string, h handler) {
	w.t.Helper()
	ctx := w.t.Context()
	w.aws.RegisterHandler(key, h)
	if _, err := w.call.CreateFunction(ctx, &lambdasdk.CreateFunctionInput{
		FunctionName: &key, Role: aws.String("arn:aws:iam::" + w.aws.Account() + ":role/runs-functions"), Timeout: aws.Int32(3),
		Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &lambdatypes.FunctionCode{},
	}); err != nil {
		w.t.Fatal(err)
	}
	group := "/logs/" + key // not Lambda's own, so that only what the test says is in it
	if _, err := w.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: aws.String("one")}); err != nil {
		w.t.Fatal(err)
	}
	w.d.Functions[key], w.d.LogGroups[key] = key, group
	if queue == "" {
		return
	}
	out, err := w.call.CreateEventSourceMapping(ctx, &lambdasdk.CreateEventSourceMappingInput{
		FunctionName: &key, EventSourceArn: aws.String(w.arn(queue)), BatchSize: aws.Int32(5),
		FunctionResponseTypes: w.responses(key),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.d.Mappings[key] = *out.UUID
}

// responses is what a mapping reads of a function's answer.
func (w *world) responses(key string) []lambdatypes.FunctionResponseType {
	if key == "consumer" && w.d.FailureReporting == consume.WholeBatch {
		return nil
	}
	return []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}
}

// replace makes a function answer in another way from now on.
func (w *world) replace(key string, h handler) { w.aws.RegisterHandler(key, h) }

// write puts one line into a function's log.
func (w *world) write(key, line string) {
	_, err := w.logs.PutLogEvents(context.WithoutCancel(w.t.Context()), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("/logs/" + key), LogStreamName: aws.String("one"),
		LogEvents: []logtypes.InputLogEvent{{Message: &line, Timestamp: aws.Int64(w.aws.Clock().Now().UnixMilli())}},
	})
	if err != nil {
		w.t.Errorf("write to the log of %s: %v", key, err)
	}
}

// journal writes a function's own lines into its log.
func (w *world) journal(key string) *journal.Journal {
	return journal.New(lines(func(line string) { w.write(key, line) }), slog.LevelInfo)
}

// lines is a writer to which a journal writes one line at a time.
type lines func(line string)

func (l lines) Write(p []byte) (int, error) {
	l(strings.TrimSpace(string(p)))
	return len(p), nil
}

// run is a run over the world that looks often and waits for little.
func (w *world) run() *Run {
	return &Run{
		Client:     flow.New(w.aws.Config(), control.New(w.aws.URL())),
		Deployment: w.d,
		WholeBatch: w.d.FailureReporting == consume.WholeBatch,
		Progress:   progress.New(&w.said, progress.Lines),
		Pace:       Pace{Look: 5 * time.Millisecond, Rest: 2, Late: 50 * time.Millisecond, Patience: time.Minute},
	}
}
