package sqs

// bury moves messages that were set aside to the dead-letter queue (SQS L6-L8). If
// that has gone in the meantime they become visible again (SQS L12).
func (s *Service) moveToDeadLetterQueue(from *queue, dead []*message) {
	var to *queue
	if r := from.attributes.Load().redrive; r != nil {
		to = s.queues.findARN(r.target)
	}
	if to == nil {
		tx := from.begin()
		tx.returnToQueue(dead)
		tx.end()
		return
	}
	a, b := beginBoth(from, to)
	if b.queue.deleted {
		a.returnToQueue(dead)
	} else {
		for _, m := range dead {
			if m.state == moving { // not expired or purged meanwhile
				moveMessage(a, b, m)
			}
		}
	}
	endBoth(a, b)
}

// restore makes messages visible again that were set aside.
func (tx *transaction) returnToQueue(dead []*message) {
	for _, m := range dead {
		if m.state == moving {
			tx.makeVisible(m)
		}
	}
}

// move takes a message out of one queue and puts it into another, keeping what
// SQS's own redrive keeps.
func moveMessage(from, to *transaction, m *message) {
	from.remove(m)
	traits := *m.optional
	traits.deadLetterSource = from.queue.arn
	if to.queue.fifo {
		// The dead-letter queue must not take it for a duplicate, and its
		// retention starts anew (SQS L8, K6).
		traits.dedupID = m.id.String()
		m.retainedFrom = to.now
	}
	m.optional = &traits
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

// beginBoth begins a turn in two queues, which may be the same. Queues are locked
// in the order of their nonces, so that two such turns never wait for each other.
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
	txA.applyEffects() // what expired in one of them; from here on they share a batch
	txB.applyEffects()
	txA.peer, txB.peer = txB, txA
	return txA, txB
}

// endBoth ends the turns of beginBoth. Their effects are one batch.
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
