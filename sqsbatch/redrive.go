package sqsbatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

const (
	// limitAge is the time after which a queue's maxReceiveCount is read again.
	limitAge = 15 * time.Minute
	// limitRetry is that after a failed attempt.
	limitRetry = time.Minute
)

// ReceiveLimiter is implemented by a [VisibilityChanger] that can read how often SQS
// delivers a message before it dead-letters it. See [WithBackoff].
type ReceiveLimiter interface {
	// MaxReceives returns the maxReceiveCount of the redrive policy of the queue with
	// the given ARN, or 0 if the queue has none.
	MaxReceives(ctx context.Context, queueARN string) (int, error)
}

// WithMaxReceives sets the maxReceiveCount of the queue's redrive policy. Without it,
// [WithBackoff] asks its client, if that is a [ReceiveLimiter].
//
// At its last receive, a message is tried even if the breaker is open, and with
// [WithBackoff] it is visible at once after it failed, so that SQS dead-letters it
// without delay.
func WithMaxReceives(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("WithMaxReceives: %d is less than 1", n)
		}
		c.maxReceives = n
	}
}

// redrive is what is known about the redrive policies of queues. It is safe for
// concurrent use.
type redrive struct {
	mu     sync.Mutex // guards what follows
	fixed  int        // for all queues; 0 if not known
	queues map[string]receiveLimit
	warned bool
}

// receiveLimit is a queue's maxReceiveCount.
type receiveLimit struct {
	n       int           // 0 if there is none or it is not known
	until   time.Time     // when it is read again
	reading chan struct{} // closed when the read in progress ends; nil without one
}

// learn reads the maxReceiveCount of a queue, if it can and must. While another
// goroutine reads it, it waits for that, as long as ctx lasts.
func (d *redrive) learn(ctx context.Context, e *engine, queueARN string) {
	limiter, ok := e.visibility.(ReceiveLimiter)
	if !ok {
		return
	}
	reading, mine := d.startReading(queueARN)
	if reading == nil {
		return
	}
	if !mine {
		select {
		case <-reading:
		case <-ctx.Done():
		}
		return
	}

	// The lock is not held during the request: others may have less time to wait.
	n, err := 0, errors.New("MaxReceives did not return")
	defer func() {
		first := d.stopReading(queueARN, n, err)
		close(reading)
		if first && e.logger != nil {
			e.logger.WarnContext(ctx, "maxReceiveCount not read: last failures before the dead-letter queue are delayed like others",
				"queue", queueARN, "error", text(err))
		}
	}()
	n, err = askLimit(ctx, limiter, queueARN)
}

// startReading returns the channel of the read in progress, or nil if the queue need not
// be read. If it is mine, the caller reads, and closes the channel after stopReading.
func (d *redrive) startReading(queueARN string) (reading chan struct{}, mine bool) {
	d.mu.Lock()
	defer d.mu.Unlock()

	known, ok := d.queues[queueARN]
	if d.fixed > 0 || known.reading != nil || ok && wallNow().Before(known.until) {
		return known.reading, false
	}
	if d.queues == nil {
		d.queues = make(map[string]receiveLimit)
	}

	known.reading = make(chan struct{})
	d.queues[queueARN] = known
	return known.reading, true
}

// stopReading stores what a read has returned, and reports whether it is the first that
// failed.
func (d *redrive) stopReading(queueARN string, n int, err error) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.queues[queueARN] = receiveLimit{n: n, until: wallNow().Add(limitAge)}
		return false
	}

	// What was known is still the best guess.
	d.queues[queueARN] = receiveLimit{n: d.queues[queueARN].n, until: wallNow().Add(limitRetry)}
	first = !d.warned
	d.warned = true
	return first
}

// isLast reports whether SQS dead-letters the message instead of delivering it again.
// It finds out whether it does, if it can.
func (r *run) isLast(ctx context.Context, m *events.SQSMessage) bool {
	r.redrive.learn(ctx, r.engine, m.EventSourceARN)
	return r.redrive.last(m)
}

// askLimit calls the user's ReceiveLimiter. It leaves at least half of the time for
// other work, and returns a panic as an error.
func askLimit(ctx context.Context, limiter ReceiveLimiter, queueARN string) (n int, err error) {
	defer recovered(&err)
	ctx, cancel := withCheckTime(ctx, 2)
	defer cancel()

	n, err = limiter.MaxReceives(ctx, queueARN)
	if err == nil && n < 0 {
		err = errors.New("negative")
	}
	return n, err
}

// last reports whether SQS dead-letters the message instead of delivering it again. It
// reports false if that is not known.
func (d *redrive) last(m *events.SQSMessage) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.fixed
	if n == 0 {
		n = d.queues[m.EventSourceARN].n
	}
	return n > 0 && receiveCount(m) >= n
}

// wallNow returns the current time without a monotonic reading. The monotonic clock
// stops while Lambda freezes an execution environment, so that it is wrong for times
// that are compared in a later invocation.
func wallNow() time.Time { return time.Now().Round(0) }
