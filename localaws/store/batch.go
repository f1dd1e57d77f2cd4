package store

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// Batch collects effects that take place together or not at all. It is for one
// goroutine, and done with after Apply.
type Batch struct {
	disk *disk         // nil in memory
	b    *pebble.Batch // nil until there is an effect
	key  []byte        // scratch
}

// Batch starts an empty batch.
func (s *Store) Batch() *Batch { return &Batch{disk: s.disk} }

// Put sets a key's value. Both are copied.
func (b *Batch) Put(table Table, key string, value []byte) {
	if b.disk == nil {
		return
	}
	b.key = appendKey(b.key[:0], table, key)
	_ = b.effects().Set(b.key, value, nil) // fails for indexed batches alone
}

// Delete removes a key, if it is there.
func (b *Batch) Delete(table Table, key string) {
	if b.disk == nil {
		return
	}
	b.key = appendKey(b.key[:0], table, key)
	_ = b.effects().Delete(b.key, nil)
}

// DeletePrefix removes every key of a table that begins with prefix.
func (b *Batch) DeletePrefix(table Table, prefix string) {
	if b.disk == nil {
		return
	}
	low, high := keyRange(table, prefix)
	_ = b.effects().DeleteRange(low, high, nil)
}

func (b *Batch) effects() *pebble.Batch {
	if b.b == nil {
		b.b = b.disk.db.NewBatch()
	}
	return b.b
}

// Apply puts the batch in line. It does not wait for the disk.
func (b *Batch) Apply() Commit {
	if b.b == nil {
		return Commit{}
	}
	p := &pending{disk: b.disk, b: b.b}
	b.b = nil
	p.err = p.disk.apply(p.b)
	return Commit{p}
}

// Commit is a batch in line. The zero Commit is one without effects.
type Commit struct {
	p *pending
}

// pending is a batch that the disk may not have yet.
type pending struct {
	disk *disk
	b    *pebble.Batch
	once sync.Once
	err  error
}

// Wait returns once the batch is durable, or says why it will never be. After an
// error the store takes no further batches: what memory and disk hold may differ.
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
		return // not in line
	}
	p.err = p.disk.wait(p.b)
}
