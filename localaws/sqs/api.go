package sqs

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// API returns the service's table of operations.
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name:           "sqs",
		Target:         "AmazonSQS",
		JSONVersion:    "1.0",
		QueryVersion:   "2012-11-05",
		Namespace:      "http://queue.amazonaws.com/doc/2012-11-05/",
		Flattened:      true,
		ErrorNamespace: modelNamespace,
		Operations:     s.operations(),
	}
}

// operations returns every operation of SQS, by name.
func (s *Service) operations() map[string]awsapi.Operation {
	return awsapi.Table(
		// Messages.
		queueOp(s, "SendMessage", s.SendMessage,
			func(in *SendMessageInput) string { return in.QueueURL }),
		queueOp(s, "SendMessageBatch", s.SendMessageBatch,
			func(in *SendMessageBatchInput) string { return in.QueueURL }),
		queueOp(s, "ReceiveMessage", s.ReceiveMessage,
			func(in *ReceiveMessageInput) string { return in.QueueURL }),
		queueOpNoOutput(s, "DeleteMessage", s.DeleteMessage,
			func(in *DeleteMessageInput) string { return in.QueueURL }),
		queueOp(s, "DeleteMessageBatch", s.DeleteMessageBatch,
			func(in *DeleteMessageBatchInput) string { return in.QueueURL }),
		queueOpNoOutput(s, "ChangeMessageVisibility", s.ChangeMessageVisibility,
			func(in *ChangeMessageVisibilityInput) string { return in.QueueURL }),
		queueOp(s, "ChangeMessageVisibilityBatch", s.ChangeMessageVisibilityBatch,
			func(in *ChangeMessageVisibilityBatchInput) string { return in.QueueURL }),

		// Queues.
		awsapi.Op("CreateQueue", s.CreateQueue, s.createQueueAccess),
		queueOpNoOutput(s, "DeleteQueue", s.DeleteQueue,
			func(in *QueueInput) string { return in.QueueURL }),
		queueOpNoOutput(s, "PurgeQueue", s.PurgeQueue,
			func(in *QueueInput) string { return in.QueueURL }),
		awsapi.Op("GetQueueUrl", s.GetQueueUrl, s.getQueueURLAccess),
		awsapi.Op("ListQueues", s.ListQueues, s.listQueuesAccess),
		queueOp(s, "ListDeadLetterSourceQueues", s.ListDeadLetterSourceQueues,
			func(in *ListDeadLetterSourceQueuesInput) string { return in.QueueURL }),

		// Attributes, tags and permissions of a queue.
		queueOp(s, "GetQueueAttributes", s.GetQueueAttributes,
			func(in *GetQueueAttributesInput) string { return in.QueueURL }),
		queueOpNoOutput(s, "SetQueueAttributes", s.SetQueueAttributes,
			func(in *SetQueueAttributesInput) string { return in.QueueURL }),
		awsapi.OpNoOutput("TagQueue", s.TagQueue, s.tagQueueAccess),
		awsapi.OpNoOutput("UntagQueue", s.UntagQueue, s.untagQueueAccess),
		queueOp(s, "ListQueueTags", s.ListQueueTags,
			func(in *QueueInput) string { return in.QueueURL }),
		queueOpNoOutput(s, "AddPermission", s.AddPermission,
			func(in *AddPermissionInput) string { return in.QueueURL }),
		queueOpNoOutput(s, "RemovePermission", s.RemovePermission,
			func(in *RemovePermissionInput) string { return in.QueueURL }),

		// Move tasks.
		awsapi.Op("StartMessageMoveTask", s.StartMessageMoveTask, s.startMoveTaskAccess),
		awsapi.Op("ListMessageMoveTasks", s.ListMessageMoveTasks, s.listMoveTasksAccess),
		awsapi.Op("CancelMessageMoveTask", s.CancelMessageMoveTask, s.cancelMoveTaskAccess),
	)
}

// queueOp returns an operation on the queue whose URL queueURL reads from the input.
func queueOp[In, Out any](
	s *Service,
	name string,
	do func(context.Context, *awsapi.Call, *In) (*Out, error),
	queueURL func(*In) string,
) awsapi.Operation {
	return awsapi.Op(name, do, queueOpAccess(s, name, queueURL))
}

// queueOpNoOutput is like queueOp for an operation without an output.
func queueOpNoOutput[In any](
	s *Service,
	name string,
	do func(context.Context, *awsapi.Call, *In) error,
	queueURL func(*In) string,
) awsapi.Operation {
	return awsapi.OpNoOutput(name, do, queueOpAccess(s, name, queueURL))
}

// queueOpAccess returns the permissions of an operation on a queue. A batch needs the
// permission of the operation on a single message (SQS O4).
func queueOpAccess[In any](s *Service, name string, queueURL func(*In) string) func(*awsapi.Call, *In) []awsapi.Access {
	action := strings.TrimSuffix(name, "Batch")
	return func(c *awsapi.Call, in *In) []awsapi.Access {
		return s.queueAccess(c, action, queueURL(in))
	}
}
