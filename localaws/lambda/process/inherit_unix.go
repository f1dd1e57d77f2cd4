//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// CloseInheritedOnExec marks every file descriptor of this process above standard
// error close-on-exec, so that no program that is started later gets one. Go opens
// its own files that way, but a shell may have passed on others: of any file, pipe or
// socket. Descriptors for a program, such as those in exec.Cmd.ExtraFiles, reach it
// all the same.
//
// It finds the descriptors in /dev/fd. A system that lists only the first three there,
// such as FreeBSD without fdescfs, keeps the others open.
func CloseInheritedOnExec() error {
	// A process that is about to be replaced by another program may have cleared the
	// mark of a descriptor under this lock.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()

	dir, err := os.Open("/dev/fd")
	if err != nil {
		return fmt.Errorf("list open files: %w", err)
	}

	names, err := dir.Readdirnames(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return fmt.Errorf("list open files: %w", err)
	}

	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			syscall.CloseOnExec(fd) // no effect on one that was closed meanwhile
		}
	}

	return nil
}
