package verdict_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/deploy/internal/verdict"
)

// facts draws possible observations of messages with the given ids.
func facts(t *rapid.T, known []string) verdict.Facts {
	id := rapid.SampledFrom(known)
	return verdict.Facts{
		Accepted:   rapid.SliceOfDistinct(id, rapid.ID[string]).Draw(t, "accepted"),
		Bad:        rapid.SliceOf(id).Draw(t, "bad"),
		Processed:  rapid.SliceOf(id).Draw(t, "processed"),
		Replayed:   rapid.SliceOf(id).Draw(t, "replayed"),
		WholeBatch: rapid.Bool().Draw(t, "whole batch"),
		Dead: rapid.SliceOf(rapid.Custom(func(t *rapid.T) verdict.Dead {
			return verdict.Dead{Origin: id.Draw(t, "origin"), Replays: rapid.IntRange(0, 5).Draw(t, "replays")}
		})).Draw(t, "dead"),
	}
}

// Every end of a message is either its one outcome or a duplicate.
func TestEachEndIsAnOutcomeOrADuplicate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t, ids("m", 8))
		ends := 0
		for _, id := range f.Processed {
			if slices.Contains(f.Accepted, id) {
				ends++
			}
		}
		for _, d := range f.Dead {
			if slices.Contains(f.Accepted, d.Origin) {
				ends++
			}
		}
		if v := verdict.Judge(f); ends != v.Processed+v.DeadLettered+v.Duplicates {
			t.Fatalf("%d ends, but %+v", ends, v)
		}
	})
}

// Queues and logs may have messages of earlier and later runs.
func TestMessagesOfOtherRunsAreIgnored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		own := facts(t, ids("m", 8))
		other := facts(t, ids("other", 8))
		both := verdict.Facts{
			Accepted: own.Accepted, WholeBatch: own.WholeBatch, Bad: slices.Concat(other.Bad, own.Bad), Processed: slices.Concat(own.Processed, other.Processed),
			Replayed: slices.Concat(other.Replayed, own.Replayed), Dead: slices.Concat(other.Dead, own.Dead),
		}
		if diff := cmp.Diff(verdict.Judge(own), verdict.Judge(both)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// The order of facts has no effect.
func TestOrderOfFactsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t, ids("m", 8))
		shuffled := verdict.Facts{
			Accepted: rapid.Permutation(f.Accepted).Draw(t, "accepted again"), Bad: rapid.Permutation(f.Bad).Draw(t, "bad again"),
			Processed: rapid.Permutation(f.Processed).Draw(t, "processed again"), Replayed: rapid.Permutation(f.Replayed).Draw(t, "replayed again"),
			Dead: rapid.Permutation(f.Dead).Draw(t, "dead again"), WholeBatch: f.WholeBatch,
		}
		if diff := cmp.Diff(verdict.Judge(f), verdict.Judge(shuffled)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Another processed message makes no verdict worse, unless the message is bad.
func TestAnotherProcessedMessageDoesNotRaiseLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := facts(t, ids("m", 8))
		before := verdict.Judge(f)
		f.Processed = append(f.Processed, rapid.SampledFrom(ids("m", 8)).Draw(t, "one more"))
		after := verdict.Judge(f)
		if after.Lost > before.Lost || after.DeadLettered != before.DeadLettered || after.Sent != before.Sent {
			t.Fatalf("%+v, then %+v", before, after)
		}
		if before.Good() && !after.Good() && after.BadProcessed == before.BadProcessed {
			t.Fatalf("%v", after.Problems)
		}
	})
}

func TestSecondsAreRoundedToTheMillisecond(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]float64{
		0: 0, time.Second: 1, 1234567 * time.Microsecond: 1.234, 999 * time.Microsecond: 0, time.Hour: 3600,
	} {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			if got := verdict.InSeconds(d); math.Abs(got-want) > 1e-9 {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
