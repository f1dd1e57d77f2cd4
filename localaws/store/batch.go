package store

// disk is what a durable store is made of.
type disk struct{}

// Batch collects effects that take place together or not at all. It is for one
// goroutine, and done with after Apply.
type Batch struct {
	store *Store
}

// Batch starts an empty batch.
func (s *Store) Batch() *Batch { return &Batch{store: s} }

// Put sets a key's value. Both are copied.
func (b *Batch) Put(table Table, key string, value []byte) {}

// Delete removes a key, if it is there.
func (b *Batch) Delete(table Table, key string) {}

// DeletePrefix removes every key of a table that begins with prefix.
func (b *Batch) DeletePrefix(table Table, prefix string) {}

// Apply puts the batch in line. It does not wait for the disk.
func (b *Batch) Apply() Commit { return Commit{} }

// Commit is a batch in line.
type Commit struct{}

// Wait returns once the batch is durable, or says why it will never be. After an
// error the store takes no further batches: what memory and disk hold may differ.
func (c Commit) Wait() error { return nil }

// Scan reads every key of a table that begins with prefix, in order of key, until
// f answers an error. Key and value are f's only until it returns.
func (s *Store) Scan(table Table, prefix string, f func(key string, value []byte) error) error {
	return nil
}

// Close ends the store after what is in line has become durable.
func (s *Store) Close() error { return nil }
