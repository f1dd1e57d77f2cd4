package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// RecursionConfig is the output of GetFunctionRecursionConfig and
// PutFunctionRecursionConfig.
type RecursionConfig struct {
	// RecursiveLoop is Allow or Terminate.
	RecursiveLoop string `json:"RecursiveLoop"`
}

// GetFunctionRecursionConfig returns what happens to invocations in a recursive loop.
func (s *Service) GetFunctionRecursionConfig(_ context.Context, c *awsapi.Call, in *FunctionInput) (*RecursionConfig, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	out := &RecursionConfig{"Terminate"}
	return out, s.readFunction(ref, func(f *function) error {
		if f.recursion != "" {
			out.RecursiveLoop = f.recursion
		}
		return nil
	})
}
