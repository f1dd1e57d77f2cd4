//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// successorVariable holds the descriptor of the lock in the environment of a program
// that replaced another one in the same process.
const successorVariable = "RELIABLEQ_LOCK_FD"

// maxState limits the state that a program passes to its successor, in bytes.
const maxState = 16 << 20

// Replace replaces the program of this process by c (exec), which continues to serve the
// directory with the same process id. The lock is never released: other processes see
// the directory as served all the time. The new program gets state from [Folder.Resume]. Replace
// returns only an error.
func (r *Registration) Replace(c Command, state []byte) error {
	// The state is passed in the lock file, which the new program inherits open.
	if err := r.lock.Truncate(0); err != nil {
		return fmt.Errorf("pass state to the restarted program: %w", err)
	}
	if _, err := r.lock.WriteAt(state, 0); err != nil {
		return fmt.Errorf("pass state to the restarted program: %w", err)
	}

	env := c.Env
	if env == nil {
		env = os.Environ()
	}

	fd := int(r.lock.Fd())

	// A child that is started while the lock is inheritable would hold it.
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("make the lock inheritable: %w", err)
	}
	err := syscall.Exec(c.Path, append([]string{os.Args[0]}, c.Args...), append(env, successorVariable+"="+strconv.Itoa(fd)))
	unix.CloseOnExec(fd)
	return fmt.Errorf("replace this program by %s: %w", c.Path, err)
}

// Resume returns the claim that this process held before [Registration.Replace], and
// the state that was passed. It returns nil in a process that was started normally.
func (f Folder) Resume() (*Registration, []byte, error) {
	text, found := os.LookupEnv(successorVariable)
	if !found {
		return nil, nil, nil
	}
	if err := os.Unsetenv(successorVariable); err != nil {
		return nil, nil, fmt.Errorf("unset %s: %w", successorVariable, err)
	}
	fd, err := strconv.Atoi(text)
	if err != nil || !f.isLock(fd) {
		return nil, nil, nil // not set by Replace: the descriptor may be in other use
	}

	unix.CloseOnExec(fd)
	lock := os.NewFile(uintptr(fd), f.lockFile())

	// The descriptor's offset was inherited too: read from the start.
	state, err := io.ReadAll(io.NewSectionReader(lock, 0, maxState))
	if err == nil {
		err = lock.Truncate(0)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read the state that the program before the restart passed: %w", err), lock.Close())
	}
	return &Registration{folder: f, lock: lock}, state, nil
}

// isLock reports whether a descriptor of this process is the directory's lock.
func (f Folder) isLock(fd int) bool {
	var theirs, ours unix.Stat_t
	return unix.Fstat(fd, &theirs) == nil && unix.Stat(f.lockFile(), &ours) == nil && theirs.Dev == ours.Dev && theirs.Ino == ours.Ino
}
