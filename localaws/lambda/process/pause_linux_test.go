package process_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// A process that is forked while its parent is paused and resumed continues as well.
// The kernel alone would stop such a process and not continue it.
func TestAResumedProgramLeavesNoForkStopped(t *testing.T) {
	t.Parallel()
	isolation, err := process.Detect()
	if isolation == process.Shared {
		t.Skipf("this system does not isolate programs: %v", err)
	}
	dir, temp := t.TempDir(), t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bootstrap")
	program(t, path, "#!/bin/sh\nwhile :; do (:); (:); echo x; done\n", 0o755)
	out := newRecorder()
	c, err := process.Start(process.Spec{
		Path: path, Dir: dir, Temp: temp, Env: []string{"PATH=/usr/bin:/bin"}, Output: out.take, Isolation: isolation,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)

	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	progress := func(round int) {
		timeout.Reset(time.Minute)
		for range 2 { // one line may have been in the pipe
			select {
			case <-out.got:
			case <-timeout.C:
				t.Fatalf("round %d: the program printed nothing for a minute after it was resumed", round)
			}
		}
	}
	for round := range 600 {
		c.Pause()
		c.Resume()
		progress(round)
	}
}
