package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetAlias returns an alias.
func (s *Service) GetAlias(_ context.Context, c *awsapi.Call, in *AliasInput) (*AliasConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.functions[ref.functionKey]; f != nil && f.aliases[in.Name] != nil {
		return f.aliases[in.Name].configuration(f.functionKey), nil
	}
	return nil, errNotFound.With("Cannot find alias arn: %s", ref.qualifiedARN(in.Name))
}
