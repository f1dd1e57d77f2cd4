package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is one kind of client at one concurrency, against one server.
type load struct {
	server  *process // nil for one in this process
	connect func(ctx context.Context) (client, error)
	clients int

	messages int64
	took     time.Duration
	cpu      time.Duration
}

// perSecond is how many messages went through in a second.
func (l *load) perSecond() float64 { return float64(l.messages) / l.took.Seconds() }

// cpuPerMessage is the server's processor time for each, in microseconds.
func (l *load) cpuPerMessage() float64 {
	return float64(l.cpu.Nanoseconds()) / float64(l.messages) / 1e3
}

// slice is how long one server is driven before it is another's turn.
const slice = 500 * time.Millisecond

// takeTurns drives the loads one after the other in short slices until each had
// its span, so that what else the machine does is shared by all.
func takeTurns(ctx context.Context, span time.Duration, loads ...*load) error {
	for _, l := range loads { // connections and caches first
		if err := l.drive(ctx, slice/5); err != nil {
			return err
		}
		l.messages, l.took, l.cpu = 0, 0, 0
	}
	for range max(1, int(span/slice)) {
		for _, l := range loads {
			if err := l.drive(ctx, slice); err != nil {
				return err
			}
		}
	}
	return nil
}

// drive lets the clients run for a time, and adds up what they did.
func (l *load) drive(ctx context.Context, span time.Duration) error {
	clients := make([]client, l.clients)
	for i := range clients {
		c, err := l.connect(ctx)
		if err != nil {
			return err
		}
		defer c.close()
		clients[i] = c
	}
	before, err := l.cpuNow()
	if err != nil {
		return err
	}
	start := time.Now()
	err = each(clients, func(c client) error {
		for time.Since(start) < span {
			n, err := c.cycle(ctx)
			if err != nil {
				return err
			}
			atomic.AddInt64(&l.messages, int64(n))
		}
		return nil
	})
	l.took += time.Since(start)
	after, cpuErr := l.cpuNow()
	l.cpu += after - before
	return errors.Join(err, cpuErr)
}

// cpuNow is the processor time of the server so far; that of one in this process
// cannot be told from the client's and counts as none.
func (l *load) cpuNow() (time.Duration, error) {
	if l.server == nil {
		return 0, nil
	}
	return l.server.cpu()
}

// each runs f for all at once.
func each[T any](all []T, f func(T) error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, one := range all {
		wg.Go(func() { errs[i] = f(one) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// times are durations of the same thing.
type times []time.Duration

// at is the duration that a share of all do not exceed, in a unit.
func (t times) at(share float64, unit time.Duration) float64 {
	s := slices.Sorted(slices.Values(t))
	if len(s) == 0 {
		return 0
	}
	return float64(s[min(len(s)-1, int(share*float64(len(s))))]) / float64(unit)
}
