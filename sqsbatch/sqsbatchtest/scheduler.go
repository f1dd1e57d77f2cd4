package sqsbatchtest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
)

// scheduler lets one goroutine run at a time, from its fault point to its next one or
// until it waits. So a seed determines the sequence of what goroutines do.
type scheduler struct {
	wake chan struct{} // has a value when a goroutine waits or an invocation ends

	mu       sync.Mutex // guards what follows, and the fields of invocations and environments
	rng      *rand.Rand // nil: one goroutine runs as far as it can, then the next
	waiting  []*waiter
	last     *waiter
	choices  bool     // whether there was a choice between several goroutines
	sequence []string // the fault points in the sequence in which goroutines left them
}

// waiter is a goroutine that waits at a fault point.
type waiter struct {
	in      *invocation
	point   string // the message; empty for an option
	where   string
	granted chan struct{}
}

func newScheduler() *scheduler { return &scheduler{wake: make(chan struct{}, 1)} }

// begin prepares for the next invocations.
func (s *scheduler) begin(seed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rng = nil
	if seed > 0 {
		s.rng = rand.New(rand.NewPCG(seed, 1))
	}
	s.last = nil
	s.choices = false
	s.sequence = nil
}

// signal wakes the player.
func (s *scheduler) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// add adds a goroutine that waits.
func (s *scheduler) add(t *waiter) {
	s.mu.Lock()
	s.waiting = append(s.waiting, t)
	s.mu.Unlock()
	s.signal()
}

// grant lets one goroutine continue, and reports whether there was one. All others
// must be blocked. Goroutines of environments that are dead or have no invocation stay
// where they are.
func (s *scheduler) grant() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ready []*waiter
	for _, t := range s.waiting {
		if t.in.env.invoked && !t.in.env.dead {
			ready = append(ready, t)
		}
	}
	if len(ready) == 0 {
		return false
	}

	// Which goroutine came first is not repeatable; what it is at, is.
	slices.SortStableFunc(ready, func(a, b *waiter) int {
		return cmp.Or(cmp.Compare(a.in.number, b.in.number), cmp.Compare(a.point, b.point), cmp.Compare(a.where, b.where))
	})
	next := ready[0]
	if s.rng != nil {
		next = ready[s.rng.IntN(len(ready))]
	} else if i := slices.IndexFunc(ready, s.continues); i >= 0 {
		next = ready[i]
	}

	s.choices = s.choices || len(ready) > 1
	s.last = next
	if next.where != "" {
		s.sequence = append(s.sequence, next.in.label()+next.where)
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(t *waiter) bool { return t == next })
	close(next.granted)
	return true
}

// continues reports whether t continues with what ran last.
func (s *scheduler) continues(t *waiter) bool {
	return s.last != nil && s.last.in == t.in && s.last.point == t.point
}

// interleaving returns the sequence of fault points if a seed has chosen it.
func (s *scheduler) interleaving() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rng == nil || !s.choices {
		return nil
	}
	return s.sequence
}
