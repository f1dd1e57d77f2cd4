// Package store makes the state of the embedded AWS durable.
//
// Services hold their state in memory, in their own data structures, and write each
// change through a [Batch]: puts and deletes of keys in tables. A store made by [Memory]
// drops them; a store made by [Open] writes them to disk. After a restart a service reads
// its tables with [Store.Scan]. A start takes time in proportion to the live state.
//
// # Order
//
// Batches take effect in the order of the calls of [Batch.Apply], each as a whole or not
// at all: if a batch survives a crash, so do all before it. A service calls Apply while it
// holds the lock that guards the changed state, and [Commit.Wait] after it has released
// the lock and before it responds. So many waiting requests share one sync of the disk.
//
// # Failure
//
// When the disk is full or fails, Wait returns an error for every batch that is not
// durable, and the store refuses all later batches; [Store.Err] returns the reason.
// Everything that was acknowledged is on the disk and is read at the next start. A store
// does not recover without a restart.
package store

// Table is the name of a set of keys, such as "sqs/message". Equal keys in different
// tables are different keys. A name must not contain a NUL byte.
type Table string

// Store is a durable store of tables. Its methods are safe for concurrent use.
type Store struct {
	disk *disk // nil in memory
}

// Memory returns a store that drops every batch.
func Memory() *Store { return &Store{} }

// Durable reports whether batches survive the process. A service need not encode values
// for a store that drops them.
func (s *Store) Durable() bool { return s.disk != nil }

// Err returns the reason why the store refuses batches, or nil.
func (s *Store) Err() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.err()
}

// Scan calls f with every key of a table that begins with prefix, in the order of keys,
// until f returns an error, and returns that error. f must not retain value.
func (s *Store) Scan(table Table, prefix string, f func(key string, value []byte) error) error {
	if s.disk == nil {
		return nil
	}
	return s.disk.scan(table, prefix, f)
}

// Close ends the store when all applied batches are durable.
func (s *Store) Close() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.close()
}
