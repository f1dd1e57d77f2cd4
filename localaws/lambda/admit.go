package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

const (
	accountConcurrency = 1000 // executions of an account at once (LAM C31)
	unreservedMinimum  = 100  // what reservations must leave
)

// admitted is an invocation that was let in. It counts as concurrent until leave.
type admitted struct {
	fn       *function
	version  *version
	ref      reference
	reserved bool
	inv      sandbox.Invocation
	running  int // of the function, with this one
	account  int // of the account's unreserved pool, with this one
}

// order is what a caller wants invoked.
type order struct {
	ref       reference
	requestID string
	trace     string
	client    string // client context, JSON
	payload   []byte
}

// admit finds the version to run, asks the recursive-loop guard, and takes a unit
// of concurrency (LAM C23, C44, C47). Whoever is admitted must leave.
func (s *Service) admit(o order) (*admitted, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fleet.closed {
		return nil, errClosed
	}
	fn, v, err := s.draw(o.ref)
	if err != nil {
		return nil, err
	}
	trace, links := extend(s.opts.Chance, o.trace, fn.arn())
	if links > maxLinks && fn.recursion != "Allow" {
		s.count(fn.key, o.ref.qualifier, v.number, "RecursiveInvocationsDropped", 1)
		return nil, errRecursive.With("Lambda has detected your function being invoked in a recursive loop with other AWS resources. Function: %s", fn.arn())
	}
	a := &admitted{fn: fn, version: v, ref: o.ref, reserved: fn.reserved != nil}
	if reason := s.full(fn); reason != "" {
		s.count(fn.key, o.ref.qualifier, v.number, "Throttles", 1)
		return nil, throttled(reason)
	}
	fn.running++
	if !a.reserved {
		s.running[fn.place]++
	}
	s.work.Add(1)
	s.opts.Clock.Begin()
	a.running, a.account = fn.running, s.running[fn.place]
	a.inv = sandbox.Invocation{
		RequestID: o.requestID, FunctionARN: o.ref.arn(), Trace: trace, ClientContext: o.client, Payload: o.payload,
	}
	return a, nil
}

// leave gives the unit of concurrency back, when the outcome has been handled.
func (s *Service) leave(a *admitted) {
	s.mu.Lock()
	a.fn.running--
	if !a.reserved {
		s.running[a.fn.place]--
	}
	s.mu.Unlock()
	s.opts.Clock.End()
	s.work.Done()
}

// draw resolves a reference to a version: for an alias with weights by chance
// (LAM C47).
func (s *Service) draw(ref reference) (*function, *version, error) {
	fn := s.functions[ref.key]
	if fn == nil {
		q := ref.qualifier
		if q == "" {
			q = latest
		}
		return nil, nil, errNotFound.With("Function not found: %s", ref.qualified(q))
	}
	number := ref.qualifier
	if a := fn.aliases[number]; a != nil {
		number = a.Version
		for other, weight := range a.Weights {
			if s.opts.Chance.Float() < weight {
				number = other
			}
		}
	}
	v := fn.find(number)
	if v == nil {
		return nil, nil, errNotFound.With("Function not found: %s", ref.arn())
	}
	return fn, v, nil
}

// full says why a function can take no further invocation, or nothing.
func (s *Service) full(fn *function) string {
	if fn.reserved != nil {
		if fn.running >= *fn.reserved {
			return reasonReserved
		}
		return ""
	}
	if s.running[fn.place] >= s.unreserved(fn.place) {
		return reasonAccount
	}
	return ""
}

// unreserved is the concurrency that reservations leave.
func (s *Service) unreserved(p place) int {
	left := accountConcurrency
	for k, f := range s.functions {
		if k.place == p && f.reserved != nil {
			left -= *f.reserved
		}
	}
	return left
}

// run carries an admitted invocation through an environment. answered is called
// once with the outcome; run returns when the log has its REPORT line. err is set
// when the function was not run, and answered is not called then.
func (s *Service) run(a *admitted, answered func(sandbox.Outcome)) (sandbox.Report, error) {
	return s.runFated(a, s.fate(a), answered)
}

// runFated is run where it is known what is to befall the invocation.
func (s *Service) runFated(a *admitted, f Fate, answered func(sandbox.Outcome)) (sandbox.Report, error) {
	w, err := s.acquire(a.fn.key, a.version)
	if err != nil {
		return sandbox.Report{}, err
	}
	failed := false
	rep, alive := s.befall(f, w, a, func(o sandbox.Outcome) {
		failed = o.Failed
		answered(o)
	})
	s.measure(a, rep, failed)
	if alive {
		s.release(w)
	} else {
		s.discard([]*warm{w})
	}
	return rep, nil
}

// notFound is the answer to an operation on a function that is not there
// (LAM C23).
func notFound(ref reference) *awsapi.Error {
	return errNotFound.With("Function not found: %s", ref.arn())
}
