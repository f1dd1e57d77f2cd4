package lambda

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// FaultKind is a kind of fault to inject into one invocation.
type FaultKind uint8

const (
	// NoFault injects nothing.
	NoFault FaultKind = iota
	// CrashBefore ends the process before the function has begun.
	CrashBefore
	// CrashDuring ends the process while the function works: a Go handler at one of
	// its calls to the embedded AWS, a program after a time.
	CrashDuring
	// CrashAfter ends the process when the function has done its work, and loses the
	// response.
	CrashAfter
	// TimeOut lets the function do its work and reports a timeout.
	TimeOut
	// OutOfMemory is CrashAfter with the error of a process that was killed for its
	// memory use.
	OutOfMemory
	// LeakMemory leaks MB of memory in the environment. The invocation whose leak
	// exceeds the function's memory fails, and its environment is replaced.
	LeakMemory
)

// InjectedFault is a fault to inject into one invocation. The zero value is none.
type InjectedFault struct {
	// Kind is the kind of fault.
	Kind FaultKind
	// Calls is how many calls to the embedded AWS a Go handler completes before the
	// call at which CrashDuring ends it.
	Calls int
	// Served lets that last call take effect before the handler ends.
	Served bool
	// After is the machine time after which CrashDuring ends a program.
	After time.Duration
	// MB is how much memory LeakMemory leaks, in megabytes.
	MB int
}

// exitReason returns how a process with this fault ended, as error messages name it.
func (f InjectedFault) exitReason() string {
	if f.Kind == OutOfMemory {
		return "signal: killed"
	}
	return "exit status 1"
}

// chooseFault returns the fault to inject into an invocation.
func (s *Service) chooseFault(a *admission) InjectedFault {
	if s.opts.InjectFault == nil {
		return InjectedFault{}
	}
	return s.opts.InjectFault(a.fn.Account, a.fn.Region, a.fn.name)
}

// invokeWithFault runs an admitted invocation in e with a fault. It calls onOutcome with
// the outcome and reports whether the environment can be used again.
func (s *Service) invokeWithFault(fault InjectedFault, e *environment, a *admission, onOutcome func(sandbox.Outcome)) (sandbox.Report, bool) {
	lost := func(sandbox.Outcome) {}
	report := sandbox.Report{RequestID: a.inv.RequestID, MemoryMB: a.version.MemorySize}
	switch fault.Kind {
	case NoFault:
		return e.Invoke(s.ctx, a.inv, onOutcome), true

	case LeakMemory:
		// The sandbox counts what has leaked and fails the invocation itself.
		a.inv.LeakMB = fault.MB
		report = e.Invoke(s.ctx, a.inv, onOutcome)
		return report, report.Status != sandbox.Error

	case TimeOut:
		// The function does its work, its response is lost, and the caller learns of the
		// timeout when it is over.
		limit := seconds(a.version.Timeout)
		end := time.Now().Add(limit)
		report = e.Invoke(s.ctx, a.inv, lost)
		s.waitUntil(end)
		report.Status = sandbox.Timeout
		report.Duration = limit
		onOutcome(sandbox.TimedOut(a.inv.RequestID, limit))
		return report, false

	case CrashBefore:

	case CrashDuring:
		ctx := s.ctx
		if e.code == nil {
			ctx = sandbox.WithKillPoint(ctx, fault.Calls, fault.Served)
		} else {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, fault.After)
			defer cancel()
		}
		report = e.Invoke(ctx, a.inv, lost)

	case CrashAfter, OutOfMemory:
		report = e.Invoke(s.ctx, a.inv, lost)
	}

	// What remains are the crashes: whatever the function returned is lost.
	report.Status = sandbox.Error
	report.ErrorType = "Runtime.ExitError"
	onOutcome(sandbox.Crashed(a.inv.RequestID, fault.exitReason()))
	return report, false
}

// waitUntil waits until end, in machine time, or until the service closes. Simulated
// invocations do not wait: their event comes when the timeout is over.
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
