package clock

import "time"

// Kind is the kind of an event. It decides whether a clock that skips jumps for it.
type Kind uint8

const (
	// Transition is an event that changes the state of a message, mapping, task or alarm:
	// the end of a delay, visibility timeout, long poll, batch window or backoff. A clock
	// that skips jumps to it.
	Transition Kind = iota
	// Upkeep is any other event: retention, expiry of deduplication ids, sampling of
	// metrics. No clock jumps to it.
	Upkeep
)

// Event is a scheduled callback.
type Event struct {
	clock *Clock
	at    time.Time
	seq   uint64 // orders events at the same time
	kind  Kind
	run   func()
	index int // in the heap of its kind; -1 if it is in none
}

// Stop cancels the event. It reports whether the event was scheduled. False means that it
// has run, is running, or was stopped before.
func (e *Event) Stop() bool {
	c := e.clock
	c.mu.Lock()
	defer c.mu.Unlock()

	if e.index < 0 {
		return false
	}
	c.heaps[e.kind].remove(e.index)
	c.notifyWaiters()
	return true
}

// Reset schedules the event for another time, whether or not it has run.
func (e *Event) Reset(at time.Time) {
	c := e.clock
	c.mu.Lock()
	defer c.mu.Unlock()

	if e.index >= 0 {
		c.heaps[e.kind].remove(e.index)
	}
	c.add(e, at)
}

// before reports whether e runs before o: by time, and at equal times by the order in
// which they were scheduled.
func (e *Event) before(o *Event) bool {
	if !e.at.Equal(o.at) {
		return e.at.Before(o.at)
	}
	return e.seq < o.seq
}

// heap is a binary heap of events with the earliest at the root. Each event has its
// index, so that it can be removed without a search.
type heap []*Event

// push adds an event.
func (h *heap) push(e *Event) {
	e.index = len(*h)
	*h = append(*h, e)
	h.up(e.index)
}

// remove removes and returns the event at index i.
func (h *heap) remove(i int) *Event {
	old := *h
	e := old[i]
	last := len(old) - 1

	// Move the last event into the gap, and restore the order there.
	old.swap(i, last)
	old[last] = nil
	*h = old[:last]
	if i < last {
		h.down(i)
		h.up(i)
	}

	e.index = -1
	return e
}

// swap exchanges the events at indexes i and j.
func (h heap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index = i
	h[j].index = j
}

// up moves the event at index i towards the root to where it belongs.
func (h heap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

// down moves the event at index i away from the root to where it belongs.
func (h heap) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].before(h[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}
