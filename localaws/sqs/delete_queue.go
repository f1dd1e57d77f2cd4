package sqs

import (
	"context"
	"errors"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// QueueInput is the input of operations that take a queue alone: DeleteQueue,
// PurgeQueue, ListQueueTags.
type QueueInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
}

// DeleteQueue deletes a queue with all its messages. Long polls that wait end with
// QueueDoesNotExist.
func (s *Service) DeleteQueue(_ context.Context, c *awsapi.Call, in *QueueInput) (*awsapi.None, error) {
	q, err := s.owned(c, in.QueueURL, "DeleteQueue")
	if err != nil {
		return nil, err
	}
	s.queues.mu.Lock()
	t := q.begin()
	if q.gone {
		t.endAfter(s.queues.mu.Unlock)
		return nil, noQueue(c)
	}
	t.destroy()
	s.queues.queues.Delete(q.key)
	t.rest()
	t.dropQueue()
	if err := t.endAfter(s.queues.mu.Unlock).Wait(); err != nil {
		return nil, notStored(err)
	}
	return &awsapi.None{}, nil
}

// errGone is why a poll ends whose queue has been deleted.
var errGone = errors.New("queue has been deleted")

// destroy empties a queue for good, and ends the polls that wait.
func (t *turn) destroy() {
	t.q.gone, t.news = true, false
	t.empty()
	t.dismissAll(errGone)
}

// empty drops every message, in whatever state, and what FIFO remembers (SQS K1,
// K2).
func (t *turn) empty() {
	q := t.q
	var all []*message
	q.ages.all(func(m *message) bool {
		all = append(all, m)
		return true
	})
	for _, m := range all {
		m.state, m.known, m.group = gone, false, nil
	}
	q.reset()
	t.moved = true
	t.forgetAll()
}

// rest notes when the queue's name was freed, and forgets those that are free
// again (SQS D6). The catalog is locked.
func (t *turn) rest() {
	deleted := t.q.service.queues.deleted
	for old, at := range deleted {
		if t.now >= at+int64(goneFor) {
			delete(deleted, old)
			t.freeName(old)
		}
	}
	deleted[t.q.key] = t.now
}
