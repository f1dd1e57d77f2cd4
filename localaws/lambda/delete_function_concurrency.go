package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteFunctionConcurrency removes the reservation of a function.
func (s *Service) DeleteFunctionConcurrency(_ context.Context, c *awsapi.Call, in *FunctionInput) error {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return err
	}
	return s.changeFunction(ref, func(f *function) error {
		f.reserved = nil
		return nil
	})
}
