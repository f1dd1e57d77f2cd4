package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetPolicyOutput is the output of GetPolicy.
type GetPolicyOutput struct {
	// Policy is the resource policy as JSON.
	Policy string `json:"Policy"`
	// RevisionID changes with the policy.
	RevisionID string `json:"RevisionId"`
}

// GetPolicy returns a resource policy, with principals by their ARNs (LAM C29, C30).
func (s *Service) GetPolicy(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*GetPolicyOutput, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[ref.functionKey]
	if f == nil || f.policies[ref.qualifier] == nil {
		return nil, errNotFound.With("The resource you requested does not exist.")
	}

	p := f.policies[ref.qualifier]
	return &GetPolicyOutput{s.opts.Principals.WithARNs(p.document()), p.Revision}, nil
}
