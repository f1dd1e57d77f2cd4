package sqs

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// need is the permission for an action on the queue that a call names, whether or
// not it is there.
func (s *Service) queueAccess(c *awsapi.Call, action, queueURL string) []awsapi.Access {
	k, err := parseQueueURL(c, queueURL)
	if err != nil {
		return nil // refused by the operation itself
	}
	return s.accessWithKMSKey(k, action)
}

// needWithKey is the permission for an action on a queue, and those on the key that
// encrypts its messages.
func (s *Service) accessWithKMSKey(k queueKey, action string) []awsapi.Access {
	need := []awsapi.Access{s.access(k, action)}
	q := s.queues.find(k)
	if q == nil {
		return need
	}
	arn := keyARN(k, q.attributes.Load().kmsKeyID)
	if arn == "" {
		return need
	}
	for _, onKey := range keyActions[action] {
		need = append(need, awsapi.Access{
			Action:   onKey,
			Resource: arn,
			Refusal:  &errKeyDenied,
		})
	}
	return need
}

func (s *Service) access(k queueKey, action string) awsapi.Access {
	a := awsapi.Access{Action: "sqs:" + action, Resource: k.arn()}
	if q := s.queues.find(k); q != nil {
		a.ResourcePolicy = q.attributes.Load().policy
		a.ResourceTags = q.tagMap()
	}
	return a
}

// withRequestTags adds the tags that a request sets, and the keys of those that it
// removes.
func withRequestTags(need []awsapi.Access, tags map[string]string, removed []string) []awsapi.Access {
	for i := range need {
		need[i].RequestTags, need[i].TagKeys = tags, removed
	}
	return need
}

// owned finds a queue for an operation that never works across accounts (SQS O5).
func (s *Service) ownedQueue(c *awsapi.Call, queueURL, action string) (*queue, error) {
	q, err := s.findQueue(c, queueURL)
	if err != nil {
		return nil, err
	}
	if c.Caller.Account != "" && c.Caller.Account != q.account {
		return nil, errAccessDenied.With("User: %s is not authorized to perform: sqs:%s on resource: %s "+
			"because the action does not work across accounts", c.Caller.ARN, action, q.arn)
	}
	return q, nil
}
