package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

const (
	accountConcurrency = 1000 // concurrent executions of an account (LAM C31)
	unreservedMinimum  = 100  // concurrency that reservations must leave
)

// admission is an invocation that counts as concurrent, from admit to endInvocation.
type admission struct {
	fn         *function
	version    *version
	ref        reference
	reserved   bool // it uses the function's reserved concurrency
	inv        sandbox.Invocation
	running    int // concurrent invocations of the function, this one included
	unreserved int // concurrent invocations of unreserved functions, this one included
}

// invocationRequest is a request to invoke a function.
type invocationRequest struct {
	ref       reference
	requestID string
	trace     string // the header X-Amzn-Trace-Id, or empty
	client    string // client context as JSON, or empty
	payload   []byte
}

// admit selects the version to run, checks for a recursive loop, and takes a unit of
// concurrency (LAM C23, C44, C47). The caller must call endInvocation on what it
// returns.
func (s *Service) admit(req invocationRequest) (*admission, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.environments.closed {
		return nil, errClosed
	}

	fn, v, err := s.selectVersion(req.ref)
	if err != nil {
		return nil, err
	}

	// The trace header counts how often this chain of requests has invoked the function.
	trace, invocations := extendTrace(s.opts.Chance, s.opts.Clock.Now(), req.trace, fn.arn())
	if invocations > maxChainInvocations && fn.recursion != "Allow" {
		s.recordCount(fn.functionKey, req.ref.qualifier, v.number, "RecursiveInvocationsDropped", 1)
		return nil, errRecursive.With("Lambda has detected your function being invoked in a recursive loop with other AWS resources. Function: %s", fn.arn())
	}

	if reason := s.throttleReason(fn); reason != "" {
		s.recordCount(fn.functionKey, req.ref.qualifier, v.number, "Throttles", 1)
		return nil, throttleError(reason)
	}

	// From here on the invocation counts: as concurrency, for Close, and for the clock,
	// which does not skip while an invocation runs.
	reserved := fn.reserved != nil
	fn.running++
	if !reserved {
		s.running[fn.Scope]++
	}
	s.work.Add(1)
	s.opts.Clock.Begin()

	return &admission{
		fn:         fn,
		version:    v,
		ref:        req.ref,
		reserved:   reserved,
		running:    fn.running,
		unreserved: s.running[fn.Scope],
		inv: sandbox.Invocation{
			RequestID:     req.requestID,
			FunctionARN:   req.ref.arn(),
			Trace:         trace,
			ClientContext: req.client,
			Payload:       req.payload,
		},
	}, nil
}

// endInvocation returns the unit of concurrency. It is called after the outcome has
// been handled, so that the clock stays busy until then.
func (s *Service) endInvocation(a *admission) {
	s.mu.Lock()
	a.fn.running--
	if !a.reserved {
		s.running[a.fn.Scope]--
	}
	s.mu.Unlock()

	s.opts.Clock.End()
	s.work.Done()
}

// throttleReason returns why a function can take no further invocation, or "". mu must
// be held.
func (s *Service) throttleReason(fn *function) string {
	switch {
	case fn.reserved != nil && fn.running >= *fn.reserved:
		return reasonReserved
	case fn.reserved == nil && s.running[fn.Scope] >= s.unreservedConcurrency(fn.Scope):
		return reasonAccount
	}
	return ""
}

// unreservedConcurrency returns the concurrency that reservations leave. mu must be
// held.
func (s *Service) unreservedConcurrency(in awsapi.Scope) int {
	left := accountConcurrency
	for k, f := range s.functions {
		if k.Scope == in && f.reserved != nil {
			left -= *f.reserved
		}
	}
	return left
}

// run runs an admitted invocation in an environment. It calls onOutcome once with the
// outcome and returns when the log has its REPORT line, which may be later. When the
// function could not be run it returns an error and does not call onOutcome.
func (s *Service) run(a *admission, onOutcome func(sandbox.Outcome)) (sandbox.Report, error) {
	return s.runWithFault(a, s.chooseFault(a), onOutcome)
}

// runWithFault is run for an invocation whose injected fault has been chosen.
func (s *Service) runWithFault(a *admission, f InjectedFault, onOutcome func(sandbox.Outcome)) (sandbox.Report, error) {
	e, err := s.acquireEnvironment(a.fn.functionKey, a.version)
	if err != nil {
		return sandbox.Report{}, err
	}

	failed := false
	report, survived := s.invokeWithFault(f, e, a, func(o sandbox.Outcome) {
		failed = o.Failed
		onOutcome(o)
	})
	s.recordInvocation(a, report, failed)

	if survived {
		s.releaseEnvironment(e)
	} else {
		s.closeEnvironments([]*environment{e})
	}
	return report, nil
}
