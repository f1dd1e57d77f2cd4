package sqsbatchtest

import (
	"math/rand/v2"
	"slices"
)

const (
	// pointsPerMessage is the assumed number of fault points of a message: before,
	// after, and two calls.
	pointsPerMessage = 4
	// maxSeed is the largest seed of a drawn step: short, so that it is easy to copy.
	maxSeed = 999
	// maxSmallSeed is the number of seeds that are tried instead of a larger one.
	maxSmallSeed = 20
)

// randomTimeline returns a random timeline of up to steps invocations. Four of five have
// a fault.
func randomTimeline(rng *rand.Rand, messages, steps int) Timeline {
	timeline := make(Timeline, 1+rng.IntN(steps))
	for i := range timeline {
		step := Step{
			Cold:     rng.IntN(4) == 0,
			Poisoned: rng.IntN(4) == 0,
			Fault:    Fault(rng.IntN(int(faultCount))),
			Overlaps: i > 0 && !timeline[i-1].Overlaps && rng.IntN(3) == 0, // two at a time
		}

		if messages > 0 {
			step.Batch = rng.Perm(messages)[:1+rng.IntN(messages)]
			if rng.IntN(8) == 0 { // twice in one batch
				step.Batch = append(step.Batch, step.Batch[rng.IntN(len(step.Batch))])
			}
		}

		if step.Poisoned {
			step.PoisonAt = rng.IntN(len(step.Batch) + 1)
		}
		if step.Fault != NoFault {
			step.At = rng.IntN(pointsPerMessage*len(step.Batch) + 1)
		}
		if !step.Overlaps && rng.IntN(3) > 0 {
			step.Seed = 1 + rng.Uint64N(maxSeed)
		}

		if step.Overlaps && rng.IntN(2) == 0 {
			splitMessages(rng, messages, &timeline[i-1], &step)
		}

		timeline[i] = step
	}

	return timeline
}

// splitMessages makes two overlapping steps what they are most often: different messages in two
// environments, and no fault.
func splitMessages(rng *rand.Rand, messages int, a, b *Step) {
	for _, step := range []*Step{a, b} {
		step.Fault = NoFault
		step.At = 0
	}
	if messages < 2 {
		return
	}

	all := rng.Perm(messages)
	n := 1 + rng.IntN(messages-1)
	a.Batch = all[:n:n]
	b.Batch = all[n:]
	a.PoisonAt = min(a.PoisonAt, len(a.Batch))
	b.PoisonAt = min(b.PoisonAt, len(b.Batch))
}

// shrink makes a timeline shorter and simpler as long as it breaks the invariant. The
// result is minimal: no timeline that is one step shorter, or simpler in one respect,
// breaks it.
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
	for _, next := range smaller(timeline) {
		if breaks(next) {
			return next, true
		}
	}
	return nil, false
}

// smaller returns the timelines that are one step shorter, or simpler in one respect.
// Shorter ones come first: each attempt plays a whole timeline.
func smaller(timeline Timeline) []Timeline {
	var all []Timeline
	for i := range timeline {
		shorter := slices.Delete(slices.Clone(timeline), i, i+1)
		if i == 0 && len(shorter) > 0 && shorter[0].Overlaps { // the first step overlaps none
			shorter[0].Overlaps = false
			shorter[0].Seed = timeline[0].Seed
		}
		all = append(all, shorter)
	}

	for i := range timeline {
		for _, step := range simpler(timeline[i]) {
			next := slices.Clone(timeline)
			next[i] = step
			all = append(all, next)
		}
	}

	return all
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

	if step.Overlaps {
		add(func(s *Step) { s.Overlaps = false })
	}
	if step.Poisoned {
		add(func(s *Step) {
			s.Poisoned = false
			s.PoisonAt = 0
		})
	}
	if step.Fault != NoFault {
		add(func(s *Step) {
			s.Fault = NoFault
			s.At = 0
		})
	}
	for fault := Crash; fault < step.Fault; fault++ { // a crash is the easiest to explain
		add(func(s *Step) { s.Fault = fault })
	}
	if step.Cold {
		add(func(s *Step) { s.Cold = false })
	}
	for seed := range min(step.Seed, maxSmallSeed) {
		add(func(s *Step) { s.Seed = seed })
	}
	for at := range step.At {
		add(func(s *Step) { s.At = at })
	}
	for at := range step.PoisonAt {
		add(func(s *Step) { s.PoisonAt = at })
	}

	return append(all, smallerBatches(step)...)
}

// smallerBatches returns the steps whose batch is one message shorter, or simpler.
func smallerBatches(step Step) []Step {
	var all []Step
	add := func(at int, change func([]int) []int) {
		s := step
		s.Batch = change(slices.Clone(step.Batch))
		s.At = at
		s.PoisonAt = min(step.PoisonAt, len(s.Batch))
		all = append(all, s)
	}

	for i := range step.Batch {
		if len(step.Batch) > 1 {
			for at := range step.At + 1 { // with fewer messages, the same fault point has a lower number
				add(at, func(batch []int) []int { return slices.Delete(batch, i, i+1) })
			}
		}

		if m := step.Batch[i]; m > 0 && !slices.Contains(step.Batch, m-1) {
			add(step.At, func(batch []int) []int { batch[i]--; return batch })
		}
		if i > 0 && step.Batch[i] < step.Batch[i-1] {
			add(step.At, func(batch []int) []int { batch[i], batch[i-1] = batch[i-1], batch[i]; return batch })
		}
	}

	return all
}
