package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is a number of clients of one kind for one server, and what they have done.
type load struct {
	server  *process // nil for a server in this process
	connect func(ctx context.Context) (client, error)
	clients int

	messages int64
	took     time.Duration
	cpu      time.Duration
}

// perSecond returns the throughput in messages per second.
func (l *load) perSecond() float64 { return float64(l.messages) / l.took.Seconds() }

// cpuPerMessage returns the server's processor time per message, in microseconds.
func (l *load) cpuPerMessage() float64 {
	return float64(l.cpu.Nanoseconds()) / float64(l.messages) / 1e3
}

// slice is how long one server is loaded before the next one.
const slice = 500 * time.Millisecond

// alternate runs the loads one after the other in short slices until each has run for
// span, so that other load on the machine affects all equally.
func alternate(ctx context.Context, span time.Duration, loads ...*load) error {
	// Warm up connections and caches.
	for _, l := range loads {
		if err := l.drive(ctx, slice/5); err != nil {
			return err
		}
		l.messages = 0
		l.took = 0
		l.cpu = 0
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

// drive runs the clients for a time, and adds what they did to the load.
func (l *load) drive(ctx context.Context, span time.Duration) error {
	// Connect the clients.
	clients := make([]client, l.clients)
	for i := range clients {
		c, err := l.connect(ctx)
		if err != nil {
			return err
		}
		defer c.close()
		clients[i] = c
	}

	// Run them, and measure time and processor time.
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

// cpuNow returns the server's processor time since its start. For a server in this
// process it returns 0: its time cannot be separated from the client's.
func (l *load) cpuNow() (time.Duration, error) {
	if l.server == nil {
		return 0, nil
	}
	return l.server.cpu()
}

// each runs f concurrently for all elements.
func each[T any](all []T, f func(T) error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, one := range all {
		wg.Go(func() { errs[i] = f(one) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// times are the durations of one thing that was measured repeatedly.
type times []time.Duration

// at returns the quantile of the durations for a share from 0 to 1, in the given unit.
func (t times) at(share float64, unit time.Duration) float64 {
	s := slices.Sorted(slices.Values(t))
	if len(s) == 0 {
		return 0
	}
	return float64(s[min(len(s)-1, int(share*float64(len(s))))]) / float64(unit)
}
