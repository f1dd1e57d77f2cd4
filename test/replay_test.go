package test

import (
	"math"
	"strings"
	"sync"
	"testing"
)

// classicRun is the run that all tests of the classic deployment share.
var classicRun struct {
	once sync.Once
	run  *run
}

func TestReplaysAreDelayedWithinTheJittersBounds(t *testing.T) {
	t.Parallel()
	_, r := classic(t)
	const base, limit = 2, 900 // backoff_base_seconds and backoff_cap_seconds by default
	drawn := map[float64]bool{}
	for _, p := range r.replays {
		if most := math.Min(limit, base*math.Pow(2, float64(p.Count))); p.DelaySec < 0 || p.DelaySec > most {
			t.Errorf("replay %d was delayed by %v s, want 0 to %v", p.Count, p.DelaySec, most)
		}
		drawn[p.DelaySec] = true
	}
	if len(r.replays) > 4 && len(drawn) < 2 {
		t.Errorf("all %d replays have the same delay: no jitter", len(r.replays))
	}
}

func TestReplaysAreCountedUntilTheAttemptsAreUsedUp(t *testing.T) {
	t.Parallel()
	_, r := classic(t)
	counts := map[int]int{}
	for _, p := range r.replays {
		counts[p.Count]++
		if p.MaxAttempts != 3 || p.Total != 1 || !p.Status {
			t.Errorf("replay reported as %+v, want status true, one message, 3 attempts at most", p)
		}
	}
	for n := 1; n <= 3; n++ {
		if counts[n] != 4 {
			t.Errorf("%d replays have the count %d, want 4: one for each bad message", counts[n], n)
		}
	}
	if len(counts) != 3 {
		t.Errorf("replay counts %v, want 1 to 3", counts)
	}
	gaveUp := 0
	for _, line := range r.retryLog {
		if strings.Contains(line, "MaxAttemptsError: Number of retries(4) > max attempts(3)") {
			gaveUp++
		}
	}
	if want := 4 * 3; gaveUp != want {
		t.Errorf("MaxAttemptsError is %d times in the log, want %d: 4 messages, 3 receives each", gaveUp, want)
	}
}
