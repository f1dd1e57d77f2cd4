package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PutFunctionConcurrencyInput is the input of PutFunctionConcurrency.
type PutFunctionConcurrencyInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// ReservedConcurrentExecutions is the reserved concurrency; nil without a
	// reservation.
	ReservedConcurrentExecutions *int `json:"ReservedConcurrentExecutions"`
}

// PutFunctionConcurrency is PutFunctionConcurrency (LAM C31).
func (s *Service) PutFunctionConcurrency(_ context.Context, c *awsapi.Call, in *PutFunctionConcurrencyInput) (*Concurrency, error) {
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
	f := s.functions[ref.functionKey]
	if f == nil {
		s.mu.Unlock()
		return nil, errNotFound.With("Function not found: %s", ref.qualifiedARN(latest))
	}

	left := s.unreservedConcurrency(f.scope) - *in.ReservedConcurrentExecutions
	if f.reserved != nil {
		left += *f.reserved
	}

	if left < unreservedMinimum {
		s.mu.Unlock()
		return nil, errConcurrencyMin.With("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "+
			"below its minimum value of [%d].", unreservedMinimum)
	}

	f.reserved = in.ReservedConcurrentExecutions
	commit := s.storeFunction(f)
	s.mu.Unlock()
	return &Concurrency{in.ReservedConcurrentExecutions}, waitDurable(commit)
}

// FunctionInput is the input of operations on a function as a whole.
type FunctionInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
}

// GetFunctionConcurrency is GetFunctionConcurrency.
func (s *Service) GetFunctionConcurrency(_ context.Context, c *awsapi.Call, in *FunctionInput) (*Concurrency, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	out := &Concurrency{}
	return out, s.readFunction(ref, func(f *function) error {
		out.ReservedConcurrentExecutions = f.reserved
		return nil
	})
}

// DeleteFunctionConcurrency is DeleteFunctionConcurrency.
func (s *Service) DeleteFunctionConcurrency(_ context.Context, c *awsapi.Call, in *FunctionInput) (*awsapi.None, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	return &awsapi.None{}, s.changeFunction(ref, func(f *function) error {
		f.reserved = nil
		return nil
	})
}
