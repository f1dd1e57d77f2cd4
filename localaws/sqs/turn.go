package sqs

import (
	"github.com/reliableq/reliableq/localaws/store"
)

// turn is one hold of a queue's lock: what was done in it, and what is owed once
// the lock is gone. It begins with [queue.begin] and must end with [turn.end].
type turn struct {
	q      *queue
	now    int64
	with   *turn        // the other queue's, in a turn of both
	batch  *store.Batch // effects; nil until there are some
	commit store.Commit
	served []*poll    // long polls to let go
	dead   []*message // to be moved to the dead-letter queue
	news   bool       // a message has become visible
	moved  bool       // what metrics show has changed
}

// begin takes the lock and brings the queue up to now.
func (q *queue) begin() *turn {
	t := &turn{q: q}
	q.mu.Lock()
	t.now = q.service.now()
	t.catchUp()
	return t
}

// catchUp lets happen what the clock has come to: ends of delays and visibility
// timeouts, and of retention (SQS K5). The queue's alarms call it too, so that it
// finds nothing late except where real time is short of processors.
func (t *turn) catchUp() {
	q := t.q
	for {
		at, some := q.deadlines.min()
		if !some || at > t.now {
			break
		}
		t.reveal(q.deadlines.items[0].m)
	}
	retention := int64(q.settings.Load().retention)
	for m := q.ages.first(); m != nil && m.enqueued+retention <= t.now; m = q.ages.first() {
		t.tell(Expired, m, "")
		t.drop(m)
	}
	q.dedup.forget(t.now, t.forgetDedup)
	q.attempts.forget(t.now, func(string) {})
}

// end serves long polls, sets the clock, lets go of the lock, and does what is
// owed. It answers what a caller waits for before it says that its change is
// made.
func (t *turn) end() store.Commit {
	t.close()
	t.apply()
	t.q.mu.Unlock()
	t.pay()
	return t.commit
}

// endAfter is end for a turn under a lock of the service: unlock lets go of that
// as well, before anybody is told of anything.
func (t *turn) endAfter(unlock func()) store.Commit {
	t.close()
	t.apply()
	t.q.mu.Unlock()
	unlock()
	t.pay()
	return t.commit
}

// close brings the queue to rest, under the lock.
func (t *turn) close() {
	t.serve()
	t.q.arm()
}

// apply puts the effects in line for the store, under the lock.
func (t *turn) apply() {
	if t.batch != nil {
		t.commit, t.batch = t.batch.Apply(), nil
	}
}

// effects is the batch to write to; a turn in two queues has one.
func (t *turn) effects() *store.Batch {
	if t.batch == nil {
		t.batch = t.q.service.store.Batch()
		if t.with != nil {
			t.with.batch = t.batch
		}
	}
	return t.batch
}

// pay does what is owed, without the lock.
func (t *turn) pay() {
	if t.moved && t.q.service.onChange != nil {
		t.q.service.onChange()
	}
	for _, p := range t.served {
		p.release(t.commit)
	}
	if t.news {
		t.q.watchers.call()
	}
	if len(t.dead) > 0 {
		t.q.service.bury(t.q, t.dead)
	}
}

// add puts a message into the queue, visible or delayed as its state says.
func (t *turn) add(m *message) {
	q := t.q
	t.moved = true
	q.counts[m.state]++
	q.ages.add(m.enqueued, m)
	q.line.add(m)
	if m.state == delayed {
		q.deadlines.push(m.deadline, m)
	} else {
		t.news = true
	}
}

// set changes a message's state and the counts with it.
func (t *turn) set(m *message, s state) {
	t.moved = true
	t.q.counts[m.state]--
	m.state = s
	t.q.counts[s]++
}

// reveal makes a message visible whose delay or visibility timeout is over. In a
// standard queue one that was received three times or more goes to the back
// (SQS I14).
func (t *turn) reveal(m *message) {
	q := t.q
	q.deadlines.remove(m)
	t.set(m, visible)
	m.deadline = 0
	if m.here >= 3 && !q.fifo {
		m.place = t.nextSeq()
	}
	q.line.show(m)
	t.news = true
	t.tell(Shown, m, "")
}

// conceal makes a message in flight until a deadline, whether it was visible or
// in flight before.
func (t *turn) conceal(m *message, until int64) {
	q := t.q
	q.deadlines.remove(m)
	before := m.state
	t.set(m, inFlight)
	m.deadline = until
	q.deadlines.push(until, m)
	if before == visible {
		q.line.hide(m)
	}
}

// leave takes a message out of the queue's memory.
func (t *turn) leave(m *message) {
	q := t.q
	t.moved = true
	q.deadlines.remove(m)
	q.ages.remove(m)
	q.line.remove(m)
	if m.known {
		delete(q.received, m.id)
		m.known = false
		q.shrink()
	}
	q.counts[m.state]--
	m.state = gone
	if q.fifo {
		t.news = true // the group may be open now
	}
}

// drop deletes a message.
func (t *turn) drop(m *message) {
	t.forget(m)
	t.leave(m)
}
