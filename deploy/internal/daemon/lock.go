package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// errHeld means that another process has the lock.
var errHeld = errors.New("another process holds the lock")

// lockTimeout is how long to try for a lock that isHeld may hold for an instant.
const lockTimeout = 500 * time.Millisecond

// hold locks path until the file is closed, or returns errHeld.
func hold(path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	f, err := wait(ctx, path)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, errHeld
	}
	return f, err
}

// wait is hold, but waits until another process releases the lock or ctx ends.
func wait(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}

	// flock with a timeout does not exist: try again until ctx ends.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()

	for {
		err := flock(f, unix.LOCK_EX)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(err, f.Close())
		}

		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		}
	}
}

// isHeld reports whether some process holds the lock on path.
func isHeld(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()

	err = flock(f, unix.LOCK_SH)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}

	return false, err
}

// flock tries once to lock f.
func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
