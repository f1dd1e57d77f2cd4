package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

const (
	accountConcurrency = 1000 // executions of an account at once (LAM C31)
	unreservedMinimum  = 100  // what reservations must leave
)

// admission is an invocation that was let in. It counts as concurrent until leave.
type admission struct {
	fn       *function
	version  *version
	ref      reference
	reserved bool
	inv      sandbox.Invocation
	running  int // of the function, with this one
	account  int // of the account's unreserved pool, with this one
}

// invocationRequest is what a caller wants invoked.
type invocationRequest struct {
	ref       reference
	requestID string
	trace     string
	client    string // client context, JSON
	payload   []byte
}

// admit finds the version to run, asks the recursive-loop guard, and takes a unit
// of concurrency (LAM C23, C44, C47). Whoever is admitted must leave.
func (s *Service) admit(o invocationRequest) (*admission, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.environments.closed {
		return nil, errClosed
	}

	fn, v, err := s.selectVersion(o.ref)
	if err != nil {
		return nil, err
	}

	trace, links := extendTrace(s.opts.Chance, o.trace, fn.arn())
	if links > maxChainInvocations && fn.recursion != "Allow" {
		s.recordCount(fn.functionKey, o.ref.qualifier, v.number, "RecursiveInvocationsDropped", 1)
		return nil, errRecursive.With("Lambda has detected your function being invoked in a recursive loop with other AWS resources. Function: %s", fn.arn())
	}

	a := &admission{
		fn:       fn,
		version:  v,
		ref:      o.ref,
		reserved: fn.reserved != nil,
	}

	if reason := s.throttleReason(fn); reason != "" {
		s.recordCount(fn.functionKey, o.ref.qualifier, v.number, "Throttles", 1)
		return nil, throttled(reason)
	}

	fn.running++
	if !a.reserved {
		s.running[fn.scope]++
	}

	s.work.Add(1)
	s.opts.Clock.Begin()
	a.running = fn.running
	a.account = s.running[fn.scope]
	a.inv = sandbox.Invocation{
		RequestID:     o.requestID,
		FunctionARN:   o.ref.arn(),
		Trace:         trace,
		ClientContext: o.client,
		Payload:       o.payload,
	}

	return a, nil
}

// endInvocation gives the unit of concurrency back, when the outcome has been handled.
func (s *Service) endInvocation(a *admission) {
	s.mu.Lock()
	a.fn.running--
	if !a.reserved {
		s.running[a.fn.scope]--
	}
	s.mu.Unlock()
	s.opts.Clock.End()
	s.work.Done()
}

// selectVersion resolves a reference to a version: for an alias with weights by chance
// (LAM C47).
func (s *Service) selectVersion(ref reference) (*function, *version, error) {
	fn := s.functions[ref.functionKey]
	if fn == nil {
		q := ref.qualifier
		if q == "" {
			q = latest
		}
		return nil, nil, errNotFound.With("Function not found: %s", ref.qualifiedARN(q))
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

	v := fn.versionByNumber(number)
	if v == nil {
		return nil, nil, errNotFound.With("Function not found: %s", ref.arn())
	}

	return fn, v, nil
}

// throttleReason says why a function can take no further invocation, or nothing.
func (s *Service) throttleReason(fn *function) string {
	if fn.reserved != nil {
		if fn.running >= *fn.reserved {
			return reasonReserved
		}
		return ""
	}
	if s.running[fn.scope] >= s.unreservedConcurrency(fn.scope) {
		return reasonAccount
	}
	return ""
}

// unreservedConcurrency is the concurrency that reservations leave.
func (s *Service) unreservedConcurrency(p scope) int {
	left := accountConcurrency
	for k, f := range s.functions {
		if k.scope == p && f.reserved != nil {
			left -= *f.reserved
		}
	}
	return left
}

// run carries an admitted invocation through an environment. answered is called
// once with the outcome; run returns when the log has its REPORT line. err is set
// when the function was not run, and answered is not called then.
func (s *Service) run(a *admission, answered func(sandbox.Outcome)) (sandbox.Report, error) {
	return s.runWithFault(a, s.chooseFault(a), answered)
}

// runWithFault is run where it is known what is to befall the invocation.
func (s *Service) runWithFault(a *admission, f InjectedFault, answered func(sandbox.Outcome)) (sandbox.Report, error) {
	w, err := s.acquireEnvironment(a.fn.functionKey, a.version)
	if err != nil {
		return sandbox.Report{}, err
	}

	failed := false
	rep, alive := s.invokeWithFault(f, w, a, func(o sandbox.Outcome) {
		failed = o.Failed
		answered(o)
	})

	s.recordInvocation(a, rep, failed)
	if alive {
		s.releaseEnvironment(w)
	} else {
		s.closeEnvironments([]*environment{w})
	}

	return rep, nil
}

// functionNotFound is the answer to an operation on a function that is not there
// (LAM C23).
func functionNotFound(ref reference) *awsapi.Error {
	return errNotFound.With("Function not found: %s", ref.arn())
}
