package supervisor

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Descendants are also found on a kernel that does not list children (without
// CONFIG_PROC_CHILDREN), so that they are killed, stopped and counted there.
func TestDescendantsAreFoundWhereTheKernelDoesNotListChildren(t *testing.T) {
	t.Parallel()

	// A child process that has a child.
	cmd := exec.Command("/bin/sh", "-c", "sleep 600 & echo $!; read x; kill $!")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
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
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}

	// A /proc without lists of children.
	without := t.TempDir()
	for _, pid := range []int{1, os.Getpid(), cmd.Process.Pid, grandchild} {
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
			var got []int
			descendants(procfs, os.Getpid(), func(pid int) { got = append(got, pid) })

			child := slices.Index(got, cmd.Process.Pid)
			if child < 0 || child+1 >= len(got) || got[child+1] != grandchild {
				t.Errorf("descendants %v, want %d and then %d among them", got, cmd.Process.Pid, grandchild)
			}
		})
	}
}
