package policy

import "sync"

// maxCached bounds a cache; texts come from outside.
const maxCached = 4096

// Cache remembers documents by their text, for policies that are looked at with
// every request. The zero value is ready, and safe for concurrent use.
type Cache struct {
	mu   sync.RWMutex
	docs map[cacheKey]cached
}

type cacheKey struct {
	text string
	kind Kind
}

type cached struct {
	doc *Document
	err error
}

// Parse is [Parse] with a memory.
func (c *Cache) Parse(text string, kind Kind) (*Document, error) {
	key := cacheKey{text, kind}
	c.mu.RLock()
	got, ok := c.docs[key]
	c.mu.RUnlock()
	if ok {
		return got.doc, got.err
	}
	got.doc, got.err = Parse(text, kind)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.docs == nil || len(c.docs) >= maxCached {
		c.docs = map[cacheKey]cached{}
	}
	c.docs[key] = got
	return got.doc, got.err
}
