package supervise

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// Children are also found on a kernel that does not list them (without
// CONFIG_PROC_CHILDREN). Otherwise killDescendants would never end.
func TestChildrenAreFoundWhereTheKernelDoesNotListThem(t *testing.T) {
	t.Parallel()

	cmd := exec.Command("/bin/sh", "-c", "read x")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})

	// A /proc in which the threads of this process have no list of children.
	without := t.TempDir()
	task := filepath.Join(without, "self", "task", strconv.Itoa(os.Getpid()))
	if err := os.MkdirAll(task, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{1, os.Getpid(), cmd.Process.Pid} {
		name := strconv.Itoa(pid)
		if err := os.Symlink(filepath.Join("/proc", name), filepath.Join(without, name)); err != nil {
			t.Fatal(err)
		}
	}

	for name, procfs := range map[string]string{
		"listed by the kernel": "/proc",
		"asked for the parent": without,
	} {
		t.Run(name, func(t *testing.T) {
			got := children(procfs)
			if !slices.Contains(got, cmd.Process.Pid) || slices.Contains(got, os.Getpid()) || slices.Contains(got, 1) {
				t.Errorf("children %v, want %d among them", got, cmd.Process.Pid)
			}
		})
	}
}
