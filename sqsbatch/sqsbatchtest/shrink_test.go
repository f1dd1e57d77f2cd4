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
	var cold, poisoned, twice, reordered int
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
	} {
		t.Run(name, func(t *testing.T) {
			if n < 100 {
				t.Errorf("only %d of 3000 steps", n)
			}
		})
	}
}
