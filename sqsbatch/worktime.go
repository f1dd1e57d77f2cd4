package sqsbatch

import (
	"context"
	"sync"
	"time"
)

// workContext is the invocation's context with the earlier deadline of the
// work. It is as context.WithDeadline would make it, but its timer is made when
// somebody first asks for Done: of what the library costs a small batch of fast
// messages, that timer would be the most.
type workContext struct {
	context.Context // the invocation's
	deadline        time.Time

	mu     sync.Mutex      // guards what follows
	timed  context.Context // nil until asked for
	cancel context.CancelFunc
	ended  bool
}

// Deadline is the work's.
func (c *workContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done is closed when the time for the work is over, or the work is.
func (c *workContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.cancel = context.WithDeadline(c.Context, c.deadline)
		if c.ended {
			c.cancel()
		}
	}
	return c.timed.Done()
}

// Err says why the work is over, if it is.
func (c *workContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timed != nil:
		return c.timed.Err()
	case c.Context.Err() != nil:
		return c.Context.Err()
	case c.ended:
		return context.Canceled
	case !time.Now().Before(c.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

// Value is the invocation's. Where there is a timer, it goes by the context
// that has it: so package context finds that one, and needs no goroutine to
// pass its end on to the contexts that are made of this one.
func (c *workContext) Value(key any) any {
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

// end is for when the work is done: what still holds the context learns of it.
func (c *workContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended = true; c.cancel != nil {
		c.cancel()
	}
}
