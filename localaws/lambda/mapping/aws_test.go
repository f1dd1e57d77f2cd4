package mapping_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// site is an embedded AWS with a queue and a function.
type site struct {
	*localawstest.Server
	lambda *lambda.Client
	sqs    *sqs.Client
	url    string
	arn    string
}

func newSite(t testing.TB, o localaws.Options, permissions string) *site {
	t.Helper()

	srv := localawstest.NewWith(t, o)
	cfg := srv.Config()
	s := &site{
		Server: srv,
		lambda: lambda.NewFromConfig(cfg),
		sqs:    sqs.NewFromConfig(cfg),
		arn:    "arn:aws:sqs:us-east-1:000000000000:orders",
	}

	roles := iam.NewFromConfig(cfg)
	ctx := t.Context()
	q, err := s.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	fatal(t, err)
	s.url = *q.QueueUrl
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("consumer"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})

	fatal(t, err)
	_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName:   aws.String("consumer"),
		PolicyName: aws.String("poll"),
		PolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + permissions + `],"Resource":"*"}]}`),
	})

	fatal(t, err)
	var bundle bytes.Buffer
	z := zip.NewWriter(&bundle)
	h := &zip.FileHeader{Name: "bootstrap"}
	h.SetMode(0o755)
	f, err := z.CreateHeader(h)
	fatal(t, err)
	_, err = f.Write([]byte("#!/bin/sh\n"))
	fatal(t, errors.Join(err, z.Close()))
	_, err = s.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("consumer"),
		Role:         role.Role.Arn,
		Runtime:      types.RuntimeProvidedal2023,
		Handler:      aws.String("bootstrap"),
		Code:         &types.FunctionCode{ZipFile: bundle.Bytes()},
	})

	fatal(t, err)
	return s
}

func fatal(t testing.TB, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

const allowed = `"sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes"`

func TestMappingLifecycleThroughTheSDK(t *testing.T) {
	t.Parallel()

	s := newSite(t, localaws.Options{}, allowed)
	ctx := t.Context()
	made, err := s.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		EventSourceArn:        &s.arn,
		FunctionName:          aws.String("consumer"),
		BatchSize:             aws.Int32(5),
		FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		Tags:                  map[string]string{"team": "orders"},
	})

	fatal(t, err)
	if *made.State != "Creating" || *made.BatchSize != 5 || len(made.FunctionResponseTypes) != 1 {
		t.Errorf("created %+v", made)
	}

	got, err := s.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
	fatal(t, err)
	if *got.State != "Enabled" || !got.LastModified.Equal(*made.LastModified) {
		t.Errorf("read %+v", got)
	}

	tags, err := s.lambda.ListTags(ctx, &lambda.ListTagsInput{Resource: made.EventSourceMappingArn})
	fatal(t, err)
	if tags.Tags["team"] != "orders" {
		t.Errorf("tags %v", tags.Tags)
	}

	changed, err := s.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, FunctionResponseTypes: []types.FunctionResponseType{}})
	fatal(t, err)
	if len(changed.FunctionResponseTypes) != 0 || *changed.State != "Updating" {
		t.Errorf("updated %+v", changed)
	}

	list, err := s.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: aws.String("consumer"), EventSourceArn: &s.arn})
	fatal(t, err)
	if len(list.EventSourceMappings) != 1 {
		t.Errorf("listed %d", len(list.EventSourceMappings))
	}

	_, err = s.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: made.UUID})
	fatal(t, err)
	_, err = s.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) || missing.ErrorMessage() != "The resource you requested does not exist." {
		t.Errorf("after deletion: %v", err)
	}
}

// sent creates the mapping from the queue to the function, which runs in process, and
// sends a message.
func (s *site) sent(t *testing.T, handled chan<- []byte, delay int32) {
	t.Helper()

	s.RegisterHandler("consumer", func(_ context.Context, event []byte) ([]byte, error) {
		handled <- event
		return nil, nil
	})

	s.mapped(t)
	_, err := s.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl:     &s.url,
		MessageBody:  aws.String("hello"),
		DelaySeconds: delay,
	})

	fatal(t, err)
}

func (s *site) mapped(t testing.TB) {
	t.Helper()

	_, err := s.lambda.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{EventSourceArn: &s.arn, FunctionName: aws.String("consumer")})
	fatal(t, err)
}

