package sqsbatch

import (
	"sync/atomic"
	"time"
)

// pace remembers how long messages take: the longest lately. Each faster one
// lets it forget an eighth, so that one slow start does not count for ever.
type pace struct{ longest atomic.Int64 }

func (p *pace) learn(took time.Duration) {
	for {
		old := p.longest.Load()
		next := max(int64(took), old-old/8)
		if p.longest.CompareAndSwap(old, next) {
			return
		}
	}
}

func (p *pace) expect() time.Duration { return time.Duration(p.longest.Load()) }
