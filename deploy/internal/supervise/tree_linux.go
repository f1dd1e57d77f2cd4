package supervise

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable returns the path of this program, even if its file was replaced since.
func executable() (string, error) { return "/proc/self/exe", nil }

// attributes puts the program into a process group of its own. If the supervisor is
// killed, the kernel sends SIGTERM to the program.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// becomeSubreaper makes this process the parent of every descendant whose own parent
// ends.
func becomeSubreaper() {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "become a subreaper:", err)
	}
}

// killDescendants kills the descendants that the program has left, and returns when they
// have ended.
func killDescendants() {
	for {
		for _, pid := range children("/proc") {
			// An error means that it has ended already.
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		var status syscall.WaitStatus
		_, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil && err != syscall.EINTR {
			return // no child is left
		}
	}
}

// children returns the ids of this process's children. procfs is /proc.
//
// The kernel lists the children of each thread only if it was built with
// CONFIG_PROC_CHILDREN. Without it, the parent of every process is read.
func children(procfs string) []int {
	lists, err := filepath.Glob(filepath.Join(procfs, "self/task/*/children"))
	if err != nil || len(lists) == 0 {
		return childrenByParent(procfs, os.Getpid())
	}

	var pids []int
	for _, list := range lists {
		body, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}

		for _, word := range strings.Fields(string(body)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}

	return pids
}

// childrenByParent returns the ids of the processes whose parent is the given one.
func childrenByParent(procfs string, parent int) []int {
	stats, err := filepath.Glob(filepath.Join(procfs, "[0-9]*/stat"))
	if err != nil {
		return nil
	}

	var pids []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the process has ended
		}
		// The name in parentheses may hold anything. State and parent follow it.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
