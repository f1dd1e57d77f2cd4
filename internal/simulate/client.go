package simulate

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// memoryClient is the SQS client of the functions' outbox. It calls the server in
// memory, without HTTP.
type memoryClient struct{ sim *simulation }

var _ outbox.API = memoryClient{}

// GetQueueUrl implements outbox.API.
func (c memoryClient) GetQueueUrl(ctx context.Context, in *client.GetQueueUrlInput, _ ...func(*client.Options)) (*client.GetQueueUrlOutput, error) {
	out, err := c.sim.server.Do(ctx, "sqs", "GetQueueUrl", &sqs.GetQueueUrlInput{QueueName: aws.ToString(in.QueueName)})
	if err != nil {
		return nil, err
	}
	return &client.GetQueueUrlOutput{QueueUrl: &out.(*sqs.GetQueueUrlOutput).QueueURL}, nil
}

// SendMessageBatch implements outbox.API.
func (c memoryClient) SendMessageBatch(ctx context.Context, in *client.SendMessageBatchInput, _ ...func(*client.Options)) (*client.SendMessageBatchOutput, error) {
	t := &c.sim.tracker
	request := &sqs.SendMessageBatchInput{
		QueueURL: aws.ToString(in.QueueUrl),
		Entries:  make([]sqs.SendMessageBatchRequestEntry, len(in.Entries)),
	}

	// The tracker needs the orders, because SQS reports only message ids.
	t.sending = t.sending[:0]
	for i := range in.Entries {
		e := &in.Entries[i]
		request.Entries[i] = sqs.SendMessageBatchRequestEntry{
			ID:                *e.Id,
			MessageBody:       *e.MessageBody,
			MessageAttributes: fromSDK(e.MessageAttributes),
		}
		if delay := int(e.DelaySeconds); delay > 0 {
			request.Entries[i].DelaySeconds = &delay
		}
		t.sending = append(t.sending, t.byBody[*e.MessageBody])
	}

	out, err := c.sim.server.Do(ctx, "sqs", "SendMessageBatch", request)
	if err != nil {
		return nil, err
	}
	return toSDK(out.(*sqs.SendMessageBatchOutput)), nil
}

// toSDK converts an output to the type of the AWS SDK.
func toSDK(in *sqs.SendMessageBatchOutput) *client.SendMessageBatchOutput {
	out := &client.SendMessageBatchOutput{}
	for i := range in.Successful {
		ok := &in.Successful[i]
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: &ok.ID, MessageId: &ok.MessageID})
	}

	for i := range in.Failed {
		f := &in.Failed[i]
		out.Failed = append(out.Failed, types.BatchResultErrorEntry{
			Id:          &f.ID,
			Code:        &f.Code,
			Message:     &f.Message,
			SenderFault: f.SenderFault,
		})
	}
	return out
}

// fromSDK converts message attributes of the AWS SDK to those of the server.
func fromSDK(in map[string]types.MessageAttributeValue) map[string]sqs.MessageAttributeValue {
	out := make(map[string]sqs.MessageAttributeValue, len(in))
	for name, v := range in {
		out[name] = sqs.MessageAttributeValue{
			DataType:    aws.ToString(v.DataType),
			StringValue: v.StringValue,
			BinaryValue: v.BinaryValue,
		}
	}
	return out
}
