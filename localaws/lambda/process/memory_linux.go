package process

import (
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// walkEvery is how often the tree of descendants is read at most. It takes a tenth
// of a millisecond, which would be felt if each invocation did.
const walkEvery = 10 * time.Millisecond

// usage is the last measurement of a child's memory.
type usage struct {
	program int   // the program's process id, which is known after the first walk
	others  int64 // bytes that its descendants have held
	walked  time.Time
}

// Memory is the most memory in bytes that the program and its descendants have
// held at once or, for short spikes of one that has ended, nearly so: the sum of
// each one's peak resident set. Descendants that left the program's process group
// or session count; they are looked at every 10 ms at most. Memory must not be
// called by two goroutines at once.
func (c *Child) Memory() int64 {
	if c.ended() {
		return 0
	}
	u := &c.system.usage
	if now := time.Now(); now.Sub(u.walked) >= walkEvery {
		u.walked, u.program, u.others = now, 0, 0
		supervisor.Descendants(c.PID(), func(pid int) {
			if u.program == 0 {
				u.program = pid // the supervisor's oldest child
				return
			}
			u.others += supervisor.PeakMemory(pid)
		})
	}
	return supervisor.PeakMemory(u.program) + u.others
}
