package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetFunctionConfiguration returns the configuration of a version.
func (s *Service) GetFunctionConfiguration(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*FunctionConfiguration, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, v, err := s.findVersion(ref)
	if err != nil {
		return nil, err
	}
	return v.activeConfiguration(f.functionKey, ref.qualifier), nil
}
