package store

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// Batch collects changes that take effect together or not at all. It is for one
// goroutine, and must not be used after Apply.
type Batch struct {
	disk *disk         // nil in memory
	b    *pebble.Batch // nil until there is a change
	key  []byte        // reused for each key
}

// Batch returns an empty batch.
func (s *Store) Batch() *Batch { return &Batch{disk: s.disk} }

// Put sets a key's value. It copies both.
func (b *Batch) Put(table Table, key string, value []byte) {
	if b.disk == nil {
		return
	}
	b.key = appendKey(b.key[:0], table, key)
	_ = b.changes().Set(b.key, value, nil) // fails only for indexed batches
}

// Delete deletes a key, if it exists.
func (b *Batch) Delete(table Table, key string) {
	if b.disk == nil {
		return
	}
	b.key = appendKey(b.key[:0], table, key)
	_ = b.changes().Delete(b.key, nil) // fails only for indexed batches
}

// DeletePrefix deletes every key of a table that begins with prefix.
func (b *Batch) DeletePrefix(table Table, prefix string) {
	if b.disk == nil {
		return
	}
	low, high := keyRange(table, prefix)
	_ = b.changes().DeleteRange(low, high, nil) // fails only for indexed batches
}

// changes returns Pebble's batch, which it makes for the first change.
func (b *Batch) changes() *pebble.Batch {
	if b.b == nil {
		b.b = b.disk.db.NewBatch()
	}
	return b.b
}

// Apply adds the batch to the store's log. It does not wait for the disk.
func (b *Batch) Apply() Commit {
	if b.b == nil {
		return Commit{}
	}
	p := &pending{disk: b.disk, b: b.b}
	b.b = nil
	p.err = p.disk.apply(p.b)
	return Commit{p}
}

// Commit is an applied batch. The zero value stands for a batch without changes.
type Commit struct {
	p *pending
}

// pending is an applied batch that may not be durable yet.
type pending struct {
	disk *disk
	b    *pebble.Batch
	once sync.Once
	err  error // of Apply, then of Wait
}

// Wait waits until the batch is durable, or returns the reason why it will never be.
// After an error the store refuses further batches, because memory and disk may differ.
// Any number of goroutines may wait for one commit.
func (c Commit) Wait() error {
	if c.p == nil {
		return nil
	}
	c.p.once.Do(c.p.wait)
	return c.p.err
}

func (p *pending) wait() {
	if p.err != nil {
		return // it was not applied
	}
	p.err = p.disk.wait(p.b)
}
