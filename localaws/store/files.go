package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Files and directories in a store's directory.
const (
	lockFile    = "LOCK"    // locked while a server has the store open
	ownerFile   = "OWNER"   // the id of that server's process, for people
	ballastFile = "BALLAST" // removed when the disk is full
	dataDir     = "data"    // the store; renamed to this name when it is complete
	formatFile  = "FORMAT"  // in dataDir: the version of all this
	treeDir     = "tree"    // in dataDir: Pebble's files
)

// format is the content of the format file. A version of the store that this code cannot
// read has another number.
const format = "reliableq store 1\n"

// ballastSize is how many bytes of the disk are reserved for the case that it is full:
// enough for Pebble to finish a few log and table files.
const ballastSize = 4 * memTable

// ErrLocked is returned by Open when another server has the store open.
var ErrLocked = errors.New("another server uses this data directory")

var (
	// ErrDamaged is returned by Open when the directory does not contain a complete
	// store.
	ErrDamaged = errors.New("damaged")
	// ErrFormat is returned by Open when the store has the format of another version.
	ErrFormat = errors.New("another format")
)

// errFull is why the store refuses batches once the disk was full. Space that is freed
// later does not help: Pebble does not report what of a failed write is on the disk, so
// that only reading it again, at a start, restores a known state.
var errFull = errors.New("no space left on the disk: free some space, then restart the server")

// takeLock makes this process the directory's only user.
func (d *disk) takeLock() error {
	lock, err := d.fs.Lock(d.path(lockFile))
	if err != nil {
		owner, readErr := readFile(d.fs, d.path(ownerFile))
		if readErr != nil {
			owner = "unknown"
		}
		return fmt.Errorf("%w: it is locked by process %s (%w)", ErrLocked, strings.TrimSpace(owner), err)
	}

	// The next server that tries reports this process id.
	if err := writeFile(d.fs, d.path(ownerFile), fmt.Sprintf("%d\n", os.Getpid())); err != nil {
		return errors.Join(err, lock.Close())
	}

	d.lock = lock
	return nil
}

// checkFormat returns an error for a store that this version cannot read.
func (d *disk) checkFormat() error {
	text, err := readFile(d.fs, d.path(dataDir, formatFile))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if text != format {
		return fmt.Errorf("%w: it says %q, and this version reads %q", ErrFormat, text, format)
	}
	return nil
}

// makeDir makes a directory and its missing parents, durably.
func (d *disk) makeDir(dir string) error {
	if _, err := d.fs.Stat(dir); err == nil {
		return nil
	}

	parent := filepath.Dir(dir)
	if parent == dir {
		return nil
	}

	// A new directory is durable once its parent is synced.
	if err := d.makeDir(parent); err != nil {
		return err
	}

	if err := d.fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return d.syncDir(parent)
}

// syncDir makes the entries of a directory durable.
func (d *disk) syncDir(path string) error {
	dir, err := d.fs.OpenDir(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// makeBallast makes the ballast file, unless it exists.
func (d *disk) makeBallast() error {
	if info, err := d.fs.Stat(d.path(ballastFile)); err == nil && info.Size() == d.ballast {
		return nil
	}

	f, err := d.fs.Create(d.path(ballastFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}

	err = errors.Join(fill(f, d.ballast), f.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("reserve %d MB of disk space: %w", d.ballast>>20, err), d.fs.Remove(d.path(ballastFile)))
	}
	return nil
}

// fill makes a file n bytes long whose space is allocated: by reservation where the file
// system can, else by writing.
func fill(f vfs.File, n int64) error {
	if err := f.Preallocate(0, n); err != nil {
		return err
	}

	if reserve(f, n) {
		return nil
	}

	// Preallocate may have done it already. Else write the bytes.
	info, err := f.Stat()
	if err != nil || info.Size() == n {
		return err
	}

	block := make([]byte, min(n, 1<<20))
	for ; n > 0; n -= int64(len(block)) {
		if _, err := f.Write(block[:min(n, int64(len(block)))]); err != nil {
			return err
		}
	}

	return nil
}

// diskFull is called when a write found the disk full, before Pebble tries it once more.
// It makes the store refuse new batches, and removes the ballast so that those in
// progress can complete.
func (d *disk) diskFull() {
	d.fail(errFull)
	if err := d.fs.Remove(d.path(ballastFile)); err != nil {
		d.logger.Error("the store cannot free its reserved disk space", "error", err)
	}
}

// path returns the path of a file in the store's directory.
func (d *disk) path(names ...string) string {
	return filepath.Join(append([]string{d.dir}, names...)...)
}

// rename renames a file in the store's directory, durably.
func (d *disk) rename(from, to string) error {
	if err := d.fs.Rename(from, to); err != nil {
		return err
	}
	return d.syncDir(d.dir)
}

// writeFile writes a file. It is not durable until it is synced.
func writeFile(fs vfs.FS, path, text string) error {
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	return errors.Join(err, f.Close())
}

// readFile reads a file of up to 4 KB.
func readFile(fs vfs.FS, path string) (string, error) {
	f, err := fs.Open(path)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	return string(b), errors.Join(err, f.Close())
}
