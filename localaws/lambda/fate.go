package lambda

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// FaultKind is what is to befall one invocation.
type FaultKind uint8

const (
	// NoFault invocations run as they are.
	NoFault FaultKind = iota
	// CrashBefore ends the function before it has begun its work.
	CrashBefore
	// CrashDuring ends it in the middle: a Go value at one of its calls of the
	// embedded AWS, a process after a time.
	CrashDuring
	// CrashAfter ends it once its work is done, and loses its answer.
	CrashAfter
	// TimeOut has the work done and the answer come too late.
	TimeOut
	// OutOfMemory is CrashAfter with the words of a process that used more
	// memory than it may.
	OutOfMemory
	// LeakMemory leaves MB of memory behind in the environment, and ends the
	// invocation and its environment with which that is too much.
	LeakMemory
)

// InjectedFault is what is to befall one invocation. Its zero value is nothing.
type InjectedFault struct {
	// Kind is what.
	Kind FaultKind
	// Calls is how many calls of the embedded AWS a Go value makes before the
	// one at which CrashDuring ends it.
	Calls int
	// Served says that this last call takes effect.
	Served bool
	// After is the machine time after which CrashDuring ends a process.
	After time.Duration
	// MB is how much memory LeakMemory leaves behind, in megabytes.
	MB int
}

// exitReason is the end of the process in the words of an error.
func (f InjectedFault) exitReason() string {
	if f.Kind == OutOfMemory {
		return "signal: killed"
	}
	return "exit status 1"
}

// chooseFault asks what is to befall an invocation.
func (s *Service) chooseFault(a *admission) InjectedFault {
	if s.opts.InjectFault == nil {
		return InjectedFault{}
	}
	return s.opts.InjectFault(a.fn.account, a.fn.region, a.fn.name)
}

// invokeWithFault runs an admitted invocation as its fate will have it, and reports
// whether the environment has survived.
func (s *Service) invokeWithFault(f InjectedFault, w *environment, a *admission, answered func(sandbox.Outcome)) (sandbox.Report, bool) {
	crashed := sandbox.Crashed(a.inv.RequestID, f.exitReason())
	lost := func(sandbox.Outcome) {}
	rep := sandbox.Report{RequestID: a.inv.RequestID, MemoryMB: a.version.MemorySize}
	switch f.Kind {
	case NoFault:
		return w.Invoke(s.ctx, a.inv, answered), true
	case LeakMemory:
		a.inv.LeakMB = f.MB
		rep = w.Invoke(s.ctx, a.inv, answered)
		return rep, rep.Status != sandbox.Error
	case CrashBefore:
	case CrashDuring:
		ctx := s.ctx
		if w.code == nil {
			ctx = sandbox.WithDoom(ctx, f.Calls, f.Served)
		} else {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, f.After)
			defer cancel()
		}

		rep = w.Invoke(ctx, a.inv, lost)
	case CrashAfter, OutOfMemory:
		rep = w.Invoke(s.ctx, a.inv, lost)
	case TimeOut:
		limit := seconds(a.version.Timeout)
		end := time.Now().Add(limit)
		rep = w.Invoke(s.ctx, a.inv, lost)
		s.waitUntil(end)
		rep.Status = sandbox.Timeout
		rep.Duration = limit
		answered(sandbox.TimedOut(a.inv.RequestID, limit))
		return rep, false
	}

	rep.Status = sandbox.Error
	rep.ErrorType = "Runtime.ExitError"
	answered(crashed)
	return rep, false
}

// waitUntil waits, in machine time, for the end of a timeout that nobody heeds. Where
// handlers run as events of the clock it is part of the invocation's time already.
func (s *Service) waitUntil(end time.Time) {
	if s.opts.SimulatedDuration != nil {
		return
	}
	timer := time.NewTimer(time.Until(end))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}
