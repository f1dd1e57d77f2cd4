package mapping

import (
	"errors"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
)

// maxPerReceive is the most messages of one receive, and of one delete.
const maxPerReceive = 10

// receiveBatch receives up to ten messages and adds those that pass the filters to the
// pending batch. It is called with mu held and releases it during the calls to SQS.
func (p *poller) receiveBatch() {
	config := p.config
	b := p.pending
	limit := min(maxPerReceive, config.batchSize)
	if b != nil {
		limit = min(limit, config.batchSize-len(b.ids))
	}

	// A message that arrives during the receive sets this again.
	p.mayHaveMessages = false
	p.mu.Unlock()

	received, err := p.receiveMessages(limit)
	now := p.service.opts.Clock.Now()

	// No lock is needed: only the run in progress uses the contents of the batch.
	passed := p.applyFilters(config, received)
	if len(passed) > 0 {
		if b == nil {
			b = newBatch(config, now)
		}
		b.add(passed, p.source)
	}

	p.mu.Lock()
	if err != nil {
		p.receiveFailed(err)
		return
	}

	p.failedReceives = 0
	if len(received) == 0 {
		if p.activeBatches == 0 {
			p.limit.resetToIdle()
		}
		return
	}
	p.mayHaveMessages = true
	if len(passed) > 0 {
		p.addedToPending(b, now)
	}
}

// addedToPending updates the state after messages were added to b, with mu held. A new
// batch becomes the pending one and opens its batching window; a full batch must be
// invoked (LAM B25).
func (p *poller) addedToPending(b *batch, now time.Time) {
	if p.pending == nil {
		p.pending = b
		p.activeBatches++
		p.windowID++
		p.scheduleWindow(now)
	}
	p.flush = p.flush || b.full()
}

// scheduleWindow schedules the end of the pending batch's window, with mu held.
func (p *poller) scheduleWindow(now time.Time) {
	length := p.pending.config.window
	if length == 0 || p.stopped {
		return
	}

	id := p.windowID
	p.windowTimer = p.service.opts.Clock.Schedule(now.Add(length), clock.Transition, func() {
		p.mu.Lock()
		if p.windowID == id {
			p.flush = true
		}
		p.mu.Unlock()
		p.run()
	})
}

// invokePending starts an invocation with the pending batch. It is called with mu held
// and releases it during the call.
func (p *poller) invokePending() {
	b := p.pending
	p.pending = nil
	p.flush = false
	p.windowID++
	if p.windowTimer != nil {
		p.windowTimer.Stop()
		p.windowTimer = nil
	}
	p.mu.Unlock()

	p.invoke(b)
	p.mu.Lock()
}

// receiveMessages receives messages as the execution role.
func (p *poller) receiveMessages(limit int) ([]Message, error) {
	as, err := p.currentRoleCaller()
	if err != nil {
		return nil, err
	}
	received, err := p.service.opts.Queues.Receive(p.service.ctx, as, p.queue, limit)
	if err != nil {
		return nil, err
	}
	p.recordCount("PolledEventCount", len(received))
	return received, nil
}

// applyFilters returns the messages that pass the filters and deletes the others (LAM
// B40).
func (p *poller) applyFilters(config pollerConfig, received []Message) []Message {
	if len(config.filters) == 0 {
		return received
	}

	var passed []Message
	var filteredOut []string // receipt handles
	for _, m := range received {
		if config.filters.Match(m.Body) {
			passed = append(passed, m)
		} else {
			filteredOut = append(filteredOut, m.ReceiptHandle)
		}
	}
	p.recordCount("FilteredOutEventCount", len(filteredOut))
	p.deleteMessages(filteredOut)
	return passed
}

// transient reports whether a receive failed for a reason that ends without a change of
// configuration: an injected fault, or a response that was lost.
func transient(err error) bool {
	var injected *fault.Error
	return errors.As(err, &injected) || errors.Is(err, awsapi.ErrResponseLost)
}

// receiveFailed schedules the next receive after an error, with mu held.
//
// A queue that does not exist signals when it is created. After any other error the
// poller receives again with growing delays. A clock that skips jumps to the end of the
// delay only if the error is transient: otherwise it would jump from failure to failure
// for ever.
func (p *poller) receiveFailed(err error) {
	if strings.Contains(awsapi.AsError(err).Code, "QueueDoesNotExist") {
		return
	}

	p.session.caller = awsapi.Caller{}
	p.session.since = time.Time{}
	p.mayHaveMessages = true
	wait := min(time.Second<<min(p.failedReceives, 6), time.Minute)
	p.failedReceives++
	kind := clock.Upkeep
	if transient(err) {
		kind = clock.Transition
	}
	p.pause(wait, kind)

	p.service.opts.Logger.Warn("event source mapping cannot receive",
		"mapping", p.uuid, "queue", p.queue, "next_try", wait, "error", err)
}

// pause stops receives for a while, with mu held.
func (p *poller) pause(wait time.Duration, kind clock.Kind) {
	if p.stopped || p.paused {
		return
	}
	p.paused = true
	p.pauseTimer = p.service.opts.Clock.After(wait, kind, func() {
		p.mu.Lock()
		p.paused = false
		p.pauseTimer = nil
		p.mu.Unlock()
		p.run()
	})
}
