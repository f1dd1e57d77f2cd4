package sqs

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// key names a queue among all accounts and regions.
type queueKey struct {
	account, region, name string
}

// arn is the queue's Amazon Resource Name (SQS C6).
func (k queueKey) arn() string { return "arn:aws:sqs:" + k.region + ":" + k.account + ":" + k.name }

// within reports whether the queue lies in an account and region, of which an
// empty string stands for any.
func (k queueKey) inScope(account, region string) bool {
	return (account == "" || k.account == account) && (region == "" || k.region == region)
}

// url is the queue's URL at an endpoint.
func (k queueKey) url(endpoint string) string { return endpoint + "/" + k.account + "/" + k.name }

// queue is one queue. Its settings and tags may be read without the lock.
type queue struct {
	queueKey
	service    *Service
	arn        string
	nonce      uint64 // random, of this queue and no earlier one of its name
	fifo       bool
	created    int64
	attributes atomic.Pointer[queueAttributes]
	tags       atomic.Pointer[map[string]string] // a map that does not change
	watchers   *watchers

	mu              sync.Mutex // guards what follows
	deleted         bool
	modified        int64
	purged          int64
	lastNumber      uint64 // the last number given to a message
	reservedNumbers uint64 // numbers up to here are kept from reuse after a restart
	counts          [states]int
	received        map[messageID]*message // those that were ever received here
	receivedPeak    int
	deadlines       messageHeap // delayed and in flight
	ages            sortedList  // all
	ready           readyList
	polls           pollList
	deadlineTimer   timer
	upkeepTimer     timer
	dedup           expiringMap[sendResult]
	attempts        expiringMap[attempt]
	counters        metricCounters
	lastSender      string
	scratch         []byte
}

func newQueue(s *Service, k queueKey, nonce uint64, fifo bool, now int64) *queue {
	q := &queue{
		queueKey: k,
		service:  s,
		arn:      k.arn(),
		nonce:    nonce,
		fifo:     fifo,
		created:  now,
		modified: now,
		watchers: s.watchersOf(k.arn()),
	}
	q.reset()
	return q
}

// tagMap returns the queue's tags, which the caller must not change.
func (q *queue) tagMap() map[string]string {
	if tags := q.tags.Load(); tags != nil {
		return *tags
	}
	return nil
}

// reset leaves the queue without a message, and without a memory of any.
func (q *queue) reset() {
	q.counts = [states]int{}
	q.received = map[messageID]*message{}
	q.deadlines = messageHeap{index: deadlineHeap}
	q.ages = newSortedList(ageLinks, ageHeap)
	q.dedup.clear()
	q.attempts.clear()
	if q.fifo {
		q.ready = newFIFOReadyList()
	} else {
		q.ready = newStandardReadyList(q.service.stray)
	}
}

// shrink gives back the memory of a map that was large and is empty: maps do not
// do so by themselves.
func (q *queue) shrink() {
	const large = 1 << 12
	if len(q.received) == 0 && q.receivedPeak > large {
		q.received, q.receivedPeak = map[messageID]*message{}, 0
	}
}

// arm sets the clock for what happens next in the queue, with the lock held.
func (q *queue) setTimers() {
	c := q.service.clock
	next, _ := q.deadlines.min()
	// In real time a late stop of the alarm costs nothing, and saves a visit to
	// the clock per message. Where time is jumped over the alarm is kept exact.
	lazy := next != 0 && c.Mode() == clock.Real
	q.deadlineTimer.schedule(c, clock.Moves, next, lazy, q.onDeadline)
	q.upkeepTimer.schedule(c, clock.Upkeep, q.nextUpkeep(), true, q.onUpkeep)
}

// nextUpkeep is when the oldest message or memory may be forgotten, or zero.
func (q *queue) nextUpkeep() int64 {
	var next int64
	if m := q.ages.first(); m != nil {
		next = m.retainedFrom + int64(q.attributes.Load().retention)
	}
	if at := q.dedup.nextExpiry(); at != 0 && (next == 0 || at < next) {
		next = at
	}
	return next
}

// ring runs when a deadline has come.
func (q *queue) onDeadline() {
	tx := q.begin()
	q.deadlineTimer.fired(tx.now)
	tx.end()
}

// tidy runs when something may be forgotten.
func (q *queue) onUpkeep() {
	tx := q.begin()
	q.upkeepTimer.fired(tx.now)
	tx.end()
}

// seconds reads a duration in whole seconds.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
