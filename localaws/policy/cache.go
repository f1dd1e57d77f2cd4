package policy

import "sync"

// maxCached is how many documents a cache holds. Their texts come from clients.
const maxCached = 4096

// Cache holds parsed documents by their text, for policies that are evaluated with
// every request. The zero value is ready to use. It is safe for concurrent use.
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

// Parse returns what the function [Parse] returns. The document is shared.
func (c *Cache) Parse(text string, kind Kind) (*Document, error) {
	key := cacheKey{text, kind}
	c.mu.RLock()
	result, ok := c.docs[key]
	c.mu.RUnlock()
	if ok {
		return result.doc, result.err
	}

	result.doc, result.err = Parse(text, kind)

	// A full cache is emptied: the texts in use are soon there again.
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.docs == nil || len(c.docs) >= maxCached {
		c.docs = map[cacheKey]cached{}
	}
	c.docs[key] = result
	return result.doc, result.err
}
