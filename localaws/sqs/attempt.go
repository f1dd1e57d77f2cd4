package sqs

// attempt is what a FIFO receive with a ReceiveRequestAttemptId handed out.
type attempt struct {
	got   []delivery
	until []int64 // each message's deadline, which must not have changed since
}

// repeat answers an attempt again: the same messages and handles, their timeouts
// begun anew, as long as nothing of the set was deleted or changed (SQS N13).
func (t *turn) repeat(w want) []delivery {
	q := t.q
	a, some := q.attempts.find(w.attempt)
	if !some {
		return nil
	}
	for i, d := range a.got {
		if d.m.state != inFlight || d.m.total != d.total || d.m.deadline != a.until[i] {
			return nil
		}
	}
	for i, d := range a.got {
		t.conceal(d.m, t.now+int64(w.visibility))
		t.touch(d.m)
		a.until[i] = d.m.deadline
	}
	return a.got
}

// remember keeps an attempt that handed out something.
func (t *turn) remember(w want, got []delivery) {
	a := attempt{got: got}
	for _, d := range got {
		a.until = append(a.until, d.m.deadline)
	}
	if _, some := t.q.attempts.find(w.attempt); some {
		t.q.attempts.entries[w.attempt] = a
		return
	}
	t.q.attempts.keep(w.attempt, a, t.now+int64(window))
}
