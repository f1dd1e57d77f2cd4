package sqs

// attempt is the result of a FIFO receive with a ReceiveRequestAttemptId.
type attempt struct {
	got       []delivery
	deadlines []int64 // of each message; a later change makes the attempt invalid
}

// repeatAttempt returns the messages and handles of an earlier attempt and restarts
// their visibility timeouts. It returns nil if there is no such attempt, or if a
// message of it was deleted or changed since (SQS N13).
func (tx *transaction) repeatAttempt(req receiveRequest) []delivery {
	a, ok := tx.queue.attempts.get(req.attempt)
	if !ok {
		return nil
	}
	for i, d := range a.got {
		m := d.message
		if m.state != inFlight || m.receives != d.receives || m.deadline != a.deadlines[i] {
			return nil
		}
	}

	// Every message is as it was: restart the timeouts.
	for i, d := range a.got {
		tx.hideUntil(d.message, tx.now+int64(req.visibilityTimeout))
		tx.storeState(d.message)
		a.deadlines[i] = d.message.deadline
	}
	return a.got
}

// saveAttempt stores the result of an attempt that returned messages.
func (tx *transaction) saveAttempt(req receiveRequest, got []delivery) {
	a := attempt{got: got}
	for _, d := range got {
		a.deadlines = append(a.deadlines, d.message.deadline)
	}

	attempts := &tx.queue.attempts
	if _, exists := attempts.get(req.attempt); exists {
		attempts.entries[req.attempt] = a // its expiry stays
		return
	}
	attempts.add(req.attempt, a, tx.now+int64(dedupWindow))
}
