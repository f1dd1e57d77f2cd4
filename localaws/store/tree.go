package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Sizes of the tree. They are small, for a laptop: what a store holds is also in
// its services' memory, and is read from disk once, at the start.
const (
	memTable  = 4 << 20 // also the size of a log file
	memTables = 3       // more wait for the disk
	cacheSize = 1 << 20
	openFiles = 64
)

// openPebble opens the tree. Its newest format is asked for because its log
// tells a torn end, which is normal after a crash, from damage before the last
// sync, which is not.
func (d *disk) openPebble(dir string, fs vfs.FS, create bool) (db *pebble.DB, err error) {
	defer d.rescue(&err)
	o := &pebble.Options{
		ErrorIfNotExists:            !create, // what has lost its files is damaged, not new
		FS:                          fs,
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      treeLog{d},
		MemTableSize:                memTable,
		MemTableStopWritesThreshold: memTables,
		CacheSize:                   cacheSize,
		MaxOpenFiles:                openFiles,
		L0CompactionThreshold:       4, // with 2 a fifth of all work is compaction; with 8 deleted messages keep their space for long
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               16 << 20,
		EventListener:               &pebble.EventListener{BackgroundError: d.backgroundError},
	}
	o.Experimental.NumDeletionsThreshold = 1000 // a queue deletes what it holds: give the space back soon
	db, err = pebble.Open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("%w or unreadable: %w", ErrDamaged, err)
	}
	return db, nil
}

// backgroundError makes the store fail when pebble cannot write its tables: it
// would go on trying while more and more effects wait in memory.
func (d *disk) backgroundError(err error) { d.fail(fmt.Errorf("write in the background: %w", err)) }

// create makes an empty store: in memory first, because pebble climbs to its
// newest format in many synced steps, then on disk under a name of its own, and in
// its place when it is complete.
func (d *disk) create() error {
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
		return fmt.Errorf("make an empty tree: %w", err)
	}
	if err := writeFile(memory, memory.PathJoin(dataDir, formatFile), format); err != nil {
		return err
	}
	next := d.path(dataDir + ".new")
	if err := d.fs.RemoveAll(next); err != nil {
		return err
	}
	if _, err := vfs.Clone(memory, d.fs, dataDir, next, vfs.CloneSync); err != nil {
		return fmt.Errorf("write an empty tree: %w", err)
	}
	return d.rename(next, d.path(dataDir))
}
