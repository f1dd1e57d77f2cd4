package sqs

import (
	"slices"
	"strings"
	"sync"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// catalog is the set of queues. Reading it takes no lock. A change to the set, or to
// an attribute that refers to another queue, holds mu. mu is locked before the lock
// of a queue.
type catalog struct {
	queues sync.Map // queueKey to *queue

	mu      sync.Mutex
	deleted map[queueKey]int64 // when queues were deleted, in the last minute (SQS D6)
}

// find returns a queue, or nil.
func (c *catalog) find(k queueKey) *queue {
	if q, ok := c.queues.Load(k); ok {
		return q.(*queue)
	}
	return nil
}

// findARN returns the queue with an ARN, or nil.
func (c *catalog) findARN(arn string) *queue {
	k, ok := parseARN(arn)
	if !ok {
		return nil
	}
	return c.find(k)
}

// inScope returns the queues of an account and region, sorted by name.
func (c *catalog) inScope(scope awsapi.Scope) []*queue {
	return slices.DeleteFunc(c.all(), func(q *queue) bool { return q.Scope != scope })
}

// all returns every queue, sorted by ARN.
func (c *catalog) all() []*queue {
	var found []*queue
	c.queues.Range(func(_, q any) bool {
		found = append(found, q.(*queue))
		return true
	})
	slices.SortFunc(found, func(a, b *queue) int { return strings.Compare(a.arn, b.arn) })
	return found
}
