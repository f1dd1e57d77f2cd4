package lambda

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// InjectedFault is a fault to inject into one invocation. The zero value is none.
type InjectedFault struct {
	// Rule is the rule that applies. Its kind is one that applies to invocations.
	fault.Rule
	// Calls is how many calls to the embedded AWS a Go handler completes before the
	// call at which CrashDuring ends it.
	Calls int
	// Served lets that last call take effect before the handler ends.
	Served bool
}

// exitReason returns how a process with this fault ended, as error messages name it.
func (f InjectedFault) exitReason() string {
	if f.Kind == fault.OutOfMemory {
		return "signal: killed"
	}
	return "exit status 1"
}

// chooseFault returns the fault to inject into an invocation.
func (s *Service) chooseFault(a *admission) InjectedFault {
	if s.opts.InjectFault == nil {
		return InjectedFault{}
	}
	return s.opts.InjectFault(a.fn.name)
}

// invokeWithFault runs an admitted invocation in e with a fault. It calls onOutcome with
// the outcome and reports whether the environment can be used again.
func (s *Service) invokeWithFault(f InjectedFault, e *environment, a *admission, onOutcome func(sandbox.Outcome)) (sandbox.Report, bool) {
	lost := func(sandbox.Outcome) {}
	report := sandbox.Report{RequestID: a.inv.RequestID, MemoryMB: a.version.MemorySize}
	switch f.Kind {
	case "":
		return e.Invoke(s.ctx, a.inv, onOutcome), true

	case fault.LeakMemory:
		// The sandbox counts what has leaked and fails the invocation itself.
		a.inv.LeakMB = f.MB
		report = e.Invoke(s.ctx, a.inv, onOutcome)
		return report, report.Status != sandbox.Error

	case fault.TimeOut:
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

	case fault.CrashBefore: // the function does not run

	case fault.CrashDuring:
		ctx := s.ctx
		if e.code == nil {
			ctx = sandbox.WithKillPoint(ctx, f.Calls, f.Served)
		} else {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, f.Delay)
			defer cancel()
		}
		report = e.Invoke(ctx, a.inv, lost)

	case fault.CrashAfter, fault.OutOfMemory:
		report = e.Invoke(s.ctx, a.inv, lost)
	}

	// What remains are the crashes: whatever the function returned is lost.
	report.Status = sandbox.Error
	report.ErrorType = "Runtime.ExitError"
	onOutcome(sandbox.Crashed(a.inv.RequestID, f.exitReason()))
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
