// Package store keeps what the embedded AWS has acknowledged.
//
// Services hold their state in memory, in whatever shape suits them, and write
// each effect through a [Batch]: puts and deletes of keys in tables. A store in
// memory keeps none of it; a store on disk, made by [Open], makes it durable.
// After a restart a service reads its tables back with [Store.Scan], so that a
// start takes time in proportion to what is live.
//
// # Order
//
// Batches take effect in the order of their [Batch.Apply] calls, each as a whole
// or not at all: when one is found after a crash, all before it are. A service
// calls Apply while it holds the lock that guards the state it has changed, and
// [Commit.Wait] after it has let go of it and before it answers: many waiting
// requests then share one sync of the disk.
//
// # Failure
//
// When the disk is full or fails, Wait answers the error to every batch that is
// not durable, and the store refuses all that follow: [Store.Err] says why. What
// was acknowledged is on the disk and is read at the next start.
package store

// Table names a set of keys, such as "sqs/message". Tables are separate: equal
// keys of different tables do not meet. A name holds no NUL byte.
type Table string

// Store is where effects go. Its methods are safe for concurrent use.
type Store struct {
	disk *disk // nil in memory
}

// Memory makes a store that keeps nothing: what ends with the process.
func Memory() *Store { return &Store{} }

// Durable reports whether effects outlive the process. A service need not encode
// what a store in memory would drop.
func (s *Store) Durable() bool { return s.disk != nil }

// Err tells why the store takes no more batches, or nil while it does.
func (s *Store) Err() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.err()
}

// Scan reads every key of a table that begins with prefix, in order of key, until
// f answers an error. Key and value are f's only until it returns.
func (s *Store) Scan(table Table, prefix string, f func(key string, value []byte) error) error {
	if s.disk == nil {
		return nil
	}
	return s.disk.scan(table, prefix, f)
}

// Close ends the store after what is in line has become durable.
func (s *Store) Close() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.close()
}
