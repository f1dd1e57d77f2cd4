// Package sqsclient implements the interfaces of package sqsbatch with the SQS client
// of the AWS SDK. It is a separate package, so that sqsbatch itself does not depend
// on the SDK.
package sqsclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/sqsbatch"
)

// API is the part of *sqs.Client that this package uses.
type API interface {
	// ChangeMessageVisibilityBatch changes up to ten visibility timeouts.
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	// SendMessage sends one message.
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// attributesAPI is the part of *sqs.Client that reads redrive policies.
type attributesAPI interface {
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Visibility returns a client for [sqsbatch.WithBackoff]. It is also a
// [sqsbatch.ReceiveLimiter], for which the role needs sqs:GetQueueAttributes (as the
// event source mapping does) and client the method GetQueueAttributes of *sqs.Client.
//
// It returns nil if client is nil, which WithBackoff refuses.
func Visibility(client API) sqsbatch.VisibilityChanger {
	if client == nil {
		return nil
	}
	return visibility{client}
}

type visibility struct{ api API }

// ChangeVisibility makes all changes in one request.
func (v visibility) ChangeVisibility(ctx context.Context, queueARN string, changes []sqsbatch.Visibility) []error {
	errs := make([]error, len(changes))
	all := func(err error) []error {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}

	url, err := QueueURL(queueARN)
	if err != nil {
		return all(err)
	}

	// The index of a change is its entry id, by which failures are assigned.
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url}
	for i, change := range changes {
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
			Id:                aws.String(strconv.Itoa(i)),
			ReceiptHandle:     &change.ReceiptHandle,
			VisibilityTimeout: int32(change.Seconds),
		})
	}

	out, err := v.api.ChangeMessageVisibilityBatch(ctx, in)
	if err != nil {
		return all(fmt.Errorf("change message visibility: %w", err))
	}

	for _, failed := range out.Failed {
		if i, err := strconv.Atoi(aws.ToString(failed.Id)); err == nil && i >= 0 && i < len(errs) {
			errs[i] = entryError(failed)
		}
	}

	return errs
}

var errNoAttributes = errors.New("the client has no GetQueueAttributes")

// MaxReceives returns the maxReceiveCount of the queue's redrive policy, or 0 if it has
// none.
func (v visibility) MaxReceives(ctx context.Context, queueARN string) (int, error) {
	api, ok := v.api.(attributesAPI)
	if !ok {
		return 0, errNoAttributes
	}
	url, err := QueueURL(queueARN)
	if err != nil {
		return 0, err
	}

	name := types.QueueAttributeNameRedrivePolicy
	out, err := api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &url,
		AttributeNames: []types.QueueAttributeName{name},
	})
	if err != nil {
		return 0, fmt.Errorf("get queue attributes: %w", err)
	}
	text, ok := out.Attributes[string(name)]
	if !ok {
		return 0, nil
	}

	// SQS returns the count as it was set, as a number or a string.
	var policy struct {
		MaxReceiveCount json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return 0, fmt.Errorf("redrive policy: %w", err)
	}
	n, err := strconv.Atoi(strings.Trim(string(policy.MaxReceiveCount), `"`))
	if err != nil {
		return 0, fmt.Errorf("redrive policy: %w", err)
	}
	return n, nil
}

// entryError returns the error of a change. It wraps sqsbatch.ErrGone if the message
// was deleted, which SQS reports only by its text (SQS J9).
func entryError(failed types.BatchResultErrorEntry) error {
	code := aws.ToString(failed.Code)
	text := aws.ToString(failed.Message)
	if strings.Contains(text, "Message does not exist or is not available for visibility timeout change") {
		return fmt.Errorf("%w: %s: %s", sqsbatch.ErrGone, code, text)
	}
	return fmt.Errorf("change message visibility: %s: %s", code, text)
}

// DeadLetters returns a sender for [sqsbatch.WithDeadLetter]. It sends to the queue
// with the given URL. It returns nil if client is nil or the URL is empty, which
// WithDeadLetter refuses.
func DeadLetters(client API, queueURL string) sqsbatch.DeadLetterSender {
	if client == nil || queueURL == "" {
		return nil
	}
	return deadLetters{client, queueURL}
}

type deadLetters struct {
	api API
	url string
}

// SendDeadLetter sends a copy.
func (d deadLetters) SendDeadLetter(ctx context.Context, m sqsbatch.DeadLetter) error {
	in := &sqs.SendMessageInput{
		QueueUrl:          &d.url,
		MessageBody:       &m.Body,
		MessageAttributes: Attributes(m.Attributes),
	}

	if m.Group != "" {
		in.MessageGroupId = &m.Group
	}
	// Standard queues refuse a deduplication id.
	if strings.HasSuffix(d.url, ".fifo") {
		in.MessageDeduplicationId = &m.DeduplicationID
	}
	if m.TraceHeader != "" {
		in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			string(types.MessageSystemAttributeNameForSendsAWSTraceHeader): {
				DataType:    aws.String("String"),
				StringValue: &m.TraceHeader,
			},
		}
	}
	if _, err := d.api.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("send to the dead-letter queue: %w", err)
	}

	return nil
}

// Attributes converts the attributes of a record to the type of the SDK.
func Attributes(from map[string]events.SQSMessageAttribute) map[string]types.MessageAttributeValue {
	to := make(map[string]types.MessageAttributeValue, len(from))
	for name, a := range from {
		to[name] = types.MessageAttributeValue{
			DataType:    aws.String(a.DataType),
			StringValue: a.StringValue,
			BinaryValue: a.BinaryValue,
		}
	}
	return to
}

var errNotAQueue = errors.New("not the ARN of an SQS queue")

// QueueURL returns the URL of the queue with the given ARN. SQS uses only the account
// and the name in it (SQS C2), so the URL is valid for any endpoint.
func QueueURL(queueARN string) (string, error) {
	a, err := arn.Parse(queueARN)
	if err != nil || a.Service != "sqs" || a.Region == "" || a.AccountID == "" || a.Resource == "" || strings.ContainsAny(a.Resource, "/:") {
		return "", fmt.Errorf("%w: %q", errNotAQueue, queueARN)
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(a.Partition, "aws-cn") {
		domain += ".cn"
	}
	return fmt.Sprintf("https://sqs.%s.%s/%s/%s", a.Region, domain, a.AccountID, a.Resource), nil
}
