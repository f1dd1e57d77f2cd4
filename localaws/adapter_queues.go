package localaws

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// queues is SQS for event source mappings, and for the dead-letter queues and
// destinations of functions. Its calls go through the dispatcher, which checks the
// permissions of the role.
type queues struct {
	server *Server
	sqs    *sqs.Service
}

var (
	_ mapping.Queues = (*queues)(nil)
	_ lambda.Queues  = (*queues)(nil)
)

// newCall returns a call by a caller about a queue, and the queue's URL.
func (q *queues) newCall(as awsapi.Caller, queueARN string) (c *awsapi.Call, url string, err error) {
	arn, ok := awsapi.ParseARN(queueARN)
	if !ok || arn.Service != "sqs" {
		return nil, "", fmt.Errorf("%s is not the ARN of a queue", queueARN)
	}
	c = q.server.newCall(as, arn.Account, arn.Region)
	return c, c.Endpoint + "/" + arn.Account + "/" + arn.Resource, nil
}

// Check implements mapping.Queues.
func (q *queues) Check(ctx context.Context, as awsapi.Caller, queueARN, action string) error {
	c, url, err := q.newCall(as, queueARN)
	if err != nil {
		return err
	}

	var in any
	switch action {
	case "ReceiveMessage":
		in = &sqs.ReceiveMessageInput{QueueURL: url}
	case "DeleteMessage":
		in = &sqs.DeleteMessageInput{QueueURL: url}
	case "GetQueueAttributes":
		in = &sqs.GetQueueAttributesInput{QueueURL: url}
	default:
		return fmt.Errorf("check %s on %s: mappings do not use this operation", action, queueARN)
	}

	// Only the permission: the operation itself would receive or delete messages.
	d := q.server.parts.dispatcher
	op := d.Services["sqs"].Operations[action]
	if err := d.Allow(ctx, c, &op, in); err != nil {
		return err
	}

	// The queue must exist, whether or not the role may read its attributes.
	_, err = q.sqs.GetQueueAttributes(ctx, c, &sqs.GetQueueAttributesInput{QueueURL: url})
	return err
}

// Describe implements mapping.Queues.
func (q *queues) Describe(ctx context.Context, as awsapi.Caller, queueARN string) (mapping.Queue, error) {
	c, url, err := q.newCall(as, queueARN)
	if err != nil {
		return mapping.Queue{}, err
	}

	in := &sqs.GetQueueAttributesInput{QueueURL: url, AttributeNames: []string{"All"}}
	out, err := run[sqs.GetQueueAttributesOutput](ctx, q.server, c, "sqs", "GetQueueAttributes", in)
	if err != nil {
		return mapping.Queue{}, err
	}

	seconds, err := strconv.Atoi(out.Attributes["VisibilityTimeout"])
	if err != nil {
		return mapping.Queue{}, fmt.Errorf("read the visibility timeout of %s: %w", queueARN, err)
	}
	return mapping.Queue{VisibilityTimeout: time.Duration(seconds) * time.Second}, nil
}

// Receive implements mapping.Queues.
func (q *queues) Receive(ctx context.Context, as awsapi.Caller, queueARN string, limit int) ([]mapping.Message, error) {
	c, url, err := q.newCall(as, queueARN)
	if err != nil {
		return nil, err
	}

	// No long poll: Watch reports when messages become visible.
	noWait := 0
	in := &sqs.ReceiveMessageInput{
		QueueURL:                    url,
		MaxNumberOfMessages:         &limit,
		WaitTimeSeconds:             &noWait,
		MessageSystemAttributeNames: []string{"All"},
		MessageAttributeNames:       []string{"All"},
	}

	out, err := run[sqs.ReceiveMessageOutput](ctx, q.server, c, "sqs", "ReceiveMessage", in)
	if err != nil {
		return nil, err
	}

	messages := make([]mapping.Message, len(out.Messages))
	for i, m := range out.Messages {
		messages[i] = mapping.Message{
			ID:              m.MessageID,
			ReceiptHandle:   m.ReceiptHandle,
			Body:            m.Body,
			MD5OfBody:       m.MD5OfBody,
			MD5OfAttributes: m.MD5OfMessageAttributes,
			System:          m.Attributes,
			Attributes:      mappingAttributes(m.MessageAttributes),
		}
	}

	return messages, nil
}

