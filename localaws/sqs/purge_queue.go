package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// purgeInterval is the least time between two purges of a queue (SQS K1).
const purgeInterval = time.Minute

// PurgeQueue deletes every message of a queue.
func (s *Service) PurgeQueue(_ context.Context, c *awsapi.Call, in *QueueInput) error {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return err
	}
	tx, err := q.beginCall(c)
	if err != nil {
		return err
	}

	// AWS refuses a second purge within a minute (SQS K1).
	if q.purged != 0 && tx.now < q.purged+int64(purgeInterval) {
		tx.end()
		return errPurgeInProgress.With("Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.purged = tx.now
	tx.removeAll()
	tx.storeQueue()

	return tx.endAndWait()
}
