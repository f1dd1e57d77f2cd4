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

// PutFunctionConcurrency reserves concurrency for a function (LAM C31).
func (s *Service) PutFunctionConcurrency(_ context.Context, c *awsapi.Call, in *PutFunctionConcurrencyInput) (*Concurrency, error) {
	var check awsapi.Validation
	if in.ReservedConcurrentExecutions == nil {
		check.Add("reservedConcurrentExecutions", nil, awsapi.NotNull)
	} else if *in.ReservedConcurrentExecutions < 0 {
		check.Between("reservedConcurrentExecutions", in.ReservedConcurrentExecutions, 0, accountConcurrency)
	}
	if err := check.Err(errValidation); err != nil {
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

	// Reservations must leave enough for all other functions.
	left := s.unreservedConcurrency(f.Scope) - *in.ReservedConcurrentExecutions
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
