// Package store keeps what the embedded AWS has acknowledged.
//
// Services hold their state in memory, in whatever shape suits them, and write
// each effect through a [Batch]: puts and deletes of keys in tables. A store in
// memory keeps none of it; a store on disk makes it durable. After a restart a
// service reads its tables back with [Store.Scan], so that a start takes time in
// proportion to what is live.
//
// # Order
//
// Batches take effect in the order of their [Batch.Apply] calls. A service calls
// Apply while it holds the lock that guards the state it has changed, and
// [Commit.Wait] after it has let go of it and before it answers: many waiting
// requests then share one sync of the disk.
package store

// Table names a set of keys, such as "sqs/message". Tables are separate: equal
// keys of different tables do not meet.
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
