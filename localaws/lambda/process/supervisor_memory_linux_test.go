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

	// Without a memory limit the supervisor grows by about 35 KB in each round.
	for range 1000 {
		c.Pause()
		c.Resume()
	}

	c.Pause() // commands are carried out in sequence
	if peak := supervisor.PeakMemory(c.PID()); peak > 24<<20 {
		t.Errorf("the supervisor used up to %d MB, want less than 24", peak>>20)
	}
}
