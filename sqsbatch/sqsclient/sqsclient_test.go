package sqsclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// The SDK's client implements the interface of this package.
var _ sqsclient.API = (*sqs.Client)(nil)

const queueARN = "arn:aws:sqs:eu-central-1:123456789012:orders"

// service is a fake SQS.
type service struct {
	changes *sqs.ChangeMessageVisibilityBatchInput
	sent    *sqs.SendMessageInput
	failed  []types.BatchResultErrorEntry
	err     error
}

func (s *service) ChangeMessageVisibilityBatch(
	_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options),
) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	s.changes = in
	return &sqs.ChangeMessageVisibilityBatchOutput{Failed: s.failed}, s.err
}

func (s *service) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	s.sent = in
	return &sqs.SendMessageOutput{}, s.err
}

func TestChangesAreOneRequestWithErrorsInOrder(t *testing.T) {
	t.Parallel()
	sqsService := &service{failed: []types.BatchResultErrorEntry{
		{Id: aws.String("2"), Code: aws.String("InvalidParameterValue"), Message: aws.String("Value x for parameter ReceiptHandle is invalid. " +
			"Reason: Message does not exist or is not available for visibility timeout change.")}, // SQS J9
		{Id: aws.String("0"), Code: aws.String("ReceiptHandleIsInvalid"), Message: aws.String("no")},
		{Id: aws.String("nonsense")},
	}}
	errs := sqsclient.Visibility(sqsService).ChangeVisibility(t.Context(), queueARN, []sqsbatch.Visibility{
		{ReceiptHandle: "a", Seconds: 1}, {ReceiptHandle: "b", Seconds: 2}, {ReceiptHandle: "c", Seconds: 3},
	})
	if errs[0] == nil || errors.Is(errs[0], sqsbatch.ErrGone) || errs[1] != nil || !errors.Is(errs[2], sqsbatch.ErrGone) {
		t.Errorf("errors %v", errs)
	}
	in := sqsService.changes
	if aws.ToString(in.QueueUrl) != "https://sqs.eu-central-1.amazonaws.com/123456789012/orders" || len(in.Entries) != 3 {
		t.Fatalf("request %+v", in)
	}
	if e := in.Entries[1]; aws.ToString(e.ReceiptHandle) != "b" || e.VisibilityTimeout != 2 {
		t.Errorf("entry %+v", e)
	}
}

func TestFailedRequestFailsEachChange(t *testing.T) {
	t.Parallel()
	down := errors.New("no network")
	errs := sqsclient.Visibility(&service{err: down}).ChangeVisibility(t.Context(), queueARN, make([]sqsbatch.Visibility, 2))
	if !errors.Is(errs[0], down) || !errors.Is(errs[1], down) {
		t.Errorf("errors %v", errs)
	}
	errs = sqsclient.Visibility(&service{}).ChangeVisibility(t.Context(), "nonsense", make([]sqsbatch.Visibility, 1))
	if errs[0] == nil {
		t.Error("no error for an invalid queue")
	}
}

