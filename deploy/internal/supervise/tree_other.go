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

// becomeSubreaper does nothing: only Linux has subreapers.
func becomeSubreaper() {}

// killDescendants does nothing: without a subreaper, descendants outside of the process
// group cannot be found.
func killDescendants() {}
