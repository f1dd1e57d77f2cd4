package mapping

import (
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// The backoff of throttled batches (LAM G8): doubled with each attempt, with equal jitter.
const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// rejectionPause is how long a poller does not receive after an invocation that was
// rejected. Without it, messages without visibility timeout would be received again and
// again without end.
const rejectionPause = time.Second

// invoke invokes the function with b. The batch is active until its outcome is handled.
func (p *poller) invoke(b *batch) {
	p.service.opts.Functions.StartInvocation(p.service.ctx, b.config.function, b.payload(), b.trace, func(o Outcome) {
		c := p.service.opts.Clock
		c.Begin()
		defer c.End()
		p.handleOutcome(b, o)
	})
}

// handleOutcome deletes the messages of b, leaves them in the queue, or schedules a retry (LAM B32).
func (p *poller) handleOutcome(b *batch, o Outcome) {
	n := len(b.ids)
	switch {
	case o.Err != nil && retryable(o.Err):
		p.shrinkLimit()
		p.retryThrottled(b, o.Err)
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

// retryable reports whether an invocation that did not run the function may succeed
// later: it was throttled, or Lambda failed.
func retryable(err error) bool {
	e := awsapi.AsError(err)
	return e.Code == "TooManyRequestsException" || e.Receiver()
}

// deleteProcessed deletes the messages that the function has processed, and reports
// whether that is the whole batch (LAM B35 to B38). The others become visible when their
// visibility timeout ends.
func (p *poller) deleteProcessed(b *batch, payload []byte) bool {
	if !b.config.reportFailures {
		p.deleteAndCount(b.receiptHandles)
		return true
	}

	// An invalid report must not delete any message.
	failed, ok := parseFailures(payload, b.ids)
	if !ok {
		p.recordCount("FailedInvokeEventCount", len(b.ids))
		p.service.opts.Logger.Warn("function's response has no valid batchItemFailures: the whole batch fails",
			"mapping", p.uuid, "messages", len(b.ids))
		return false
	}

	processed := make([]string, 0, len(b.receiptHandles))
	for i, handle := range b.receiptHandles {
		if !failed[i] {
			processed = append(processed, handle)
		}
	}
	p.recordCount("FailedInvokeEventCount", len(b.receiptHandles)-len(processed))
	p.deleteAndCount(processed)
	return len(processed) == len(b.receiptHandles)
}

func (p *poller) deleteAndCount(receiptHandles []string) {
	p.recordCount("DeletedEventCount", p.deleteMessages(receiptHandles))
}

// deleteMessages deletes messages and returns how many it deleted. The others become
// visible when their visibility timeout ends.
func (p *poller) deleteMessages(receiptHandles []string) int {
	deleted := 0
	for len(receiptHandles) > 0 {
		// SQS deletes up to ten messages in one call.
		n := min(maxPerReceive, len(receiptHandles))
		as, err := p.roleCaller()
		var failed []string
		if err == nil {
			failed, err = p.service.opts.Queues.Delete(p.service.ctx, as, p.queue, receiptHandles[:n])
		}

		switch {
		case err != nil:
			p.service.opts.Logger.Warn("event source mapping cannot delete",
				"mapping", p.uuid, "queue", p.queue, "messages", n, "error", err)

		// These will be processed again: at-least-once delivery.
		case len(failed) > 0:
			p.service.opts.Logger.Warn("messages were not deleted: their visibility timeout is over",
				"mapping", p.uuid, "queue", p.queue, "messages", len(failed))
			deleted += n - len(failed)
		default:
			deleted += n
		}
		receiptHandles = receiptHandles[n:]
	}
	return deleted
}

// shrinkLimit lowers the limit of active batches after a failure (LAM B32).
func (p *poller) shrinkLimit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit.shrink()
}

// invocationRejected logs that Lambda did not run the function, and pauses receives.
func (p *poller) invocationRejected(b *batch, err error) {
	p.service.opts.Logger.Warn("event source mapping's invocation was rejected",
		"mapping", p.uuid, "function", b.config.function, "error", err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause(rejectionPause, clock.Transition)
}

// retryThrottled schedules another invocation with a throttled batch. When its messages
// become visible again the batch is given up. Until then it stays active.
func (p *poller) retryThrottled(b *batch, cause error) {
	c := p.service.opts.Clock
	now := c.Now()
	if b.visibleAt.IsZero() {
		b.visibleAt = p.visibleAgainAt(b)
	}

	// Equal jitter: half of the wait is fixed, half is random.
	wait := min(minBackoff<<min(b.attempts, 10), maxBackoff)
	wait = wait/2 + time.Duration(p.service.opts.Chance.Float()*float64(wait/2))
	b.attempts++
	next := now.Add(wait)
	last := !next.Before(b.visibleAt)
	if last {
		next = b.visibleAt
	}
	p.service.opts.Logger.Debug("event source mapping's invocation was throttled",
		"mapping", p.uuid, "attempts", b.attempts, "given_up", last, "error", cause)

	// The messages are visible already.
	if !next.After(now) {
		p.invocationRejected(b, cause)
		p.finishBatch(b, false)
		return
	}

	c.Schedule(next, clock.Transition, func() {
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

// visibleAgainAt returns when the messages of b become visible again, by the queue's
// visibility timeout (LAM B30). If that cannot be read it returns a time in the past.
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

// finishBatch invokes the function with the overflow of b, or ends the batch. In a FIFO
// queue the overflow may contain later messages of a group, and is invoked only if all
// messages of b were deleted (LAM B27).
func (p *poller) finishBatch(b *batch, allDeleted bool) {
	p.mu.Lock()
	continued := len(b.overflow) > 0 && !p.stopped && (allDeleted || !b.config.fifo)
	if !continued {
		p.activeBatches--
	}
	p.mu.Unlock()

	if continued {
		p.invoke(b.next(p.source))
		return
	}
	p.run()
}

// recordCount adds n to one of the mapping's event counts if its configuration asks for
// them (LAM E32).
func (p *poller) recordCount(name string, n int) {
	p.mu.Lock()
	enabled := p.config.eventCount
	p.mu.Unlock()
	if enabled && n > 0 && p.service.opts.Metrics != nil {
		p.service.opts.Metrics.Count(p.call.Account, p.call.Region, p.uuid, name, n)
	}
}
