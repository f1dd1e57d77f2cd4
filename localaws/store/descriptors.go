package store

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// spareDescriptors is how many file descriptors a store keeps in reserve. Writing a
// memtable opens a log, a table and a directory, and a compaction a few tables more.
const spareDescriptors = 16

// Waits between attempts to open a file while the process is out of descriptors.
const (
	minDescriptorWait = 5 * time.Millisecond
	maxDescriptorWait = 250 * time.Millisecond
)

// outOfDescriptors reports whether an operation failed because the process or the
// machine has no file descriptor left. That changes when others are closed.
func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// retryFS is a file system that does not fail for lack of file descriptors. It closes
// descriptors that it has in reserve, and then retries until there are some. Pebble would
// treat the error as one of the disk, and the store would become read-only.
type retryFS struct {
	vfs.FS
	logger *slog.Logger
	done   chan struct{} // closed when nothing waits any longer
	close  sync.Once

	mu    sync.Mutex
	spare []*os.File // open files whose descriptors are in reserve
	want  int        // how many spare should contain
}

// newRetryFS returns fs with n descriptors in reserve.
func newRetryFS(fs vfs.FS, n int, logger *slog.Logger) *retryFS {
	r := &retryFS{
		FS:     fs,
		logger: logger,
		done:   make(chan struct{}),
		want:   n,
	}
	for range n {
		r.refill()
	}
	return r
}

// refill adds one descriptor to the reserve, if one is missing and there is one.
func (r *retryFS) refill() {
	r.mu.Lock()
	defer r.mu.Unlock()

	if len(r.spare) >= r.want {
		return
	}
	if f, err := os.Open(os.DevNull); err == nil {
		r.spare = append(r.spare, f)
	}
}

// release closes one descriptor of the reserve, and reports whether there was one.
func (r *retryFS) release() bool {
	r.mu.Lock()
	defer r.mu.Unlock()

	last := len(r.spare) - 1
	if last < 0 {
		return false
	}
	_ = r.spare[last].Close() // of /dev/null
	r.spare = r.spare[:last]
	return true
}

// stop ends all waiting, and closes the reserve.
func (r *retryFS) stop() {
	r.close.Do(func() { close(r.done) })
	r.mu.Lock()
	r.want = 0
	r.mu.Unlock()
	for r.release() {
	}
}

// retry calls f until it does not fail for lack of descriptors. name is the file's.
func retry[T any](r *retryFS, name string, f func() (T, error)) (T, error) {
	wait := minDescriptorWait
	var warned bool
	for {
		got, err := f()
		if !outOfDescriptors(err) {
			r.refill()
			return got, err
		}
		// Use the reserve first.
		if r.release() {
			continue
		}

		// Wait, a little longer each time.
		if !warned {
			warned = true
			r.logger.Warn("the process is out of file descriptors; the store waits until some are closed",
				"file", name, "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-r.done:
			timer.Stop()
			return got, err
		}
		wait = min(2*wait, maxDescriptorWait)
	}
}

// Create implements vfs.FS.
func (r *retryFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return retry(r, name, func() (vfs.File, error) { return r.FS.Create(name, category) })
}

// Open implements vfs.FS.
func (r *retryFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	return retry(r, name, func() (vfs.File, error) { return r.FS.Open(name, opts...) })
}

// OpenReadWrite implements vfs.FS.
func (r *retryFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return retry(r, name, func() (vfs.File, error) { return r.FS.OpenReadWrite(name, category, opts...) })
}

// OpenDir implements vfs.FS.
func (r *retryFS) OpenDir(name string) (vfs.File, error) {
	return retry(r, name, func() (vfs.File, error) { return r.FS.OpenDir(name) })
}

// ReuseForWrite implements vfs.FS. It renames a file and opens it. If the rename has
// succeeded, a retry only opens the file.
func (r *retryFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return retry(r, newname, func() (vfs.File, error) {
		if _, err := r.FS.Stat(oldname); errors.Is(err, os.ErrNotExist) {
			return r.FS.OpenReadWrite(newname, category)
		}
		return r.FS.ReuseForWrite(oldname, newname, category)
	})
}

// Lock implements vfs.FS.
func (r *retryFS) Lock(name string) (io.Closer, error) {
	return retry(r, name, func() (io.Closer, error) { return r.FS.Lock(name) })
}

// List implements vfs.FS.
func (r *retryFS) List(dir string) ([]string, error) {
	return retry(r, dir, func() ([]string, error) { return r.FS.List(dir) })
}

// RemoveAll implements vfs.FS.
func (r *retryFS) RemoveAll(name string) error {
	_, err := retry(r, name, func() (struct{}, error) { return struct{}{}, r.FS.RemoveAll(name) })
	return err
}

// Unwrap implements vfs.FS.
func (r *retryFS) Unwrap() vfs.FS { return r.FS }
