package localaws_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/reliableq/reliableq/localaws"
)

// withTrace sends the trace header of an invocation, as the SDK does
// inside Lambda.
func withTrace(ctx context.Context) func(*sqs.Options) {
	trace, _ := ctx.Value("x-amzn-trace-id").(string)
	return sqs.WithAPIOptions(func(s *middleware.Stack) error {
		return smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", trace)(s)
	})
}

// looping creates a function that sends a message to its own queue in each of its
// first times invocations.
func looping(t *testing.T, times int32) (w *testServer, queue, dead *string, calls *atomic.Int32) {
	t.Helper()
	w = newTestServer(t, localaws.Options{})
	cfg := w.Config()
	dead = w.queue(cfg, "dlq", nil)
	queue = w.queue(cfg, "q", map[string]string{
		"VisibilityTimeout": "10", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":3}`,
	})
	calls = &atomic.Int32{}
	w.function(cfg, "f", w.role(cfg, "r", "sqs:*", "logs:*"), func(ctx context.Context, _ []byte) ([]byte, error) {
		if calls.Add(1) > times {
			return []byte("{}"), nil
		}
		_, err := sqs.NewFromConfig(w.as(ctx), withTrace(ctx)).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("again")})
		return []byte("{}"), err
	})
	w.connect(cfg, "f", queueARN(w.Account(), w.Region(), "q"))
	return w, queue, dead, calls
}

// TestLoopThroughAQueueIsStopped follows a chain of messages to the one that Lambda no
// longer delivers, until SQS moves that message to the dead-letter queue.
func TestLoopThroughAQueueIsStopped(t *testing.T) {
	t.Parallel()
	w, queue, dead, calls := looping(t, 1000)
	w.send(w.Config(), queue, "first")
	w.settle()
	if n := calls.Load(); n != 16 {
		t.Errorf("%d invocations of the chain ran, want 16", n)
	}
	// Lambda leaves the stopped message in the queue, and SQS moves it after its
	// three receives.
	if n := w.count(w.Config(), dead, "ApproximateNumberOfMessages"); n != "1" {
		t.Errorf("%s messages in the dead-letter queue, want the one that was stopped", n)
	}
	if n := w.count(w.Config(), queue, "ApproximateNumberOfMessages"); n != "0" {
		t.Errorf("%s messages are left in the queue", n)
	}
	if n := w.sum("AWS/Lambda", "RecursiveInvocationsDropped", "FunctionName", "f"); n != 3 {
		t.Errorf("%v invocations dropped, want one for each receive", n)
	}
	if n := w.sum("AWS/Lambda", "Invocations", "FunctionName", "f"); n != 16 {
		t.Errorf("%v invocations", n)
	}
}

// TestAllowedLoopContinues disables loop detection.
func TestAllowedLoopContinues(t *testing.T) {
	t.Parallel()
	w, queue, dead, calls := looping(t, 40)
	fn := lambda.NewFromConfig(w.Config())
	ok[*lambda.PutFunctionRecursionConfigOutput](t)(fn.PutFunctionRecursionConfig(t.Context(), &lambda.PutFunctionRecursionConfigInput{
		FunctionName: aws.String("f"), RecursiveLoop: types.RecursiveLoopAllow,
	}))
	w.send(w.Config(), queue, "first")
	w.settle()
	if n := calls.Load(); n != 41 {
		t.Errorf("%d invocations ran, want 41", n)
	}
	if n := w.count(w.Config(), dead, "ApproximateNumberOfMessages"); n != "0" {
		t.Errorf("%s messages in the dead-letter queue", n)
	}
}

// TestCallerOfALoopGetsAnError invokes a function with a trace header that counts
// sixteen invocations.
func TestCallerOfALoopGetsAnError(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	var trace string
	w.function(w.Config(), "f", w.role(w.Config(), "r", "logs:*"), func(ctx context.Context, _ []byte) ([]byte, error) {
		trace, _ = ctx.Value("x-amzn-trace-id").(string)
		return []byte("{}"), nil
	})
	var stopped *types.RecursiveInvocationException
	for n := 1; ; n++ {
		client := lambda.NewFromConfig(w.Config(), lambda.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", trace)))
		_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
		if errors.As(err, &stopped) && n == 17 {
			return
		}
		if err != nil || n > 16 {
			t.Fatalf("invocation %d: %v", n, err)
		}
	}
}
