package sqs

import (
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListQueuesInput is the input of ListQueues.
type ListQueuesInput struct {
	// QueueNamePrefix limits the result to names with this prefix.
	QueueNamePrefix string `json:"QueueNamePrefix,omitempty"`
	// NextToken is the token of the page before; empty for the first page.
	NextToken string `json:"NextToken,omitempty"`
	// MaxResults is the page size, 1 to 1000; nil means one page of up to 1000.
	MaxResults *int `json:"MaxResults,omitempty"`
}

// ListQueuesOutput is the output of ListQueues.
type ListQueuesOutput struct {
	// QueueURLs are URLs, sorted by name; nil without any.
	QueueURLs []string `json:"QueueUrls,omitempty" query:"QueueUrl"`
	// NextToken requests the next page; empty on the last page (SQS D10).
	NextToken string `json:"NextToken,omitempty"`
}

// ListDeadLetterSourceQueuesInput is the input of ListDeadLetterSourceQueues.
type ListDeadLetterSourceQueuesInput struct {
	// QueueURL is the URL of the dead-letter queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// NextToken is the token of the page before; empty for the first page.
	NextToken string `json:"NextToken,omitempty"`
	// MaxResults is the page size, 1 to 1000; nil means one page of up to 1000.
	MaxResults *int `json:"MaxResults,omitempty"`
}

// ListDeadLetterSourceQueuesOutput is the output of ListDeadLetterSourceQueues.
type ListDeadLetterSourceQueuesOutput struct {
	// QueueURLs are URLs, sorted by name. The lower-case q is AWS's (SQS A16).
	QueueURLs []string `json:"queueUrls,omitempty" query:"QueueUrl"`
	// NextToken requests the next page; empty on the last page.
	NextToken string `json:"NextToken,omitempty"`
}

// ListQueues lists the queues of an account (SQS D10).
func (s *Service) ListQueues(_ context.Context, c *awsapi.Call, in *ListQueuesInput) (*ListQueuesOutput, error) {
	if err := refuseOnQueuePath(c, "ListQueues"); err != nil {
		return nil, err
	}

	hasPrefix := func(q *queue) bool { return strings.HasPrefix(q.name, in.QueueNamePrefix) }
	all := s.queues.inScope(c.Scope())
	urls, next, err := listPage(all, c.Endpoint, in.MaxResults, in.NextToken, hasPrefix)
	if err != nil {
		return nil, err
	}
	return &ListQueuesOutput{QueueURLs: urls, NextToken: next}, nil
}

// ListDeadLetterSourceQueues lists the queues that have a queue as their dead-letter
// queue (SQS L18).
func (s *Service) ListDeadLetterSourceQueues(_ context.Context, c *awsapi.Call, in *ListDeadLetterSourceQueuesInput) (
	*ListDeadLetterSourceQueuesOutput, error,
) {
	dlq, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}

	isSource := func(q *queue) bool { return q.redrivesTo(dlq.arn) }
	all := s.queues.inScope(dlq.Scope)
	urls, next, err := listPage(all, c.Endpoint, in.MaxResults, in.NextToken, isSource)
	if err != nil {
		return nil, err
	}
	return &ListDeadLetterSourceQueuesOutput{QueueURLs: urls, NextToken: next}, nil
}

// redrivesTo reports whether the queue with an ARN is the dead-letter queue.
func (q *queue) redrivesTo(arn string) bool {
	r := q.attributes.Load().redrive
	return r != nil && r.target == arn
}

// maxListResults is the largest page of a list.
const maxListResults = 1000

// listPage returns the URLs of the queues that include accepts, starting after the
// queue in the token. queues are sorted by name. There is a next token only if the
// request had a page size (SQS D10).
func listPage(queues []*queue, endpoint string, size *int, token string, include func(*queue) bool) (urls []string, next string, err error) {
	limit := maxListResults
	if size != nil {
		if limit = *size; limit < 1 || limit > maxListResults {
			return nil, "", errParameterValue.With("Value for parameter MaxResults is invalid. " +
				"Reason: MaxResults must be an integer between 1 and 1000.")
		}
	}

	// A page is cut from the queues that match.
	queues = slices.DeleteFunc(queues, func(q *queue) bool { return !include(q) })
	page, next, ok := awsapi.PageAt(queues, func(q *queue) string { return q.name }, token, limit)
	if !ok {
		return nil, "", errParameterValue.With("Value for parameter NextToken is invalid. Reason: Invalid or expired next token.")
	}
	for _, q := range page {
		urls = append(urls, q.url(endpoint))
	}
	if size == nil {
		next = ""
	}
	return urls, next, nil
}
