package clock

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Latest is how far Advance goes: what is counted in nanoseconds ends in 2262, and
// deadlines lie up to weeks ahead.
var Latest = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

var (
	// ErrBackwards is answered to an advance by less than nothing.
	ErrBackwards = errors.New("service time does not run backwards")
	// ErrTooFar is answered to an advance beyond Latest.
	ErrTooFar = errors.New("service time goes no further than the year 2200")
)

// Advance moves service time forward by d. Every event on the way runs at its
// own instant and in order, and what it set going is over before time moves on,
// so that the outcome is the one that real time would give. It works in every
// mode, and while the clock is held. It must not be called from a callback, nor
// from work that was begun, such as a handler: it would wait for itself.
//
// When ctx ends first, time stays where it has come to, and the error says so. A
// negative d answers ErrBackwards, one that leads beyond [Latest] ErrTooFar.
func (c *Clock) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("advance by %s: %w", d, ErrBackwards)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.await(ctx, func() bool { return c.limit.IsZero() }); err != nil {
		return fmt.Errorf("wait for another advance: %w", err)
	}
	limit := c.Now().Add(d)
	if limit.After(Latest) {
		return fmt.Errorf("advance by %s to %s: %w", d, limit.Format(time.RFC3339), ErrTooFar)
	}
	c.limit = limit
	defer func() {
		c.limit = time.Time{}
		c.notify()
		c.signal()
	}()
	c.signal()
	err := c.await(ctx, func() bool {
		e := c.next()
		return c.idle() && (e == nil || e.at.After(limit))
	})
	if err != nil {
		return fmt.Errorf("advance by %s: %w", d, err)
	}
	if now := c.Now(); now.Before(limit) {
		c.skipped += limit.Sub(now)
		c.set(limit)
	}
	return nil
}

// idle reports that no work is under way.
func (c *Clock) idle() bool { return c.work.Load() == 0 }

// Hold stops service time, and with it every event, until Release. Work that is
// under way goes on. Advance still works.
func (c *Clock) Hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return
	}
	now := c.Now()
	c.held = true
	c.set(now)
	c.signal()
}

// Release lets service time go on from where Hold stopped it.
func (c *Clock) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.held {
		return
	}
	now := c.Now()
	c.held = false
	c.set(now)
	c.notify()
	c.signal()
}

// Held reports whether Hold has stopped the clock.
func (c *Clock) Held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// Idle waits until no work is under way. It does not wait for events.
func (c *Clock) Idle(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.await(ctx, c.idle)
}

// Settle waits until nothing is left that would move a message or a mapping: no
// work under way and no event of kind Moves to come. A clock that skips gets
// there at once, a real one in its own time; a manual or a held one never does
// unless somebody advances it, and ctx is the way out.
func (c *Clock) Settle(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.await(ctx, func() bool { return c.idle() && len(c.heaps[Moves]) == 0 }); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// State is what a clock tells about itself.
type State struct {
	// Now is the service time.
	Now time.Time
	// Skipped is the sum of all jumps.
	Skipped time.Duration
	// Held says that Hold has stopped the clock.
	Held bool
	// Work is the number of requests, invocations and callbacks under way.
	Work int
	// Moves is the number of events to come that move something.
	Moves int
	// Upkeep is the number of other events to come.
	Upkeep int
	// NextMove is when the first event of kind Moves is due; zero when there is
	// none.
	NextMove time.Time
}

// State reads the clock.
func (c *Clock) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := State{Now: c.Now(), Skipped: c.skipped, Held: c.held, Work: int(c.work.Load()), Moves: len(c.heaps[Moves]), Upkeep: len(c.heaps[Upkeep])}
	if s.Moves > 0 {
		s.NextMove = c.heaps[Moves][0].at
	}
	return s
}
