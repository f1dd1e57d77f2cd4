package sqs

// attempt is what a FIFO receive with a ReceiveRequestAttemptId handed out.
type attempt struct {
	got   []delivery
	until []int64 // each message's deadline, which must not have changed since
}

// repeat answers an attempt again: the same messages and handles, their timeouts
// begun anew, as long as nothing of the set was deleted or changed (SQS N13).
func (tx *transaction) repeatAttempt(req receiveRequest) []delivery {
	q := tx.queue
	a, some := q.attempts.get(req.attempt)
	if !some {
		return nil
	}
	for i, d := range a.got {
		if d.message.state != inFlight || d.message.receives != d.receives || d.message.deadline != a.until[i] {
			return nil
		}
	}
	for i, d := range a.got {
		tx.hideUntil(d.message, tx.now+int64(req.visibility))
		tx.storeState(d.message)
		a.until[i] = d.message.deadline
	}
	return a.got
}

// remember keeps an attempt that handed out something.
func (tx *transaction) saveAttempt(req receiveRequest, got []delivery) {
	a := attempt{got: got}
	for _, d := range got {
		a.until = append(a.until, d.message.deadline)
	}
	if _, some := tx.queue.attempts.get(req.attempt); some {
		tx.queue.attempts.entries[req.attempt] = a
		return
	}
	tx.queue.attempts.add(req.attempt, a, tx.now+int64(dedupWindow))
}
