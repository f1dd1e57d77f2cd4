package sqsbatchtest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// With any timeline, the shrinker leaves only what breaks the invariant.
func TestShrinkRemovesEverythingIrrelevant(t *testing.T) {
	t.Parallel()
	// It breaks if message 1 is in an invocation that crashes, and message 0 in a
	// later one, together with a message that always fails.
	breaks := func(timeline Timeline) bool {
		crashed := false
		for _, step := range timeline {
			if crashed && step.Poisoned && slices.Contains(step.Batch, 0) {
				return true
			}
			crashed = crashed || step.Fault == Crash && slices.Contains(step.Batch, 1)
		}
		return false
	}
	want := Timeline{{Batch: []int{1}, Fault: Crash}, {Batch: []int{0}, Poisoned: true}}
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		timeline := randomTimeline(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), 3, 12)
		if !breaks(timeline) {
			return
		}
		found++
		before := slices.Clone(timeline)
		if diff := cmp.Diff(want, shrink(timeline, breaks)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(before, timeline); diff != "" {
			t.Errorf("the input timeline has changed: %s", diff)
		}
	})
	if found == 0 {
		t.Error("no timeline broke the invariant: nothing was shrunk")
	}
}

func TestTimelinesHaveEveryKindOfFault(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 0))
	var cold, poisoned, twice, reordered, overlapping, seeded, later int
	faults := map[Fault]int{}
	for range 1000 {
		for _, step := range randomTimeline(rng, 3, 5) {
			faults[step.Fault]++
			if step.Cold {
				cold++
			}
			if step.Poisoned {
				poisoned++
			}
			if step.PoisonAt > 0 {
				later++
			}
			if step.Overlaps {
				overlapping++
			}
			if step.Seed > 0 {
				seeded++
			}
			if !slices.IsSorted(step.Batch) {
				reordered++
			}
			if slices.Sort(step.Batch); len(slices.Compact(slices.Clone(step.Batch))) < len(step.Batch) {
				twice++
			}
			if len(step.Batch) == 0 || step.At < 0 || step.At > 4*len(step.Batch) {
				t.Errorf("step %+v", step)
			}
		}
	}
	for name, n := range map[string]int{
		"cold": cold, "poisoned": poisoned, "twice": twice, "reordered": reordered,
		"none": faults[NoFault], "crash": faults[Crash], "deadline": faults[Deadline],
		"error": faults[CallError], "hang": faults[CallHang], "overlapping": overlapping, "seeded": seeded, "poisonNotFirst": later,
	} {
		t.Run(name, func(t *testing.T) {
			if n < 100 {
				t.Errorf("only %d of 3000 steps", n)
			}
		})
	}
}

// need is what a step must have to break the invariant of a random bug.
type need struct {
	message  int
	fault    Fault
	cold     bool
	poisoned bool
}

// met reports whether the timeline has steps that meet the needs, in this sequence.
func met(needs []need, timeline Timeline) bool {
	for _, step := range timeline {
		if len(needs) == 0 {
			break
		}
		n := needs[0]
		if slices.Contains(step.Batch, n.message) && (n.fault == NoFault || step.Fault == n.fault) &&
			(!n.cold || step.Cold) && (!n.poisoned || step.Poisoned) {
			needs = needs[1:]
		}
	}
	return len(needs) == 0
}

// Of a random bug, the shrinker leaves the one minimal timeline: the needs themselves.
func TestShrunkTimelineIsTheMinimum(t *testing.T) {
	t.Parallel()
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		needs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) need {
			return need{
				message:  rapid.IntRange(0, 2).Draw(t, "message"),
				fault:    Fault(rapid.IntRange(0, int(faultCount)-1).Draw(t, "fault")),
				cold:     rapid.Bool().Draw(t, "cold"),
				poisoned: rapid.Bool().Draw(t, "poisoned"),
			}
		}), 1, 2).Draw(t, "needs")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		timeline := randomTimeline(rng, 3, 20)
		for range 20 {
			if met(needs, timeline) {
				break
			}
			timeline = randomTimeline(rng, 3, 20)
		}
		if !met(needs, timeline) {
			return
		}

		found++
		var want Timeline
		for _, n := range needs {
			want = append(want, Step{
				Batch:    []int{n.message},
				Cold:     n.cold,
				Poisoned: n.poisoned,
				Fault:    n.fault,
			})
		}
		if diff := cmp.Diff(want, shrink(timeline, func(tl Timeline) bool { return met(needs, tl) })); diff != "" {
			t.Error(diff)
		}
	})
	if found < 5 {
		t.Errorf("only %d timelines were shrunk", found)
	}
}
