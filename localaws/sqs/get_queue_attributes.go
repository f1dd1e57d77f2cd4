package sqs

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetQueueAttributesInput is the input of GetQueueAttributes.
type GetQueueAttributesInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// AttributeNames are the requested attributes, or All (SQS E3).
	AttributeNames []string `json:"AttributeNames,omitempty" query:"AttributeName"`
}

// GetQueueAttributesOutput is the output of GetQueueAttributes.
type GetQueueAttributesOutput struct {
	// Attributes are values by name; nil without any.
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
}

// GetQueueAttributes returns attributes of a queue.
func (s *Service) GetQueueAttributes(_ context.Context, c *awsapi.Call, in *GetQueueAttributesInput) (*GetQueueAttributesOutput, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	known := attributeNames()
	for _, name := range in.AttributeNames {
		if name != "All" && !slices.Contains(known, name) {
			return nil, unknownAttribute(name)
		}
	}

	// Names are checked before; without any there are no attributes (SQS E3).
	if len(in.AttributeNames) == 0 {
		return &GetQueueAttributesOutput{}, nil
	}

	tx, err := q.beginCall(c)
	if err != nil {
		return nil, err
	}
	all := q.reportedAttributes()
	tx.end()

	// Keep the requested attributes.
	if !slices.Contains(in.AttributeNames, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(in.AttributeNames, name) })
	}
	if len(all) == 0 {
		all = nil
	}
	return &GetQueueAttributesOutput{Attributes: all}, nil
}

// reportedAttributes returns every attribute of the queue that has a value (SQS E2).
// The queue is locked.
func (q *queue) reportedAttributes() map[string]string {
	attrs := q.attributes.Load()
	all := attrs.values(q.fifo)
	if attrs.policy != "" {
		all["Policy"] = q.service.principals.WithARNs(attrs.policy)
	}

	all["QueueArn"] = q.arn
	all["CreatedTimestamp"] = epochSeconds(q.created)
	all["LastModifiedTimestamp"] = epochSeconds(q.modified)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(q.counts[visible])
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(q.counts[inFlight])
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(q.counts[delayed])
	return all
}

// epochSeconds formats a time as epoch seconds.
func epochSeconds(nano int64) string { return strconv.FormatInt(nano/int64(time.Second), 10) }
