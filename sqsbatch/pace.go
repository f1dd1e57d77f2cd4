package sqsbatch

import (
	"sync"
	"time"
)

// pace estimates how long messages take, from those that succeeded. It keeps a mean
// and a mean deviation, as TCP does to choose its timeouts (RFC 6298), so that one
// slow message changes little. It is safe for concurrent use.
type pace struct {
	mu        sync.Mutex // guards what follows
	known     bool
	mean      time.Duration
	deviation time.Duration
}

// learn adds the duration of a message.
func (p *pace) learn(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known {
		p.known = true
		p.mean = took
		p.deviation = took / 2
		return
	}

	p.deviation += ((took - p.mean).Abs() - p.deviation) / 4
	p.mean += (took - p.mean) / 8
}

// usual returns how long a message usually takes; 0 before the first one.
func (p *pace) usual() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mean
}

// longest returns how long a message takes at most, rare ones aside; 0 before the
// first one.
func (p *pace) longest() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mean + 4*p.deviation
}

// expected returns how long a message may take. An estimate never prevents a message
// before one of its batch has finished: every invocation has the same time, so a
// message that does not fit now would never be started.
func (r *run) expected() time.Duration {
	switch {
	case r.reserve > 0:
		return r.reserve
	case r.handleBulk != nil || r.finished.Load() == 0:
		return 0
	}
	return r.pace.usual()
}

// limit returns the time that a message may take from its start, if the invocation has
// a deadline or messages have a timeout. waiting is the number of messages that no
// worker has taken.
//
// A message may take all the time that is left but a reserve for each message that
// waits for its worker: half the fair share, or what messages take at most if that is
// more, but not more than the fair share. So a message that hangs leaves time for the
// others, and a message that is only slow has what the others do not need.
func (r *run) limit(waiting int, result *Result) time.Duration {
	if r.deadline.IsZero() {
		return r.timeout
	}

	// If this message is stopped, the rest of its group does not wait for it.
	left := r.deadline.Sub(result.Started)
	after := time.Duration(max(waiting-result.rest, 0) / r.concurrency)
	share := left / (after + 1)
	longest := r.pace.longest()
	reserve := min(max(longest, share/2), share)

	// If the batch does not fit into the time, each message still gets what messages
	// take, so that some of them succeed.
	limit := min(max(left-after*reserve, longest, r.reserve), left)
	if r.timeout > 0 {
		limit = min(limit, r.timeout)
	}
	return max(limit, 1)
}
