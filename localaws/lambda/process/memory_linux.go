package process

import (
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// walkInterval is the shortest time between two walks of the tree of descendants. A
// walk takes about 0.1 ms, too much for every invocation.
const walkInterval = 10 * time.Millisecond

// usage is the last measurement of a child's memory.
type usage struct {
	program int   // the program's process id, known after the first walk
	others  int64 // bytes: the sum of the peaks of its descendants
	walked  time.Time
}

// Memory returns the memory in bytes that the program and its descendants have used: the
// sum of the peak resident set of each process. That is the most they have used at one
// time, or more if they had their peaks at different times. It is 0 after the end.
//
// Descendants in other process groups and sessions count. The list of descendants is at
// most 10 ms old. Memory must not be called by two goroutines at once.
func (c *Child) Memory() int64 {
	if c.ended() {
		return 0
	}

	u := &c.system.usage
	if now := time.Now(); now.Sub(u.walked) >= walkInterval {
		*u = usage{walked: now}
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
