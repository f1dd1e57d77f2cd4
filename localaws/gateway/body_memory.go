package gateway

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxUnknownBody is the longest body of a caller without a known key, in bytes.
	// Only bodies of Query requests are read at all, because they name the operation.
	maxUnknownBody = 64 << 10
	// maxUnknownBodies is how many such bodies are read at the same time.
	maxUnknownBodies = 64
	// drainTimeout is how long the body of a refused request is read and discarded.
	drainTimeout = 5 * time.Second

	// smallBody is the length up to which bodies of known callers are not counted, in
	// bytes.
	smallBody = 256 << 10
	// maxLargeBodies is how many bytes of longer bodies are in memory at the same time
	// before their signature is verified: a caller that knows a key's id need not
	// have the key.
	maxLargeBodies = 256 << 20
	// reserveTimeout is how long a large body waits until others have been read.
	reserveTimeout = 30 * time.Second
)

// bodyMemory bounds the memory for bodies whose signature is not verified yet. It is
// safe for concurrent use.
type bodyMemory struct {
	unknown atomic.Int32 // bodies of callers without a known key
	large   *semaphore.Weighted
}

func newBodyMemory() *bodyMemory {
	return &bodyMemory{large: semaphore.NewWeighted(maxLargeBodies)}
}

// reserveUnknown reserves memory for the body of a caller without a known key, and
// reports whether there was some.
func (m *bodyMemory) reserveUnknown() bool {
	if m.unknown.Add(1) > maxUnknownBodies {
		m.unknown.Add(-1)
		return false
	}
	return true
}

func (m *bodyMemory) releaseUnknown() { m.unknown.Add(-1) }

// reserve reserves size bytes for the body of a request whose access key id exists, and
// returns a function that releases them. It waits for up to reserveTimeout until other
// requests have released theirs.
func (m *bodyMemory) reserve(ctx context.Context, size int) (release func(), err error) {
	if size <= smallBody {
		return func() {}, nil
	}

	ctx, cancel := context.WithTimeout(ctx, reserveTimeout)
	defer cancel()

	weight := int64(size)
	if err := m.large.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("wait for %d bytes: %w", size, err)
	}
	return func() { m.large.Release(weight) }, nil
}
