package process_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// A process that is forked while its parent is paused and resumed goes on as well.
// The kernel stops such a process and does not continue it.
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

	patience := time.NewTimer(time.Minute)
	defer patience.Stop()
	progress := func() {
		for range 2 { // one line may have been on its way
			select {
			case <-out.got:
			case <-patience.C:
				t.Fatal("the program stands still although it was resumed")
			}
		}
	}
	for range 600 {
		c.Pause()
		c.Resume()
		progress()
	}
}
