package sqs

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// queueAccess returns the permissions for an action on the queue with a URL,
// whether or not the queue exists.
func (s *Service) queueAccess(c *awsapi.Call, action, queueURL string) []awsapi.Access {
	k, err := parseQueueURL(c, queueURL)
	if err != nil {
		return nil // the operation returns the error
	}
	return s.accessWithKMSKey(k, action)
}

// accessWithKMSKey returns the permission for an action on a queue, and those on
// the KMS key that encrypts its messages.
func (s *Service) accessWithKMSKey(k queueKey, action string) []awsapi.Access {
	all := []awsapi.Access{s.access(k, action)}
	q := s.queues.find(k)
	if q == nil {
		return all
	}

	// A queue without a customer managed key needs no permission on a key.
	arn := kmsKeyARN(k, q.attributes.Load().kmsKeyID)
	if arn == "" {
		return all
	}
	for _, onKey := range kmsActions[action] {
		all = append(all, awsapi.Access{
			Action:   onKey,
			Resource: arn,
			Refusal:  &errKeyDenied,
		})
	}
	return all
}

// access returns the permission for an action on a queue.
func (s *Service) access(k queueKey, action string) awsapi.Access {
	a := awsapi.Access{Action: "sqs:" + action, Resource: k.arn()}
	if q := s.queues.find(k); q != nil {
		a.ResourcePolicy = q.attributes.Load().policy
		a.ResourceTags = q.tagMap()
	}
	return a
}

// sourceAccess returns the permission for an action on the queue with an ARN.
func (s *Service) sourceAccess(arn, action string) []awsapi.Access {
	k, ok := parseARN(arn)
	if !ok {
		return nil // the operation returns the error
	}
	return []awsapi.Access{s.access(k, action)}
}

// createQueueAccess returns the permissions for CreateQueue; tags at creation need
// TagQueue as well (SQS O7).
func (s *Service) createQueueAccess(c *awsapi.Call, in *CreateQueueInput) []awsapi.Access {
	k := queueKey{c.Scope(), in.QueueName}
	return awsapi.WithRequestTags(s.access(k, "CreateQueue"), "sqs:TagQueue", in.Tags)
}

// getQueueURLAccess returns the permission for GetQueueUrl. Every caller may learn
// that a queue does not exist (SQS O6).
func (s *Service) getQueueURLAccess(c *awsapi.Call, in *GetQueueUrlInput) []awsapi.Access {
	k := in.key(c)
	if s.queues.find(k) == nil {
		return nil
	}
	return []awsapi.Access{s.access(k, "GetQueueUrl")}
}

func (s *Service) listQueuesAccess(c *awsapi.Call, _ *ListQueuesInput) []awsapi.Access {
	allQueues := c.Scope().ARN("sqs", "")
	return []awsapi.Access{{Action: "sqs:ListQueues", Resource: allQueues}}
}

func (s *Service) tagQueueAccess(c *awsapi.Call, in *TagQueueInput) []awsapi.Access {
	all := s.queueAccess(c, "TagQueue", in.QueueURL)
	for i := range all {
		all[i].RequestTags = in.Tags
	}
	return all
}

func (s *Service) untagQueueAccess(c *awsapi.Call, in *UntagQueueInput) []awsapi.Access {
	all := s.queueAccess(c, "UntagQueue", in.QueueURL)
	for i := range all {
		all[i].TagKeys = in.TagKeys
	}
	return all
}

// startMoveTaskAccess returns the permissions for StartMessageMoveTask: it acts for
// the caller on both queues (SQS M11).
func (s *Service) startMoveTaskAccess(_ *awsapi.Call, in *StartMessageMoveTaskInput) []awsapi.Access {
	from, ok := parseARN(in.SourceARN)
	if !ok {
		return nil // the operation returns the error
	}

	all := []awsapi.Access{s.access(from, "StartMessageMoveTask")}
	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		all = append(all, s.accessWithKMSKey(from, action)...)
	}

	if to, ok := parseARN(in.DestinationARN); ok {
		return append(all, s.accessWithKMSKey(to, "SendMessage")...)
	}

	// Without a destination each message goes back to the queue it came from.
	if dlq := s.queues.find(from); dlq != nil {
		for _, q := range s.sourcesOf(dlq) {
			all = append(all, s.accessWithKMSKey(q.queueKey, "SendMessage")...)
		}
	}
	return all
}

func (s *Service) listMoveTasksAccess(_ *awsapi.Call, in *ListMessageMoveTasksInput) []awsapi.Access {
	return s.sourceAccess(in.SourceARN, "ListMessageMoveTasks")
}

func (s *Service) cancelMoveTaskAccess(_ *awsapi.Call, in *CancelMessageMoveTaskInput) []awsapi.Access {
	_, arn, _ := parseTaskHandle(in.TaskHandle) // the operation refuses a bad handle
	return s.sourceAccess(arn, "CancelMessageMoveTask")
}

// ownedQueue returns a queue for an operation that never works across accounts
// (SQS O5).
func (s *Service) ownedQueue(c *awsapi.Call, queueURL, action string) (*queue, error) {
	q, err := s.findQueue(c, queueURL)
	if err != nil {
		return nil, err
	}
	if c.Caller.Account != "" && c.Caller.Account != q.Account {
		return nil, errAccessDenied.With("User: %s is not authorized to perform: sqs:%s on resource: %s "+
			"because the action does not work across accounts", c.Caller.ARN, action, q.arn)
	}
	return q, nil
}
