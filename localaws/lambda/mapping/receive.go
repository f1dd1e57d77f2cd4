package mapping

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// mostPerReceive is the most messages of one receive, and of one delete.
const mostPerReceive = 10

// receive takes up to ten messages into the batch being gathered. It is called
// with mu held, and lets go of it meanwhile.
func (p *poller) receive() {
	set, b := p.set, p.gather
	limit := min(mostPerReceive, set.batchSize)
	if b != nil {
		limit = min(limit, set.batchSize-len(b.ids))
	}
	p.signal = false // what comes from here on signals anew
	p.mu.Unlock()
	got, err := p.take(limit)
	now := p.service.opts.Clock.Now()
	kept := p.sift(set, got)
	if b == nil && len(kept) > 0 {
		b = newBatch(set, now)
	}
	if len(kept) > 0 {
		b.add(kept, p.source)
	}
	p.mu.Lock()
	switch {
	case err != nil:
		p.stumble(err)
		return
	case len(got) == 0:
		p.trouble = 0
		if p.out == 0 {
			p.scale.rest()
		}
		return
	}
	p.trouble = 0
	p.signal = true // there may be more
	if len(kept) > 0 {
		p.gathered(b, now)
	}
}

// gathered notes that b has messages now, with mu held: it takes a place, its
// window opens, and it is due when it is full (LAM B25).
func (p *poller) gathered(b *batch, now time.Time) {
	if p.gather == nil {
		p.gather = b
		p.out++
		p.windows++
		p.openWindow(now)
	}
	p.due = p.due || b.full()
}

// openWindow books the end of the batching window, with mu held.
func (p *poller) openWindow(now time.Time) {
	length := p.gather.set.window
	if length == 0 || p.stopped {
		return
	}
	mine := p.windows
	p.window = p.service.opts.Clock.Schedule(now.Add(length), clock.Moves, func() {
		p.mu.Lock()
		if p.windows == mine {
			p.due = true
		}
		p.mu.Unlock()
		p.run()
	})
}

// send invokes the function with the batch that was gathered. It is called with
// mu held, and lets go of it meanwhile.
func (p *poller) send() {
	b := p.gather
	p.gather, p.due = nil, false
	p.windows++
	if p.window != nil {
		p.window.Stop()
		p.window = nil
	}
	p.mu.Unlock()
	p.invoke(b)
	p.mu.Lock()
}

// take receives as the execution role.
func (p *poller) take(limit int) ([]Message, error) {
	as, err := p.receiver()
	if err != nil {
		return nil, err
	}
	got, err := p.service.opts.Queues.Receive(p.service.ctx, as, p.queue, limit)
	if err != nil {
		return nil, err
	}
	p.count("PolledEventCount", len(got))
	return got, nil
}

// sift keeps the messages that pass the filters and deletes the others (LAM
// B40).
func (p *poller) sift(set settings, got []Message) []Message {
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
	p.count("FilteredOutEventCount", len(out))
	p.delete(out)
	return kept
}

// passing reports that a receive has failed for a reason that goes by itself, so
// that the messages move on: SQS is asked too much, down for a moment, or does not
// get its answer through.
func passing(err error) bool {
	switch awsapi.AsError(err).Code {
	case "RequestThrottled", "ServiceUnavailable", awsapi.ErrExpiredCredential.Code:
		return true
	}
	return errors.Is(err, awsapi.ErrReplyLost)
}

// stumble decides what a failed receive leads to, with mu held. A queue that is
// gone will signal when it is back; for anything else the poller tries again
// later. Unless the trouble passes, that is in time that a skipping clock does not
// jump over: nothing moves.
func (p *poller) stumble(err error) {
	if strings.Contains(awsapi.AsError(err).Code, "QueueDoesNotExist") {
		return
	}
	p.session.caller = awsapi.Caller{}
	p.session.since = time.Time{}
	p.signal = true
	wait := min(time.Second<<min(p.trouble, 6), time.Minute)
	p.trouble++
	kind := clock.Upkeep
	if passing(err) {
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
	p.retry = p.service.opts.Clock.After(wait, kind, func() {
		p.mu.Lock()
		p.paused, p.retry = false, nil
		p.mu.Unlock()
		p.run()
	})
}
