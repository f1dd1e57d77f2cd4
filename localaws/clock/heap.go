package clock

import "time"

// Kind says what an event does, and so whether a clock that skips may aim at it.
type Kind uint8

const (
	// Moves marks an event that moves messages or mappings: the end of a delay,
	// visibility timeout, long poll, batch window or backoff.
	Moves Kind = iota
	// Upkeep marks an event that does not: retention, deduplication memory,
	// metric sampling.
	Upkeep
)

// Event is something booked on a clock.
type Event struct {
	clock *Clock
	at    time.Time
	seq   uint64
	kind  Kind
	run   func()
	index int // in the heap of its kind, -1 when in none
}

// Stop takes the event off the clock. It reports whether the event was still to
// come; false means that it ran, is running, or was stopped before.
func (e *Event) Stop() bool {
	c := e.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.index < 0 {
		return false
	}
	c.heaps[e.kind].remove(e.index)
	c.notify()
	return true
}

// Reset books the event for another time, whether or not it has run.
func (e *Event) Reset(at time.Time) {
	c := e.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.index >= 0 {
		c.heaps[e.kind].remove(e.index)
	}
	c.book(e, at)
}

// before orders events by time, and among equals by when they were booked.
func (e *Event) before(o *Event) bool {
	if !e.at.Equal(o.at) {
		return e.at.Before(o.at)
	}
	return e.seq < o.seq
}

// heap is a binary heap of events, the earliest at the root. Each event knows
// its place, so that stopping one costs no search.
type heap []*Event

func (h *heap) push(e *Event) {
	e.index = len(*h)
	*h = append(*h, e)
	h.up(e.index)
}

func (h *heap) remove(i int) *Event {
	old := *h
	e, last := old[i], len(old)-1
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

func (h heap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

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
