package sqsbatch

import (
	"sync/atomic"
	"time"
)

// pace estimates how long a message takes: as long as the slowest of the latest ones.
// Each faster message lowers the estimate by up to an eighth, so that the effect of
// one slow message decays. It is safe for concurrent use.
type pace struct{ longest atomic.Int64 }

// learn adds the duration of a message.
func (p *pace) learn(took time.Duration) {
	for {
		old := p.longest.Load()
		next := max(int64(took), old-old/8)
		if p.longest.CompareAndSwap(old, next) {
			return
		}
	}
}

// expect returns the estimate; 0 before the first message.
func (p *pace) expect() time.Duration { return time.Duration(p.longest.Load()) }
