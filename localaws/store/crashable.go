package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrAbandoned is the reason why a store refuses batches after [Store.Abandon].
var ErrAbandoned = errors.New("store was abandoned")

// Crashable is a disk in memory, for simulations of crashes; see Options.Crashable. When
// a store on it is abandoned, all batches that were applied before are durable, and
// nothing else is. The next store that is opened on it reads them. So the content depends
// on the batches alone, and a simulation can be repeated. It is for one store at a time.
type Crashable struct {
	// Next, unless it is nil, is called before each batch is applied, by the
	// goroutine that applies it, which may hold locks. If it abandons the store, that
	// batch is lost.
	Next func()

	fs *vfs.MemFS
}

// NewCrashable returns an empty disk.
func NewCrashable() *Crashable { return &Crashable{fs: vfs.NewCrashableMem()} }

// Abandon leaves the store as the end of the process would: it refuses all further
// batches and tidies nothing up. Close then releases the resources of the store.
func (s *Store) Abandon() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.abandon()
}

// abandon makes the store refuse all further batches, without a log line. Applied batches
// may become durable or not. On a crashable disk they do, and nothing written later
// remains.
func (d *disk) abandon() error {
	if !d.failure.CompareAndSwap(nil, &errAbandoned) || d.crashable == nil {
		return nil
	}
	// An empty synced write makes everything before it durable.
	if err := d.db.LogData(nil, pebble.Sync); err != nil {
		return fmt.Errorf("make applied batches durable: %w", err)
	}
	// Continue with a copy: writes in progress go to the old disk.
	d.crashable.fs = d.crashable.fs.CrashClone(vfs.CrashCloneCfg{})
	return nil
}

// errAbandoned is ErrAbandoned in a variable whose address cannot be changed by others.
var errAbandoned = ErrAbandoned
