package sqs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetQueueUrlInput is the input of GetQueueUrl.
type GetQueueUrlInput struct {
	// QueueName is the queue's name.
	QueueName string `json:"QueueName,omitempty"`
	// QueueOwnerAWSAccountID is the account of the queue; empty means the caller's.
	QueueOwnerAWSAccountID string `json:"QueueOwnerAWSAccountId,omitempty"`
}

// GetQueueUrlOutput is the output of GetQueueUrl.
type GetQueueUrlOutput struct {
	// QueueURL is the queue's URL.
	QueueURL string `json:"QueueUrl"`
}

// GetQueueUrl returns the URL of a queue (SQS D9, A11).
func (s *Service) GetQueueUrl(_ context.Context, c *awsapi.Call, in *GetQueueUrlInput) (*GetQueueUrlOutput, error) {
	if in.QueueName == "" {
		return nil, invalidParameter("", "QueueName", "Must specify a queue name.")
	}
	k := in.key(c)
	if s.queues.find(k) == nil {
		return nil, queueDoesNotExist(c)
	}
	return &GetQueueUrlOutput{k.url(c.Endpoint)}, nil
}

func (in *GetQueueUrlInput) key(c *awsapi.Call) queueKey {
	k := queueKey{c.Scope(), in.QueueName}
	if in.QueueOwnerAWSAccountID != "" {
		k.Account = in.QueueOwnerAWSAccountID
	}
	return k
}
