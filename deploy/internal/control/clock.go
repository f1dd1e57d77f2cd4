package control

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Clock is what the embedded AWS says of its service time.
type Clock struct {
	// Mode is real, skip, manual or simulated.
	Mode string `json:"mode"`
	// Now is the service time.
	Now time.Time `json:"now"`
	// SkippedSeconds is how far jumps have carried it ahead.
	SkippedSeconds float64 `json:"skipped_seconds"`
	// Held says that it stands still until it is released.
	Held bool `json:"held"`
	// Work is the number of requests and invocations under way.
	Work int `json:"work"`
	// Moves is the number of events to come that move a message or a mapping.
	Moves int `json:"moves"`
	// Upkeep is the number of the others, such as the ends of retention.
	Upkeep int `json:"upkeep"`
	// NextMove is when the first of them is due; zero when there is none.
	NextMove time.Time `json:"next_move,omitzero"`
}

// String is the clock for people.
func (c Clock) String() string {
	s := fmt.Sprintf("%s, clock %s", c.Now.UTC().Format(time.RFC3339Nano), c.Mode)
	if c.SkippedSeconds > 0 {
		s += fmt.Sprintf(", %s skipped", time.Duration(c.SkippedSeconds*float64(time.Second)).Round(time.Millisecond))
	}
	if c.Held {
		s += ", held"
	}
	s += fmt.Sprintf(", %d under way, %d to come", c.Work, c.Moves)
	if !c.NextMove.IsZero() {
		s += ", the next at " + c.NextMove.UTC().Format(time.RFC3339Nano)
	}
	return s
}

// Settled is where everything is once nothing is left that would move.
type Settled struct {
	// Clock is the clock then.
	Clock Clock `json:"clock"`
	// Queues are all queues.
	Queues []Queue `json:"queues"`
}

// Queue is how many messages one queue holds, by state.
type Queue struct {
	// Name is the queue's name.
	Name string `json:"name"`
	// Visible messages can be received now.
	Visible int `json:"visible"`
	// InFlight messages were received and are hidden.
	InFlight int `json:"in_flight"`
	// Delayed messages cannot be received yet.
	Delayed int `json:"delayed"`
}

// String is where everything is, for people.
func (s Settled) String() string {
	lines := []string{s.Clock.String()}
	for _, q := range s.Queues {
		lines = append(lines, fmt.Sprintf("%s: visible %d, in flight %d, delayed %d", q.Name, q.Visible, q.InFlight, q.Delayed))
	}
	return strings.Join(lines, "\n")
}

// Clock reads the clock.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodGet, "clock", nil, &out)
	return out, err
}

// Advance moves service time forward, and answers once all that fell due on the
// way is over.
func (c *Client) Advance(ctx context.Context, by time.Duration) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodPost, "clock/advance", map[string]string{"duration": by.String()}, &out)
	return out, err
}

// Hold stops service time.
func (c *Client) Hold(ctx context.Context) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodPost, "clock/hold", struct{}{}, &out)
	return out, err
}

// Release lets service time go on.
func (c *Client) Release(ctx context.Context) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodPost, "clock/release", struct{}{}, &out)
	return out, err
}

// Settle waits until nothing is left that would move a message or a mapping, for
// so long in the machine's time; then it answers ErrTimeout.
func (c *Client) Settle(ctx context.Context, timeout time.Duration) (Settled, error) {
	var out Settled
	err := c.call(ctx, http.MethodPost, "clock/settle", map[string]string{"timeout": timeout.String()}, &out)
	return out, err
}
