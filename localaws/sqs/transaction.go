package sqs

import (
	"github.com/reliableq/reliableq/localaws/store"
)

// turn is one hold of a queue's lock: what was done in it, and what is owed once
// the lock is gone. It begins with [queue.begin] and must end with [turn.end].
type transaction struct {
	queue          *queue
	now            int64
	peer           *transaction // the other queue's, in a turn of both
	batch          *store.Batch // effects; nil until there are some
	commit         store.Commit
	endedPolls     []*poll    // long polls to let go
	toDeadLetter   []*message // to be moved to the dead-letter queue
	becameVisible  bool       // a message has become visible
	metricsChanged bool       // what metrics show has changed
}

// begin takes the lock and brings the queue up to now.
func (q *queue) begin() *transaction {
	tx := &transaction{queue: q}
	q.mu.Lock()
	tx.now = q.service.now()
	tx.processDue()
	return tx
}

// catchUp lets happen what the clock has come to: ends of delays and visibility
// timeouts, and of retention (SQS K5). The queue's alarms call it too, so that it
// finds nothing late except where real time is short of processors.
func (tx *transaction) processDue() {
	q := tx.queue
	for {
		at, some := q.deadlines.min()
		if !some || at > tx.now {
			break
		}
		tx.makeVisible(q.deadlines.items[0].m)
	}
	retention := int64(q.attributes.Load().retention)
	for m := q.ages.first(); m != nil && m.retainedFrom+retention <= tx.now; m = q.ages.first() {
		tx.emit(Expired, m, "")
		tx.remove(m)
	}
	q.dedup.expire(tx.now, tx.deleteStoredDedup)
	q.attempts.expire(tx.now, func(string) {})
}

// end serves long polls, sets the clock, lets go of the lock, and does what is
// owed. It answers what a caller waits for before it says that its change is
// made.
func (tx *transaction) end() store.Commit {
	tx.settle()
	tx.applyEffects()
	tx.queue.mu.Unlock()
	tx.runCallbacks()
	return tx.commit
}

// endAfter is end for a turn under a lock of the service: unlock lets go of that
// as well, before anybody is told of anything.
func (tx *transaction) endAndUnlock(unlock func()) store.Commit {
	tx.settle()
	tx.applyEffects()
	tx.queue.mu.Unlock()
	unlock()
	tx.runCallbacks()
	return tx.commit
}

// close brings the queue to rest, under the lock.
func (tx *transaction) settle() {
	tx.servePolls()
	tx.queue.setTimers()
}

// apply puts the effects in line for the store, under the lock.
func (tx *transaction) applyEffects() {
	if tx.batch != nil {
		tx.commit, tx.batch = tx.batch.Apply(), nil
	}
}

// effects is the batch to write to; a turn in two queues has one.
func (tx *transaction) effects() *store.Batch {
	if tx.batch == nil {
		tx.batch = tx.queue.service.store.Batch()
		if tx.peer != nil {
			tx.peer.batch = tx.batch
		}
	}
	return tx.batch
}

// pay does what is owed, without the lock.
func (tx *transaction) runCallbacks() {
	if tx.metricsChanged && tx.queue.service.onMetricsChange != nil {
		tx.queue.service.onMetricsChange()
	}
	for _, p := range tx.endedPolls {
		p.wake(tx.commit)
	}
	if tx.becameVisible {
		tx.queue.watchers.notify()
	}
	if len(tx.toDeadLetter) > 0 {
		tx.queue.service.moveToDeadLetterQueue(tx.queue, tx.toDeadLetter)
	}
}

// add puts a message into the queue, visible or delayed as its state says.
func (tx *transaction) add(m *message) {
	q := tx.queue
	tx.metricsChanged = true
	q.counts[m.state]++
	q.ages.add(m.retainedFrom, m)
	q.ready.add(m)
	if m.state == delayed {
		q.deadlines.push(m.deadline, m)
	} else {
		tx.becameVisible = true
	}
}

// set changes a message's state and the counts with it.
func (tx *transaction) setState(m *message, s state) {
	tx.metricsChanged = true
	tx.queue.counts[m.state]--
	m.state = s
	tx.queue.counts[s]++
}

// reveal makes a message visible whose delay or visibility timeout is over. In a
// standard queue one that was received three times or more goes to the back
// (SQS I14).
func (tx *transaction) makeVisible(m *message) {
	q := tx.queue
	q.deadlines.remove(m)
	tx.setState(m, visible)
	m.deadline = 0
	if m.receivesHere >= 3 && !q.fifo {
		m.position = tx.nextNumber()
	}
	q.ready.show(m)
	tx.becameVisible = true
	tx.emit(Shown, m, "")
}

// conceal makes a message in flight until a deadline, whether it was visible or
// in flight before.
func (tx *transaction) hideUntil(m *message, until int64) {
	q := tx.queue
	q.deadlines.remove(m)
	before := m.state
	tx.setState(m, inFlight)
	m.deadline = until
	q.deadlines.push(until, m)
	if before == visible {
		q.ready.hide(m)
	}
}

// leave takes a message out of the queue's memory.
func (tx *transaction) unlink(m *message) {
	q := tx.queue
	tx.metricsChanged = true
	q.deadlines.remove(m)
	q.ages.remove(m)
	q.ready.remove(m)
	if m.inReceived {
		delete(q.received, m.id)
		m.inReceived = false
		q.shrink()
	}
	q.counts[m.state]--
	m.state = gone
	if q.fifo {
		tx.becameVisible = true // the group may be open now
	}
}

// drop deletes a message.
func (tx *transaction) remove(m *message) {
	tx.deleteStored(m)
	tx.unlink(m)
}
