package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetFunctionConcurrency returns the reserved concurrency of a function.
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

// Concurrency is the reserved concurrency of a function.
type Concurrency struct {
	// ReservedConcurrentExecutions is the reserved concurrency; nil without a
	// reservation.
	ReservedConcurrentExecutions *int `json:"ReservedConcurrentExecutions,omitempty"`
}
