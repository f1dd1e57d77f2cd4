package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type putConcurrencyInput struct {
	FunctionName                 string `json:"-" path:"FunctionName"`
	ReservedConcurrentExecutions *int   `json:"ReservedConcurrentExecutions"`
}

// putFunctionConcurrency is PutFunctionConcurrency (LAM C31).
func (s *Service) putFunctionConcurrency(_ context.Context, c *awsapi.Call, in *putConcurrencyInput) (*concurrency, error) {
	var check constraints
	if in.ReservedConcurrentExecutions == nil {
		check.add("null", "reservedConcurrentExecutions", "Member must not be null")
	} else if *in.ReservedConcurrentExecutions < 0 {
		check.between(in.ReservedConcurrentExecutions, "reservedConcurrentExecutions", 0, accountConcurrency)
	}
	if err := check.err(); err != nil {
		return nil, err
	}
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	f := s.functions[ref.key]
	if f == nil {
		s.mu.Unlock()
		return nil, errNotFound.With("Function not found: %s", ref.qualified(latest))
	}
	left := s.unreserved(f.place) - *in.ReservedConcurrentExecutions
	if f.reserved != nil {
		left += *f.reserved
	}
	if left < unreservedMinimum {
		s.mu.Unlock()
		return nil, errConcurrencyMin.With("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "+
			"below its minimum value of [%d].", unreservedMinimum)
	}
	f.reserved = in.ReservedConcurrentExecutions
	commit := s.keepFunction(f)
	s.mu.Unlock()
	return &concurrency{in.ReservedConcurrentExecutions}, kept(commit)
}

type functionInput struct {
	FunctionName string `json:"-" path:"FunctionName"`
}

// getFunctionConcurrency is GetFunctionConcurrency.
func (s *Service) getFunctionConcurrency(_ context.Context, c *awsapi.Call, in *functionInput) (*concurrency, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	out := &concurrency{}
	return out, s.read(ref, func(f *function) error {
		out.ReservedConcurrentExecutions = f.reserved
		return nil
	})
}

// deleteFunctionConcurrency is DeleteFunctionConcurrency.
func (s *Service) deleteFunctionConcurrency(_ context.Context, c *awsapi.Call, in *functionInput) (*awsapi.None, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	return &awsapi.None{}, s.change(ref, func(f *function) error {
		f.reserved = nil
		return nil
	})
}
