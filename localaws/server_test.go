package localaws_test

import (
	"archive/zip"
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

const trustLambda = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// shellBootstrap uses the Runtime API without Go: it fails each message and logs that.
const shellBootstrap = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  event=$(curl -sS -D /tmp/headers.$$ "$api/invocation/next" 2>/dev/null) || exit 1
  id=$(grep -i '^lambda-runtime-aws-request-id:' /tmp/headers.$$ | tr -d '\r' | cut -d' ' -f2)
  echo "got $event"
  curl -sS -X POST "$api/invocation/$id/response" -d '{"batchItemFailures":[]}' >/dev/null
done
`

func TestMessageReachesAProgramThatIsNotGo(t *testing.T) {
	t.Parallel()
	srv := localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0", ClockMode: clock.Skip})
	ctx, cfg := t.Context(), srv.Config()
	role := makeRole(t, srv)
	queue, err := sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	fn := lambda.NewFromConfig(cfg)
	if _, err := fn.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("consumer"), Role: &role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: zipped(t, "bootstrap", shellBootstrap)},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := fn.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("consumer"), EventSourceArn: aws.String("arn:aws:sqs:us-east-1:000000000000:orders"), BatchSize: aws.Int32(5),
		FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := sqs.NewFromConfig(cfg).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("one"), DelaySeconds: 60}); err != nil {
		t.Fatal(err)
	}
	if err := srv.Clock().Settle(ctx); err != nil {
		t.Fatal(err)
	}
	got, err := sqs.NewFromConfig(cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		t.Run(name, func(t *testing.T) {
			if got.Attributes[name] != "0" {
				t.Errorf("%s = %s after the function received the message, want 0", name, got.Attributes[name])
			}
		})
	}
}

func makeRole(t *testing.T, srv *localawstest.Server) string {
	t.Helper()
	client := iam.NewFromConfig(srv.Config())
	made, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("runs-functions"), AssumeRolePolicyDocument: aws.String(trustLambda)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("runs-functions"), PolicyName: aws.String("all"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","logs:*"],"Resource":"*"}]}`),
	}); err != nil {
		t.Fatal(err)
	}
	return *made.Role.Arn
}

func zipped(t *testing.T, name, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	h.SetMode(0o755)
	f, err := z.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
