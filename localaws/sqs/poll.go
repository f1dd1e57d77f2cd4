package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// receiveRequest is a validated receive.
type receiveRequest struct {
	limit             int
	visibilityTimeout time.Duration
	attempt           string // ReceiveRequestAttemptId, or ""
}

// poll is a receive that waits. The transaction that makes a message visible serves
// it, so no message is visible while a poll waits for one.
type poll struct {
	receiveRequest
	prev, next *poll
	waiting    bool // is in the queue's list
	timeout    *clock.Event

	// The result; valid when done is closed.
	got    []delivery
	err    error
	commit store.Commit
	done   chan struct{}
}

// pollList is the waiting receives of a queue, the longest waiting first (SQS I4).
type pollList struct {
	first, last *poll
}

func (l *pollList) add(p *poll) {
	p.waiting = true
	p.prev = l.last
	if l.last == nil {
		l.first = p
	} else {
		l.last.next = p
	}
	l.last = p
}

func (l *pollList) remove(p *poll) {
	if p.prev == nil {
		l.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		l.last = p.prev
	} else {
		p.next.prev = p.prev
	}

	p.waiting = false
	p.prev = nil
	p.next = nil
}

// addPoll adds a poll that waits until a time.
func (tx *transaction) addPoll(req receiveRequest, until int64) *poll {
	q := tx.queue
	p := &poll{receiveRequest: req, done: make(chan struct{})}
	q.polls.add(p)

	// The timeout and a message may come at once: whoever locks first ends the poll.
	p.timeout = q.service.clock.Schedule(time.Unix(0, until), clock.Transition, func() {
		tx := q.begin()
		if p.waiting {
			q.counters.emptyReceives++
			tx.endPoll(p, nil)
		}
		tx.end()
	})
	return p
}

// servePolls gives visible messages to the waiting polls.
func (tx *transaction) servePolls() {
	q := tx.queue
	for p := q.polls.first; p != nil; p = q.polls.first {
		if q.ready.next(nil) == nil {
			return
		}
		p.got = tx.receive(p.receiveRequest)
		if len(p.got) == 0 {
			return // all go to the dead-letter queue, or too many are in flight
		}
		tx.endPoll(p, nil)
	}
}

// endPoll ends a poll's wait. Its operation counts as work on the clock from here
// on, before the work that woke it can end: a clock that skips must not move in
// between.
func (tx *transaction) endPoll(p *poll, err error) {
	tx.queue.polls.remove(p)
	p.timeout.Stop()
	p.err = err
	tx.queue.service.clock.Begin()
	tx.endedPolls = append(tx.endedPolls, p)
}

// endAllPolls ends every wait of the queue.
func (tx *transaction) endAllPolls(err error) {
	for p := tx.queue.polls.first; p != nil; p = tx.queue.polls.first {
		tx.endPoll(p, err)
	}
}

// wake unblocks the goroutine that waits for p.
func (p *poll) wake(commit store.Commit) {
	p.commit = commit
	close(p.done)
}

// awaitPoll waits for the end of p. The operation does not count as work on the clock
// while it waits: endPoll makes it count again.
func (q *queue) awaitPoll(ctx context.Context, p *poll) ([]delivery, store.Commit, error) {
	q.service.clock.End()

	select {
	case <-p.done:
		return p.got, p.commit, p.err
	case <-ctx.Done():
	}

	// The poll may have been served in the meantime; then the result counts.
	tx := q.begin()
	if p.waiting {
		tx.endPoll(p, ctx.Err())
	}
	tx.end()
	<-p.done
	return p.got, p.commit, p.err
}

// ReleasePolls ends every waiting long poll with an empty response, and makes later
// receives return without waiting. It is for shutdown.
func (s *Service) ReleasePolls() {
	s.waiting.Store(false)
	for _, q := range s.queues.all() {
		tx := q.begin()
		tx.endAllPolls(nil)
		tx.end()
	}
}
