package sqsbatchtest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Call marks a place where a handler turns to the outside, such as a request to
// a database. Fakes call it before they do what they are asked, without holding
// a lock: there, too, a timeline may crash the function or let its time run out.
// It answers the error of ctx. Outside of a timeline that is all it does.
func Call(ctx context.Context) error {
	if at, ok := ctx.Value(placeKey{}).(*place); ok {
		at.call(ctx)
	}
	return ctx.Err()
}

// invocation is one that is under way. Its fault strikes at one of the places
// that it reaches; those count from 0.
type invocation struct {
	fault   Fault
	at      int
	crashed chan struct{}   // closed when it crashes on its way
	over    <-chan struct{} // closed when the timeline is: lets go of what a crash has stopped

	mu      sync.Mutex // guards what follows
	reached int
	struck  string // where the fault struck; empty if it did not
}

// reach is a place. A crash stops whoever is at one: as when a process dies,
// not even deferred functions run before the timeline is over.
func (in *invocation) reach(ctx context.Context, where string) {
	in.mu.Lock()
	strikes := in.fault != NoFault && in.reached == in.at
	in.reached++
	if strikes {
		in.struck = where
	}
	dead := in.fault == Crash && in.struck != ""
	in.mu.Unlock()
	switch {
	case dead:
		if strikes {
			close(in.crashed)
		}
		<-in.over
		runtime.Goexit()
	case strikes && ctx.Done() != nil:
		<-ctx.Done()
	}
}

func (in *invocation) where() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.struck
}

type placeKey struct{}

// place is where calls come from.
type place struct {
	in   *invocation
	name string // of the message; empty for what is not about one

	mu    sync.Mutex // guards calls
	calls int
}

// of names the place in the message's context.
func of(ctx context.Context, name string) (context.Context, *place) {
	p := &place{in: ctx.Value(placeKey{}).(*place).in, name: name}
	return context.WithValue(ctx, placeKey{}, p), p
}

func (p *place) call(ctx context.Context) {
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
