package sqs

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// CreateQueueInput is the input of CreateQueue.
type CreateQueueInput struct {
	// QueueName is 1 to 80 letters, digits, hyphens and underscores. The name of a
	// FIFO queue ends with .fifo.
	QueueName string `json:"QueueName,omitempty"`
	// Attributes are the queue's attributes by name.
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
	// Tags are the queue's tags. The lower-case t is AWS's (SQS A16).
	Tags map[string]string `json:"tags,omitempty" query:"Tag,Key,Value"`
}

// CreateQueueOutput is the output of CreateQueue.
type CreateQueueOutput struct {
	// QueueURL is the queue's URL.
	QueueURL string `json:"QueueUrl"`
}

// nameReuseDelay is how long the name of a deleted queue cannot be reused (SQS D6).
const nameReuseDelay = time.Minute

// CreateQueue creates a queue. If the queue exists and every given attribute and tag
// has the given value, it returns that queue (SQS D1-D4).
func (s *Service) CreateQueue(_ context.Context, c *awsapi.Call, in *CreateQueueInput) (*CreateQueueOutput, error) {
	if err := refuseOnQueuePath(c, "CreateQueue"); err != nil {
		return nil, err
	}
	fifo, err := checkQueueName(in.QueueName, in.Attributes)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}

	// Lock the catalog: two calls must not both create the queue.
	k := queueKey{c.Scope(), in.QueueName}
	s.queues.mu.Lock()
	defer s.queues.mu.Unlock()
	if q := s.queues.find(k); q != nil {
		if err := q.checkSame(in); err != nil {
			return nil, err
		}
		return &CreateQueueOutput{k.url(c.Endpoint)}, nil
	}
	if err := s.create(k, fifo, in); err != nil {
		return nil, err
	}
	return &CreateQueueOutput{k.url(c.Endpoint)}, nil
}

// create creates a queue. The catalog is locked.
func (s *Service) create(k queueKey, fifo bool, in *CreateQueueInput) error {
	now := s.now()
	if at, found := s.queues.deleted[k]; found && now < at+int64(nameReuseDelay) {
		return errDeletedRecently.With("You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}

	attrs, err := s.newAttributes(defaultAttributes(), k, fifo, in.Attributes)
	if err != nil {
		return err
	}

	var nonce [8]byte
	s.chance.Bytes(nonce[:])
	q := newQueue(s, k, binary.BigEndian.Uint64(nonce[:]), fifo, now)
	q.attributes.Store(&attrs)
	tags := maps.Clone(in.Tags)
	q.tags.Store(&tags)

	// Write the record before others can find the queue.
	tx := q.begin()
	tx.storeQueue()
	s.queues.queues.Store(k, q)
	delete(s.queues.deleted, k)
	tx.deleteStoredName(k)
	return tx.endAndWait()
}

// checkSame refuses a CreateQueue with other attributes or tags than the queue has.
func (q *queue) checkSame(in *CreateQueueInput) error {
	current := q.attributes.Load()
	requested, err := current.with(in.Attributes, q.fifo)
	if err != nil {
		return err
	}

	// Compare what was given, and nothing else.
	have := current.values(q.fifo)
	want := requested.values(q.fifo)
	if current.policy != "" {
		have["Policy"] = q.service.principals.WithARNs(current.policy)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		if have[name] != want[name] {
			return errQueueExists.With("A queue already exists with the same name and a different value for attribute %s", name)
		}
	}
	if len(in.Tags) > 0 && !maps.Equal(in.Tags, q.tagMap()) {
		return errQueueExists.With("A queue already exists with the same name and a different value for tags")
	}
	return nil
}

// checkQueueName validates a queue's name and reports whether it is that of a FIFO
// queue (SQS C4, C5, D5).
func checkQueueName(name string, attrs map[string]string) (fifo bool, err error) {
	value, given := attrs["FifoQueue"]
	if given && !parseBool(&fifo, value) {
		return false, invalidAttributeValue("FifoQueue")
	}

	base, hasSuffix := strings.CutSuffix(name, ".fifo")
	switch {
	case name == "":
		return false, missingParameter("QueueName")
	case fifo && (!hasSuffix || !isIdentifier(base) || len(name) > 80):
		return false, errParameterValue.With("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, " +
			"must end with .fifo suffix and be 1 to 80 in length")
	case !fifo && !isIdentifier(name):
		return false, errParameterValue.With("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return fifo, nil
}

// refuseOnQueuePath refuses an operation that the Query protocol does not have on a
// queue's path (SQS B8).
func refuseOnQueuePath(c *awsapi.Call, operation string) error {
	if c.Protocol == awsapi.Query && strings.Trim(c.Path, "/") != "" {
		return errUnknownAction.With("The action %s is not valid for this endpoint.", operation)
	}
	return nil
}
