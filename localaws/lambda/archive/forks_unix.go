//go:build unix

package archive

import "syscall"

// holdForks keeps this process from forking until the answered function is
// called.
func holdForks() (release func()) {
	syscall.ForkLock.RLock()
	return syscall.ForkLock.RUnlock
}
