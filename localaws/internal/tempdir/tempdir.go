// Package tempdir makes directories below the system's directory for temporary
// files that do not stay there for good when their process is killed.
//
// A process holds a lock on a file in each directory that it makes, and the
// operating system releases the lock when the process ends, however it ends.
// [RemoveStale] removes the directories of this user that no process holds.
package tempdir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	// prefix begins the name of every directory.
	prefix = "localaws-"
	// lockFile is locked as long as the directory is in use.
	lockFile = "LOCK"
)

// Dir is a temporary directory. Remove it when it is no longer needed.
type Dir struct {
	path string
	lock *os.File // nil where the system has no locks
}

// attempts bounds how often Make starts again because another process took the new
// directory for a stale one.
const attempts = 10

// Make makes a directory whose name contains purpose, and locks it.
func Make(purpose string) (*Dir, error) {
	for range attempts {
		path, err := os.MkdirTemp("", prefix+purpose)
		if err != nil {
			return nil, fmt.Errorf("make a temporary directory: %w", err)
		}

		// Another process may see the new directory before it is locked.
		lock, err := lockNew(filepath.Join(path, lockFile))
		if errors.Is(err, errHeld) {
			continue // it is being removed
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock a temporary directory: %w", err), os.RemoveAll(path))
		}
		return &Dir{path: path, lock: lock}, nil
	}

	return nil, errors.New("make a temporary directory: other processes removed it before it could be locked")
}

// Path returns the directory's path.
func (d *Dir) Path() string { return d.path }

// Remove removes the directory and everything in it, and releases the lock.
func (d *Dir) Remove() error {
	err := os.RemoveAll(d.path)
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
	}
	return err
}

// RemoveStale removes the directories of this user whose processes have ended
// without a call of Remove.
//
// Other users can create names in the system's directory for temporary files. A
// directory is removed only if it belongs to this user and its lock file, which Make
// has written, can be locked. No symbolic link leads out of what is removed.
func RemoveStale() error {
	parent, err := os.OpenRoot(os.TempDir())
	if err != nil {
		return fmt.Errorf("open the directory for temporary files: %w", err)
	}
	defer func() { _ = parent.Close() }() // nothing was written through it

	// Look at the directories whose names have the prefix.
	listing, err := parent.Open(".")
	if err != nil {
		return fmt.Errorf("list the directory for temporary files: %w", err)
	}

	names, err := listing.Readdirnames(-1)
	errs := []error{err, listing.Close()}

	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			errs = append(errs, removeIfStale(parent, name))
		}
	}

	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove directories of servers that were killed: %w", err)
	}
	return nil
}

// removeIfStale removes one directory if its process has ended.
func removeIfStale(parent *os.Root, name string) error {
	// Another user may have made a directory or a link with such a name.
	info, err := parent.Lstat(name)
	if err != nil || !info.IsDir() || !ownedByThisUser(info) {
		return nil // removed by its process meanwhile, or another user's
	}

	dir, err := parent.OpenRoot(name)
	if err != nil {
		return nil // removed by its process meanwhile
	}
	defer func() { _ = dir.Close() }() // nothing was written through it

	// Its process holds the lock for as long as it runs.
	lock, err := lockExisting(dir)
	if errors.Is(err, errHeld) || errors.Is(err, os.ErrNotExist) {
		return nil // in use, just being made or removed, or not made by Make
	}

	if err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	defer func() { _ = lock.Close() }() // nothing is written to a lock file

	return removeLocked(parent, dir, name)
}

// removeLocked removes a directory whose lock this process holds. The lock file goes
// last: if this process is killed meanwhile, the directory can still be found stale.
func removeLocked(parent, dir *os.Root, name string) error {
	listing, err := dir.Open(".")
	if err != nil {
		return fmt.Errorf("list %s: %w", name, err)
	}

	entries, err := listing.Readdirnames(-1)
	if err := errors.Join(err, listing.Close()); err != nil {
		return fmt.Errorf("list %s: %w", name, err)
	}

	// Remove the rest first.
	for _, entry := range entries {
		if entry == lockFile {
			continue
		}
		if err := dir.RemoveAll(entry); err != nil {
			return fmt.Errorf("empty %s: %w", name, err)
		}
	}

	return parent.RemoveAll(name)
}
