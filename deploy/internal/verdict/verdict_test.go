package verdict_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/deploy/internal/verdict"
)

func ids(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return out
}

// clean is the run in the README: 89 sent, 4 bad.
func clean() verdict.Facts {
	good, bad := ids("good", 85), ids("bad", 4)
	f := verdict.Facts{Accepted: slices.Concat(good, bad), Bad: bad, Processed: good}
	for _, id := range bad {
		f.Dead = append(f.Dead, verdict.Dead{Origin: id, Replays: 3})
		f.Replayed = append(f.Replayed, id, id, id)
	}
	return f
}

func TestLineOfAGoodRun(t *testing.T) {
	t.Parallel()
	v := verdict.Judge(clean())
	want := "sent 89 · bad 4 · processed 85 · dead-lettered 4 (good 0) · lost 0 · duplicates 0 · 3 replays each · 5 min 12 s"
	if got := v.Line("5 min 12 s"); got != want {
		t.Errorf("line\n%s, want\n%s", got, want)
	}
	if !v.Good() || v.TotalReplays != 12 {
		t.Errorf("verdict %+v", v)
	}
}

func TestSilentConsumerIsReportedWithLostMessages(t *testing.T) {
	t.Parallel()
	f := clean()
	f.Processed = []string{"of another run"}
	v := verdict.Judge(f)
	if v.Lost != 85 || len(v.Problems) != 2 || !strings.Contains(v.Problems[1], `"msg":"processed"`) {
		t.Errorf("lost %d, problems %q", v.Lost, v.Problems)
	}
}

func TestRefusedReplaysAreAProblemOnlyIfDeadLettered(t *testing.T) {
	t.Parallel()
	const reason = "AccessDenied: not authorized to perform: sqs:sendmessage"
	f := verdict.Facts{
		Accepted: []string{"a", "b", "c"}, Bad: []string{"a", "b"}, Processed: []string{"c"},
		Dead:    []verdict.Dead{{Origin: "a"}, {Origin: "b", Replays: 3}},
		Refused: []verdict.Refused{{Origin: "a", Reason: reason}, {Origin: "a", Reason: "later"}, {Origin: "b", Reason: "throttled"}, {Origin: "another run's"}},
	}
	want := []string{"1 message was dead-lettered because it could not be replayed: " + reason}
	if got := verdict.Judge(f).Problems; !slices.Equal(got, want) {
		t.Errorf("problems %q, want %q", got, want)
	}
	f.Dead[1].Replays = 0
	if got := verdict.Judge(f).Problems; len(got) != 1 || !strings.HasPrefix(got[0], "2 messages were dead-lettered because they could not be replayed: "+reason) {
		t.Errorf("problems %q", got)
	}
}

func TestEachOutcomeIsCountedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*verdict.Facts)
		want   func(*verdict.Verdict)
	}{
		{"a message is neither processed nor dead", func(f *verdict.Facts) { f.Processed = f.Processed[1:] }, func(v *verdict.Verdict) {
			v.Processed, v.Lost, v.Problems = 84, 1, []string{"1 message was lost"}
		}},
		{"two are lost", func(f *verdict.Facts) { f.Dead = f.Dead[2:] }, func(v *verdict.Verdict) {
			v.DeadLettered, v.Lost, v.Problems = 2, 2, []string{"2 messages were lost"}
		}},
		{"a good one is dead-lettered", func(f *verdict.Facts) {
			f.Processed, f.Dead = f.Processed[1:], append(f.Dead, verdict.Dead{Origin: "good0", Replays: 3})
		}, func(v *verdict.Verdict) {
			v.Processed, v.DeadLettered, v.DeadLetteredGood, v.Problems = 84, 5, 1, []string{"1 good message was dead-lettered"}
		}},
		{"a good one is dead-lettered in a whole batch, after it was processed", func(f *verdict.Facts) {
			f.WholeBatch, f.Dead = true, append(f.Dead, verdict.Dead{Origin: "good0", Replays: 3})
		}, func(v *verdict.Verdict) {
			v.Processed, v.DeadLettered, v.DeadLetteredGood, v.Duplicates = 84, 5, 1, 1
		}},
		{"one is processed twice", func(f *verdict.Facts) { f.Processed = append(f.Processed, "good7") }, func(v *verdict.Verdict) { v.Duplicates = 1 }},
		{"a bad one is processed", func(f *verdict.Facts) { f.Processed, f.Dead = append(f.Processed, "bad0"), f.Dead[1:] }, func(v *verdict.Verdict) {
			v.Processed, v.DeadLettered, v.BadProcessed, v.Problems = 86, 3, 1, []string{"1 bad message was processed"}
		}},
		{"good ones are replayed and dead-lettered with their batch", func(f *verdict.Facts) {
			f.WholeBatch, f.Replayed = true, append(f.Replayed, "good1", "good1", "good2")
		}, func(v *verdict.Verdict) { v.ReplayedGood, v.TotalReplays = 2, 15 }},
		{"replays differ", func(f *verdict.Facts) { f.Dead[0].Replays = 1 }, func(v *verdict.Verdict) { v.MinReplays = 1 }},
		{"other runs left messages and lines", func(f *verdict.Facts) {
			f.Processed = append(f.Processed, "older1", "older1")
			f.Dead = append(f.Dead, verdict.Dead{Origin: "older2", Replays: 9})
			f.Replayed, f.Bad = append(f.Replayed, "older2"), append(f.Bad, "older2")
		}, func(*verdict.Verdict) {}},
		{"nothing was sent", func(f *verdict.Facts) { *f = verdict.Facts{} }, func(v *verdict.Verdict) {
			*v = verdict.Verdict{Problems: []string{"nothing was sent"}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := clean()
			c.change(&f)
			want := verdict.Verdict{Sent: 89, Bad: 4, Processed: 85, DeadLettered: 4, MaxReplays: 3, MinReplays: 3, TotalReplays: 12, Problems: []string{}}
			c.want(&want)
			if diff := cmp.Diff(want, verdict.Judge(f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReplaysInTheLine(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]verdict.Verdict{
		"0 replays":            {},
		"5 replays":            {TotalReplays: 5},
		"1 replay each":        {DeadLettered: 2, MaxReplays: 1, MinReplays: 1},
		"1 to 3 replays each":  {DeadLettered: 2, MaxReplays: 3, MinReplays: 1},
		"10 replays each":      {DeadLettered: 2, MaxReplays: 10, MinReplays: 10},
		"0 to 10 replays each": {DeadLettered: 2, MaxReplays: 10},
	} {
		t.Run(want, func(t *testing.T) {
			line := v.Line("1 s")
			if got := fmt.Sprintf("sent 0 · bad 0 · processed 0 · dead-lettered %d (good 0) · lost 0 · duplicates 0 · %s · 1 s", v.DeadLettered, want); line != got {
				t.Errorf("%q, want %q", line, got)
			}
		})
	}
}

func TestWholeBatchEffect(t *testing.T) {
	t.Parallel()
	if got := (verdict.Verdict{MaxReplays: 3}).WholeBatchEffect(); got != "" {
		t.Errorf("%q without messages", got)
	}
	want := "failed because of bad messages in their batch: good messages replayed 7, dead-lettered 2, processed again 30 times"
	if got := (verdict.Verdict{ReplayedGood: 7, DeadLetteredGood: 2, Duplicates: 30}).WholeBatchEffect(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// For any facts, every message is counted exactly once, and a verdict without problems
// is correct.
func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom(ids("m", 12))
		f := verdict.Facts{
			Accepted:   slices.Compact(slices.Sorted(slices.Values(rapid.SliceOf(id).Draw(t, "accepted")))),
			Bad:        rapid.SliceOf(id).Draw(t, "bad"),
			Processed:  rapid.SliceOf(id).Draw(t, "processed"),
			Replayed:   rapid.SliceOf(id).Draw(t, "replayed"),
			WholeBatch: rapid.Bool().Draw(t, "whole batch"),
			Dead: rapid.SliceOf(rapid.Custom(func(t *rapid.T) verdict.Dead {
				return verdict.Dead{Origin: id.Draw(t, "origin"), Replays: rapid.IntRange(0, 5).Draw(t, "replays")}
			})).Draw(t, "dead"),
		}
		v := verdict.Judge(f)
		if v.Sent != len(f.Accepted) || v.Sent != v.Processed+v.DeadLettered+v.Lost {
			t.Fatalf("counts do not add up: %+v", v)
		}
		if v.DeadLetteredGood > v.DeadLettered || v.MinReplays > v.MaxReplays || v.Bad > v.Sent || v.BadProcessed > v.Bad {
			t.Fatalf("a part exceeds the total: %+v", v)
		}
		if v.Good() && (v.Lost > 0 || v.BadProcessed > 0 || v.Sent == 0 || !f.WholeBatch && v.DeadLetteredGood > 0) {
			t.Fatalf("reported as passed: %+v", v)
		}
	})
}
