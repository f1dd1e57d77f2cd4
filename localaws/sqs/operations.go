package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// operations is the table of everything SQS can do.
func (s *Service) operations() map[string]awsapi.Operation {
	on := func(action string) func(*awsapi.Call, string) []awsapi.Access {
		return func(c *awsapi.Call, queueURL string) []awsapi.Access { return s.queueAccess(c, action, queueURL) }
	}
	return awsapi.Table(
		op("SendMessage", s.SendMessage, on("SendMessage"), func(in *SendMessageInput) string { return in.QueueURL }),
		op("SendMessageBatch", s.SendMessageBatch, on("SendMessage"), func(in *SendMessageBatchInput) string { return in.QueueURL }),
		op("ReceiveMessage", s.ReceiveMessage, on("ReceiveMessage"), func(in *ReceiveMessageInput) string { return in.QueueURL }),
		mute(op("DeleteMessage", s.DeleteMessage, on("DeleteMessage"), func(in *DeleteMessageInput) string { return in.QueueURL })),
		op("DeleteMessageBatch", s.DeleteMessageBatch, on("DeleteMessage"), func(in *DeleteMessageBatchInput) string { return in.QueueURL }),
		mute(op("ChangeMessageVisibility", s.ChangeMessageVisibility, on("ChangeMessageVisibility"),
			func(in *ChangeMessageVisibilityInput) string { return in.QueueURL })),
		op("ChangeMessageVisibilityBatch", s.ChangeMessageVisibilityBatch, on("ChangeMessageVisibility"),
			func(in *ChangeMessageVisibilityBatchInput) string { return in.QueueURL }),
		awsapi.Op("CreateQueue", s.CreateQueue, s.createQueueAccess),
		mute(op("DeleteQueue", s.DeleteQueue, on("DeleteQueue"), func(in *QueueInput) string { return in.QueueURL })),
		mute(op("PurgeQueue", s.PurgeQueue, on("PurgeQueue"), func(in *QueueInput) string { return in.QueueURL })),
		awsapi.Op("GetQueueUrl", s.GetQueueUrl, s.getQueueURLAccess),
		awsapi.Op("ListQueues", s.ListQueues, func(c *awsapi.Call, _ *ListQueuesInput) []awsapi.Access {
			return []awsapi.Access{{Action: "sqs:ListQueues", Resource: queueKey{c.Account, c.Region, ""}.arn()}}
		}),
		op("ListDeadLetterSourceQueues", s.ListDeadLetterSourceQueues, on("ListDeadLetterSourceQueues"),
			func(in *ListDeadLetterSourceQueuesInput) string { return in.QueueURL }),
		op("GetQueueAttributes", s.GetQueueAttributes, on("GetQueueAttributes"), func(in *GetQueueAttributesInput) string { return in.QueueURL }),
		mute(op("SetQueueAttributes", s.SetQueueAttributes, on("SetQueueAttributes"),
			func(in *SetQueueAttributesInput) string { return in.QueueURL })),
		mute(awsapi.Op("TagQueue", s.TagQueue, func(c *awsapi.Call, in *TagQueueInput) []awsapi.Access {
			return withRequestTags(s.queueAccess(c, "TagQueue", in.QueueURL), in.Tags, nil)
		})),
		mute(awsapi.Op("UntagQueue", s.UntagQueue, func(c *awsapi.Call, in *UntagQueueInput) []awsapi.Access {
			return withRequestTags(s.queueAccess(c, "UntagQueue", in.QueueURL), nil, in.TagKeys)
		})),
		mute(op("AddPermission", s.AddPermission, on("AddPermission"), func(in *AddPermissionInput) string { return in.QueueURL })),
		mute(op("RemovePermission", s.RemovePermission, on("RemovePermission"), func(in *RemovePermissionInput) string { return in.QueueURL })),
		awsapi.Op("StartMessageMoveTask", s.StartMessageMoveTask, s.startMoveTaskAccess),
		awsapi.Op("ListMessageMoveTasks", s.ListMessageMoveTasks, s.listMoveTasksAccess),
		awsapi.Op("CancelMessageMoveTask", s.CancelMessageMoveTask, s.cancelMoveTaskAccess),
		op("ListQueueTags", s.ListQueueTags, on("ListQueueTags"), func(in *QueueInput) string { return in.QueueURL }),
	)
}

// op is an operation on one queue.
func op[In, Out any](
	name string, do func(context.Context, *awsapi.Call, *In) (*Out, error),
	need func(*awsapi.Call, string) []awsapi.Access, queueURL func(*In) string,
) awsapi.Operation {
	return awsapi.Op(name, do, func(c *awsapi.Call, in *In) []awsapi.Access { return need(c, queueURL(in)) })
}

// mute marks an operation without an output (SQS A3).
func mute(o awsapi.Operation) awsapi.Operation {
	o.NoOutput = true
	return o
}

// needToFind is what GetQueueUrl takes. That there is no such queue anybody may
// know (SQS O6).
func (s *Service) getQueueURLAccess(c *awsapi.Call, in *GetQueueUrlInput) []awsapi.Access {
	k := in.key(c)
	if s.queues.find(k) == nil {
		return nil
	}
	return []awsapi.Access{s.access(k, "GetQueueUrl")}
}

// needToCreate is what CreateQueue takes; tags at creation need TagQueue as well
// (SQS O7).
func (s *Service) createQueueAccess(c *awsapi.Call, in *CreateQueueInput) []awsapi.Access {
	k := queueKey{c.Account, c.Region, in.QueueName}
	need := []awsapi.Access{s.access(k, "CreateQueue")}
	if len(in.Tags) > 0 {
		need = append(need, s.access(k, "TagQueue"))
	}
	return withRequestTags(need, in.Tags, nil)
}