// mappingAttributes returns message attributes in the type of mappings.
func mappingAttributes(in map[string]sqs.MessageAttributeValue) map[string]mapping.Attribute {
	out := make(map[string]mapping.Attribute, len(in))
	for name, v := range in {
		a := mapping.Attribute{DataType: v.DataType, Binary: v.BinaryValue}
		if v.StringValue != nil {
			a.Text = *v.StringValue
		}
		out[name] = a
	}
	return out
}

// Delete implements mapping.Queues.
func (q *queues) Delete(ctx context.Context, as awsapi.Caller, queueARN string, receiptHandles []string) (failed []string, err error) {
	c, url, err := q.newCall(as, queueARN)
	if err != nil {
		return receiptHandles, err
	}

	in := &sqs.DeleteMessageBatchInput{
		QueueURL: url,
		Entries:  make([]sqs.DeleteMessageBatchRequestEntry, len(receiptHandles)),
	}
	for i, handle := range receiptHandles {
		in.Entries[i] = sqs.DeleteMessageBatchRequestEntry{ID: strconv.Itoa(i), ReceiptHandle: handle}
	}

	out, err := run[sqs.DeleteMessageBatchOutput](ctx, q.server, c, "sqs", "DeleteMessageBatch", in)
	if err != nil {
		return receiptHandles, err
	}

	// The ids of entries are their indexes.
	for _, f := range out.Failed {
		if i, err := strconv.Atoi(f.ID); err == nil {
			failed = append(failed, receiptHandles[i])
		}
	}

	return failed, nil
}

// Watch implements mapping.Queues.
func (q *queues) Watch(queueARN string, f func()) (stop func()) { return q.sqs.Watch(queueARN, f) }

// Send implements lambda.Queues.
func (q *queues) Send(ctx context.Context, as awsapi.Caller, queueARN, body string, attributes map[string]lambda.Attribute, trace string) error {
	c, url, err := q.newCall(as, queueARN)
	if err != nil {
		return err
	}

	in := &sqs.SendMessageInput{
		QueueURL:          url,
		MessageBody:       body,
		MessageAttributes: map[string]sqs.MessageAttributeValue{},
	}

	for name, a := range attributes {
		in.MessageAttributes[name] = sqs.MessageAttributeValue{DataType: a.DataType, StringValue: &a.Value}
	}

	if trace != "" {
		in.MessageSystemAttributes = map[string]sqs.MessageAttributeValue{
			"AWSTraceHeader": {DataType: "String", StringValue: &trace},
		}
	}

	_, err = run[sqs.SendMessageOutput](ctx, q.server, c, "sqs", "SendMessage", in)
	return err
}

// run performs one operation for a caller, including the check of its permissions.
func run[Out any](ctx context.Context, s *Server, c *awsapi.Call, service, operation string, in any) (*Out, error) {
	out, err := s.parts.dispatcher.Do(ctx, c, service, operation, in)
	if err != nil {
		return nil, err
	}
	return out.(*Out), nil
}

// newCall returns a call that the server makes itself on behalf of a caller, in an
// account and region.
func (s *Server) newCall(as awsapi.Caller, account, region string) *awsapi.Call {
	return &awsapi.Call{
		Caller:    as,
		Account:   account,
		Region:    region,
		RequestID: s.parts.random.UUID(),
		Endpoint:  s.URL(),
		Protocol:  awsapi.Direct,
		Secure:    true,
		UserAgent: "lambda.amazonaws.com",
	}
}
