package sqs

// bury moves messages that were set aside to the dead-letter queue (SQS L6-L8). If
// that has gone in the meantime they become visible again (SQS L12).
func (s *Service) bury(from *queue, dead []*message) {
	var to *queue
	if r := from.settings.Load().redrive; r != nil {
		to = s.queues.findARN(r.target)
	}
	if to == nil {
		t := from.begin()
		t.restore(dead)
		t.end()
		return
	}
	a, b := beginBoth(from, to)
	if b.q.gone {
		a.restore(dead)
	} else {
		for _, m := range dead {
			if m.state == moving { // not expired or purged meanwhile
				move(a, b, m)
			}
		}
	}
	endBoth(a, b)
}

// restore makes messages visible again that were set aside.
func (t *turn) restore(dead []*message) {
	for _, m := range dead {
		if m.state == moving {
			t.reveal(m)
		}
	}
}

// move takes a message out of one queue and puts it into another, keeping what
// SQS's own redrive keeps.
func move(from, to *turn, m *message) {
	from.drop(m)
	traits := *m.traits
	traits.deadARN = from.q.arn
	if to.q.fifo {
		// The dead-letter queue must not take it for a duplicate, and its
		// retention starts anew (SQS L8, K6).
		traits.dedup = m.id.String()
		m.enqueued = to.now
	}
	m.traits = &traits
	m.here = 0
	m.arrived = to.now
	m.state = visible
	m.deadline = 0
	m.seq = to.nextSeq()
	m.place = m.seq
	to.add(m)
	to.put(m)
	to.tell(Moved, m, from.q.name)
}

// beginBoth begins a turn in two queues, which may be the same. Queues are locked
// in the order of their nonces, so that two such turns never wait for each other.
func beginBoth(a, b *queue) (ta, tb *turn) {
	switch {
	case a == b:
		ta = a.begin()
		return ta, ta
	case a.nonce < b.nonce:
		ta = a.begin()
		tb = b.begin()
	default:
		tb = b.begin()
		ta = a.begin()
	}
	ta.apply() // what expired in one of them; from here on they share a batch
	tb.apply()
	ta.with, tb.with = tb, ta
	return ta, tb
}

// endBoth ends the turns of beginBoth. Their effects are one batch.
func endBoth(a, b *turn) {
	if a == b {
		a.end()
		return
	}
	a.close()
	b.close()
	a.apply()
	b.commit = a.commit
	a.q.mu.Unlock()
	b.q.mu.Unlock()
	a.pay()
	b.pay()
}
