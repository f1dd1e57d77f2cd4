package sqsbatchtest

import (
	"math/rand/v2"
	"slices"
)

// Fault is what goes wrong in an invocation.
type Fault int

const (
	// NoFault is an invocation whose answer arrives.
	NoFault Fault = iota
	// Crash ends the environment: at one of the places that the invocation
	// reaches, or, when it reaches fewer, after the work and before the answer.
	Crash
	// Deadline lets the time run out at one of those places.
	Deadline
)

// Step is one invocation.
type Step struct {
	// Batch are the messages, by their place in what Explore was given, in the
	// order of their delivery. One may come again though it is done.
	Batch []int
	// Cold starts a new environment; else the last one is used again, unless it
	// was lost.
	Cold bool
	// Poisoned puts a message that panics in front of the batch. It stays in the
	// queue, and is delivered again with what is left in the end.
	Poisoned bool
	// Fault is what goes wrong.
	Fault Fault
	// At is the place, counted from 0, at which the fault strikes. An invocation
	// reaches one before each message and one after it, and one at each [Call].
	At int
}

// Timeline is a sequence of invocations.
type Timeline []Step

// placesEach is how many places a message is taken to have: before, after, and
// two calls.
const placesEach = 4

// draw makes a timeline of up to steps invocations, of which most go wrong in
// one way or another.
func draw(rng *rand.Rand, messages, steps int) Timeline {
	timeline := make(Timeline, 1+rng.IntN(steps))
	for i := range timeline {
		step := Step{Cold: rng.IntN(4) == 0, Poisoned: rng.IntN(4) == 0, Fault: Fault(rng.IntN(3))}
		if messages > 0 {
			step.Batch = rng.Perm(messages)[:1+rng.IntN(messages)]
			if rng.IntN(8) == 0 { // twice in one batch
				step.Batch = append(step.Batch, step.Batch[rng.IntN(len(step.Batch))])
			}
		}
		if step.Fault != NoFault {
			step.At = rng.IntN(placesEach*len(step.Batch) + 1)
		}
		timeline[i] = step
	}
	return timeline
}

// shrink makes a timeline shorter and plainer while it still breaks the
// invariant, until nothing can be left out.
func shrink(timeline Timeline, breaks func(Timeline) bool) Timeline {
	for {
		next, ok := shorten(timeline, breaks)
		if !ok {
			return timeline
		}
		timeline = next
	}
}

func shorten(timeline Timeline, breaks func(Timeline) bool) (Timeline, bool) {
	for i := range timeline {
		if shorter := slices.Delete(slices.Clone(timeline), i, i+1); breaks(shorter) {
			return shorter, true
		}
	}
	for i := range timeline {
		for _, step := range plainer(timeline[i]) {
			next := slices.Clone(timeline)
			if next[i] = step; breaks(next) {
				return next, true
			}
		}
	}
	return nil, false
}

// plainer lists the steps that have one thing less than the given one.
func plainer(step Step) []Step {
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
		add(func(s *Step) { s.Fault, s.At = NoFault, 0 })
	}
	if step.Cold {
		add(func(s *Step) { s.Cold = false })
	}
	for at := range step.At {
		add(func(s *Step) { s.At = at })
	}
	for i := range step.Batch {
		if len(step.Batch) > 1 {
			for at := range step.At + 1 { // with fewer messages the same place comes sooner
				add(func(s *Step) { s.Batch, s.At = slices.Delete(s.Batch, i, i+1), at })
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
