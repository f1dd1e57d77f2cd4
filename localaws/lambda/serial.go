package lambda

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// simulated reports whether a function's invocations run as events of the clock: one
// at a time, in an order that follows from the clock alone.
func (s *Service) simulated(name string) bool {
	if s.opts.SimulatedDuration == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handlers[name] != nil
}

// invokeSimulated runs an invocation for a mapping as an event of the clock. It takes its
// concurrency now and holds it for as long, in service time, as the invocation is
// said to take; at the end of that the handler runs, and done is called.
func (s *Service) invokeSimulated(o invocationRequest, done func(mapping.Outcome)) {
	c := s.opts.Clock
	a, err := s.admitChecked(o)
	if err != nil {
		c.After(0, clock.Moves, func() { done(mapping.Outcome{Err: err}) })
		return
	}

	f := s.chooseFault(a)
	took := s.opts.SimulatedDuration(a.fn.name, o.payload)
	limit := seconds(a.version.Timeout)
	switch {
	case took > limit || f.Kind == TimeOut:
		f = InjectedFault{Kind: TimeOut}
		took = limit
	case f.Kind == CrashBefore:
		took = 0
	}

	c.After(took, clock.Moves, func() {
		if !s.resume() {
			return // the service has ended, and the mapping with it
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

	s.suspend()
}

// RejectInvocation tells a mapping, as Invoke would, that its function was not run.
func (s *Service) RejectInvocation(err error, done func(mapping.Outcome)) {
	s.opts.Clock.After(0, clock.Moves, func() { done(mapping.Outcome{Err: err}) })
}

// admitChecked is admit, with the size of the payload checked.
func (s *Service) admitChecked(o invocationRequest) (*admission, error) {
	if len(o.payload) > maxSyncPayload {
		return nil, errTooLarge.With("Request must be smaller than %d bytes for the InvokeFunction operation", maxSyncPayload)
	}
	return s.admit(o)
}

// suspend ends the work of an admitted invocation that goes on when its event
// comes, which is on the clock already.
func (s *Service) suspend() {
	s.work.Done()
	s.opts.Clock.End()
}

// resume takes the work up again, unless the service has ended.
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

// environmentTimeout is a function's timeout as its environment sees it: none where service
// time counts, in which the clock's events keep it.
func (s *Service) environmentTimeout(inProcess bool, timeout time.Duration) time.Duration {
	if inProcess && s.opts.SimulatedDuration != nil {
		return 0
	}
	return timeout
}
