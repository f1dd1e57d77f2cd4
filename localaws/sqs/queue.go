package sqs

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// key names a queue among all accounts and regions.
type key struct {
	account, region, name string
}

// arn is the queue's Amazon Resource Name (SQS C6).
func (k key) arn() string { return "arn:aws:sqs:" + k.region + ":" + k.account + ":" + k.name }

// within reports whether the queue lies in an account and region, of which an
// empty string stands for any.
func (k key) within(account, region string) bool {
	return (account == "" || k.account == account) && (region == "" || k.region == region)
}

// url is the queue's URL at an endpoint.
func (k key) url(endpoint string) string { return endpoint + "/" + k.account + "/" + k.name }

// queue is one queue. Its settings and tags may be read without the lock.
type queue struct {
	key
	service  *Service
	arn      string
	nonce    uint64 // random, of this queue and no earlier one of its name
	fifo     bool
	created  int64
	settings atomic.Pointer[settings]
	tags     atomic.Pointer[map[string]string] // a map that does not change
	watchers *watchers

	mu           sync.Mutex // guards what follows
	gone         bool
	modified     int64
	purged       int64
	seq          uint64 // the last number given to a message
	reserved     uint64 // numbers up to here are kept from reuse after a restart
	counts       [states]int
	received     map[messageID]*message // those that were ever received here
	mostReceived int
	deadlines    heap  // delayed and in flight
	ages         order // all
	line         line
	polls        polls
	wake         alarm
	upkeep       alarm
	dedup        memory[accepted]
	attempts     memory[attempt]
	traffic      traffic
	lastSender   string
	scratch      []byte
}

func newQueue(s *Service, k key, nonce uint64, fifo bool, now int64) *queue {
	q := &queue{
		key:      k,
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
	q.deadlines = heap{slot: byDeadline}
	q.ages = newOrder(byAge, lateByAge)
	q.dedup.clear()
	q.attempts.clear()
	if q.fifo {
		q.line = newGroups()
	} else {
		q.line = newShelf(q.service.stray)
	}
}

// shrink gives back the memory of a map that was large and is empty: maps do not
// do so by themselves.
func (q *queue) shrink() {
	const large = 1 << 12
	if len(q.received) == 0 && q.mostReceived > large {
		q.received, q.mostReceived = map[messageID]*message{}, 0
	}
}

// arm sets the clock for what happens next in the queue, with the lock held.
func (q *queue) arm() {
	c := q.service.clock
	next, _ := q.deadlines.min()
	// In real time a late stop of the alarm costs nothing, and saves a visit to
	// the clock per message. Where time is jumped over the alarm is kept exact.
	lazy := next != 0 && c.Mode() == clock.Real
	q.wake.set(c, clock.Moves, next, lazy, q.ring)
	q.upkeep.set(c, clock.Upkeep, q.nextUpkeep(), true, q.tidy)
}

// nextUpkeep is when the oldest message or memory may be forgotten, or zero.
func (q *queue) nextUpkeep() int64 {
	var next int64
	if m := q.ages.first(); m != nil {
		next = m.enqueued + int64(q.settings.Load().retention)
	}
	if at := q.dedup.next(); at != 0 && (next == 0 || at < next) {
		next = at
	}
	return next
}

// ring runs when a deadline has come.
func (q *queue) ring() {
	t := q.begin()
	q.wake.rang(t.now)
	t.end()
}

// tidy runs when something may be forgotten.
func (q *queue) tidy() {
	t := q.begin()
	q.upkeep.rang(t.now)
	t.end()
}

// seconds reads a duration in whole seconds.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
