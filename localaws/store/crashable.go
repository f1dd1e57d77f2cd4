package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrAbandoned is why a store takes no batches after [Store.Abandon].
var ErrAbandoned = errors.New("store was abandoned")

// Crashable is a disk in memory, for simulations of crashes: [Open] has its store
// there where Options.Crashable says so. A store on it that is abandoned has lost
// all that was not in line by then, and the next one that is opened finds the
// rest. What is found follows from the batches alone, so that a simulation can be
// repeated. It is for one store at a time.
type Crashable struct {
	// Next, unless it is nil, is called before each batch gets in line, by whoever
	// applies it, perhaps with locks held. A store that it abandons loses that
	// batch.
	Next func()

	fs *vfs.MemFS
}

// NewCrashable makes an empty disk.
func NewCrashable() *Crashable { return &Crashable{fs: vfs.NewCrashableMem()} }

// Abandon leaves the store as the end of the process would: nothing gets in line
// any more and nothing is put in order. Close then lets go of what the store holds.
func (s *Store) Abandon() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.abandon()
}

// abandon makes the store refuse all further batches, without a word. What is in
// line becomes durable or does not, but on a crashable disk: there it does, and
// what comes after it leaves no trace.
func (d *disk) abandon() error {
	if !d.failure.CompareAndSwap(nil, &errAbandoned) || d.crashable == nil {
		return nil
	}
	if err := d.db.LogData(nil, pebble.Sync); err != nil {
		return fmt.Errorf("make durable what is in line: %w", err)
	}
	d.crashable.fs = d.crashable.fs.CrashClone(vfs.CrashCloneCfg{})
	return nil
}

// errAbandoned can be pointed at.
var errAbandoned = ErrAbandoned
