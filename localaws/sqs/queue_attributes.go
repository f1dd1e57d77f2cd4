package sqs

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetQueueAttributesInput is the input of GetQueueAttributes.
type GetQueueAttributesInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// AttributeNames are the attributes wanted; All is all (SQS E3).
	AttributeNames []string `json:"AttributeNames,omitempty" query:"AttributeName"`
}

// GetQueueAttributesOutput is the output of GetQueueAttributes.
type GetQueueAttributesOutput struct {
	// Attributes are values by name; nil without any.
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
}

// SetQueueAttributesInput is the input of SetQueueAttributes.
type SetQueueAttributesInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Attributes are new values by name.
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
}

// GetQueueAttributes reads a queue's attributes.
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
	if len(in.AttributeNames) == 0 {
		return &GetQueueAttributesOutput{}, nil
	}
	all, ok := q.allAttributes()
	if !ok {
		return nil, queueDoesNotExist(c)
	}
	if !slices.Contains(in.AttributeNames, "All") {
		for name := range all {
			if !slices.Contains(in.AttributeNames, name) {
				delete(all, name)
			}
		}
	}
	if len(all) == 0 {
		all = nil
	}
	return &GetQueueAttributesOutput{Attributes: all}, nil
}

// describe is every attribute the queue has (SQS E2), and false when it is gone.
func (q *queue) allAttributes() (map[string]string, bool) {
	tx := q.begin()
	defer tx.end()
	set := q.attributes.Load()
	all := set.values(q.fifo)
	if set.policy != "" {
		all["Policy"] = q.service.principals.Show(set.policy)
	}
	all["QueueArn"] = q.arn
	all["CreatedTimestamp"] = epoch(q.created)
	all["LastModifiedTimestamp"] = epoch(q.modified)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(q.counts[visible])
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(q.counts[inFlight])
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(q.counts[delayed])
	return all, !q.deleted
}

// epoch writes a time as epoch seconds.
func epoch(nano int64) string { return strconv.FormatInt(nano/int64(time.Second), 10) }

// SetQueueAttributes changes a queue's attributes, all or none.
func (s *Service) SetQueueAttributes(_ context.Context, c *awsapi.Call, in *SetQueueAttributesInput) (*awsapi.None, error) {
	q, err := s.ownedQueue(c, in.QueueURL, "SetQueueAttributes")
	if err != nil {
		return nil, err
	}
	if len(in.Attributes) == 0 {
		return nil, missingParameter("Attribute.Name")
	}
	return s.updateAttributes(c, q, func() (queueAttributes, error) { return s.newAttributes(q, in.Attributes) })
}

// reconfigure gives a queue the settings that compute answers, which runs with the
// catalog locked: nobody else changes settings meanwhile.
func (s *Service) updateAttributes(c *awsapi.Call, q *queue, compute func() (queueAttributes, error)) (*awsapi.None, error) {
	s.queues.mu.Lock()
	set, err := compute()
	if err != nil {
		s.queues.mu.Unlock()
		return nil, err
	}
	tx := q.begin()
	if q.deleted {
		tx.endAndUnlock(s.queues.mu.Unlock)
		return nil, queueDoesNotExist(c)
	}
	tx.applyAttributes(&set)
	if err := tx.endAndUnlock(s.queues.mu.Unlock).Wait(); err != nil {
		return nil, notStored(err)
	}
	return &awsapi.None{}, nil
}

// changed is what a queue's settings become, with the catalog locked.
func (s *Service) newAttributes(q *queue, attrs map[string]string) (queueAttributes, error) {
	if v, given := attrs["FifoQueue"]; given && q.fifo && !strings.EqualFold(v, "true") {
		return queueAttributes{}, errAttributeValue.With("Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	}
	set, err := q.attributes.Load().with(attrs, q.fifo)
	if err != nil {
		return set, err
	}
	if err := s.bindPolicyPrincipals(&set, attrs); err != nil {
		return set, err
	}
	if err := checkKey(q.queueKey, attrs["KmsMasterKeyId"]); err != nil {
		return set, err
	}
	if text := attrs["RedrivePolicy"]; text != "" {
		return set, s.checkRedriveTarget(q.queueKey, q.fifo, set.redrive, text)
	}
	return set, nil
}

// adopt gives the queue new settings. A FIFO queue's delay counts for messages
// that wait already (SQS E15), and a shorter retention for all there are (SQS E8).
func (tx *transaction) applyAttributes(set *queueAttributes) {
	q := tx.queue
	before := q.attributes.Swap(set)
	q.modified = tx.now
	if q.fifo && set.delay != before.delay {
		for _, m := range q.messagesInState(delayed) {
			q.deadlines.remove(m)
			m.deadline = m.sent + int64(set.delay)
			q.deadlines.push(m.deadline, m)
			tx.storeState(m)
		}
	}
	tx.storeQueue()
	tx.processDue()
}

// inState are the messages that are delayed or in flight.
func (q *queue) messagesInState(s state) []*message {
	var found []*message
	for _, it := range q.deadlines.items {
		if it.m.state == s {
			found = append(found, it.m)
		}
	}
	return found
}