func TestADeadLetterKeepsBodyAndAttributes(t *testing.T) {
	t.Parallel()
	for url, dedup := range map[string]*string{"https://host/1/dlq": nil, "https://host/1/dlq.fifo": aws.String("id")} {
		t.Run(url, func(t *testing.T) {
			sqsService := &service{}
			err := sqsclient.DeadLetters(sqsService, url).SendDeadLetter(t.Context(), sqsbatch.DeadLetter{
				Body: "body", Group: "g", DeduplicationID: "id", TraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793",
				Attributes: map[string]events.SQSMessageAttribute{
					"n": {DataType: "Number.int", StringValue: aws.String("1")}, "b": {DataType: "Binary", BinaryValue: []byte{0, 1}},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			in := sqsService.sent
			if *in.QueueUrl != url || *in.MessageBody != "body" || *in.MessageGroupId != "g" {
				t.Errorf("request %+v", in)
			}
			if diff := cmp.Diff(dedup, in.MessageDeduplicationId); diff != "" {
				t.Error(diff)
			}
			if *in.MessageAttributes["n"].DataType != "Number.int" || string(in.MessageAttributes["b"].BinaryValue) != "\x00\x01" {
				t.Errorf("attributes %+v", in.MessageAttributes)
			}
			trace := in.MessageSystemAttributes["AWSTraceHeader"]
			if len(in.MessageSystemAttributes) != 1 || *trace.DataType != "String" || *trace.StringValue != "Root=1-5759e988-bd862e3fe1be46a994272793" {
				t.Errorf("system attributes %+v", in.MessageSystemAttributes)
			}
		})
	}
}

// SQS refuses an empty trace header.
func TestDeadLetterWithoutATraceHasNoSystemAttributes(t *testing.T) {
	t.Parallel()
	api := &service{}
	if err := sqsclient.DeadLetters(api, "https://host/1/dlq").SendDeadLetter(t.Context(), sqsbatch.DeadLetter{Body: "body"}); err != nil {
		t.Fatal(err)
	}
	if api.sent.MessageSystemAttributes != nil {
		t.Errorf("system attributes %+v", api.sent.MessageSystemAttributes)
	}
}

func TestRefusedDeadLetterIsAnError(t *testing.T) {
	t.Parallel()
	down := errors.New("no network")
	if err := sqsclient.DeadLetters(&service{err: down}, "u").SendDeadLetter(t.Context(), sqsbatch.DeadLetter{}); !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
}

func FuzzQueueURL(f *testing.F) {
	f.Add(queueARN)
	f.Add("arn:aws-cn:sqs:cn-north-1:123456789012:q.fifo")
	f.Add("arn:aws:lambda:us-east-1:123456789012:function:f")
	f.Add("arn:aws:sqs:us-east-1::q")
	f.Fuzz(func(t *testing.T, arn string) {
		url, err := sqsclient.QueueURL(arn)
		if err != nil {
			return
		}
		name := arn[strings.LastIndexByte(arn, ':')+1:]
		if !strings.HasPrefix(url, "https://sqs.") || !strings.HasSuffix(url, "/"+name) || name == "" {
			t.Errorf("%q became %q", arn, url)
		}
	})
}

// withAttributes is SQS with a redrive policy.
type withAttributes struct {
	service
	attributes map[string]string
	asked      *sqs.GetQueueAttributesInput
}

func (s *withAttributes) GetQueueAttributes(
	_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options),
) (*sqs.GetQueueAttributesOutput, error) {
	s.asked = in
	return &sqs.GetQueueAttributesOutput{Attributes: s.attributes}, s.err
}

func TestMaxReceivesIsThatOfTheRedrivePolicy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy string
		want   int
		fails  bool
	}{
		"Number":   {`{"deadLetterTargetArn":"arn","maxReceiveCount":5}`, 5, false},
		"String":   {`{"deadLetterTargetArn":"arn","maxReceiveCount":"12"}`, 12, false},
		"None":     {"", 0, false},
		"NoJSON":   {"{", 0, true},
		"NoNumber": {`{"maxReceiveCount":"x"}`, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := &withAttributes{attributes: map[string]string{}}
			if tt.policy != "" {
				api.attributes["RedrivePolicy"] = tt.policy
			}
			n, err := sqsclient.Visibility(api).(sqsbatch.ReceiveLimiter).MaxReceives(t.Context(), queueARN)
			if n != tt.want || (err != nil) != tt.fails {
				t.Errorf("%d, %v", n, err)
			}
		})
	}

	limiter := func(api sqsclient.API) sqsbatch.ReceiveLimiter {
		return sqsclient.Visibility(api).(sqsbatch.ReceiveLimiter)
	}
	down := errors.New("down")
	if _, err := limiter(&withAttributes{service: service{err: down}}).MaxReceives(t.Context(), queueARN); !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
	if _, err := limiter(&service{}).MaxReceives(t.Context(), queueARN); err == nil {
		t.Error("no error for a client that cannot read attributes")
	}
	if _, err := limiter(&withAttributes{}).MaxReceives(t.Context(), "nonsense"); err == nil {
		t.Error("no error for an invalid queue")
	}
}

func TestNilClientsAreRefused(t *testing.T) {
	t.Parallel()
	handle := func(context.Context, sqsbatch.Message[string]) error { return nil }
	for name, option := range map[string]sqsbatch.Option{
		"Visibility": sqsbatch.WithBackoff(sqsclient.Visibility(nil), backoff.Policy{Base: 1}),
		"Sender":     sqsbatch.WithDeadLetter(sqsclient.DeadLetters(nil, "https://queue")),
		"URL":        sqsbatch.WithDeadLetter(sqsclient.DeadLetters(&service{}, "")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := sqsbatch.New(handle, option); err == nil {
				t.Error("accepted")
			}
		})
	}
}
