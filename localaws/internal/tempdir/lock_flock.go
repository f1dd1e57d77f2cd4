//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tempdir

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errHeld is returned for a lock that another process has.
var errHeld = errors.New("another process holds the lock")

// lockNew makes a lock file and locks it. It returns errHeld when another process has
// taken the directory for a stale one before the lock was held, and so removes it.
func lockNew(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errHeld // the directory is gone already
	}
	if err != nil {
		return nil, err
	}
	if err := lockOpen(f, func() (fs.FileInfo, error) { return os.Lstat(path) }); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lockExisting locks the lock file of a directory that another process has made.
func lockExisting(dir *os.Root) (*os.File, error) {
	info, err := dir.Lstat(lockFile)
	if err != nil {
		return nil, err
	}

	if !info.Mode().IsRegular() {
		return nil, errHeld // not made by Make: leave it
	}

	f, err := dir.OpenFile(lockFile, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}

	if err := lockOpen(f, func() (fs.FileInfo, error) { return dir.Lstat(lockFile) }); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lockOpen locks an open file. It returns errHeld when stat no longer finds the file:
// another process held the lock until it had removed the file.
func lockOpen(f *os.File, stat func() (fs.FileInfo, error)) error {
	if err := flock(f); err != nil {
		return err
	}
	locked, err := f.Stat()
	if err != nil {
		return err
	}
	if found, err := stat(); err != nil || !os.SameFile(locked, found) {
		return errHeld
	}
	return nil
}

// flock locks a file for as long as it is open. The descriptor is close-on-exec, so
// that a child does not keep the lock.
func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errHeld
		}
		return err
	}
}

// ownedByThisUser reports whether a file belongs to the user of this process.
func ownedByThisUser(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
