package sqs

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// alarm is a queue's one event on the clock for a kind of happening. It is
// guarded by the queue's lock.
type alarm struct {
	event *clock.Event
	at    int64 // what it is set to; zero when not set
}

// set books f for next, or takes the booking back when next is zero. A lazy
// alarm is left alone when it would only ring later: it then rings in vain, and
// is set anew.
func (a *alarm) set(c *clock.Clock, kind clock.Kind, next int64, lazy bool, f func()) {
	switch {
	case next == a.at, lazy && a.at != 0 && next > a.at:
		return
	case next == 0:
		a.event.Stop()
	case a.event == nil:
		a.event = c.Schedule(time.Unix(0, next), kind, f)
	default:
		a.event.Reset(time.Unix(0, next))
	}
	a.at = next
}

// rang says that the event ran at now.
func (a *alarm) rang(now int64) {
	if a.at <= now {
		a.at = 0
	}
}
