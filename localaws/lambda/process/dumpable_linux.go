package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// MakeUndumpable hides this process's environment and memory from other processes of
// its user, root excepted. It is for a server without isolation: an undumpable
// process cannot make user namespaces.
func MakeUndumpable() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("make this process undumpable: %w", err)
	}
	return nil
}
