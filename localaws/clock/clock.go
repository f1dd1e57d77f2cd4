package clock

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Mode is how a clock's time passes.
type Mode uint8

const (
	// Real follows the machine's time.
	Real Mode = iota
	// Skip follows the machine's time, and jumps to the next event of kind Transition
	// whenever no work is in progress.
	Skip
	// Manual passes only by Advance.
	Manual
	// Simulated stands still while work is in progress, and jumps when none is.
	Simulated
)

// flows reports whether time passes with the machine's.
func (m Mode) flows() bool { return m == Real || m == Skip }

// skips reports whether the clock jumps when no work is in progress.
func (m Mode) skips() bool { return m == Skip || m == Simulated }

// Serial reports whether work must be done one piece after the other, so that the clock
// alone determines what happens.
func (m Mode) Serial() bool { return m == Simulated }

// String returns the mode's name on the command line.
func (m Mode) String() string {
	return [...]string{"real", "skip", "manual", "simulated"}[m]
}

// ErrClosed is returned by calls that wait on a closed clock.
var ErrClosed = errors.New("clock is closed")

// Clock is a source of service time. Make one with [New] and end it with [Clock.Close].
// It is safe for concurrent use.
type Clock struct {
	mode Mode

	reference atomic.Pointer[reference] // read without mu, replaced with it
	work      atomic.Int64              // begun and not ended, callbacks included

	mu      sync.Mutex
	held    bool
	closed  bool
	skipped time.Duration // the sum of all jumps
	heaps   [2]heap       // by Kind
	seq     uint64        // of the event scheduled last
	limit   time.Time     // of a running Advance, which runs events up to it; else zero
	waiters int           // calls that wait for changed
	changed chan struct{} // closed and replaced when waiters must check again

	wake chan struct{} // makes the loop check again
	done chan struct{} // closed when the loop has ended
}

// reference is a known point of service time, from which the current time is computed.
type reference struct {
	service time.Time // UTC, without a monotonic reading
	machine time.Time // with a monotonic reading, so that steps of the wall clock do not matter
	flows   bool      // service time has passed since then, as machine time has
}

// now returns the current service time.
func (r *reference) now() time.Time {
	if !r.flows {
		return r.service
	}
	return r.service.Add(time.Since(r.machine))
}

// New starts a clock at the given time; the zero time means the machine's current time.
func New(mode Mode, start time.Time) *Clock { return Resume(mode, start, 0) }

// Resume starts a clock as New does, for a server that continues after a restart.
// skipped is the value of Skipped before the restart.
func Resume(mode Mode, start time.Time, skipped time.Duration) *Clock {
	if start.IsZero() {
		start = time.Now()
	}

	c := &Clock{
		mode:    mode,
		skipped: skipped,
		wake:    make(chan struct{}, 1),
		changed: make(chan struct{}),
		done:    make(chan struct{}),
	}

	c.set(start.Round(0).UTC())
	go c.loop()
	return c
}

// Mode returns the clock's mode.
func (c *Clock) Mode() Mode { return c.mode }

// Close ends the clock, and waits for a running callback. Scheduled events do not run.
// Close may be called more than once, but not from a callback.
func (c *Clock) Close() {
	c.Halt()
	<-c.done
}

// Halt ends the clock as Close does, without waiting for a running callback, so that a
// callback may call it. A later Close waits.
func (c *Clock) Halt() {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.closed = true
	c.notifyWaiters()
	c.wakeLoop()
}

// Now returns the service time, in UTC. It takes no lock.
func (c *Clock) Now() time.Time { return c.reference.Load().now() }

// set sets the service time to t. From there time flows, or not, as mode and held say.
func (c *Clock) set(t time.Time) {
	c.reference.Store(&reference{
		service: t,
		machine: time.Now(),
		flows:   c.mode.flows() && !c.held,
	})
}

// Skipped returns by how much jumps and advances have moved service time ahead of the
// time that passed by itself, including those before a Resume.
func (c *Clock) Skipped() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skipped
}

