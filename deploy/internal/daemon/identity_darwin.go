package daemon

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// processIdentity returns what distinguishes the process from every other that had,
// or will have, the same id: the time at which it started. A program that takes the place
// of another in its process keeps it. It returns "" where there is no such process.
func processIdentity(pid int) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(info.Proc.P_pid) != pid {
		return ""
	}
	started := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", started.Sec, started.Usec)
}
