package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// The embedded AWS in the background does not inherit the open files of the shell of
// `local start`: it would hold them open as long as it runs.
func TestStartPassesNoInheritedDescriptorOn(t *testing.T) {
	t.Parallel()

	inherited := filepath.Join(t.TempDir(), "inherited")
	// Without close-on-exec, as a shell's redirection makes it.
	fd, err := unix.Open(inherited, unix.O_RDWR|unix.O_CREAT, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })

	dir := t.TempDir()
	f := In(dir)
	info, _, err := f.Start(shortContext(t), self(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := f.Stop(shortContext(t)); err != nil {
			t.Error(err)
		}
	})

	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", info.PID))
	if err != nil || len(open) < 3 {
		t.Fatalf("its descriptors are %q, %v", open, err)
	}
	for _, name := range open {
		if target, err := os.Readlink(name); err == nil && target == inherited {
			t.Errorf("the server has %s open as %s", inherited, name)
		}
	}
}
