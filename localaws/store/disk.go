package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrClosed is the reason why a closed store refuses batches.
var ErrClosed = errors.New("store is closed")

// Options are the options of Open.
type Options struct {
	// Logger is the logger for errors; nil discards them.
	Logger *slog.Logger
	// FS is the file system; nil means the machine's. Others are for tests of disks
	// that fail.
	FS vfs.FS
	// Crashable is a disk to open the store on in place of FS, for simulations.
	Crashable *Crashable

	ballast int64 // for tests; 0 means ballastSize
}

// closeTimeout is how long Close waits for file descriptors.
const closeTimeout = 10 * time.Second

// disk is a store on disk: a log-structured merge tree (Pebble), and files that make the
// directory the property of one server.
type disk struct {
	dir       string
	fs        vfs.FS   // waits for descriptors; does not react to a full disk
	waiting   *retryFS // the same as fs; nil on a crashable disk
	logger    *slog.Logger
	lock      io.Closer
	db        *pebble.DB
	ballast   int64      // bytes reserved for a full disk
	crashable *Crashable // the disk that fs is of, or nil

	failure atomic.Pointer[error] // why batches are refused, or nil

	mu     sync.RWMutex // held for reading while db is used
	closed bool
}

// Open opens the store in a directory, or makes one there if the directory does not
// exist. It returns ErrLocked when another server has the store open, ErrFormat when
// another version has written it, and ErrDamaged when it is incomplete.
func Open(dir string, o Options) (*Store, error) {
	d := &disk{
		dir:       dir,
		fs:        o.FS,
		logger:    o.Logger,
		ballast:   o.ballast,
		crashable: o.Crashable,
	}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}

	if d.ballast == 0 {
		d.ballast = ballastSize
	}

	// Choose the file system. Only files of the machine need file descriptors.
	switch {
	case d.crashable != nil:
		d.fs = d.crashable.fs
		d.ballast = 0 // memory is never full
	case o.FS != nil:
		d.waiting = newRetryFS(o.FS, 0, d.logger)
		d.fs = d.waiting
	default:
		d.waiting = newRetryFS(vfs.Default, spareDescriptors, d.logger)
		d.fs = d.waiting
	}

	if err := d.open(); err != nil {
		d.stopWaiting()
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return &Store{disk: d}, nil
}

// stopWaiting closes the spare descriptors. From now on a lack of descriptors is an
// error.
func (d *disk) stopWaiting() {
	if d.waiting != nil {
		d.waiting.stop()
	}
}

// open opens the directory.
func (d *disk) open() error {
	if err := d.makeDir(d.dir); err != nil {
		return err
	}
	if err := d.takeLock(); err != nil {
		return err
	}
	if err := d.openData(); err != nil {
		return errors.Join(err, d.lock.Close())
	}
	return nil
}

// openData opens the data. In a new directory it makes them first.
func (d *disk) openData() error {
	_, err := d.fs.Stat(d.path(dataDir))
	if errors.Is(err, os.ErrNotExist) {
		err = d.create()
	}

	if err != nil {
		return err
	}

	// Check everything before Pebble writes to the directory.
	if err := d.checkFormat(); err != nil {
		return err
	}

	if err := d.makeBallast(); err != nil {
		return err
	}

	d.db, err = d.openPebble(d.path(dataDir, treeDir), vfs.OnDiskFull(d.fs, d.diskFull), false)
	return err
}

// err returns why batches are refused, or nil.
func (d *disk) err() error {
	if e := d.failure.Load(); e != nil {
		return *e
	}
	return nil
}

// fail makes the store refuse all further batches. The first reason counts.
func (d *disk) fail(err error) {
	if d.failure.CompareAndSwap(nil, &err) {
		d.logger.Error("the store is read-only; what was acknowledged is safe", "dir", d.dir, "error", err)
	}
}

// apply adds a batch to the log. Batches take effect in the order of the calls: Pebble
// assigns sequence numbers and writes its log under one lock (commitPipeline.prepare).
func (d *disk) apply(b *pebble.Batch) (err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()

	// A simulation may abandon the store at this batch.
	if d.crashable != nil && d.crashable.Next != nil && d.err() == nil {
		d.crashable.Next()
	}

	if err := d.err(); err != nil {
		return fmt.Errorf("store has failed: %w", err)
	}

	if d.closed {
		return ErrClosed
	}

	defer d.recoverPanic(&err)
	return d.db.ApplyNoSyncWait(b, pebble.Sync)
}

// wait waits until b is durable.
func (d *disk) wait(b *pebble.Batch) error {
	if err := b.SyncWait(); err != nil {
		d.fail(fmt.Errorf("write a batch: %w", err))
		return fmt.Errorf("make a batch durable: %w", err)
	}
	if err := b.Close(); err != nil {
		return fmt.Errorf("release a batch: %w", err)
	}
	return nil
}

// scan reads the keys of a table that begin with prefix.
func (d *disk) scan(table Table, prefix string, f func(key string, value []byte) error) (err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return ErrClosed
	}
	defer d.recoverPanic(&err)

	low, high := keyRange(table, prefix)
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: low, UpperBound: high})
	if err != nil {
		return fmt.Errorf("read %s: %w", table, err)
	}

	skip := len(table) + 1 // the NUL
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

// close writes the content of the log to a table, so that the next start has nothing to
// replay, and closes the tree. A store that has failed is left as it is: Pebble may block
// on what has failed.
func (d *disk) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}

	d.closed = true

	// Flushing needs descriptors. Do not wait for them without a limit.
	defer d.stopWaiting()
	defer time.AfterFunc(closeTimeout, d.stopWaiting).Stop()
	// An abandoned store may be closed, but not flushed.
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
