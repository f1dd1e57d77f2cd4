package simulate

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// direct is the SQS client of the functions' outbox, without a wire.
type direct struct{ w *world }

var _ outbox.API = direct{}

// GetQueueUrl implements outbox.API.
func (d direct) GetQueueUrl(ctx context.Context, in *client.GetQueueUrlInput, _ ...func(*client.Options)) (*client.GetQueueUrlOutput, error) {
	out, err := d.w.server.Do(ctx, "sqs", "GetQueueUrl", &sqs.GetQueueUrlInput{QueueName: aws.ToString(in.QueueName)})
	if err != nil {
		return nil, err
	}
	return &client.GetQueueUrlOutput{QueueUrl: &out.(*sqs.GetQueueUrlOutput).QueueURL}, nil
}

// SendMessageBatch implements outbox.API.
func (d direct) SendMessageBatch(ctx context.Context, in *client.SendMessageBatchInput, _ ...func(*client.Options)) (*client.SendMessageBatchOutput, error) {
	l := &d.w.ledger
	request := &sqs.SendMessageBatchInput{QueueURL: aws.ToString(in.QueueUrl), Entries: make([]sqs.SendMessageBatchRequestEntry, len(in.Entries))}
	l.sending = l.sending[:0]
	for i := range in.Entries {
		e := &in.Entries[i]
		delay := int(e.DelaySeconds)
		request.Entries[i] = sqs.SendMessageBatchRequestEntry{
			ID: *e.Id, MessageBody: *e.MessageBody, MessageAttributes: attributesOf(e.MessageAttributes),
		}
		if delay > 0 {
			request.Entries[i].DelaySeconds = &delay
		}
		l.sending = append(l.sending, l.byBody[*e.MessageBody])
	}
	out, err := d.w.server.Do(ctx, "sqs", "SendMessageBatch", request)
	if err != nil {
		return nil, err
	}
	return answer(out.(*sqs.SendMessageBatchOutput)), nil
}

func answer(in *sqs.SendMessageBatchOutput) *client.SendMessageBatchOutput {
	out := &client.SendMessageBatchOutput{}
	for i := range in.Successful {
		ok := &in.Successful[i]
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: &ok.ID, MessageId: &ok.MessageID})
	}
	for i := range in.Failed {
		f := &in.Failed[i]
		out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: &f.ID, Code: &f.Code, Message: &f.Message, SenderFault: f.SenderFault})
	}
	return out
}

func attributesOf(in map[string]types.MessageAttributeValue) map[string]sqs.MessageAttributeValue {
	out := make(map[string]sqs.MessageAttributeValue, len(in))
	for name, v := range in {
		out[name] = sqs.MessageAttributeValue{DataType: aws.ToString(v.DataType), StringValue: v.StringValue, BinaryValue: v.BinaryValue}
	}
	return out
}
