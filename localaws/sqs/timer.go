package sqs

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// timer is a queue's one event of a kind on the clock. The queue's lock guards it.
type timer struct {
	event *clock.Event
	at    int64 // scheduled time; 0 if not scheduled
}

// schedule schedules f for next, or cancels it if next is 0. A lazy timer is not
// moved to a later time: it fires at the stale time, finds nothing to do and is
// scheduled again.
func (t *timer) schedule(c *clock.Clock, kind clock.Kind, next int64, lazy bool, f func()) {
	switch {
	case next == t.at:
		return
	case lazy && t.at != 0 && next > t.at:
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

// fired records that the event ran at now.
func (t *timer) fired(now int64) {
	if t.at <= now {
		t.at = 0
	}
}
