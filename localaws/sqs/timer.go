package sqs

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// alarm is a queue's one event on the clock for a kind of happening. It is
// guarded by the queue's lock.
type timer struct {
	event *clock.Event
	at    int64 // what it is set to; zero when not set
}

// set books f for next, or takes the booking back when next is zero. A lazy
// alarm is left alone when it would only ring later: it then rings in vain, and
// is set anew.
func (t *timer) schedule(c *clock.Clock, kind clock.Kind, next int64, lazy bool, f func()) {
	switch {
	case next == t.at, lazy && t.at != 0 && next > t.at:
		return
	case next == 0:
		t.event.Stop()
	case t.event == nil:
		t.event = c.Schedule(time.Unix(0, next), kind, f)
	default:
		t.event.Reset(time.Unix(0, next))
	}
	t.at = next
}

// rang says that the event ran at now.
func (t *timer) fired(now int64) {
	if t.at <= now {
		t.at = 0
	}
}
