package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

var _ mapping.Functions = (*Service)(nil)

// Resolve finds a function by name, partial or full ARN, qualified or not. The
// ARN of its answer is qualified as it was asked for (LAM B6).
func (s *Service) Resolve(c *awsapi.Call, name string) (mapping.Function, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ref := splitReference(c, name)
	if known := s.functions[ref.functionKey]; known == nil || name != ref.functionKey.arn() || ref.region != c.Region {
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

// StartInvocation starts a synchronous invocation and returns; done is called from a
// goroutine of the invocation's, or as an event of the clock where
// Options.Serial says so.
func (s *Service) StartInvocation(_ context.Context, functionARN string, payload []byte, trace string, done func(mapping.Outcome)) {
	a, _ := awsapi.ParseARN(functionARN)
	ref := splitReference(&awsapi.Call{Account: a.Account, Region: a.Region}, functionARN)
	o := invocationRequest{
		ref:       ref,
		requestID: s.opts.Chance.UUID(),
		trace:     trace,
		payload:   payload,
	}

	if s.simulated(ref.name) {
		s.invokeSimulated(o, done)
		return
	}

	s.opts.Clock.Begin()
	s.background(func() {
		defer s.opts.Clock.End()
		done(s.runForMapping(o))
	})
}

func (s *Service) runForMapping(o invocationRequest) mapping.Outcome {
	a, err := s.admitChecked(o)
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

// background runs f in a goroutine that Close waits for. When the service is
// closed already, f finds so by itself.
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
