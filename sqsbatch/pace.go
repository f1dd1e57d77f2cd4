package sqsbatch

import (
	"sync/atomic"
	"time"
)

// pace estimates how long a message takes, from the last two that succeeded. It takes
// the shorter one, so that a single slow message changes nothing, and two are enough to
// follow a change. Messages that failed or were stopped do not show how long messages
// take. It is safe for concurrent use: of two that are learned at the same time, one
// may be lost, which does not matter.
type pace struct {
	last   atomic.Int64 // 1 + nanoseconds; 0 for none
	before atomic.Int64 // the last but one
}

// learn adds the duration of a message that succeeded.
func (p *pace) learn(took time.Duration) {
	p.before.Store(p.last.Load())
	p.last.Store(1 + int64(max(took, 0)))
}

// typical returns the estimate, and whether it is based on two messages. It is 0 before
// the first one.
func (p *pace) typical() (d time.Duration, sure bool) {
	last := p.last.Load()
	before := p.before.Load()
	switch {
	case last == 0:
		return 0, false
	case before == 0:
		return time.Duration(last - 1), false
	}
	return time.Duration(min(last, before) - 1), true
}

// expected returns how long a message may take, for the decision to start it. An
// estimate never prevents a message before one of its batch has succeeded: every
// invocation has the same time, so a message that does not fit now would never be
// started. Nor does a single duration, which may be an exception.
func (r *run) expected() time.Duration {
	switch {
	case r.reserve > 0:
		return r.reserve
	case r.handleBulk != nil || r.succeeded.Load() == 0:
		return 0
	}
	if typical, sure := r.pace.typical(); sure {
		return typical
	}
	return 0
}

// limit returns the time that a message may take from now, if the invocation has a
// deadline or messages have a timeout.
//
// A message may take all the time that is left but a reserve for each message that
// waits for its worker: half the fair share, or what messages take if that is more, but
// not more than the fair share. So a message that hangs leaves time for the others, and
// a message that is only slow has what the others do not need.
func (r *run) limit(now time.Time, result *Result) time.Duration {
	if r.deadline.IsZero() {
		return r.timeout
	}

	left := r.deadline.Sub(now)
	after := r.after(result)
	share := left / (after + 1)
	typical, _ := r.pace.typical()
	limit := left - after*min(max(typical, share/2), share)

	// If the batch does not fit into the time, each message still gets what messages
	// take, and as much again, so that some of them succeed.
	if typical > share {
		limit = max(limit, 2*typical)
	}
	limit = min(max(limit, r.reserve), left)
	if r.timeout > 0 {
		limit = min(limit, r.timeout)
	}
	return max(limit, 1)
}

// after returns how many messages wait for the worker of a message that was taken. If
// the message is stopped, the rest of its group is returned and does not wait, unless
// it is given up: then the group goes on, with the same worker.
func (r *run) after(result *Result) time.Duration {
	others := max(result.waiting-result.rest, 0) / r.concurrency
	if r.finalAttempt(result.Message) {
		others = max(result.rest, result.waiting/r.concurrency)
	}
	return time.Duration(others)
}

// fits reports whether the batch probably fits into the time for the work.
func (r *run) fits() bool {
	typical, sure := r.pace.typical()
	if r.deadline.IsZero() || !sure {
		return true
	}
	rounds := (len(r.results) + r.concurrency - 1) / r.concurrency
	return typical <= r.deadline.Sub(r.began)/time.Duration(rounds)
}
