package sqs

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetQueueUrlInput is the input of GetQueueUrl.
type GetQueueUrlInput struct {
	// QueueName is the queue's name.
	QueueName string `json:"QueueName,omitempty"`
	// QueueOwnerAWSAccountID is the account of another owner's queue.
	QueueOwnerAWSAccountID string `json:"QueueOwnerAWSAccountId,omitempty"`
}

// GetQueueUrlOutput is the output of GetQueueUrl.
type GetQueueUrlOutput struct {
	// QueueURL is the queue's address.
	QueueURL string `json:"QueueUrl"`
}

// ListQueuesInput is the input of ListQueues.
type ListQueuesInput struct {
	// QueueNamePrefix is what names must begin with.
	QueueNamePrefix string `json:"QueueNamePrefix,omitempty"`
	// NextToken is from the page before.
	NextToken string `json:"NextToken,omitempty"`
	// MaxResults is the size of a page, 1 to 1000; nil means one page of up to
	// 1000.
	MaxResults *int `json:"MaxResults,omitempty"`
}

// ListQueuesOutput is the output of ListQueues.
type ListQueuesOutput struct {
	// QueueURLs are addresses in order of name; nil without any.
	QueueURLs []string `json:"QueueUrls,omitempty" query:"QueueUrl"`
	// NextToken asks for the next page; empty on the last (SQS D10).
	NextToken string `json:"NextToken,omitempty"`
}

// ListDeadLetterSourceQueuesInput is the input of ListDeadLetterSourceQueues.
type ListDeadLetterSourceQueuesInput struct {
	// QueueURL names the dead-letter queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// NextToken is from the page before.
	NextToken string `json:"NextToken,omitempty"`
	// MaxResults is the size of a page, 1 to 1000.
	MaxResults *int `json:"MaxResults,omitempty"`
}

// ListDeadLetterSourceQueuesOutput is the output of ListDeadLetterSourceQueues.
type ListDeadLetterSourceQueuesOutput struct {
	// QueueURLs are addresses in order of name. The lower-case q is AWS's (SQS
	// A16).
	QueueURLs []string `json:"queueUrls,omitempty" query:"QueueUrl"`
	// NextToken asks for the next page; empty on the last.
	NextToken string `json:"NextToken,omitempty"`
}

// GetQueueUrl answers a queue's address (SQS D9, A11).
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
	k := queueKey{c.Account, c.Region, in.QueueName}
	if in.QueueOwnerAWSAccountID != "" {
		k.account = in.QueueOwnerAWSAccountID
	}
	return k
}

// ListQueues lists an account's queues (SQS D10).
func (s *Service) ListQueues(_ context.Context, c *awsapi.Call, in *ListQueuesInput) (*ListQueuesOutput, error) {
	if err := refuseOnQueuePath(c, "ListQueues"); err != nil {
		return nil, err
	}
	urls, next, err := pageOfQueues(s.queues.inScope(c.Account, c.Region), c.Endpoint, in.MaxResults, in.NextToken, func(q *queue) bool {
		return strings.HasPrefix(q.name, in.QueueNamePrefix)
	})
	if err != nil {
		return nil, err
	}
	return &ListQueuesOutput{QueueURLs: urls, NextToken: next}, nil
}

// ListDeadLetterSourceQueues lists the queues whose dead letters go to a queue
// (SQS L18).
func (s *Service) ListDeadLetterSourceQueues(_ context.Context, c *awsapi.Call, in *ListDeadLetterSourceQueuesInput) (
	*ListDeadLetterSourceQueuesOutput, error,
) {
	dlq, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	urls, next, err := pageOfQueues(s.queues.inScope(dlq.account, dlq.region), c.Endpoint, in.MaxResults, in.NextToken, func(q *queue) bool {
		return q.redrivesTo(dlq.arn)
	})
	if err != nil {
		return nil, err
	}
	return &ListDeadLetterSourceQueuesOutput{QueueURLs: urls, NextToken: next}, nil
}

// redrivesTo reports whether dead letters go to the queue with an ARN.
func (q *queue) redrivesTo(arn string) bool {
	r := q.attributes.Load().redrive
	return r != nil && r.target == arn
}

// maxListed is the most that one answer lists.
const maxListResults = 1000

// page answers addresses of queues, in order of name, from after the one that the
// token names. There is a next token only where a size was asked for (SQS D10).
func pageOfQueues(queues []*queue, endpoint string, size *int, token string, keep func(*queue) bool) (urls []string, next string, err error) {
	limit := maxListResults
	if size != nil {
		if limit = *size; limit < 1 || limit > maxListResults {
			return nil, "", errParameterValue.With("Value for parameter MaxResults is invalid. " +
				"Reason: MaxResults must be an integer between 1 and 1000.")
		}
	}
	after, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, "", errParameterValue.With("Value for parameter NextToken is invalid. Reason: Invalid or expired next token.")
	}
	last := ""
	for _, q := range queues {
		if q.name <= string(after) || !keep(q) {
			continue
		}
		if len(urls) == limit {
			if size != nil {
				next = base64.RawURLEncoding.EncodeToString([]byte(last))
			}
			break
		}
		urls, last = append(urls, q.url(endpoint)), q.name
	}
	return urls, next, nil
}
