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

// spareDescriptors is how many file descriptors a store keeps for itself. A memtable
// that is written out opens a log, a table and a directory, and a compaction a few
// tables more.
const spareDescriptors = 16

// Waits between attempts to open a file while the process is out of descriptors.
const (
	firstDescriptorWait = 5 * time.Millisecond
	lastDescriptorWait  = 250 * time.Millisecond
)

// noDescriptors reports whether an operation failed because the process or the
// machine has no file descriptor left. That passes when some are closed.
func noDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// patientFS is a file system that never fails for lack of file descriptors. It gives
// up descriptors that it has kept in reserve, and then waits until there are some.
// Pebble would take the error for a fault of the disk, after which the store takes
// no more changes.
type patientFS struct {
	vfs.FS
	logger *slog.Logger
	done   chan struct{} // closed when nothing is waited for any more
	close  sync.Once

	mu    sync.Mutex
	spare []*os.File // open files that stand for descriptors
	want  int        // how many spare should hold
}

// newPatientFS returns fs with n descriptors in reserve.
func newPatientFS(fs vfs.FS, n int, logger *slog.Logger) *patientFS {
	p := &patientFS{FS: fs, logger: logger, done: make(chan struct{}), want: n}
	for range n {
		p.refill()
	}
	return p
}

// refill opens one more spare descriptor if one is missing and there is one.
func (p *patientFS) refill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spare) >= p.want {
		return
	}
	if f, err := os.Open(os.DevNull); err == nil {
		p.spare = append(p.spare, f)
	}
}

// release closes one spare descriptor, and reports whether there was one.
func (p *patientFS) release() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.spare) - 1
	if last < 0 {
		return false
	}
	_ = p.spare[last].Close() // of /dev/null
	p.spare = p.spare[:last]
	return true
}

// stop ends all waiting, and closes the spare descriptors.
func (p *patientFS) stop() {
	p.close.Do(func() { close(p.done) })
	p.mu.Lock()
	p.want = 0
	p.mu.Unlock()
	for p.release() {
	}
}

// patiently calls f until it does not fail for lack of descriptors.
func patiently[T any](p *patientFS, name string, f func() (T, error)) (T, error) {
	wait := firstDescriptorWait
	var warned bool
	for {
		got, err := f()
		if !noDescriptors(err) {
			p.refill()
			return got, err
		}
		if p.release() {
			continue
		}
		if !warned {
			warned = true
			p.logger.Warn("the process is out of file descriptors; the store waits until some are closed",
				slog.String("file", name), slog.Any("error", err))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.done:
			timer.Stop()
			return got, err
		}
		wait = min(2*wait, lastDescriptorWait)
	}
}

// Create implements vfs.FS.
func (p *patientFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return patiently(p, name, func() (vfs.File, error) { return p.FS.Create(name, category) })
}

// Open implements vfs.FS.
func (p *patientFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	return patiently(p, name, func() (vfs.File, error) { return p.FS.Open(name, opts...) })
}

// OpenReadWrite implements vfs.FS.
func (p *patientFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return patiently(p, name, func() (vfs.File, error) { return p.FS.OpenReadWrite(name, category, opts...) })
}

// OpenDir implements vfs.FS.
func (p *patientFS) OpenDir(name string) (vfs.File, error) {
	return patiently(p, name, func() (vfs.File, error) { return p.FS.OpenDir(name) })
}

// ReuseForWrite implements vfs.FS. A rename that has happened is not repeated: the
// file is then only opened.
func (p *patientFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return patiently(p, newname, func() (vfs.File, error) {
		if _, err := p.FS.Stat(oldname); errors.Is(err, os.ErrNotExist) {
			return p.FS.OpenReadWrite(newname, category)
		}
		return p.FS.ReuseForWrite(oldname, newname, category)
	})
}

// Lock implements vfs.FS.
func (p *patientFS) Lock(name string) (io.Closer, error) {
	return patiently(p, name, func() (io.Closer, error) { return p.FS.Lock(name) })
}

// List implements vfs.FS.
func (p *patientFS) List(dir string) ([]string, error) {
	return patiently(p, dir, func() ([]string, error) { return p.FS.List(dir) })
}

// RemoveAll implements vfs.FS.
func (p *patientFS) RemoveAll(name string) error {
	_, err := patiently(p, name, func() (struct{}, error) { return struct{}{}, p.FS.RemoveAll(name) })
	return err
}

// Unwrap implements vfs.FS.
func (p *patientFS) Unwrap() vfs.FS { return p.FS }
