//go:build unix

package archive

import "syscall"

// holdForks prevents this process from forking until release is called.
func holdForks() (release func()) {
	syscall.ForkLock.RLock()
	return syscall.ForkLock.RUnlock
}
