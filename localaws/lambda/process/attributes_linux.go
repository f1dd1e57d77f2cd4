package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes puts the child in a group of its own and ties its life to ours.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit bounds a child's open files, and keeps it from writing its memory to disk.
// Both fail only for a child that is gone already, or one with less than that: a
// limit is lowered here, never raised.
func limit(pid int) {
	_ = unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: OpenFiles, Max: OpenFiles}, nil)
	_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}
