package sqs

// maxInFlight is the largest number of messages in flight in a queue (SQS I16).
const maxInFlight = 120_000

// maxDeadLettersPerReceive bounds the work of one receive: it moves no more
// messages to the dead-letter queue.
const maxDeadLettersPerReceive = 100

// delivery is a message as one receive returned it. It may be read without the
// queue's lock.
type delivery struct {
	message       *message
	optional      *optionalFields
	handle        string
	number        uint64
	receives      uint32
	firstReceived int64
}

// receive puts visible messages in flight and returns them. Messages that were
// received too often are marked for the dead-letter queue instead (SQS L1-L3).
func (tx *transaction) receive(req receiveRequest) []delivery {
	q := tx.queue
	if req.attempt != "" {
		if got := tx.repeatAttempt(req); got != nil {
			return got
		}
	}

	var got []delivery
	var prev *message
	deadline := tx.now + int64(req.visibilityTimeout)
	for len(got) < req.limit && len(tx.toDeadLetter) < maxDeadLettersPerReceive && q.counts[inFlight] < maxInFlight {
		m := q.ready.next(prev)
		if m == nil {
			break
		}
		if q.receiveLimitReached(m) {
			tx.setState(m, moving)
			q.ready.hide(m)
			tx.toDeadLetter = append(tx.toDeadLetter, m)
			continue
		}
		got = append(got, tx.deliver(m, deadline))
		prev = m
	}

	// With a timeout of 0 messages are visible again at once, but only now: one
	// call must not receive a message twice (SQS I6).
	if req.visibilityTimeout == 0 {
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

// receiveLimitReached reports whether m was received maxReceiveCount times and its
// dead-letter queue exists (SQS L1, L12).
func (q *queue) receiveLimitReached(m *message) bool {
	r := q.attributes.Load().redrive
	return r != nil && int(m.receivesHere) >= r.maxReceiveCount && q.service.queues.findARN(r.target) != nil
}

// deliver counts a receive of m and puts it in flight.
func (tx *transaction) deliver(m *message, deadline int64) delivery {
	q := tx.queue
	m.receives++
	m.receivesHere++
	m.received = tx.now
	if m.firstReceived == 0 {
		m.firstReceived = tx.now
	}

	// From now on a receipt handle can refer to the message.
	if !m.inReceived {
		m.inReceived = true
		q.received[m.id] = m
		q.receivedPeak = max(q.receivedPeak, len(q.received))
	}

	tx.hideUntil(m, deadline)
	tx.storeState(m)
	tx.emit(Received, m, "")
	return q.delivery(m)
}

// delivery returns m as a receive returns it now.
func (q *queue) delivery(m *message) delivery {
	r := receipt{
		nonce:    q.nonce,
		id:       m.id,
		receive:  m.receives,
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
