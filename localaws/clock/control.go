package clock

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Latest is the time up to which Advance goes. Times in nanoseconds end in 2262, and
// deadlines are up to weeks ahead.
var Latest = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

var (
	// ErrBackwards is returned for an advance by a negative duration.
	ErrBackwards = errors.New("service time cannot go backwards")
	// ErrTooFar is returned for an advance beyond Latest.
	ErrTooFar = errors.New("service time goes no further than the year 2200")
)

// Advance moves service time forward by d. Each event on the way runs at its own time,
// and the work that it triggers ends before time moves on, so that the result is the same
// as in real time. Advance works in every mode, and while the clock is held. Concurrent
// advances are serialized.
//
// Advance must not be called from a callback, nor from work that was begun, such as a
// handler: it would wait for itself.
//
// When ctx ends first, time stays where it is, and Advance returns an error. It returns
// ErrBackwards for a negative d, and ErrTooFar for one that leads beyond [Latest].
func (c *Clock) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("advance by %s: %w", d, ErrBackwards)
	}

	c.mu.Lock()
	defer c.mu.Unlock()

	// Wait for another advance to end.
	if err := c.await(ctx, func() bool { return c.limit.IsZero() }); err != nil {
		return fmt.Errorf("wait for another advance: %w", err)
	}

	limit := c.Now().Add(d)
	if limit.After(Latest) {
		return fmt.Errorf("advance by %s to %s: %w", d, limit.Format(time.RFC3339), ErrTooFar)
	}

	// Let the loop run all events up to the limit.
	c.limit = limit
	defer func() {
		c.limit = time.Time{}
		c.notifyWaiters()
		c.wakeLoop()
	}()

	c.wakeLoop()
	err := c.await(ctx, func() bool {
		e := c.next()
		return c.idle() && (e == nil || e.at.After(limit))
	})
	if err != nil {
		return fmt.Errorf("advance by %s: %w", d, err)
	}

	// Pass the time from the last event to the limit.
	if now := c.Now(); now.Before(limit) {
		c.skipped += limit.Sub(now)
		c.set(limit)
	}
	return nil
}

// idle reports whether no work is in progress.
func (c *Clock) idle() bool { return c.work.Load() == 0 }

// Hold stops service time, and with it every event, until Release. Work in progress
// continues, and Advance still works.
func (c *Clock) Hold() {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.held {
		return
	}
	// Read the time before it stops.
	now := c.Now()
	c.held = true
	c.set(now)
	c.wakeLoop()
}

// Release continues service time from where Hold has stopped it.
func (c *Clock) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()

	if !c.held {
		return
	}
	// Time continues from where it has stopped.
	now := c.Now()
	c.held = false
	c.set(now)
	c.notifyWaiters()
	c.wakeLoop()
}

// Held reports whether the clock is held.
func (c *Clock) Held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// Idle waits until no work is in progress. It does not wait for events.
func (c *Clock) Idle(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.await(ctx, c.idle)
}

// Settle waits until nothing can move a message or a mapping any longer: no work is in
// progress and no event of kind Transition is scheduled. A clock that skips gets there
// immediately, a real one in its own time. A manual or held clock gets there only if it
// is advanced, so that ctx should have a deadline.
func (c *Clock) Settle(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	settled := func() bool { return c.idle() && len(c.heaps[Transition]) == 0 }
	if err := c.await(ctx, settled); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// State is a snapshot of a clock.
type State struct {
	// Now is the service time.
	Now time.Time
	// Skipped is the sum of all jumps.
	Skipped time.Duration
	// Held reports whether the clock is held.
	Held bool
	// Work is the number of requests, invocations and callbacks in progress.
	Work int
	// Transitions is the number of scheduled events of kind Transition.
	Transitions int
	// Upkeep is the number of other scheduled events.
	Upkeep int
	// NextTransition is the time of the first event of kind Transition; zero if there is none.
	NextTransition time.Time
}

// State returns a snapshot of the clock.
func (c *Clock) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()

	s := State{
		Now:         c.Now(),
		Skipped:     c.skipped,
		Held:        c.held,
		Work:        int(c.work.Load()),
		Transitions: len(c.heaps[Transition]),
		Upkeep:      len(c.heaps[Upkeep]),
	}
	if s.Transitions > 0 {
		s.NextTransition = c.heaps[Transition][0].at
	}
	return s
}
