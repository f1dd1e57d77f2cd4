package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetFunctionEventInvokeConfig returns the configuration of asynchronous invocations.
func (s *Service) GetFunctionEventInvokeConfig(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*FunctionEventInvokeConfig, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	ref.qualifier = qualifierOrLatest(ref.qualifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.functions[ref.functionKey]; f != nil && f.invokeConfigs[ref.qualifier] != nil {
		return f.invokeConfigs[ref.qualifier].response(f.functionKey, ref.qualifier), nil
	}
	return nil, invokeConfigNotFound(ref)
}
