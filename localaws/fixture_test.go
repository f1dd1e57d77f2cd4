package localaws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// testServer is an embedded AWS that skips waiting time, with SDK clients.
type testServer struct {
	*localawstest.Server
	t *testing.T
}

func newTestServer(t *testing.T, o localaws.Options) *testServer {
	t.Helper()
	o.ClockMode = clock.Skip
	return &testServer{localawstest.NewWith(t, o), t}
}

// in returns the configuration of a caller in another account and region, where
// authentication is off.
func (w *testServer) in(account, region string) aws.Config {
	cfg := w.ConfigAs(account, "anything", "")
	cfg.Region = region
	return cfg
}

// as returns the configuration of a function that runs in this process.
func (w *testServer) as(ctx context.Context) aws.Config {
	v := sandbox.Variables(ctx)
	cfg := w.Config()
	cfg.Region = v["AWS_REGION"]
	cfg.Credentials = credentials.NewStaticCredentialsProvider(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], v["AWS_SESSION_TOKEN"])
	return cfg
}

// ok fails the test on an error and returns the value otherwise.
func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// queue creates a queue and returns its URL.
func (w *testServer) queue(cfg aws.Config, name string, attributes map[string]string) *string {
	w.t.Helper()
	return ok[*sqs.CreateQueueOutput](w.t)(sqs.NewFromConfig(cfg).CreateQueue(w.t.Context(), &sqs.CreateQueueInput{
		QueueName: &name, Attributes: attributes,
	})).QueueUrl
}

func (w *testServer) send(cfg aws.Config, queue *string, bodies ...string) {
	w.t.Helper()
	for _, body := range bodies {
		ok[*sqs.SendMessageOutput](w.t)(sqs.NewFromConfig(cfg).SendMessage(w.t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body}))
	}
}

// count returns one of the counts of messages of a queue.
func (w *testServer) count(cfg aws.Config, queue *string, name sqstypes.QueueAttributeName) string {
	w.t.Helper()
	out := ok[*sqs.GetQueueAttributesOutput](w.t)(sqs.NewFromConfig(cfg).GetQueueAttributes(w.t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: queue, AttributeNames: []sqstypes.QueueAttributeName{name},
	}))
	return out.Attributes[string(name)]
}

// role creates a role for functions that may use the given actions.
func (w *testServer) role(cfg aws.Config, name string, actions ...string) *string {
	w.t.Helper()
	client := iam.NewFromConfig(cfg)
	made := ok[*iam.CreateRoleOutput](w.t)(client.CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(trustLambda),
	}))
	ok[*iam.PutRolePolicyOutput](w.t)(client.PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: aws.String("inline"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`),
	}))
	return made.Role.Arn
}

// function creates a function that runs in this process.
func (w *testServer) function(cfg aws.Config, name string, role *string, handler sandbox.Handler) {
	w.t.Helper()
	w.RegisterHandler(name, handler)
	ok[*lambda.CreateFunctionOutput](w.t)(lambda.NewFromConfig(cfg).CreateFunction(w.t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Role: role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &types.FunctionCode{},
	}))
}

// connect creates a mapping from a queue of the same account and region to a function.
func (w *testServer) connect(cfg aws.Config, function, queueARN string, metrics ...types.EventSourceMappingMetric) *string {
	w.t.Helper()
	in := &lambda.CreateEventSourceMappingInput{FunctionName: &function, EventSourceArn: &queueARN, BatchSize: aws.Int32(5)}
	if len(metrics) > 0 {
		in.MetricsConfig = &types.EventSourceMappingMetricsConfig{Metrics: metrics}
	}
	return ok[*lambda.CreateEventSourceMappingOutput](w.t)(lambda.NewFromConfig(cfg).CreateEventSourceMapping(w.t.Context(), in)).UUID
}

func (w *testServer) settle() {
	w.t.Helper()
	if err := w.Clock().Settle(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// log returns everything that a function has logged.
func (w *testServer) log(cfg aws.Config, function string) string {
	w.t.Helper()
	out, err := cloudwatchlogs.NewFromConfig(cfg).FilterLogEvents(w.t.Context(), &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/lambda/" + function),
	})
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, e := range out.Events {
		b.WriteString(*e.Message + "\n")
	}
	return b.String()
}

// nothing is a function that ignores its event.
func nothing(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }

// queueARN returns the ARN of a queue.
func queueARN(account, region, name string) string {
	return "arn:aws:sqs:" + region + ":" + account + ":" + name
}

// environmentBootstrap returns its environment as a JSON string.
const environmentBootstrap = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  curl -sS -D /tmp/headers.$$ "$api/invocation/next" >/dev/null 2>&1 || exit 1
  id=$(grep -i '^lambda-runtime-aws-request-id:' /tmp/headers.$$ | tr -d '\r' | cut -d' ' -f2)
  env | sed 's/\\/\\\\/g; s/"/\\"/g; s/$/\\n/' | tr -d '\n' | sed 's/^/"/; s/$/"/' >/tmp/answer.$$
  curl -sS -X POST "$api/invocation/$id/response" --data-binary @/tmp/answer.$$ >/dev/null
done
`

// createShell returns a request to create a function that is a shell script.
func createShell(t *testing.T, name string, role *string, script string) *lambda.CreateFunctionInput {
	t.Helper()
	return &lambda.CreateFunctionInput{
		FunctionName: &name, Role: role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: zipped(t, "bootstrap", script)},
	}
}
