package sqs

// maxInFlight is how many messages may be in flight in a queue (SQS I16).
const maxInFlight = 120_000

// mostMoves bounds how many dead letters one turn sets aside.
const maxDeadLettersPerReceive = 100

// delivery is a message as one receive got it, readable without the queue's lock.
type delivery struct {
	message       *message
	optional      *optionalFields
	handle        string
	number        uint64
	receives      uint32
	firstReceived int64
}

// take receives: it hands out visible messages and puts them in flight, and sets
// aside those that were received too often (SQS L1-L3).
func (tx *transaction) receive(req receiveRequest) []delivery {
	q := tx.queue
	if req.attempt != "" {
		if got := tx.repeatAttempt(req); got != nil {
			return got
		}
	}
	var got []delivery
	var prev *message
	until := tx.now + int64(req.visibility)
	for len(got) < req.limit && len(tx.toDeadLetter) < maxDeadLettersPerReceive && q.counts[inFlight] < maxInFlight {
		m := q.ready.next(prev)
		if m == nil {
			break
		}
		if q.exhausted(m) {
			tx.setState(m, moving)
			q.ready.hide(m)
			tx.toDeadLetter = append(tx.toDeadLetter, m)
			continue
		}
		got = append(got, tx.deliver(m, until))
		prev = m
	}
	if req.visibility == 0 { // visible again at once, but not to this call (SQS I6)
		for i := range got {
			tx.makeVisible(got[i].message)
		}
	}
	q.counters.received += len(got)
	if req.attempt != "" && len(got) > 0 {
		tx.saveAttempt(req, got)
	}
	return got
}

// exhausted reports whether m's next receive is one too many, and there is a
// queue for it to go to (SQS L1, L12).
func (q *queue) exhausted(m *message) bool {
	r := q.attributes.Load().redrive
	return r != nil && int(m.receivesHere) >= r.max && q.service.queues.findARN(r.target) != nil
}

// receive raises the counters and puts m in flight.
func (tx *transaction) deliver(m *message, until int64) delivery {
	q := tx.queue
	m.receives++
	m.receivesHere++
	m.received = tx.now
	if m.firstReceived == 0 {
		m.firstReceived = tx.now
	}
	if !m.inReceived {
		m.inReceived = true
		q.received[m.id] = m
		q.receivedPeak = max(q.receivedPeak, len(q.received))
	}
	tx.hideUntil(m, until)
	tx.storeState(m)
	tx.emit(Received, m, "")
	return q.delivery(m)
}

// delivery is what a receive of m answers.
func (q *queue) delivery(m *message) delivery {
	r := receipt{
		nonce:    q.nonce,
		id:       m.id,
		number:   m.receives,
		received: m.received,
	}
	return delivery{
		message:       m,
		optional:      m.optional,
		handle:        r.String(),
		number:        m.number,
		receives:      m.receives,
		firstReceived: m.firstReceived,
	}
}
