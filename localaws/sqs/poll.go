package sqs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// want is what a receive asks for.
type want struct {
	limit      int
	visibility time.Duration
	attempt    string // ReceiveRequestAttemptId
}

// poll is a receive that waits. Whoever makes a message visible serves it, in its
// own turn, so that no message is visible while somebody waits for one.
type poll struct {
	want
	prev, next *poll
	waits      bool // is in the queue's list
	timeout    *clock.Event
	got        []delivery
	err        error
	commit     store.Commit
	done       chan struct{} // closed when it is over
}

// polls are the waiting receives of a queue, longest waiting first (SQS I4).
type polls struct {
	first, last *poll
}

func (ps *polls) add(p *poll) {
	p.waits, p.prev = true, ps.last
	if ps.last == nil {
		ps.first = p
	} else {
		ps.last.next = p
	}
	ps.last = p
}

func (ps *polls) remove(p *poll) {
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
	p.waits, p.prev, p.next = false, nil, nil
}

// wait puts a poll into the queue's list until a time.
func (t *turn) wait(w want, until int64) *poll {
	q := t.q
	p := &poll{want: w, done: make(chan struct{})}
	q.polls.add(p)
	p.timeout = q.service.clock.Schedule(time.Unix(0, until), clock.Moves, func() {
		t := q.begin()
		if p.waits {
			q.traffic.empty++
			t.dismiss(p, nil)
		}
		t.end()
	})
	return p
}

// serve hands visible messages to those who wait.
func (t *turn) serve() {
	q := t.q
	for p := q.polls.first; p != nil; p = q.polls.first {
		if q.line.next(nil) == nil {
			return
		}
		p.got = t.take(p.want)
		if len(p.got) == 0 {
			return // all there was is to be moved, or too much is in flight
		}
		t.dismiss(p, nil)
	}
}

// dismiss ends a poll's wait. The work of answering it begins here, before
// whatever woke it can end.
func (t *turn) dismiss(p *poll, err error) {
	t.q.polls.remove(p)
	p.timeout.Stop()
	p.err = err
	t.q.service.clock.Begin()
	t.served = append(t.served, p)
}

// dismissAll ends every wait of the queue.
func (t *turn) dismissAll(err error) {
	for p := t.q.polls.first; p != nil; p = t.q.polls.first {
		t.dismiss(p, err)
	}
}

// release lets the waiting goroutine go on.
func (p *poll) release(commit store.Commit) {
	p.commit = commit
	close(p.done)
}

// await waits for the end of p, which is in q's list. While it waits its caller's
// work does not count; when it returns, it does again.
func (q *queue) await(ctx context.Context, p *poll) ([]delivery, store.Commit, error) {
	q.service.clock.End()
	select {
	case <-p.done:
		return p.got, p.commit, p.err
	case <-ctx.Done():
	}
	t := q.begin()
	if p.waits {
		t.dismiss(p, ctx.Err())
	}
	t.end()
	<-p.done
	return p.got, p.commit, p.err
}

// ReleasePolls ends every long poll that waits, with an empty answer, and lets
// none wait from now on. It is for shutting down.
func (s *Service) ReleasePolls() {
	s.waiting.Store(false)
	for _, q := range s.queues.all() {
		t := q.begin()
		t.dismissAll(nil)
		t.end()
	}
}
