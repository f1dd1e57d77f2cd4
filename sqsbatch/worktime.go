package sqsbatch

import (
	"context"
	"sync"
	"time"
)

// messageContext is the invocation's context with the earlier deadline of the work or
// of a message. It behaves as a context of context.WithDeadline, but creates its timer at the first
// call of Done: for small batches of fast messages, the timer would be the largest
// part of the library's cost.
type messageContext struct {
	context.Context // the invocation's
	deadline        time.Time

	mu     sync.Mutex      // guards what follows
	timed  context.Context // nil before the first call of Done
	cancel context.CancelFunc
	ended  bool
}

// Deadline returns the deadline of the work or message.
func (c *messageContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done returns a channel that is closed at the deadline, or when the work has ended.
func (c *messageContext) Done() <-chan struct{} {
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

// Err returns why the context has ended, or nil.
func (c *messageContext) Err() error {
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

// Value returns a value of the invocation's context. If there is a timer, it asks the
// context with the timer, so that package context finds that one, and needs no
// goroutine to cancel child contexts.
func (c *messageContext) Value(key any) any {
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

// end cancels the context when the work has ended.
func (c *messageContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended = true; c.cancel != nil {
		c.cancel()
	}
}
