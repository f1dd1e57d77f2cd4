package gateway

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxStranger is how long the body of a caller without a known key may be, in
	// bytes. Only Query requests have theirs read at all, to see what they ask for.
	maxStranger = 64 << 10
	// strangers is how many such bodies may be read at a time.
	strangers = 64
	// drainTime is how long the body of a refused request is read and dropped.
	drainTime = 5 * time.Second

	// smallBody is the length up to which bodies of known callers are not counted.
	smallBody = 256 << 10
	// largeBodies is how many bytes of longer bodies may be read at a time, before
	// their signature is verified: whoever knows a key's id need not have the key.
	largeBodies = 256 << 20
	// reserveTime is how long a large body waits for others to be read.
	reserveTime = 30 * time.Second
)

// intake bounds the memory that bodies take before it is certain who has sent them.
// It is safe for concurrent use.
type intake struct {
	strangers atomic.Int32
	large     *semaphore.Weighted
}

func newIntake() *intake { return &intake{large: semaphore.NewWeighted(largeBodies)} }

// enterStranger takes a place for a caller without a known key, and reports whether
// there was one.
func (n *intake) enterStranger() bool {
	if n.strangers.Add(1) > strangers {
		n.strangers.Add(-1)
		return false
	}
	return true
}

func (n *intake) leaveStranger() { n.strangers.Add(-1) }

// reserve takes size bytes for the body of a caller whose key is known, and returns
// what gives them back. It waits until others have given back theirs, for a limited
// time.
func (n *intake) reserve(ctx context.Context, size int) (release func(), err error) {
	if size <= smallBody {
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, reserveTime)
	defer cancel()
	weight := int64(size)
	if err := n.large.Acquire(ctx, weight); err != nil {
		return nil, fmt.Errorf("wait for %d bytes: %w", size, err)
	}
	return func() { n.large.Release(weight) }, nil
}
