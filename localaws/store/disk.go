package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrClosed is why a closed store takes no batches.
var ErrClosed = errors.New("store is closed")

// Options says how to open a store on disk.
type Options struct {
	// Logger gets what the store has to say; nil discards it.
	Logger *slog.Logger
	// FS is the file system; nil means the machine's. Another one is for tests of
	// disks that fail.
	FS vfs.FS
	// Crashable is the disk that the store is on, for simulations; nil means FS.
	Crashable *Crashable

	ballast int64 // for tests; 0 means ballastSize
}

// closePatience is how long closing a store may wait for file descriptors.
const closePatience = 10 * time.Second

// disk is a durable store: a log-structured merge tree, with the files around it
// that make a directory one server's.
type disk struct {
	dir    string
	fs     vfs.FS // as it is, without what reacts to a full disk
	logger *slog.Logger
	lock   io.Closer
	db     *pebble.DB

	patient *patientFS // part of fs; nil on a crashable disk

	ballast   int64      // bytes kept in reserve
	crashable *Crashable // what fs is of; nil mostly

	failure atomic.Pointer[error] // why no more batches are taken

	mu     sync.RWMutex // held for reading while db is used
	closed bool
}

// Open opens the store in a directory, which it makes if need be and then owns.
// It fails when another server has the directory open, when the store is of a
// format that this version does not know, and when it is damaged.
func Open(dir string, o Options) (*Store, error) {
	d := &disk{dir: dir, fs: o.FS, logger: o.Logger, ballast: o.ballast, crashable: o.Crashable}
	if d.fs == nil {
		d.fs = vfs.Default
	}
	if d.ballast == 0 {
		d.ballast = ballastSize
	}
	if d.crashable != nil {
		d.fs, d.ballast = d.crashable.fs, 0 // memory is not full
	}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	d.keepDescriptors(o.FS == nil)
	if err := d.open(); err != nil {
		d.stopWaiting()
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return &Store{disk: d}, nil
}

// keepDescriptors makes the store wait where the process is out of descriptors, and
// keeps some in reserve where the files are the machine's.
func (d *disk) keepDescriptors(machine bool) {
	switch {
	case d.crashable != nil:
	case machine:
		d.patient = newPatientFS(d.fs, spareDescriptors, d.logger)
		d.fs = d.patient
	default:
		d.patient = newPatientFS(d.fs, 0, d.logger)
		d.fs = d.patient
	}
}

// stopWaiting gives up the descriptors in reserve; from now on a lack of them is an
// error.
func (d *disk) stopWaiting() {
	if d.patient != nil {
		d.patient.stop()
	}
}

func (d *disk) open() error {
	if err := d.makeDir(d.dir); err != nil {
		return err
	}
	if err := d.takeLock(); err != nil {
		return err
	}
	err := d.openTree()
	if err != nil {
		err = errors.Join(err, d.lock.Close())
	}
	return err
}

// openTree opens the tree, which it makes first in a new directory.
func (d *disk) openTree() error {
	_, err := d.fs.Stat(d.path(dataDir))
	if errors.Is(err, os.ErrNotExist) {
		err = d.create()
	}
	if err != nil {
		return err
	}
	if err := d.checkFormat(); err != nil {
		return err
	}
	if err := d.keepBallast(); err != nil {
		return err
	}
	d.db, err = d.openPebble(d.path(dataDir, treeDir), vfs.OnDiskFull(d.fs, d.diskFull), false)
	return err
}

// err tells why no more batches are taken.
func (d *disk) err() error {
	if e := d.failure.Load(); e != nil {
		return *e
	}
	return nil
}

// fail makes the store refuse all further batches.
func (d *disk) fail(err error) {
	if d.failure.CompareAndSwap(nil, &err) {
		d.logger.Error("the store takes no more effects; what was acknowledged is safe", slog.String("dir", d.dir), slog.Any("error", err))
	}
}

// apply puts a batch in line. The order of calls is the order of effects: pebble
// gives out sequence numbers and writes its log under one lock
// (commitPipeline.prepare).
func (d *disk) apply(b *pebble.Batch) (err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.crashable != nil && d.crashable.Next != nil && d.err() == nil {
		d.crashable.Next()
	}
	if err := d.err(); err != nil {
		return fmt.Errorf("store has failed: %w", err)
	}
	if d.closed {
		return ErrClosed
	}
	defer d.rescue(&err)
	return d.db.ApplyNoSyncWait(b, pebble.Sync)
}

// wait waits for the sync that covers b.
func (d *disk) wait(b *pebble.Batch) error {
	if err := b.SyncWait(); err != nil {
		d.fail(fmt.Errorf("write: %w", err))
		return fmt.Errorf("make effects durable: %w", err)
	}
	if err := b.Close(); err != nil {
		return fmt.Errorf("let go of a batch: %w", err)
	}
	return nil
}

// scan reads a table's keys that begin with prefix.
func (d *disk) scan(table Table, prefix string, f func(key string, value []byte) error) (err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return ErrClosed
	}
	defer d.rescue(&err)
	low, high := keyRange(table, prefix)
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: low, UpperBound: high})
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	skip := len(table) + 1
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err == nil {
			err = f(string(it.Key()[skip:]), value)
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
	}
	if err := it.Close(); err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}
	return nil
}

// close ends the store, its log turned into a table so that the next start has
// nothing to replay. A store that has failed is left as it lies: pebble may be
// stuck on what has failed.
func (d *disk) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	defer d.stopWaiting()
	defer time.AfterFunc(closePatience, d.stopWaiting).Stop()
	if err := d.err(); errors.Is(err, ErrAbandoned) {
		return errors.Join(d.db.Close(), d.lock.Close())
	} else if err != nil {
		return errors.Join(fmt.Errorf("close store: it had failed: %w", err), d.lock.Close())
	}
	if err := errors.Join(d.db.Flush(), d.db.Close(), d.lock.Close()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// rescue turns what pebble takes for fatal into an error of the call that met it.
func (d *disk) rescue(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("store broke down: %v", r)
		d.fail(*err)
	}
}

// treeLog passes pebble's messages on.
type treeLog struct{ disk *disk }

// Infof drops what is of interest to pebble's own makers.
func (l treeLog) Infof(string, ...any) {}

// Errorf logs an error that pebble deals with itself.
func (l treeLog) Errorf(format string, args ...any) {
	l.disk.logger.Warn("store: " + fmt.Sprintf(format, args...))
}

// Fatalf must not return, and must not end the process: it makes the store fail,
// and ends the call of ours or the goroutine of pebble's that met the fault.
func (l treeLog) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	l.disk.fail(err)
	if calledByUs() {
		panic(err) // rescue has it
	}
	runtime.Goexit()
}

// calledByUs reports whether a method of disk that rescues is on the stack.
func calledByUs() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		for _, name := range []string{"store.(*disk).apply", "store.(*disk).scan", "store.(*disk).openPebble"} {
			if strings.HasSuffix(f.Function, name) {
				return true
			}
		}
		if !more {
			return false
		}
	}
}
