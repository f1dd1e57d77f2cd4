package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetFunctionCodeSigningConfig returns an empty object: no function has a configuration of
// code signing (LAM C1).
func (s *Service) GetFunctionCodeSigningConfig(_ context.Context, c *awsapi.Call, in *FunctionInput) (*awsapi.None, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.findFunction(ref)
	return &awsapi.None{}, err
}
