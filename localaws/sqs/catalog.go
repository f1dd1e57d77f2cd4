package sqs

import (
	"slices"
	"strings"
	"sync"
)

// catalog is the set of queues. Finding one takes no lock. Changes to the set, and
// to what ties queues together, take mu, and before any queue's own lock.
type catalog struct {
	queues sync.Map // key to *queue

	mu      sync.Mutex
	deleted map[queueKey]int64 // when, for the last minute (SQS D6)
}

// find answers a queue, or nil.
func (c *catalog) find(k queueKey) *queue {
	if q, ok := c.queues.Load(k); ok {
		return q.(*queue)
	}
	return nil
}

// findARN answers the queue that an ARN names, or nil.
func (c *catalog) findARN(arn string) *queue {
	k, ok := parseARN(arn)
	if !ok {
		return nil
	}
	return c.find(k)
}

// in answers an account's queues in a region, by name.
func (c *catalog) inScope(account, region string) []*queue {
	var found []*queue
	c.queues.Range(func(k, q any) bool {
		if k := k.(queueKey); k.account == account && k.region == region {
			found = append(found, q.(*queue))
		}
		return true
	})
	slices.SortFunc(found, func(a, b *queue) int { return strings.Compare(a.name, b.name) })
	return found
}

// all answers every queue, by account, region and name.
func (c *catalog) all() []*queue {
	var found []*queue
	c.queues.Range(func(_, q any) bool {
		found = append(found, q.(*queue))
		return true
	})
	slices.SortFunc(found, func(a, b *queue) int { return strings.Compare(a.arn, b.arn) })
	return found
}
