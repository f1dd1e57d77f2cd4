package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// want is what a receive asks for.
type receiveRequest struct {
	limit      int
	visibility time.Duration
	attempt    string // ReceiveRequestAttemptId
}

// poll is a receive that waits. Whoever makes a message visible serves it, in its
// own turn, so that no message is visible while somebody waits for one.
type poll struct {
	receiveRequest
	prev, next *poll
	waiting    bool // is in the queue's list
	timeout    *clock.Event
	got        []delivery
	err        error
	commit     store.Commit
	done       chan struct{} // closed when it is over
}

// polls are the waiting receives of a queue, longest waiting first (SQS I4).
type pollList struct {
	first, last *poll
}

func (ps *pollList) add(p *poll) {
	p.waiting, p.prev = true, ps.last
	if ps.last == nil {
		ps.first = p
	} else {
		ps.last.next = p
	}
	ps.last = p
}

func (ps *pollList) remove(p *poll) {
	if p.prev == nil {
		ps.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		ps.last = p.prev
	} else {
		p.next.prev = p.prev
	}
	p.waiting, p.prev, p.next = false, nil, nil
}

// wait puts a poll into the queue's list until a time.
func (tx *transaction) addPoll(req receiveRequest, until int64) *poll {
	q := tx.queue
	p := &poll{receiveRequest: req, done: make(chan struct{})}
	q.polls.add(p)
	p.timeout = q.service.clock.Schedule(time.Unix(0, until), clock.Moves, func() {
		tx := q.begin()
		if p.waiting {
			q.counters.emptyReceives++
			tx.endPoll(p, nil)
		}
		tx.end()
	})
	return p
}

// serve hands visible messages to those who wait.
func (tx *transaction) servePolls() {
	q := tx.queue
	for p := q.polls.first; p != nil; p = q.polls.first {
		if q.ready.next(nil) == nil {
			return
		}
		p.got = tx.receive(p.receiveRequest)
		if len(p.got) == 0 {
			return // all there was is to be moved, or too much is in flight
		}
		tx.endPoll(p, nil)
	}
}

// dismiss ends a poll's wait. The work of answering it begins here, before
// whatever woke it can end.
func (tx *transaction) endPoll(p *poll, err error) {
	tx.queue.polls.remove(p)
	p.timeout.Stop()
	p.err = err
	tx.queue.service.clock.Begin()
	tx.endedPolls = append(tx.endedPolls, p)
}

// dismissAll ends every wait of the queue.
func (tx *transaction) endAllPolls(err error) {
	for p := tx.queue.polls.first; p != nil; p = tx.queue.polls.first {
		tx.endPoll(p, err)
	}
}

// release lets the waiting goroutine go on.
func (p *poll) wake(commit store.Commit) {
	p.commit = commit
	close(p.done)
}

// await waits for the end of p, which is in q's list. While it waits its caller's
// work does not count; when it returns, it does again.
func (q *queue) awaitPoll(ctx context.Context, p *poll) ([]delivery, store.Commit, error) {
	q.service.clock.End()
	select {
	case <-p.done:
		return p.got, p.commit, p.err
	case <-ctx.Done():
	}
	tx := q.begin()
	if p.waiting {
		tx.endPoll(p, ctx.Err())
	}
	tx.end()
	<-p.done
	return p.got, p.commit, p.err
}

// ReleasePolls ends every long poll that waits, with an empty answer, and lets
// none wait from now on. It is for shutting down.
func (s *Service) ReleasePolls() {
	s.waiting.Store(false)
	for _, q := range s.queues.all() {
		tx := q.begin()
		tx.endAllPolls(nil)
		tx.end()
	}
}
