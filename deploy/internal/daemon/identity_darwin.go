package daemon

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// processIdentity returns a string that no other process with the same id ever had or
// will have: the process's start time. It does not change when the process executes
// another program. It is "" where there is no such process.
func processIdentity(pid int) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(info.Proc.P_pid) != pid {
		return ""
	}
	started := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", started.Sec, started.Usec)
}
