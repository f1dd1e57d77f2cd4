package sqsbatchtest

import (
	"math/rand/v2"
	"slices"
)

// Fault is the fault that is injected into an invocation.
type Fault int

const (
	// NoFault injects nothing: the response arrives.
	NoFault Fault = iota
	// Crash ends the environment at one of the fault points that the invocation
	// reaches, or, if it reaches fewer, after the work and before the response.
	Crash
	// Deadline lets the invocation time out at one of those fault points.
	Deadline
)

// Step is one invocation.
type Step struct {
	// Batch has the indices of the delivered messages in the argument of Explore, in
	// the order of their delivery. A message may be delivered again though it is
	// done.
	Batch []int
	// Cold starts a new environment. Otherwise the last one is reused, unless it
	// has crashed.
	Cold bool
	// Poisoned delivers a message that panics before the batch. It stays in the
	// queue, and is delivered again with the rest at the end.
	Poisoned bool
	// Fault is the injected fault.
	Fault Fault
	// At is the fault point, from 0, at which the fault is injected. An invocation
	// reaches one before each message, one after it, and one at each [Call].
	At int
}

// Timeline is a sequence of invocations.
type Timeline []Step

// pointsPerMessage is the assumed number of fault points of a message: before, after, and
// two calls.
const pointsPerMessage = 4

// randomTimeline returns a random timeline of up to steps invocations. Two of three have a
// fault.
func randomTimeline(rng *rand.Rand, messages, steps int) Timeline {
	timeline := make(Timeline, 1+rng.IntN(steps))
	for i := range timeline {
		step := Step{
			Cold:     rng.IntN(4) == 0,
			Poisoned: rng.IntN(4) == 0,
			Fault:    Fault(rng.IntN(3)),
		}

		if messages > 0 {
			step.Batch = rng.Perm(messages)[:1+rng.IntN(messages)]
			if rng.IntN(8) == 0 { // twice in one batch
				step.Batch = append(step.Batch, step.Batch[rng.IntN(len(step.Batch))])
			}
		}

		if step.Fault != NoFault {
			step.At = rng.IntN(pointsPerMessage*len(step.Batch) + 1)
		}

		timeline[i] = step
	}

	return timeline
}

// shrink makes a timeline shorter and simpler as long as it breaks the invariant.
func shrink(timeline Timeline, breaks func(Timeline) bool) Timeline {
	for {
		next, ok := shorten(timeline, breaks)
		if !ok {
			return timeline
		}
		timeline = next
	}
}

// shorten returns a timeline that is one step shorter or simpler and still breaks the
// invariant, and false if there is none.
func shorten(timeline Timeline, breaks func(Timeline) bool) (Timeline, bool) {
	// Fewer steps first: each attempt plays a whole timeline.
	for i := range timeline {
		if shorter := slices.Delete(slices.Clone(timeline), i, i+1); breaks(shorter) {
			return shorter, true
		}
	}

	for i := range timeline {
		for _, step := range simpler(timeline[i]) {
			next := slices.Clone(timeline)
			if next[i] = step; breaks(next) {
				return next, true
			}
		}
	}

	return nil, false
}

// simpler returns the steps that are simpler than the given one in one respect.
func simpler(step Step) []Step {
	var all []Step
	add := func(change func(*Step)) {
		s := step
		s.Batch = slices.Clone(step.Batch)
		change(&s)
		all = append(all, s)
	}

	if step.Poisoned {
		add(func(s *Step) { s.Poisoned = false })
	}

	if step.Fault != NoFault {
		add(func(s *Step) {
			s.Fault = NoFault
			s.At = 0
		})
	}

	if step.Cold {
		add(func(s *Step) { s.Cold = false })
	}

	for at := range step.At {
		add(func(s *Step) { s.At = at })
	}

	for i := range step.Batch {
		if len(step.Batch) > 1 {
			for at := range step.At + 1 { // with fewer messages, the same fault point has a lower number
				add(func(s *Step) {
					s.Batch = slices.Delete(s.Batch, i, i+1)
					s.At = at
				})
			}
		}

		if m := step.Batch[i]; m > 0 && !slices.Contains(step.Batch, m-1) {
			add(func(s *Step) { s.Batch[i]-- })
		}
		if i > 0 && step.Batch[i] < step.Batch[i-1] {
			add(func(s *Step) { s.Batch[i], s.Batch[i-1] = s.Batch[i-1], s.Batch[i] })
		}
	}

	return all
}
