package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Sizes of Pebble's tree. They are small, for a laptop: the content is also in the
// memory of the services, and is read from disk once, at the start.
const (
	memTable  = 4 << 20 // also the size of a log file
	memTables = 3       // writes block while more wait for the disk
	cacheSize = 1 << 20
	openFiles = 64
)

// openPebble opens the tree. It uses the newest format because the log of that format
// distinguishes a torn end, which is normal after a crash, from damage before the last
// sync, which is not.
func (d *disk) openPebble(dir string, fs vfs.FS, create bool) (db *pebble.DB, err error) {
	defer d.recoverPanic(&err)

	o := &pebble.Options{
		ErrorIfNotExists:            !create, // a store that has lost its files is damaged, not new
		FS:                          fs,
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      pebbleLogger{d},
		MemTableSize:                memTable,
		MemTableStopWritesThreshold: memTables,
		CacheSize:                   cacheSize,
		MaxOpenFiles:                openFiles,
		L0CompactionThreshold:       4, // with 2, compaction is a fifth of all work; with 8, deleted messages occupy space for long
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               16 << 20,
		EventListener:               &pebble.EventListener{BackgroundError: d.backgroundError},
	}

	o.Experimental.NumDeletionsThreshold = 1000 // queues delete most of what they store: free the space soon
	db, err = pebble.Open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("%w or unreadable: %w", ErrDamaged, err)
	}
	return db, nil
}

// backgroundError makes the store fail when Pebble cannot write its tables. Pebble would
// try again while more and more batches wait in memory.
func (d *disk) backgroundError(err error) { d.fail(fmt.Errorf("write in the background: %w", err)) }

// create makes an empty store. Pebble needs many synced steps to reach its newest format,
// so create makes the tree in memory, copies it to disk under a temporary name, and
// renames it when it is complete.
func (d *disk) create() error {
	// Make the tree in memory.
	memory := vfs.NewMem()
	tree := memory.PathJoin(dataDir, treeDir)
	if err := memory.MkdirAll(tree, 0o700); err != nil {
		return err
	}

	db, err := d.openPebble(tree, memory, true)
	if err != nil {
		return err
	}

	if err := db.Close(); err != nil {
		return fmt.Errorf("create an empty database: %w", err)
	}

	if err := writeFile(memory, memory.PathJoin(dataDir, formatFile), format); err != nil {
		return err
	}

	// Copy it to disk.
	next := d.path(dataDir + ".new")
	if err := d.fs.RemoveAll(next); err != nil {
		return err
	}

	if _, err := vfs.Clone(memory, d.fs, dataDir, next, vfs.CloneSync); err != nil {
		return fmt.Errorf("write the empty database: %w", err)
	}
	return d.rename(next, d.path(dataDir))
}
