package sqs

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// transaction is one critical section under a queue's lock: its effects, and the
// callbacks to run after unlock. It starts with [queue.begin] and must end with
// [transaction.end].
type transaction struct {
	queue  *queue
	now    int64
	peer   *transaction // of the other queue, if two are locked; see beginBoth
	batch  *store.Batch // effects for the store; nil without any
	commit store.Commit

	endedPolls     []*poll    // long polls to wake after unlock
	toDeadLetter   []*message // messages to move to the dead-letter queue after unlock
	becameVisible  bool       // watchers must be notified
	metricsChanged bool
}

// begin locks the queue and applies everything that is due by now.
func (q *queue) begin() *transaction {
	tx := &transaction{queue: q}
	q.mu.Lock()
	tx.now = q.service.now()
	tx.processDue()
	return tx
}

// beginCall starts a transaction for a call. It fails if the queue was deleted since
// the call found it.
func (q *queue) beginCall(c *awsapi.Call) (*transaction, error) {
	tx := q.begin()
	if q.deleted {
		tx.end()
		return nil, queueDoesNotExist(c)
	}
	return tx, nil
}

// processDue ends the delays, visibility timeouts and retention periods that are
// over (SQS K5). The queue's timers run it too, so it usually finds nothing; in
// real time a timer can be late.
func (tx *transaction) processDue() {
	q := tx.queue

	// Delays and visibility timeouts.
	for {
		at, ok := q.deadlines.min()
		if !ok || at > tx.now {
			break
		}
		tx.makeVisible(q.deadlines.items[0].m)
	}

	// Retention.
	retention := int64(q.attributes.Load().retention)
	for m := q.ages.first(); m != nil && m.retainedFrom+retention <= tx.now; m = q.ages.first() {
		tx.emit(Expired, m, "")
		tx.remove(m)
	}

	// Deduplication ids and receive attempts.
	q.dedup.expire(tx.now, tx.deleteStoredDedup)
	q.attempts.expire(tx.now, func(string) {})
}

// end serves waiting polls, sets the timers, unlocks the queue and runs the
// callbacks. The caller must wait for the returned commit before it acknowledges
// the change.
func (tx *transaction) end() store.Commit {
	tx.settle()
	tx.applyEffects()
	tx.queue.mu.Unlock()

	tx.runCallbacks()
	return tx.commit
}

// endAndWait ends the transaction and waits until its effects are durable.
func (tx *transaction) endAndWait() error {
	if err := tx.end().Wait(); err != nil {
		return notStored(err)
	}
	return nil
}

// endAndUnlock is end for a transaction inside a lock of the service: unlock
// releases that lock too before any callback runs.
func (tx *transaction) endAndUnlock(unlock func()) store.Commit {
	tx.settle()
	tx.applyEffects()
	tx.queue.mu.Unlock()
	unlock()

	tx.runCallbacks()
	return tx.commit
}

// settle serves waiting polls and sets the timers. The lock is held.
func (tx *transaction) settle() {
	tx.servePolls()
	tx.queue.setTimers()
}

// applyEffects hands the effects to the store. The lock is held, so that the store
// receives the effects of a queue in order.
func (tx *transaction) applyEffects() {
	if tx.batch != nil {
		tx.commit = tx.batch.Apply()
		tx.batch = nil
	}
}

// effects returns the batch to write to. Two locked queues share one batch.
func (tx *transaction) effects() *store.Batch {
	if tx.batch == nil {
		tx.batch = tx.queue.service.store.Batch()
		if tx.peer != nil {
			tx.peer.batch = tx.batch
		}
	}
	return tx.batch
}

// runCallbacks runs what must not run under the lock.
func (tx *transaction) runCallbacks() {
	q := tx.queue
	if tx.metricsChanged && q.service.onMetricsChange != nil {
		q.service.onMetricsChange()
	}

	// Polls return with the commit that made their messages in flight.
	for _, p := range tx.endedPolls {
		p.wake(tx.commit)
	}
	if tx.becameVisible {
		q.watchers.notify()
	}
	if len(tx.toDeadLetter) > 0 {
		q.service.moveToDeadLetterQueue(q, tx.toDeadLetter)
	}
}

// add adds a visible or delayed message to the queue.
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

// setState changes a message's state and the counts.
func (tx *transaction) setState(m *message, s state) {
	tx.metricsChanged = true
	tx.queue.counts[m.state]--
	m.state = s
	tx.queue.counts[s]++
}

// makeVisible ends a message's delay or visibility timeout. In a standard queue a
// message that was received three times or more goes to the back (SQS I14).
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
	tx.emit(BecameVisible, m, "")
}

// hideUntil puts a message in flight until a deadline. The message is visible, or
// in flight with another deadline.
func (tx *transaction) hideUntil(m *message, deadline int64) {
	q := tx.queue
	wasVisible := m.state == visible

	q.deadlines.remove(m)
	tx.setState(m, inFlight)
	m.deadline = deadline
	q.deadlines.push(deadline, m)
	if wasVisible {
		q.ready.hide(m)
	}
}

// remove deletes a message from the queue and from the store.
func (tx *transaction) remove(m *message) {
	tx.deleteStored(m)
	tx.unlink(m)
}

// unlink removes a message from every index of the queue.
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

	// Whoever still refers to the message must see that it is gone.
	q.counts[m.state]--
	m.state = gone
	if q.fifo {
		tx.becameVisible = true // the removal may unlock the message group
	}
}
