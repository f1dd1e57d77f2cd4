package process_test

import (
	"testing"

	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// Pausing and resuming walk /proc in the supervisor, once or more for each invocation of
// a warm environment. What that allocates must be freed.
func TestSupervisorMemoryIsBounded(t *testing.T) {
	t.Parallel()
	out := newRecorder()
	c := script(t, "sleep 1000 & sleep 1000 & echo started; wait", out)
	<-out.got

	// peakAfter returns the peak memory after further rounds, in bytes.
	peakAfter := func(rounds int) int64 {
		for range rounds {
			c.Pause()
			c.Resume()
		}
		c.Pause() // commands are carried out in sequence
		return supervisor.PeakMemory(c.PID())
	}

	// Without a memory limit the supervisor grows by about 35 KB in each round. How much
	// it needs at first depends on how the test was built, as with the race detector.
	first := peakAfter(600)
	if grown := peakAfter(1000) - first; grown > 12<<20 {
		t.Errorf("the supervisor grew by %d MB in 1,000 rounds, from %d MB", grown>>20, first>>20)
	}
}
