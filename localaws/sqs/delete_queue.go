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
	q, err := s.ownedQueue(c, in.QueueURL, "DeleteQueue")
	if err != nil {
		return nil, err
	}
	s.queues.mu.Lock()
	tx := q.begin()
	if q.deleted {
		tx.endAndUnlock(s.queues.mu.Unlock)
		return nil, queueDoesNotExist(c)
	}
	tx.destroy()
	s.queues.queues.Delete(q.queueKey)
	tx.recordDeletion()
	tx.deleteStoredQueue()
	if err := tx.endAndUnlock(s.queues.mu.Unlock).Wait(); err != nil {
		return nil, notStored(err)
	}
	return &awsapi.None{}, nil
}

// errGone is why a poll ends whose queue has been deleted.
var errQueueDeleted = errors.New("queue has been deleted")

// destroy empties a queue for good, and ends the polls that wait.
func (tx *transaction) destroy() {
	tx.queue.deleted, tx.becameVisible = true, false
	tx.removeAll()
	tx.endAllPolls(errQueueDeleted)
}

// empty drops every message, in whatever state, and what FIFO remembers (SQS K1,
// K2).
func (tx *transaction) removeAll() {
	q := tx.queue
	var all []*message
	q.ages.all(func(m *message) bool {
		all = append(all, m)
		return true
	})
	for _, m := range all {
		m.state, m.inReceived, m.group = gone, false, nil
	}
	q.reset()
	tx.metricsChanged = true
	tx.deleteAllStored()
}

// rest notes when the queue's name was freed, and forgets those that are free
// again (SQS D6). The catalog is locked.
func (tx *transaction) recordDeletion() {
	deleted := tx.queue.service.queues.deleted
	for old, at := range deleted {
		if tx.now >= at+int64(nameReuseDelay) {
			delete(deleted, old)
			tx.deleteStoredName(old)
		}
	}
	deleted[tx.queue.queueKey] = tx.now
}
