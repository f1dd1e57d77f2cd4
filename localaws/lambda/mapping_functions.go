package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

var _ mapping.Functions = (*Service)(nil)

// Resolve finds a function by name, partial or full ARN, qualified or not. The ARN that
// it returns has the qualifier of name (LAM B6).
func (s *Service) Resolve(c *awsapi.Call, name string) (mapping.Function, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	// A poller resolves the full ARN of a function before each receive: that needs no
	// check of its form.
	ref := splitReference(c, name)
	if known := s.functions[ref.functionKey]; known == nil || name != ref.functionKey.arn() || ref.Region != c.Region {
		var err error
		if ref, err = parseReference(c, name, ""); err != nil {
			return mapping.Function{}, err
		}
	}

	fn, v, err := s.selectVersion(ref)
	if err != nil {
		return mapping.Function{}, err
	}

	out := mapping.Function{
		ARN:      ref.arn(),
		Name:     ref.name,
		Timeout:  seconds(v.Timeout),
		Role:     v.Role,
		Reserved: -1,
	}
	if fn.reserved != nil {
		out.Reserved = *fn.reserved
	}
	return out, nil
}

// StartInvocation starts a synchronous invocation and returns. It calls done with the
// outcome from a goroutine, or as an event of the clock when the invocation is
// simulated.
func (s *Service) StartInvocation(_ context.Context, functionARN string, payload []byte, trace string, done func(mapping.Outcome)) {
	a, _ := awsapi.ParseARN(functionARN) // Resolve returned it
	ref := splitReference(&awsapi.Call{Account: a.Account, Region: a.Region}, functionARN)
	req := invocationRequest{
		ref:       ref,
		requestID: s.opts.Chance.UUID(),
		trace:     trace,
		payload:   payload,
	}
	if s.simulated(ref.name) {
		s.invokeSimulated(req, done)
		return
	}

	s.opts.Clock.Begin()
	s.background(func() {
		defer s.opts.Clock.End()
		done(s.runForMapping(req))
	})
}

// runForMapping runs a function and returns the outcome for a mapping.
func (s *Service) runForMapping(req invocationRequest) mapping.Outcome {
	a, err := s.admitChecked(req)
	if err != nil {
		return mapping.Outcome{Err: err}
	}
	defer s.endInvocation(a)

	var out sandbox.Outcome
	if _, err := s.run(a, func(o sandbox.Outcome) { out = o }); err != nil {
		return mapping.Outcome{Err: err}
	}
	return mapping.Outcome{Payload: out.Payload, FunctionError: out.Failed}
}

// admitChecked is admit for a mapping, which does not pass through the payload checks
// of Invoke.
func (s *Service) admitChecked(req invocationRequest) (*admission, error) {
	if len(req.payload) > maxSyncPayload {
		return nil, errTooLarge.With("Request must be smaller than %d bytes for the InvokeFunction operation", maxSyncPayload)
	}
	return s.admit(req)
}

// background runs f in a goroutine that Close waits for. After Close, f runs all the
// same: admit rejects its invocation, and the mapping learns of it.
func (s *Service) background(f func()) {
	s.mu.Lock()
	counted := !s.environments.closed
	if counted {
		s.work.Add(1)
	}
	s.mu.Unlock()

	go func() {
		if counted {
			defer s.work.Done()
		}
		f()
	}()
}
