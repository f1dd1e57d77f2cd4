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
	// Real passes as the machine's time does.
	Real Mode = iota
	// Skip passes as the machine's time does, and jumps to the next event that
	// moves something whenever no work is under way.
	Skip
	// Manual passes only by Advance.
	Manual
	// Simulated stands still while work is under way, and jumps when none is.
	Simulated
)

// flows reports whether time passes by itself, with the machine's.
func (m Mode) flows() bool { return m == Real || m == Skip }

// skips reports whether idle time is jumped over.
func (m Mode) skips() bool { return m == Skip || m == Simulated }

// InTurn reports whether work is to be done one piece at a time, so that what
// happens follows from the clock alone.
func (m Mode) InTurn() bool { return m == Simulated }

// String names the mode as the command line does.
func (m Mode) String() string {
	return [...]string{"real", "skip", "manual", "simulated"}[m]
}

// ErrClosed is answered by waits on a clock that was closed.
var ErrClosed = errors.New("clock is closed")

// Clock is service time. Make one with [New] and end it with [Clock.Close].
type Clock struct {
	mode Mode

	base atomic.Pointer[base] // read without mu, replaced with it
	work atomic.Int64         // begun and not ended, callbacks included

	mu      sync.Mutex
	held    bool
	closed  bool
	skipped time.Duration // the sum of all jumps
	heaps   [2]heap       // by Kind
	seq     uint64
	limit   time.Time     // Advance: run events up to here; zero outside it
	waiters int           // calls that wait for changed
	changed chan struct{} // closed and replaced when waiters must look again

	wake chan struct{} // to the loop: look again
	done chan struct{} // the loop has ended
}

// base is a known point of service time, and how to get from it to now.
type base struct {
	service time.Time // UTC, without a monotonic reading
	machine time.Time // when that was, with one: wall clock steps do not matter
	flows   bool      // time has passed since, as the machine's has
}

// now is the service time.
func (b *base) now() time.Time {
	if !b.flows {
		return b.service
	}
	return b.service.Add(time.Since(b.machine))
}

// New starts a clock whose time begins at start; a zero start is the machine's
// time.
func New(mode Mode, start time.Time) *Clock { return Resume(mode, start, 0) }

// Resume starts a clock as New does, of which skipped says how far jumps and advances
// had carried it ahead before, for a clock that goes on after a restart.
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

// Mode tells how this clock's time passes.
func (c *Clock) Mode() Mode { return c.mode }

// Close ends the clock: nothing booked will run any more. A callback that is
// running ends first. Close may be called twice, but not from a callback.
func (c *Clock) Close() {
	c.Halt()
	<-c.done
}

// Halt ends the clock as Close does, and does not wait for a callback that is
// running, so that one may call it. Close then waits.
func (c *Clock) Halt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.notify()
	c.signal()
}

// Now is the service time, in UTC. It takes no lock.
func (c *Clock) Now() time.Time { return c.base.Load().now() }

// set moves service time to t and lets it flow on from there, or not.
func (c *Clock) set(t time.Time) {
	c.base.Store(&base{service: t, machine: time.Now(), flows: c.mode.flows() && !c.held})
}

// Skipped is how far jumps and advances have carried service time ahead of the
// time that passed by itself, those before a Resume included.
func (c *Clock) Skipped() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skipped
}

// Schedule books f to run at the given time, or as soon as may be when that is
// past. Events run in order of time, and among equals in the order in which they
// were booked.
func (c *Clock) Schedule(at time.Time, kind Kind, f func()) *Event {
	e := &Event{clock: c, kind: kind, run: f, index: -1}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book(e, at)
	return e
}

// After books f to run once d has passed.
func (c *Clock) After(d time.Duration, kind Kind, f func()) *Event {
	e := &Event{clock: c, kind: kind, run: f, index: -1}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.book(e, c.Now().Add(d))
	return e
}

// book puts e into its heap, with mu held.
func (c *Clock) book(e *Event, at time.Time) {
	c.seq++
	e.at, e.seq = at, c.seq
	h := &c.heaps[e.kind]
	h.push(e)
	if e.index == 0 {
		c.signal()
	}
}

// Begin says that work is under way, such as a request being answered or an
// invocation queued or running. Time is not jumped over until a matching End.
// What passes work on begins the next piece before it ends its own.
func (c *Clock) Begin() { c.work.Add(1) }

// End says that a piece of work that Begin announced is over.
func (c *Clock) End() {
	left := c.work.Add(-1)
	if left < 0 {
		panic("clock: End without Begin")
	}
	if left == 0 {
		c.mu.Lock()
		c.notify()
		if c.mode != Real || !c.limit.IsZero() {
			c.signal()
		}
		c.mu.Unlock()
	}
}

// signal lets the loop look again, with mu held.
func (c *Clock) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// notify lets waiters look again, with mu held.
func (c *Clock) notify() {
	if c.waiters == 0 {
		return
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// next is the event to run first, or nil.
func (c *Clock) next() *Event {
	moves, upkeep := c.heaps[Moves], c.heaps[Upkeep]
	switch {
	case len(moves) == 0 && len(upkeep) == 0:
		return nil
	case len(moves) == 0:
		return upkeep[0]
	case len(upkeep) == 0 || moves[0].before(upkeep[0]):
		return moves[0]
	}
	return upkeep[0]
}

// loop runs what falls due until the clock is closed.
func (c *Clock) loop() {
	defer close(c.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed {
		if e := c.due(); e != nil {
			c.fire(e)
			continue
		}
		c.sleep()
	}
}

// due takes the event that is to run now, jumping to its time where that is
// allowed, or answers nil.
func (c *Clock) due() *Event {
	e := c.next()
	if e == nil || c.held && c.limit.IsZero() {
		return nil
	}
	busy, now := c.work.Load() > 0, c.Now()
	switch {
	case !e.at.After(now):
		if busy && !c.mode.flows() {
			return nil
		}
	case busy || !c.mayJump(e):
		return nil
	default:
		c.skipped += e.at.Sub(now)
		c.set(e.at)
	}
	return c.take(e)
}

// mayJump reports whether idle time up to e may be left out: because Advance
// asked for it, or because the clock skips and something is to come that moves.
func (c *Clock) mayJump(e *Event) bool {
	if !c.limit.IsZero() {
		return !e.at.After(c.limit)
	}
	return c.mode.skips() && len(c.heaps[Moves]) > 0
}

// take removes e from its heap.
func (c *Clock) take(e *Event) *Event { return c.heaps[e.kind].remove(e.index) }

// fire runs one event without the lock. It counts as work.
func (c *Clock) fire(e *Event) {
	c.work.Add(1)
	c.mu.Unlock()
	e.run()
	c.mu.Lock()
	c.work.Add(-1)
	c.notify()
}

// sleep waits, without the lock, until something may be due.
func (c *Clock) sleep() {
	var timer *time.Timer
	var fire <-chan time.Time
	if e := c.next(); e != nil && c.mode.flows() && !c.held {
		timer = time.NewTimer(e.at.Sub(c.Now()))
		fire = timer.C
	}
	c.mu.Unlock()
	select {
	case <-c.wake:
	case <-fire:
	}
	if timer != nil {
		timer.Stop()
	}
	c.mu.Lock()
}

// await waits until ready, called with mu held, is true.
func (c *Clock) await(ctx context.Context, ready func() bool) error {
	c.waiters++
	defer func() { c.waiters-- }()
	for !ready() {
		if c.closed {
			return ErrClosed
		}
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
