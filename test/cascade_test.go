package test

import (
	"fmt"
	"math"
	"testing"
)

// level is a retry level as this test configures it.
type level struct{ attempts, base, limit, receives int }

// generousTimeout is a function timeout in seconds for tests whose messages have one
// receive left or none: the default of 3 s can be too short on a busy computer. It is
// slightly less than the visibility timeout.
const generousTimeout = 9

// Three levels only by configuration: each replays a bad message up to its number of
// attempts, with its own backoff, and then moves it on; the message is dead-lettered
// only after the last level.
func TestBadMessagesPassThreeRetryLevelsWithTheirSettings(t *testing.T) {
	t.Parallel()
	levels := []level{{2, 1, 5, 2}, {2, 10, 60, 3}, {1, 30, 300, 1}}
	var vars []map[string]any
	for i, l := range levels {
		vars = append(vars, map[string]any{
			"max_attempts":         l.attempts,
			"backoff_base_seconds": l.base,
			"backoff_cap_seconds":  l.limit,
			"max_receive_count":    l.receives,
			"delay_seconds":        5 * i,
			"timeout_seconds":      generousTimeout,
		})
	}
	d := deployed(t, "cascade", map[string]any{"retry_levels": vars, "accepted_risks": []string{"short_visibility", "few_receives"}})
	since := d.serviceTime(t)
	r := d.produce(t, order{Count: 40, BadRatio: 0.1, Seed: 5})

	bad := 0
	for id, isBad := range r.accepted {
		_, dead := r.dead[id]
		if isBad {
			bad++
		}
		if dead != isBad || !isBad && r.processed[id] != 1 {
			t.Errorf("message %s, bad %v, is dead-lettered %v and was processed %d times", id, isBad, dead, r.processed[id])
		}
		if m := r.dead[id]; dead && *m.MessageAttributes["sqs-dlq-replay-cnt"].StringValue != "5" {
			t.Errorf("message %s is dead-lettered after %s replays, want 5", id, *m.MessageAttributes["sqs-dlq-replay-cnt"].StringValue)
		}
	}
	if bad != 4 {
		t.Fatalf("%d bad messages were sent, want 4", bad)
	}
	before := 0
	for i, l := range levels {
		var own run
		for _, line := range d.logLines(t, fmt.Sprintf("retry_%d", i+1), since) {
			own.readReplay(line)
		}
		counts := map[int]int{}
		for _, p := range own.replays {
			counts[p.Count]++
			most := math.Min(float64(l.limit), float64(l.base)*math.Pow(2, float64(p.Count)))
			if p.DelaySec < 0 || p.DelaySec > most || p.MaxAttempts != before+l.attempts {
				t.Errorf("level %d: replay %d of at most %d, delayed by %v s; want at most %d, delayed by up to %v s", i+1, p.Count, p.MaxAttempts, p.DelaySec, before+l.attempts, most)
			}
		}
		for n := before + 1; n <= before+l.attempts; n++ {
			if counts[n] != bad {
				t.Errorf("level %d made replay %d for %d messages, want all %d", i+1, n, counts[n], bad)
			}
		}
		if want := l.attempts * bad; len(own.replays) != want {
			t.Errorf("level %d made %d replays, want %d", i+1, len(own.replays), want)
		}
		before += l.attempts
	}
}
