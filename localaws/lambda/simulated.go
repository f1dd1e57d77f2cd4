package lambda

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// Simulated invocations: with Options.SimulatedDuration, invocations of registered
// handlers are events of the clock. They run one at a time in an order that follows
// from the clock alone, see docs/decisions/in-turn-invocation.md.

// simulated reports whether invocations of a function are simulated.
func (s *Service) simulated(name string) bool {
	if s.opts.SimulatedDuration == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handlers[name] != nil
}

// invokeSimulated simulates an invocation for a mapping. It takes a unit of
// concurrency now and schedules an event of the clock at the end of the invocation's
// duration in service time. The event runs the handler, returns the unit and calls
// done.
func (s *Service) invokeSimulated(req invocationRequest, done func(mapping.Outcome)) {
	a, err := s.admitChecked(req)
	if err != nil {
		s.RejectInvocation(err, done)
		return
	}

	// The duration is known before the handler runs, so a timeout is decided now.
	f := s.chooseFault(a)
	duration := s.opts.SimulatedDuration(a.fn.name, req.payload)
	limit := seconds(a.version.Timeout)
	switch {
	case duration > limit || f.Kind == fault.TimeOut:
		f = InjectedFault{Rule: fault.Rule{Kind: fault.TimeOut}}
		duration = limit
	case f.Kind == fault.CrashBefore:
		duration = 0
	}

	s.opts.Clock.After(duration, clock.Transition, func() {
		if !s.resume() {
			return // the service is closed, and its mappings are too
		}

		var out sandbox.Outcome
		_, err := s.runWithFault(a, f, func(o sandbox.Outcome) { out = o })
		s.endInvocation(a)
		done(mapping.Outcome{
			Payload:       out.Payload,
			FunctionError: out.Failed,
			Err:           err,
		})
	})

	// Until its event the invocation must not keep the clock busy: the clock could
	// never reach the event.
	s.suspend()
}

// RejectInvocation calls done with err as an event of the clock, as StartInvocation
// does when it cannot run the function. It lets faults be injected before an
// invocation.
func (s *Service) RejectInvocation(err error, done func(mapping.Outcome)) {
	s.opts.Clock.After(0, clock.Transition, func() { done(mapping.Outcome{Err: err}) })
}

// suspend stops counting an admitted invocation as work in progress until resume.
func (s *Service) suspend() {
	s.work.Done()
	s.opts.Clock.End()
}

// resume counts a suspended invocation as work in progress again. It reports false
// when the service has been closed.
func (s *Service) resume() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.environments.closed {
		return false
	}
	s.work.Add(1)
	s.opts.Clock.Begin()
	return true
}

// environmentTimeout returns the timeout, in machine time, that an environment
// enforces. For a simulated invocation it is 0, none: invokeSimulated counts service
// time.
func (s *Service) environmentTimeout(inProcess bool, timeout time.Duration) time.Duration {
	if inProcess && s.opts.SimulatedDuration != nil {
		return 0
	}
	return timeout
}
