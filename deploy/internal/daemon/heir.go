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

// heirVariable tells a program that took the place of one that served the folder
// which of its files is the lock.
const heirVariable = "RELIABLEQ_HEIR"

// maxWill bounds what is handed on, in bytes.
const maxWill = 16 << 20

// Become replaces this process by a program that serves the folder in its stead,
// under the same process id and without letting go of the folder between: whoever
// looks sees it served. The program gets will from [Folder.Inherit]. Become returns
// only when it has failed.
func (r *Registration) Become(c Command, will []byte) error {
	if err := r.lock.Truncate(0); err != nil {
		return fmt.Errorf("write down what to hand on: %w", err)
	}
	if _, err := r.lock.WriteAt(will, 0); err != nil {
		return fmt.Errorf("write down what to hand on: %w", err)
	}
	env := c.Env
	if env == nil {
		env = os.Environ()
	}
	fd := int(r.lock.Fd())
	// No child may be made while the lock would go to it.
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("hand the lock on: %w", err)
	}
	err := syscall.Exec(c.Path, append([]string{os.Args[0]}, c.Args...), append(env, heirVariable+"="+strconv.Itoa(fd)))
	unix.CloseOnExec(fd)
	return fmt.Errorf("become %s: %w", c.Path, err)
}

// Inherit answers the claim that another program held when it became this one with
// [Registration.Become], and its will; or nil when this process was started in
// another way.
func (f Folder) Inherit() (*Registration, []byte, error) {
	text, some := os.LookupEnv(heirVariable)
	if !some {
		return nil, nil, nil
	}
	if err := os.Unsetenv(heirVariable); err != nil {
		return nil, nil, fmt.Errorf("forget %s: %w", heirVariable, err)
	}
	fd, err := strconv.Atoi(text)
	if err != nil || !f.isLock(fd) {
		return nil, nil, nil // somebody else's, and left alone
	}
	unix.CloseOnExec(fd)
	lock := os.NewFile(uintptr(fd), f.alive())
	// The place in the file came along with it, from an earlier reading.
	will, err := io.ReadAll(io.NewSectionReader(lock, 0, maxWill))
	if err == nil {
		err = lock.Truncate(0)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read what was handed on: %w", err), lock.Close())
	}
	return &Registration{folder: f, lock: lock}, will, nil
}

// isLock reports whether an open file of this process is the folder's lock.
func (f Folder) isLock(fd int) bool {
	var theirs, ours unix.Stat_t
	return unix.Fstat(fd, &theirs) == nil && unix.Stat(f.alive(), &ours) == nil && theirs.Dev == ours.Dev && theirs.Ino == ours.Ino
}
