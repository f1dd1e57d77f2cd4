package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/filelock"
)

// lockTimeout is how long tryLock tries. Another process may hold the lock for an instant
// while it checks it with isHeld.
const lockTimeout = 500 * time.Millisecond

// tryLock locks path until the file is closed, or returns filelock.ErrHeld.
func tryLock(path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	f, err := waitForLock(ctx, path)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, filelock.ErrHeld
	}
	return f, err
}

// waitForLock is tryLock, but waits until another process releases the lock or ctx ends.
func waitForLock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}

	// A lock with a timeout does not exist: try again until ctx ends.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()

	for {
		err := filelock.Try(f)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, filelock.ErrHeld) {
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

	err = filelock.TryShared(f)
	if errors.Is(err, filelock.ErrHeld) {
		return true, nil
	}

	return false, err
}
