package sqs

// maxInFlight is how many messages may be in flight in a queue (SQS I16).
const maxInFlight = 120_000

// mostMoves bounds how many dead letters one turn sets aside.
const mostMoves = 100

// delivery is a message as one receive got it, readable without the queue's lock.
type delivery struct {
	m             *message
	traits        *traits
	handle        string
	seq           uint64
	total         uint32
	firstReceived int64
}

// take receives: it hands out visible messages and puts them in flight, and sets
// aside those that were received too often (SQS L1-L3).
func (t *turn) take(w want) []delivery {
	q := t.q
	if w.attempt != "" {
		if got := t.repeat(w); got != nil {
			return got
		}
	}
	var got []delivery
	var prev *message
	until := t.now + int64(w.visibility)
	for len(got) < w.limit && len(t.dead) < mostMoves && q.counts[inFlight] < maxInFlight {
		m := q.line.next(prev)
		if m == nil {
			break
		}
		if q.exhausted(m) {
			t.set(m, moving)
			q.line.hide(m)
			t.dead = append(t.dead, m)
			continue
		}
		got = append(got, t.receive(m, until))
		prev = m
	}
	if w.visibility == 0 { // visible again at once, but not to this call (SQS I6)
		for i := range got {
			t.reveal(got[i].m)
		}
	}
	q.traffic.received += len(got)
	if w.attempt != "" && len(got) > 0 {
		t.remember(w, got)
	}
	return got
}

// exhausted reports whether m's next receive is one too many, and there is a
// queue for it to go to (SQS L1, L12).
func (q *queue) exhausted(m *message) bool {
	r := q.settings.Load().redrive
	return r != nil && int(m.here) >= r.max && q.service.queues.findARN(r.target) != nil
}

// receive raises the counters and puts m in flight.
func (t *turn) receive(m *message, until int64) delivery {
	q := t.q
	m.total++
	m.here++
	m.received = t.now
	if m.firstReceived == 0 {
		m.firstReceived = t.now
	}
	if !m.known {
		m.known = true
		q.received[m.id] = m
		q.mostReceived = max(q.mostReceived, len(q.received))
	}
	t.conceal(m, until)
	t.touch(m)
	t.tell(Received, m, "")
	return q.delivery(m)
}

// delivery is what a receive of m answers.
func (q *queue) delivery(m *message) delivery {
	r := receipt{nonce: q.nonce, id: m.id, number: m.total, received: m.received}
	return delivery{m: m, traits: m.traits, handle: r.String(), seq: m.seq, total: m.total, firstReceived: m.firstReceived}
}
