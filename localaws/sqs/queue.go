package sqs

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// queueKey identifies a queue among all accounts and regions.
type queueKey struct {
	awsapi.Scope
	name string
}

// arn returns the queue's Amazon Resource Name (SQS C6).
func (k queueKey) arn() string { return k.ARN("sqs", k.name) }

// url returns the queue's URL at an endpoint.
func (k queueKey) url(endpoint string) string { return endpoint + "/" + k.Account + "/" + k.name }

// queue is one queue. Its attributes and tags may be read without the lock.
type queue struct {
	queueKey
	service    *Service
	arn        string
	nonce      uint64 // random; distinguishes this queue from an earlier one with the same name
	fifo       bool
	created    int64 // UnixNano of service time, as are all times here
	attributes atomic.Pointer[queueAttributes]
	tags       atomic.Pointer[map[string]string] // the map is replaced, never changed
	watchers   *watchers

	mu       sync.Mutex // guards the fields below
	deleted  bool
	modified int64
	purged   int64

	lastNumber      uint64 // of the newest message
	reservedNumbers uint64 // numbers up to here are not reused after a restart

	counts        [states]int // messages by state
	received      map[messageID]*message
	receivedPeak  int         // largest size of received since it was allocated
	deadlines     messageHeap // delayed and in-flight messages
	ages          sortedList  // all messages, by start of retention
	ready         readyList   // visible messages
	polls         pollList    // waiting receives
	deadlineTimer timer
	upkeepTimer   timer

	dedup    expiringMap[sendResult] // by deduplication key; FIFO queues only
	attempts expiringMap[attempt]    // by ReceiveRequestAttemptId; FIFO queues only

	counters   metricCounters
	lastSender string // shares one string among the messages of a sender
	scratch    []byte // buffer for records
}

// newQueue returns an empty queue without attributes. nonce distinguishes its receipt
// handles and stored messages from those of an earlier queue of the same name.
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

// reset removes every message, deduplication id and receive attempt.
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

// shrink frees the memory of an empty map that was large: a Go map never shrinks.
func (q *queue) shrink() {
	const large = 1 << 12
	if len(q.received) == 0 && q.receivedPeak > large {
		q.received = map[messageID]*message{}
		q.receivedPeak = 0
	}
}

// setTimers schedules the queue's next events. The lock is held.
func (q *queue) setTimers() {
	c := q.service.clock
	next, _ := q.deadlines.min() // 0 if there is none

	// In real time a timer that fires too early costs nothing, and leaving it
	// alone saves a call to the clock per message. A clock that skips would skip
	// to the stale time, so there the timer is exact.
	lazy := next != 0 && c.Mode() == clock.Real
	q.deadlineTimer.schedule(c, clock.Transition, next, lazy, q.onDeadline)
	q.upkeepTimer.schedule(c, clock.Upkeep, q.nextUpkeep(), true, q.onUpkeep)
}

// nextUpkeep returns when the oldest message or deduplication id expires; 0 if
// there is none.
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

// onDeadline runs when the delay or visibility timeout of a message ends.
func (q *queue) onDeadline() {
	tx := q.begin()
	q.deadlineTimer.fired(tx.now)
	tx.end()
}

// onUpkeep runs when a message or deduplication id expires.
func (q *queue) onUpkeep() {
	tx := q.begin()
	q.upkeepTimer.fired(tx.now)
	tx.end()
}

// seconds converts a number of seconds.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
