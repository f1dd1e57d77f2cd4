package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PutFunctionRecursionConfigInput is the input of PutFunctionRecursionConfig.
type PutFunctionRecursionConfigInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// RecursiveLoop is Allow or Terminate.
	RecursiveLoop string `json:"RecursiveLoop"`
}

// PutFunctionRecursionConfig allows recursive loops, or has them stopped.
func (s *Service) PutFunctionRecursionConfig(_ context.Context, c *awsapi.Call, in *PutFunctionRecursionConfigInput) (*RecursionConfig, error) {
	var check awsapi.Validation
	check.Required("recursiveLoop", in.RecursiveLoop)
	check.OneOf("recursiveLoop", in.RecursiveLoop, "Allow", "Terminate")
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	return &RecursionConfig{in.RecursiveLoop}, s.changeFunction(ref, func(f *function) error {
		f.recursion = in.RecursiveLoop
		return nil
	})
}
