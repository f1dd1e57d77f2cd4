//go:build unix

package localaws

import (
	"math"
	"syscall"
)

// descriptorLimit returns how many file descriptors this process may have open, or
// 0 if that is unknown. Go raises the soft limit to the hard one at start.
func descriptorLimit() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return int(min(l.Cur, math.MaxInt32))
}
