package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// purgeEvery is how long a queue must rest between purges (SQS K1).
const purgeInterval = time.Minute

// PurgeQueue deletes every message of a queue at once.
func (s *Service) PurgeQueue(_ context.Context, c *awsapi.Call, in *QueueInput) (*awsapi.None, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	tx := q.begin()
	if q.deleted {
		tx.end()
		return nil, queueDoesNotExist(c)
	}
	if q.purged != 0 && tx.now < q.purged+int64(purgeInterval) {
		tx.end()
		return nil, errPurgeInProgress.With("Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.purged = tx.now
	tx.removeAll()
	tx.storeQueue()
	if err := tx.end().Wait(); err != nil {
		return nil, notStored(err)
	}
	return &awsapi.None{}, nil
}
