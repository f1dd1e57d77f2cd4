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
	firstBackoff = time.Second
	mostBackoff  = time.Minute
)

// afterRefusal is how long a poller receives nothing after an invocation that was
// refused, so that messages without visibility timeout do not go round for ever.
const afterRefusal = time.Second

// invoke hands b to the function. Its place is free when it is settled.
func (p *poller) invoke(b *batch) {
	p.service.opts.Functions.Invoke(p.service.ctx, b.set.function, b.payload(), b.trace, func(o Outcome) {
		c := p.service.opts.Clock
		c.Begin()
		defer c.End()
		p.settle(b, o)
	})
}

// settle does what the outcome of an invocation asks for (LAM B32).
func (p *poller) settle(b *batch, o Outcome) {
	n := len(b.ids)
	switch {
	case o.Err != nil && temporary(o.Err):
		p.failed()
		p.again(b, o.Err)
		return
	case o.Err != nil:
		p.count("FailedInvokeEventCount", n)
		p.refused(b, o.Err)
		p.finish(b, false)
	case o.FunctionError:
		p.count("InvokedEventCount", n)
		p.count("FailedInvokeEventCount", n)
		p.failed()
		p.finish(b, false)
	default:
		p.count("InvokedEventCount", n)
		p.finish(b, p.accept(b, o.Payload))
	}
}

// temporary reports that the function was not run but may be soon: it is
// throttled, or Lambda failed.
func temporary(err error) bool {
	e := awsapi.AsError(err)
	return e.Code == "TooManyRequestsException" || e.Receiver()
}

// accept deletes what the function has processed, and reports whether that is
// the whole batch (LAM B35 to B38).
func (p *poller) accept(b *batch, payload []byte) bool {
	if !b.set.reportFailures {
		p.processed(b.handles)
		return true
	}
	failed, ok := failures(payload, b.ids)
	if !ok {
		p.count("FailedInvokeEventCount", len(b.ids))
		p.service.opts.Logger.Warn("function's answer names no valid batchItemFailures: the whole batch fails",
			slog.String("mapping", p.uuid), slog.Int("messages", len(b.ids)))
		return false
	}
	done := make([]string, 0, len(b.handles))
	for i, handle := range b.handles {
		if !failed[i] {
			done = append(done, handle)
		}
	}
	p.count("FailedInvokeEventCount", len(b.handles)-len(done))
	p.processed(done)
	return len(done) == len(b.handles)
}

func (p *poller) processed(handles []string) {
	p.count("DeletedEventCount", p.delete(handles))
}

// delete deletes messages, and answers how many were. What cannot be deleted
// reappears when its visibility timeout ends.
func (p *poller) delete(handles []string) int {
	deleted := 0
	for len(handles) > 0 {
		n := min(mostPerReceive, len(handles))
		as, err := p.caller()
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

// failed takes a place away (LAM B32).
func (p *poller) failed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scale.shrink()
}

// refused notes that Lambda would not run the function at all.
func (p *poller) refused(b *batch, err error) {
	p.service.opts.Logger.Warn("event source mapping's invocation was refused",
		slog.String("mapping", p.uuid), slog.String("function", b.set.function), slog.Any("error", err))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause(afterRefusal, clock.Moves)
}

// again books another try of a throttled batch, up to the moment when its
// messages reappear: then it is given up. Its place stays taken.
func (p *poller) again(b *batch, cause error) {
	c := p.service.opts.Clock
	now := c.Now()
	if b.deadline.IsZero() {
		b.deadline = p.reappearance(b)
	}
	wait := min(firstBackoff<<min(b.tries, 10), mostBackoff)
	wait = wait/2 + time.Duration(p.service.opts.Chance.Float()*float64(wait/2))
	b.tries++
	at := now.Add(wait)
	last := !at.Before(b.deadline)
	if last {
		at = b.deadline
	}
	p.service.opts.Logger.Debug("event source mapping's invocation was throttled",
		slog.String("mapping", p.uuid), slog.Int("tries", b.tries), slog.Bool("given_up", last), slog.Any("error", cause))
	if !at.After(now) {
		p.refused(b, cause)
		p.finish(b, false)
		return
	}
	c.Schedule(at, clock.Moves, func() {
		p.mu.Lock()
		stopped := p.stopped
		p.mu.Unlock()
		if last || stopped {
			p.finish(b, false)
			return
		}
		p.invoke(b)
	})
}

// reappearance is when the messages of b are visible again, by the queue's own
// visibility timeout (LAM B30); at once when the queue cannot say.
func (p *poller) reappearance(b *batch) time.Time {
	as, err := p.caller()
	if err != nil {
		return b.received
	}
	q, err := p.service.opts.Queues.Describe(p.service.ctx, as, p.queue)
	if err != nil {
		return b.received
	}
	return b.received.Add(q.VisibilityTimeout)
}

// finish goes on with the rest of b, or frees its place. In a FIFO queue the rest
// may hold later messages of a group, and goes only if all before it went well
// (LAM B27).
func (p *poller) finish(b *batch, deleted bool) {
	p.mu.Lock()
	goOn := len(b.rest) > 0 && !p.stopped && (deleted || !b.set.fifo)
	if !goOn {
		p.out--
	}
	p.mu.Unlock()
	if goOn {
		p.invoke(b.next(p.source))
		return
	}
	p.run()
}

// count adds to the mapping's event counts, if it asked for them (LAM E32).
func (p *poller) count(name string, n int) {
	p.mu.Lock()
	wanted := p.set.eventCount
	p.mu.Unlock()
	if wanted && n > 0 && p.service.opts.Metrics != nil {
		p.service.opts.Metrics.Count(p.call.Account, p.call.Region, p.uuid, name, n)
	}
}
