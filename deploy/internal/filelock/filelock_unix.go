//go:build unix

package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Try locks f for this open file alone. It does not wait: it returns ErrHeld where the
// lock is held.
func Try(f *os.File) error { return flock(f, unix.LOCK_EX) }

// TryShared locks f against Try, but not against other calls of TryShared. It does not
// wait: it returns ErrHeld where Try holds the lock.
func TryShared(f *os.File) error { return flock(f, unix.LOCK_SH) }

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrHeld
		}
		return err
	}
}
