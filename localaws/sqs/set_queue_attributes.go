package sqs

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// SetQueueAttributesInput is the input of SetQueueAttributes.
type SetQueueAttributesInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Attributes are new values by name.
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
}

// SetQueueAttributes sets attributes of a queue, all of them or none.
func (s *Service) SetQueueAttributes(_ context.Context, c *awsapi.Call, in *SetQueueAttributesInput) error {
	q, err := s.ownedQueue(c, in.QueueURL, "SetQueueAttributes")
	if err != nil {
		return err
	}
	if len(in.Attributes) == 0 {
		return missingParameter("Attribute.Name")
	}
	return s.updateAttributes(c, q, func(current queueAttributes) (queueAttributes, error) {
		return s.newAttributes(current, q.queueKey, q.fifo, in.Attributes)
	})
}

// updateAttributes replaces the attributes of a queue with the result of change. The
// catalog is locked meanwhile, so that no concurrent update is lost.
func (s *Service) updateAttributes(c *awsapi.Call, q *queue, change func(queueAttributes) (queueAttributes, error)) error {
	s.queues.mu.Lock()
	attrs, err := change(*q.attributes.Load())
	if err != nil {
		s.queues.mu.Unlock()
		return err
	}

	tx := q.begin()
	if q.deleted {
		tx.endAndUnlock(s.queues.mu.Unlock)
		return queueDoesNotExist(c)
	}
	tx.applyAttributes(&attrs)
	if err := tx.endAndUnlock(s.queues.mu.Unlock).Wait(); err != nil {
		return notStored(err)
	}
	return nil
}

// newAttributes returns the current attributes of the queue k with new values, after
// every check. The catalog is locked.
func (s *Service) newAttributes(current queueAttributes, k queueKey, fifo bool, values map[string]string) (queueAttributes, error) {
	if v, given := values["FifoQueue"]; given && fifo && !strings.EqualFold(v, "true") {
		return current, errAttributeValue.With("Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	}
	attrs, err := current.with(values, fifo)
	if err != nil {
		return attrs, err
	}

	// Checks that need more than the values.
	if err := s.bindPolicyPrincipals(&attrs, values); err != nil {
		return attrs, err
	}
	if err := checkKMSKey(k, values["KmsMasterKeyId"]); err != nil {
		return attrs, err
	}
	if text := values["RedrivePolicy"]; text != "" {
		return attrs, s.checkRedriveTarget(k, fifo, attrs.redrive, text)
	}
	return attrs, nil
}

// applyAttributes replaces the queue's attributes. A new delay of a FIFO queue also
// applies to its delayed messages (SQS E15), and a shorter retention period to all
// messages (SQS E8).
func (tx *transaction) applyAttributes(attrs *queueAttributes) {
	q := tx.queue
	before := q.attributes.Swap(attrs)
	q.modified = tx.now

	// Deadlines count from the send, as if the delay had always been the new one.
	if q.fifo && attrs.delay != before.delay {
		for _, m := range q.messagesInState(delayed) {
			q.deadlines.remove(m)
			m.deadline = m.sent + int64(attrs.delay)
			q.deadlines.push(m.deadline, m)
			tx.storeState(m)
		}
	}

	// A shorter retention period may end some messages now.
	tx.storeQueue()
	tx.processDue()
}

// messagesInState returns the messages in state delayed or inFlight.
func (q *queue) messagesInState(s state) []*message {
	var found []*message
	for _, item := range q.deadlines.items {
		if item.m.state == s {
			found = append(found, item.m)
		}
	}
	return found
}
