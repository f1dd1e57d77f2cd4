package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes puts the child in a group of its own and ties its life to ours.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit bounds a child's open files. It may be gone already, which is no
// concern of this.
func limit(pid int) {
	unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: OpenFiles, Max: OpenFiles}, nil)
	unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}
