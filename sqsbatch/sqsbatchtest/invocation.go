package sqsbatchtest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Call is a fault point for fakes of external services: a timeline may crash the
// function or let it time out there. Call it at the beginning of each request to the
// fake, without holding a lock. It returns the error of ctx. Outside of a timeline it
// does nothing else.
func Call(ctx context.Context) error {
	if point, ok := ctx.Value(pointKey{}).(*faultPoint); ok {
		point.call(ctx)
	}
	return ctx.Err()
}

// invocation is an invocation in progress. Its fault is injected at one of the fault
// points that it reaches; those count from 0.
type invocation struct {
	fault   Fault
	at      int
	crashed chan struct{}   // closed when it crashes at a fault point
	over    <-chan struct{} // closed at the end of the timeline: ends goroutines that a crash has stopped

	mu         sync.Mutex // guards what follows
	reached    int
	injectedAt string // where the fault was injected; empty if it was not
}

// reach is called at each fault point. A crash stops every goroutine that reaches one.
// As in a process that dies, deferred functions do not run before the timeline ends.
func (in *invocation) reach(ctx context.Context, where string) {
	in.mu.Lock()
	inject := in.fault != NoFault && in.reached == in.at
	in.reached++
	if inject {
		in.injectedAt = where
	}

	// After a crash, every goroutine of the invocation stops at its next fault point.
	crashed := in.fault == Crash && in.injectedAt != ""
	in.mu.Unlock()
	switch {
	case crashed:
		if inject {
			close(in.crashed)
		}

		<-in.over
		runtime.Goexit()
	case inject && ctx.Done() != nil:
		<-ctx.Done()
	}
}

// where returns where the fault was injected; empty if it was not.
func (in *invocation) where() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.injectedAt
}

// pointKey is the context key of the fault point.
type pointKey struct{}

// faultPoint is what the context of a message or an option carries.
type faultPoint struct {
	in   *invocation
	name string // of the message; empty for the context of options

	mu    sync.Mutex // guards calls
	calls int
}

// withPoint returns the context of a message, with its own fault point.
func withPoint(ctx context.Context, name string) (context.Context, *faultPoint) {
	p := &faultPoint{in: ctx.Value(pointKey{}).(*faultPoint).in, name: name}
	return context.WithValue(ctx, pointKey{}, p), p
}

// call is the fault point at the message's next [Call].
func (p *faultPoint) call(ctx context.Context) {
	p.mu.Lock()
	p.calls++
	n := p.calls
	p.mu.Unlock()
	if p.name == "" {
		p.in.reach(ctx, "at a call of an option")
		return
	}
	p.in.reach(ctx, fmt.Sprintf("in %s at call %d", p.name, n))
}
