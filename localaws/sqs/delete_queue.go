package sqs

import (
	"context"
	"errors"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// QueueInput is the input of the operations whose only parameter is a queue:
// DeleteQueue, PurgeQueue and ListQueueTags.
type QueueInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
}

// errQueueDeleted is the error of a poll whose queue was deleted.
var errQueueDeleted = errors.New("queue was deleted")

// DeleteQueue deletes a queue and all its messages. Waiting long polls end with
// QueueDoesNotExist.
func (s *Service) DeleteQueue(_ context.Context, c *awsapi.Call, in *QueueInput) error {
	q, err := s.ownedQueue(c, in.QueueURL, "DeleteQueue")
	if err != nil {
		return err
	}

	// The catalog is locked first, then the queue.
	s.queues.mu.Lock()
	tx := q.begin()
	if q.deleted {
		tx.endAndUnlock(s.queues.mu.Unlock)
		return queueDoesNotExist(c)
	}
	tx.destroy()
	s.queues.queues.Delete(q.queueKey)
	tx.recordDeletion()
	tx.deleteStoredQueue()
	if err := tx.endAndUnlock(s.queues.mu.Unlock).Wait(); err != nil {
		return notStored(err)
	}
	return nil
}

// destroy marks the queue as deleted, removes its messages and ends its polls.
func (tx *transaction) destroy() {
	tx.queue.deleted = true
	tx.becameVisible = false
	tx.removeAll()
	tx.endAllPolls(errQueueDeleted)
}

// removeAll removes every message, in any state, and every deduplication id (SQS
// K1, K2).
func (tx *transaction) removeAll() {
	q := tx.queue

	// Collect first: the messages are linked through the list that is iterated.
	var all []*message
	q.ages.all(func(m *message) bool {
		all = append(all, m)
		return true
	})
	for _, m := range all {
		m.state = gone
		m.inReceived = false
		m.group = nil
	}

	q.reset()
	tx.metricsChanged = true
	tx.deleteAllStored()
}

// recordDeletion records when the queue was deleted, and forgets the names that can
// be reused by now (SQS D6). The catalog is locked.
func (tx *transaction) recordDeletion() {
	deleted := tx.queue.service.queues.deleted
	for k, at := range deleted {
		if tx.now >= at+int64(nameReuseDelay) {
			delete(deleted, k)
			tx.deleteStoredName(k)
		}
	}
	deleted[tx.queue.queueKey] = tx.now
}
