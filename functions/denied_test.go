package functions_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/localawstest"
	"github.com/reliableq/reliableq/sqsbatch"
)

// guarded is the flow with authentication on: each function has a separate role, and
// sends with that role's credentials.
type guarded struct {
	*flow
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	server := localawstest.NewWith(t, localaws.Options{ClockMode: clock.Skip, Seed: 1})
	f := &flow{t: t, aws: server, sqs: sqs.NewFromConfig(server.Config())}
	f.logger = jsonlog.New(&f.log, slog.LevelInfo)
	f.queue(deadLetters, nil)
	f.queue("reliable_q_retry_1", map[string]string{"DelaySeconds": "10", "VisibilityTimeout": "10", "RedrivePolicy": f.redrive(deadLetters, 3)})
	f.queue("reliable_q", map[string]string{"DelaySeconds": "2", "VisibilityTimeout": "10", "RedrivePolicy": f.redrive("reliable_q_retry_1", 5)})
	return &guarded{f}
}

// run creates a function that reads the queue with the function's name, with a role
// that only permits the given actions. make is called in each invocation.
func (g *guarded) run(queue string, actions []string, make func(context.Context) (sqsbatch.Handler, error)) {
	g.t.Helper()
	ctx := g.t.Context()
	roles, functions := iam.NewFromConfig(g.aws.Config()), lambdasdk.NewFromConfig(g.aws.Config())
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	made, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &queue, AssumeRolePolicyDocument: aws.String(trust)})
	if err != nil {
		g.t.Fatal(err)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
	if _, err := roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &queue, PolicyName: aws.String("work"), PolicyDocument: &policy}); err != nil {
		g.t.Fatal(err)
	}
	g.aws.RegisterHandler(queue, func(ctx context.Context, event []byte) ([]byte, error) {
		handler, err := make(ctx)
		if err != nil {
			return nil, err
		}
		return lambda.NewHandler(handler).Invoke(ctx, event)
	})
	if _, err := functions.CreateFunction(ctx, &lambdasdk.CreateFunctionInput{
		FunctionName: &queue, Role: made.Role.Arn, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &lambdatypes.FunctionCode{}, Timeout: aws.Int32(3),
	}); err != nil {
		g.t.Fatal(err)
	}
	if _, err := functions.CreateEventSourceMapping(ctx, &lambdasdk.CreateEventSourceMappingInput{
		FunctionName: &queue, EventSourceArn: aws.String(g.arn(queue)), BatchSize: aws.Int32(5),
		FunctionResponseTypes: []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures},
	}); err != nil {
		g.t.Fatal(err)
	}
}

// own returns an SQS client with the credentials of the function that runs.
func (g *guarded) own(ctx context.Context) *sqs.Client {
	v := sandbox.Variables(ctx)
	cfg := g.aws.Config()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], v["AWS_SESSION_TOKEN"])
	return sqs.NewFromConfig(cfg)
}

// replays creates the retry function's handler as its program does.
func (g *guarded) replays(ctx context.Context) (sqsbatch.Handler, error) {
	source, err := outbox.Open(ctx, g.own(ctx), "reliable_q")
	if err != nil {
		return nil, err
	}
	return replay.New(replay.Level{Number: 1, MaxAttempts: 3, Backoff: replay.Policy(2*time.Second, 15*time.Minute)}, source, g.logger)
}

// TestRetryFunctionWithoutPermissionLosesNoMessage removes sqs:SendMessage from the
// retry function's policy: no message can be replayed, the log has the reason, and
// every bad message ends in the dead-letter queue.
func TestRetryFunctionWithoutPermissionLosesNoMessage(t *testing.T) {
	t.Parallel()
	receive := []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:*"}
	for _, tt := range []struct {
		send    []string
		replays int
		denied  bool
	}{
		{[]string{"sqs:GetQueueUrl", "sqs:SendMessage"}, 3 * 4, false},
		{[]string{"sqs:GetQueueUrl"}, 0, true},
	} {
		t.Run(fmt.Sprint(tt.send), func(t *testing.T) {
			g := newGuarded(t)
			g.run("reliable_q", receive, func(context.Context) (sqsbatch.Handler, error) { return consume.New(consume.PerMessage, g.logger) })
			g.run("reliable_q_retry_1", append(tt.send, receive...), g.replays)
			bad := map[string]bool{}
			for i := range 8 {
				m := outbox.Message{Body: fmt.Sprintf(`{"order_id":"%d"}`, i), Attributes: map[string]types.MessageAttributeValue{order.StoreID: order.Number(1)}}
				if i%2 == 1 {
					m.Attributes = map[string]types.MessageAttributeValue{order.Bad: order.Text("True")}
					bad[m.Body] = true
				}
				if sent := g.outbox().Send(t.Context(), []outbox.Message{m}); sent[0].Err != nil {
					t.Fatal(sent[0].Err)
				}
			}
			g.settle()

			dead := g.dead()
			for _, m := range dead {
				if !bad[*m.Body] {
					t.Errorf("%s is dead-lettered and not bad, or twice", *m.Body)
				}
				delete(bad, *m.Body)
			}
			if len(bad) > 0 {
				t.Errorf("vanished: %v", bad)
			}
			log := g.log.Bytes()
			if n := bytes.Count(log, []byte(`"msg":"replayed"`)); n != tt.replays {
				t.Errorf("%d replays, want %d", n, tt.replays)
			}
			if n := bytes.Count(log, []byte(`"msg":"processed"`)); n != 4 {
				t.Errorf("%d messages processed, want the 4 good ones", n)
			}
			const refusal = "AccessDenied: User: arn:aws:sts::000000000000:assumed-role/reliable_q_retry_1/reliable_q_retry_1 is not authorized to perform: sqs:sendmessage"
			if got := bytes.Contains(log, []byte(refusal)); got != tt.denied {
				t.Errorf("the log has an access error: %v, want %v\n%s", got, tt.denied, log)
			}
		})
	}
}
