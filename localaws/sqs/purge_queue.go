package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// purgeEvery is how long a queue must rest between purges (SQS K1).
const purgeEvery = time.Minute

// PurgeQueue deletes every message of a queue at once.
func (s *Service) PurgeQueue(_ context.Context, c *awsapi.Call, in *QueueInput) (*awsapi.None, error) {
	q, err := s.queue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	t := q.begin()
	if q.gone {
		t.end()
		return nil, noQueue(c)
	}
	if q.purged != 0 && t.now < q.purged+int64(purgeEvery) {
		t.end()
		return nil, errPurgeInProgress.With("Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.purged = t.now
	t.empty()
	t.putQueue()
	if err := t.end().Wait(); err != nil {
		return nil, notStored(err)
	}
	return &awsapi.None{}, nil
}
