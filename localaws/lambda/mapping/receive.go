package mapping

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// maxPerReceive is the most messages of one receive, and of one delete.
const maxPerReceive = 10

// receiveBatch takes up to ten messages into the batch being gathered. It is called
// with mu held, and lets go of it meanwhile.
func (p *poller) receiveBatch() {
	set := p.config
	b := p.pending
	limit := min(maxPerReceive, set.batchSize)
	if b != nil {
		limit = min(limit, set.batchSize-len(b.ids))
	}

	p.mayHaveMessages = false // what comes from here on signals anew
	p.mu.Unlock()
	got, err := p.receiveMessages(limit)
	now := p.service.opts.Clock.Now()
	kept := p.applyFilters(set, got)
	if b == nil && len(kept) > 0 {
		b = newBatch(set, now)
	}

	if len(kept) > 0 {
		b.add(kept, p.source)
	}

	p.mu.Lock()
	switch {
	case err != nil:
		p.receiveFailed(err)
		return
	case len(got) == 0:
		p.failedReceives = 0
		if p.activeBatches == 0 {
			p.limit.resetToIdle()
		}
		return
	}

	p.failedReceives = 0
	p.mayHaveMessages = true // there may be more
	if len(kept) > 0 {
		p.addedToPending(b, now)
	}
}

// addedToPending notes that b has messages now, with mu held: it takes a place, its
// window opens, and it is due when it is full (LAM B25).
func (p *poller) addedToPending(b *batch, now time.Time) {
	if p.pending == nil {
		p.pending = b
		p.activeBatches++
		p.windowID++
		p.scheduleWindow(now)
	}
	p.flush = p.flush || b.full()
}

// scheduleWindow books the end of the batching window, with mu held.
func (p *poller) scheduleWindow(now time.Time) {
	length := p.pending.config.window
	if length == 0 || p.stopped {
		return
	}

	mine := p.windowID
	p.windowTimer = p.service.opts.Clock.Schedule(now.Add(length), clock.Moves, func() {
		p.mu.Lock()
		if p.windowID == mine {
			p.flush = true
		}
		p.mu.Unlock()
		p.run()
	})
}

// invokePending invokes the function with the batch that was gathered. It is called with
// mu held, and lets go of it meanwhile.
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

// receiveMessages receives as the execution role.
func (p *poller) receiveMessages(limit int) ([]Message, error) {
	as, err := p.currentRole()
	if err != nil {
		return nil, err
	}
	got, err := p.service.opts.Queues.Receive(p.service.ctx, as, p.queue, limit)
	if err != nil {
		return nil, err
	}
	p.recordCount("PolledEventCount", len(got))
	return got, nil
}

// applyFilters keeps the messages that pass the filters and deletes the others (LAM
// B40).
func (p *poller) applyFilters(set pollerConfig, got []Message) []Message {
	if len(set.filters) == 0 {
		return got
	}

	var kept []Message
	var out []string
	for _, m := range got {
		if set.filters.Match(m.Body) {
			kept = append(kept, m)
		} else {
			out = append(out, m.ReceiptHandle)
		}
	}

	p.recordCount("FilteredOutEventCount", len(out))
	p.deleteMessages(out)
	return kept
}

// transient reports that a receive has failed for a reason that goes by itself, so
// that the messages move on: SQS is asked too much, down for a moment, or does not
// get its answer through.
func transient(err error) bool {
	switch awsapi.AsError(err).Code {
	case "RequestThrottled", "ServiceUnavailable", awsapi.ErrExpiredCredential.Code:
		return true
	}
	return errors.Is(err, awsapi.ErrResponseLost)
}

// receiveFailed decides what a failed receive leads to, with mu held. A queue that is
// gone will signal when it is back; for anything else the poller tries again
// later. Unless the trouble passes, that is in time that a skipping clock does not
// jump over: nothing moves.
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
		kind = clock.Moves
	}

	p.pause(wait, kind)
	p.service.opts.Logger.Warn("event source mapping cannot receive",
		slog.String("mapping", p.uuid), slog.String("queue", p.queue), slog.Duration("next_try", wait), slog.Any("error", err))
}

// pause stops receiving for a while, with mu held.
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
