package mapping

import (
	"log/slog"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// The backoff of throttled batches (LAM G8): 1 s, doubled up to a minute, the
// second half of each wait drawn by lot.
const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// rejectionPause is how long a poller receives nothing after an invocation that was
// refused, so that messages without visibility timeout do not go round for ever.
const rejectionPause = time.Second

// invoke hands b to the function. Its place is free when it is settled.
func (p *poller) invoke(b *batch) {
	p.service.opts.Functions.StartInvocation(p.service.ctx, b.config.function, b.payload(), b.trace, func(o Outcome) {
		c := p.service.opts.Clock
		c.Begin()
		defer c.End()
		p.handleOutcome(b, o)
	})
}

// handleOutcome does what the outcome of an invocation asks for (LAM B32).
func (p *poller) handleOutcome(b *batch, o Outcome) {
	n := len(b.ids)
	switch {
	case o.Err != nil && retryable(o.Err):
		p.shrinkLimit()
		p.retryThrottled(b, o.Err)
		return
	case o.Err != nil:
		p.recordCount("FailedInvokeEventCount", n)
		p.invocationRejected(b, o.Err)
		p.finishBatch(b, false)
	case o.FunctionError:
		p.recordCount("InvokedEventCount", n)
		p.recordCount("FailedInvokeEventCount", n)
		p.shrinkLimit()
		p.finishBatch(b, false)
	default:
		p.recordCount("InvokedEventCount", n)
		p.finishBatch(b, p.deleteProcessed(b, o.Payload))
	}
}

// retryable reports that the function was not run but may be soon: it is
// throttled, or Lambda failed.
func retryable(err error) bool {
	e := awsapi.AsError(err)
	return e.Code == "TooManyRequestsException" || e.Receiver()
}

// deleteProcessed deletes what the function has processed, and reports whether that is
// the whole batch (LAM B35 to B38).
func (p *poller) deleteProcessed(b *batch, payload []byte) bool {
	if !b.config.reportFailures {
		p.deleteAndCount(b.receiptHandles)
		return true
	}

	failed, ok := parseFailures(payload, b.ids)
	if !ok {
		p.recordCount("FailedInvokeEventCount", len(b.ids))
		p.service.opts.Logger.Warn("function's answer names no valid batchItemFailures: the whole batch fails",
			slog.String("mapping", p.uuid), slog.Int("messages", len(b.ids)))
		return false
	}

	done := make([]string, 0, len(b.receiptHandles))
	for i, handle := range b.receiptHandles {
		if !failed[i] {
			done = append(done, handle)
		}
	}

	p.recordCount("FailedInvokeEventCount", len(b.receiptHandles)-len(done))
	p.deleteAndCount(done)
	return len(done) == len(b.receiptHandles)
}

func (p *poller) deleteAndCount(handles []string) {
	p.recordCount("DeletedEventCount", p.deleteMessages(handles))
}

// deleteMessages deletes messages, and answers how many were. What cannot be deleted
// reappears when its visibility timeout ends.
func (p *poller) deleteMessages(handles []string) int {
	deleted := 0
	for len(handles) > 0 {
		n := min(maxPerReceive, len(handles))
		as, err := p.roleCaller()
		var left []string
		if err == nil {
			left, err = p.service.opts.Queues.Delete(p.service.ctx, as, p.queue, handles[:n])
		}

		switch {
		case err != nil:
			p.service.opts.Logger.Warn("event source mapping cannot delete",
				slog.String("mapping", p.uuid), slog.String("queue", p.queue), slog.Int("messages", n), slog.Any("error", err))
		case len(left) > 0:
			p.service.opts.Logger.Warn("messages were not deleted: their visibility timeout is over",
				slog.String("mapping", p.uuid), slog.String("queue", p.queue), slog.Int("messages", len(left)))
			deleted += n - len(left)
		default:
			deleted += n
		}

		handles = handles[n:]
	}

	return deleted
}

// shrinkLimit takes a place away (LAM B32).
func (p *poller) shrinkLimit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit.shrink()
}

// invocationRejected notes that Lambda would not run the function at all.
func (p *poller) invocationRejected(b *batch, err error) {
	p.service.opts.Logger.Warn("event source mapping's invocation was refused",
		slog.String("mapping", p.uuid), slog.String("function", b.config.function), slog.Any("error", err))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause(rejectionPause, clock.Moves)
}

// retryThrottled books another try of a throttled batch, up to the moment when its
// messages reappear: then it is given up. Its place stays taken.
func (p *poller) retryThrottled(b *batch, cause error) {
	c := p.service.opts.Clock
	now := c.Now()
	if b.visibleAt.IsZero() {
		b.visibleAt = p.visibleAgainAt(b)
	}

	wait := min(minBackoff<<min(b.attempts, 10), maxBackoff)
	wait = wait/2 + time.Duration(p.service.opts.Chance.Float()*float64(wait/2))
	b.attempts++
	at := now.Add(wait)
	last := !at.Before(b.visibleAt)
	if last {
		at = b.visibleAt
	}

	p.service.opts.Logger.Debug("event source mapping's invocation was throttled",
		slog.String("mapping", p.uuid), slog.Int("tries", b.attempts), slog.Bool("given_up", last), slog.Any("error", cause))

	if !at.After(now) {
		p.invocationRejected(b, cause)
		p.finishBatch(b, false)
		return
	}

	c.Schedule(at, clock.Moves, func() {
		p.mu.Lock()
		stopped := p.stopped
		p.mu.Unlock()
		if last || stopped {
			p.finishBatch(b, false)
			return
		}

		p.invoke(b)
	})
}

// visibleAgainAt is when the messages of b are visible again, by the queue's own
// visibility timeout (LAM B30); at once when the queue cannot say.
func (p *poller) visibleAgainAt(b *batch) time.Time {
	as, err := p.roleCaller()
	if err != nil {
		return b.received
	}
	q, err := p.service.opts.Queues.Describe(p.service.ctx, as, p.queue)
	if err != nil {
		return b.received
	}
	return b.received.Add(q.VisibilityTimeout)
}

// finishBatch goes on with the rest of b, or frees its place. In a FIFO queue the rest
// may hold later messages of a group, and goes only if all before it went well
// (LAM B27).
func (p *poller) finishBatch(b *batch, deleted bool) {
	p.mu.Lock()
	goOn := len(b.overflow) > 0 && !p.stopped && (deleted || !b.config.fifo)
	if !goOn {
		p.activeBatches--
	}
	p.mu.Unlock()
	if goOn {
		p.invoke(b.next(p.source))
		return
	}
	p.run()
}

// recordCount adds to the mapping's event counts, if it asked for them (LAM E32).
func (p *poller) recordCount(name string, n int) {
	p.mu.Lock()
	wanted := p.config.eventCount
	p.mu.Unlock()
	if wanted && n > 0 && p.service.opts.Metrics != nil {
		p.service.opts.Metrics.Count(p.call.Account, p.call.Region, p.uuid, name, n)
	}
}
