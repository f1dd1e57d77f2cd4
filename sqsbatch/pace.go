package sqsbatch

import (
	"sync"
	"time"
)

// pace estimates how long a message takes, from the last two that succeeded. It takes
// the shorter one, so that a single slow message changes nothing, and two are enough to
// follow a change. Messages that failed or were stopped do not show how long messages
// take. It is safe for concurrent use.
type pace struct {
	mu     sync.Mutex // guards what follows
	known  int        // number of durations: 0, 1 or 2
	last   time.Duration
	before time.Duration // the last but one
}

// learn adds the duration of a message that succeeded.
func (p *pace) learn(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = p.last
	p.last = took
	p.known = min(p.known+1, 2)
}

// typical returns the estimate and the number of durations that it is based on.
func (p *pace) typical() (d time.Duration, known int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known < 2 {
		return p.last, p.known
	}
	return min(p.last, p.before), p.known
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
	typical, known := r.pace.typical()
	if known < 2 {
		return 0
	}
	return typical
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

	// If this message is stopped, the rest of its group does not wait for it.
	left := r.deadline.Sub(now)
	after := time.Duration(max(result.waiting-result.rest, 0) / r.concurrency)
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
