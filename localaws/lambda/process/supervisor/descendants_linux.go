package supervisor

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Descendants calls visit with the process id of each descendant of a process. A
// process comes before its own descendants. The tree changes while it is read, so that
// a process may be missed, or visited although it has ended.
func Descendants(pid int, visit func(pid int)) { descendants("/proc", pid, visit) }

// descendants is Descendants with another directory in place of /proc.
//
// The kernel lists the children of each thread only if it was built with
// CONFIG_PROC_CHILDREN. Without it, every process is asked for its parent.
func descendants(procfs string, pid int, visit func(pid int)) {
	if syscall.Access(procfs+"/thread-self/children", 0) == nil {
		walkLists(procfs, strconv.Itoa(pid), visit, 0)
		return
	}
	walkParents(childrenByParent(procfs), pid, visit, 0)
}

// maxDepth bounds the depth of a walk: a tree that changes could be endless.
const maxDepth = 1000

// walkLists visits the descendants of a process by the kernel's lists of children.
func walkLists(procfs, pid string, visit func(int), depth int) {
	if depth > maxDepth {
		return
	}

	// Each thread of a process has children of its own.
	tasks := procfs + "/" + pid + "/task"
	for _, thread := range names(tasks) {
		for _, child := range bytes.Fields(read(tasks + "/" + thread + "/children")) {
			n, err := strconv.Atoi(string(child))
			if err != nil {
				continue
			}
			visit(n)
			walkLists(procfs, string(child), visit, depth+1)
		}
	}
}

// walkParents visits the descendants of a process by a map of all processes.
func walkParents(children map[int][]int, pid int, visit func(int), depth int) {
	if depth > maxDepth {
		return
	}
	for _, child := range children[pid] {
		visit(child)
		walkParents(children, child, visit, depth+1)
	}
}

// childrenByParent reads the parent of every process.
func childrenByParent(procfs string) map[int][]int {
	children := map[int][]int{}
	for _, name := range names(procfs) {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue // not a process
		}

		// The name in parentheses may hold anything. State and parent follow it.
		stat := read(procfs + "/" + name + "/stat")
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 {
			continue // it has ended
		}
		if parent, err := strconv.Atoi(string(fields[1])); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}

	return children
}

// read returns the content of a file in /proc, or nothing if it cannot be read. It
// makes a third of the system calls that package os makes.
func read(path string) []byte {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = syscall.Close(fd) }() // nothing was written

	buffer := make([]byte, 4096)
	filled := 0
	for {
		n, err := syscall.Read(fd, buffer[filled:])
		if err != nil || n == 0 {
			return buffer[:filled]
		}
		if filled += n; filled == len(buffer) {
			buffer = append(buffer, make([]byte, len(buffer))...)
		}
	}
}

// names returns the names in a directory of /proc.
func names(path string) []string {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = syscall.Close(fd) }() // nothing was written

	var list []string
	buffer := make([]byte, 4096)
	for {
		n, err := syscall.ReadDirent(fd, buffer)
		if err != nil || n == 0 {
			return list
		}
		_, _, list = syscall.ParseDirent(buffer[:n], -1, list)
	}
}

// PeakMemory returns the peak resident set of a process in bytes, or 0 if the process
// has ended.
func PeakMemory(pid int) int64 {
	_, rest, ok := bytes.Cut(read("/proc/"+strconv.Itoa(pid)+"/status"), []byte("\nVmHWM:"))
	if !ok {
		return 0
	}

	fields := bytes.Fields(rest) // such as "5432 kB"
	if len(fields) == 0 {
		return 0
	}

	kilobytes, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}

// maxPasses bounds how often the tree is read again to find processes that were forked
// meanwhile.
const maxPasses = 100

// signalDescendants sends a signal to every descendant of this process, including those
// that are forked meanwhile. mu must be held.
func (s *supervisor) signalDescendants(sig syscall.Signal) {
	seen := map[int]bool{}
	for range maxPasses {
		before := len(seen)
		Descendants(os.Getpid(), func(pid int) {
			if !seen[pid] {
				seen[pid] = true
				_ = syscall.Kill(pid, sig) // fails if it has ended
			}
		})
		if len(seen) == before {
			return
		}
	}
}

// stopTimeout is how long awaitStopped waits at most. Processes stop at once unless the
// machine is so busy that they are not scheduled: 200 ms were not always enough.
const stopTimeout = 3 * time.Second

// awaitStopped waits until all processes of a namespace have stopped after SIGSTOP was
// sent to them.
//
// Suppose a process is in fork(2) when SIGSTOP and soon after SIGCONT arrive. The new
// process inherits the SIGSTOP but not the SIGCONT, because the kernel discards a SIGCONT
// without a handler before it looks for such forks. The new process would stay stopped.
func (s *supervisor) awaitStopped() {
	if !s.request.Namespaces {
		return
	}

	deadline := time.Now().Add(stopTimeout)
	for pause := 20 * time.Microsecond; ; pause *= 2 {
		stopped := true
		Descendants(os.Getpid(), func(pid int) {
			stopped = stopped && !mayFork(pid)
		})
		if stopped || time.Now().After(deadline) {
			return
		}
		time.Sleep(pause)
	}
}

// mayFork reports whether a process is in a state in which it may be in fork(2).
func mayFork(pid int) bool {
	stat := read("/proc/" + strconv.Itoa(pid) + "/stat")
	end := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	if end < 0 || end+2 >= len(stat) {
		return false // it has ended
	}
	state := stat[end+2]
	return state == 'R' || state == 'S'
}

// killDescendants kills every descendant of this process, and returns when all have
// ended. It stops them first, so that none forks while others are killed. mu must be
// held.
func (s *supervisor) killDescendants() {
	s.signalDescendants(syscall.SIGSTOP)
	for range maxPasses {
		s.signalDescendants(syscall.SIGKILL)

		// When a process ends, its children become this process's. Reap until there
		// are none.
		for {
			_, err := syscall.Wait4(-1, nil, 0, nil)
			if err == syscall.ECHILD {
				return
			}
			if err != nil && err != syscall.EINTR {
				break
			}
			s.signalDescendants(syscall.SIGKILL)
		}
	}
}