func (s *site) wantEmpty(t *testing.T) {
	t.Helper()

	fatal(t, s.Clock().Settle(t.Context()))
	a, err := s.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &s.url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	fatal(t, err)
	if a.Attributes["ApproximateNumberOfMessages"] != "0" || a.Attributes["ApproximateNumberOfMessagesNotVisible"] != "0" {
		t.Errorf("left in the queue: %v", a.Attributes)
	}
}

func TestSentMessageReachesTheFunctionAndIsDeleted(t *testing.T) {
	t.Parallel()

	s := newSite(t, localaws.Options{ClockMode: clock.Skip}, allowed)
	handled := make(chan []byte, 10)
	s.sent(t, handled, 900) // the longest delay of SQS, which the clock skips
	var event struct {
		Records []struct{ Body, EventSourceARN string }
	}

	fatal(t, json.Unmarshal(<-handled, &event))
	if len(event.Records) != 1 || event.Records[0].Body != "hello" || event.Records[0].EventSourceARN != s.arn {
		t.Errorf("event %+v", event)
	}

	s.wantEmpty(t)
}

func TestMappingPollsAfterARestart(t *testing.T) {
	t.Parallel()

	o := localaws.Options{
		ClockMode:  clock.Manual,
		ClockStart: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		DataDir:    t.TempDir(),
	}

	s := newSite(t, o, allowed)
	handled := make(chan []byte, 10)
	s.sent(t, handled, 60)
	fatal(t, s.Shutdown(t.Context()))
	again := localawstest.NewWith(t, o)
	s.Server = again
	s.sqs = sqs.NewFromConfig(again.Config())
	s.RegisterHandler("consumer", func(_ context.Context, event []byte) ([]byte, error) {
		handled <- event
		return nil, nil
	})

	again.Advance(t, time.Minute)
	if len(handled) != 1 {
		t.Fatalf("%d invocations after the restart, want 1", len(handled))
	}

	s.wantEmpty(t)
}

func TestEveryFailedMessageEndsInTheDeadLetterQueue(t *testing.T) {
	t.Parallel()

	s := newSite(t, localaws.Options{ClockMode: clock.Manual, ClockStart: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, allowed)
	ctx := t.Context()
	s.RegisterHandler("consumer", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("always") })
	dlq, err := s.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("dead")})
	fatal(t, err)
	_, err = s.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &s.url, Attributes: map[string]string{
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`}})

	fatal(t, err)
	const messages = 450
	for range messages {
		_, err := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String("x")})
		fatal(t, err)
	}

	_, err = s.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		EventSourceArn:                 &s.arn,
		FunctionName:                   aws.String("consumer"),
		BatchSize:                      aws.Int32(1000),
		MaximumBatchingWindowInSeconds: aws.Int32(1),
	})

	fatal(t, err)
	s.Advance(t, 2*time.Minute) // all were received at the same time, and become visible at the same time
	a, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: dlq.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	fatal(t, err)
	if got := a.Attributes["ApproximateNumberOfMessages"]; got != strconv.Itoa(messages) {
		t.Errorf("%s messages in the dead-letter queue, want %d", got, messages)
	}
}

func BenchmarkThroughAMapping(b *testing.B) {
	for _, store := range []string{"memory", "disk"} {
		b.Run(store, func(b *testing.B) {
			o := localaws.Options{Logger: slog.New(slog.DiscardHandler)}
			if store == "disk" {
				o.DataDir = b.TempDir()
			}

			s := newSite(b, o, allowed)
			handled := make(chan struct{}, 1)
			s.RegisterHandler("consumer", func(context.Context, []byte) ([]byte, error) {
				handled <- struct{}{}
				return nil, nil
			})

			s.mapped(b)
			in := &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String("hello")}
			for b.Loop() { // from send to the start of the function
				if _, err := s.sqs.SendMessage(b.Context(), in); err != nil {
					b.Fatal(err)
				}
				<-handled
			}
		})
	}
}

func TestMissingPermissionIsNamedThroughTheSDK_B17(t *testing.T) {
	t.Parallel()

	s := newSite(t, localaws.Options{}, `"sqs:ReceiveMessage","sqs:GetQueueAttributes"`)
	_, err := s.lambda.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{EventSourceArn: &s.arn, FunctionName: aws.String("consumer")})
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != "InvalidParameterValueException" ||
		e.ErrorMessage() != "The function execution role does not have permissions to call DeleteMessage on SQS" {
		t.Errorf("error %v", err)
	}
}
