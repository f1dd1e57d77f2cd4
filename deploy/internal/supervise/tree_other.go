//go:build unix && !linux

package supervise

import (
	"os"
	"syscall"
)

// executable is this program.
func executable() (string, error) { return os.Executable() }

// attributes puts the program into a process group of its own.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// adoptOrphans does nothing: only Linux has subreapers.
func adoptOrphans() {}

// reap does nothing: killing the process group was all that can be done.
func reap() {}
