package sqs

// moveToDeadLetterQueue moves messages in state moving to the dead-letter queue
// (SQS L6-L8). If that queue was deleted in the meantime they become visible again
// (SQS L12).
func (s *Service) moveToDeadLetterQueue(from *queue, all []*message) {
	var to *queue
	if r := from.attributes.Load().redrive; r != nil {
		to = s.queues.findARN(r.target)
	}
	if to == nil {
		tx := from.begin()
		tx.returnToQueue(all)
		tx.end()
		return
	}

	// Both queues are locked, so that no message is in both or in neither.
	txFrom, txTo := beginBoth(from, to)
	defer endBoth(txFrom, txTo)
	if to.deleted {
		txFrom.returnToQueue(all)
		return
	}
	for _, m := range all {
		if m.state == moving { // it may have expired or been purged
			moveMessage(txFrom, txTo, m)
		}
	}
}

// returnToQueue makes messages in state moving visible again.
func (tx *transaction) returnToQueue(all []*message) {
	for _, m := range all {
		if m.state == moving {
			tx.makeVisible(m)
		}
	}
}

// moveMessage moves a message to another queue, with the fields that SQS's own
// redrive preserves.
func moveMessage(from, to *transaction, m *message) {
	from.remove(m)

	optional := *m.optional
	optional.deadLetterSource = from.queue.arn
	if to.queue.fifo {
		// The dead-letter queue must not treat it as a duplicate, and its
		// retention period starts again (SQS L8, K6).
		optional.dedupID = m.id.String()
		m.retainedFrom = to.now
	}
	m.optional = &optional

	m.receivesHere = 0
	m.arrived = to.now
	m.state = visible
	m.deadline = 0
	m.number = to.nextNumber()
	m.position = m.number

	to.add(m)
	to.storeMessage(m)
	to.emit(Moved, m, from.queue.name)
}

// beginBoth starts a transaction in two queues, which may be the same. Queues are
// locked in the order of their nonces, so that two such transactions cannot
// deadlock.
func beginBoth(a, b *queue) (txA, txB *transaction) {
	switch {
	case a == b:
		txA = a.begin()
		return txA, txA
	case a.nonce < b.nonce:
		txA = a.begin()
		txB = b.begin()
	default:
		txB = b.begin()
		txA = a.begin()
	}

	// Each may have found expired messages. Apply those effects first: from here
	// on the two share a batch.
	txA.applyEffects()
	txB.applyEffects()
	txA.peer = txB
	txB.peer = txA
	return txA, txB
}

// endBoth ends the transactions of beginBoth. Their effects are one batch, so that
// a move is durable in both queues or in neither.
func endBoth(a, b *transaction) {
	if a == b {
		a.end()
		return
	}

	a.settle()
	b.settle()
	a.applyEffects()
	b.commit = a.commit
	a.queue.mu.Unlock()
	b.queue.mu.Unlock()

	a.runCallbacks()
	b.runCallbacks()
}