// Schedule schedules f to run at the given time, or immediately if that has passed.
// Events run in the order of their times, and at equal times in the order of the calls
// of Schedule.
func (c *Clock) Schedule(at time.Time, kind Kind, f func()) *Event {
	e := &Event{
		clock: c,
		kind:  kind,
		run:   f,
		index: -1,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(e, at)
	return e
}

// After schedules f to run after d.
func (c *Clock) After(d time.Duration, kind Kind, f func()) *Event {
	e := &Event{
		clock: c,
		kind:  kind,
		run:   f,
		index: -1,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(e, c.Now().Add(d))
	return e
}

// add adds e to the heap of its kind. mu must be held.
func (c *Clock) add(e *Event, at time.Time) {
	c.seq++
	e.at = at
	e.seq = c.seq // so that events at the same time keep their order

	// If the new event is the first of its kind, the loop may have to wake up earlier.
	h := &c.heaps[e.kind]
	h.push(e)
	if e.index == 0 {
		c.wakeLoop()
	}
}

// Begin marks the begin of a piece of work, such as a request, or an invocation from the
// moment it is queued. The clock does not jump before the matching End. Work that
// triggers other work begins it before it ends itself.
func (c *Clock) Begin() { c.work.Add(1) }

// End marks the end of a piece of work that Begin has marked.
func (c *Clock) End() {
	left := c.work.Add(-1)
	if left < 0 {
		panic("clock: End without Begin")
	}

	if left > 0 {
		return
	}

	// The last piece of work has ended: the clock may jump.
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notifyWaiters()
	if c.mode != Real || !c.limit.IsZero() {
		c.wakeLoop()
	}
}

// wakeLoop makes the loop check again. mu must be held.
func (c *Clock) wakeLoop() {
	select {
	case c.wake <- struct{}{}:
	default: // it will check already
	}
}

// notifyWaiters makes waiters check again. mu must be held.
func (c *Clock) notifyWaiters() {
	if c.waiters == 0 {
		return
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// next returns the event to run first, or nil. mu must be held.
func (c *Clock) next() *Event {
	transitions := c.heaps[Transition]
	upkeep := c.heaps[Upkeep]
	switch {
	case len(transitions) == 0 && len(upkeep) == 0:
		return nil
	case len(transitions) == 0:
		return upkeep[0]
	case len(upkeep) == 0 || transitions[0].before(upkeep[0]):
		return transitions[0]
	}
	return upkeep[0]
}

// loop runs events that are due until the clock is closed.
func (c *Clock) loop() {
	defer close(c.done)
	c.mu.Lock()
	defer c.mu.Unlock()

	for !c.closed {
		if e := c.takeDue(); e != nil {
			c.fire(e)
			continue
		}
		c.sleep()
	}
}

// takeDue removes the event to run now from its heap and returns it, or nil if there is
// none. It jumps to the event's time where a jump is allowed. mu must be held.
func (c *Clock) takeDue() *Event {
	e := c.next()
	if e == nil || c.held && c.limit.IsZero() {
		return nil
	}

	busy := c.work.Load() > 0
	now := c.Now()
	switch {
	case !e.at.After(now):
		// It is due. Where time does not flow, work must end first.
		if busy && !c.mode.flows() {
			return nil
		}
	case busy || !c.mayJump(e):
		return nil
	default:
		// Jump to it.
		c.skipped += e.at.Sub(now)
		c.set(e.at)
	}

	return c.heaps[e.kind].remove(e.index)
}

// mayJump reports whether the clock may jump to e: because Advance covers it, or because
// the clock skips and an event that transitions something is scheduled. mu must be held.
func (c *Clock) mayJump(e *Event) bool {
	if !c.limit.IsZero() {
		return !e.at.After(c.limit)
	}
	return c.mode.skips() && len(c.heaps[Transition]) > 0
}

// fire runs one event, as a piece of work, with mu released meanwhile.
func (c *Clock) fire(e *Event) {
	c.work.Add(1)
	c.mu.Unlock()
	e.run()
	c.mu.Lock()
	c.work.Add(-1)
	c.notifyWaiters()
}

// sleep waits until an event may be due, with mu released meanwhile.
func (c *Clock) sleep() {
	// Where time flows, wait for the next event at most.
	var timer *time.Timer
	var due <-chan time.Time
	if e := c.next(); e != nil && c.mode.flows() && !c.held {
		timer = time.NewTimer(e.at.Sub(c.Now()))
		due = timer.C
	}

	c.mu.Unlock()
	select {
	case <-c.wake:
	case <-due:
	}
	if timer != nil {
		timer.Stop()
	}

	c.mu.Lock()
}

// await waits until ready returns true. mu must be held. It is released while await
// waits, and held while ready runs.
func (c *Clock) await(ctx context.Context, ready func() bool) error {
	c.waiters++
	defer func() { c.waiters-- }()

	for !ready() {
		if c.closed {
			return ErrClosed
		}

		// Take the channel before mu is released: it is replaced at each change.
		changed := c.changed
		c.mu.Unlock()
		var err error
		select {
		case <-changed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		c.mu.Lock()
		if err != nil {
			return err
		}
	}

	return nil
}
