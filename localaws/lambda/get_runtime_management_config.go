package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// RuntimeManagementConfig is the output of GetRuntimeManagementConfig and
// PutRuntimeManagementConfig.
type RuntimeManagementConfig struct {
	// FunctionArn is the ARN, qualified as in the request.
	FunctionArn string `json:"FunctionArn"`
	// UpdateRuntimeOn is Auto or FunctionUpdate.
	UpdateRuntimeOn string `json:"UpdateRuntimeOn"`
}

// GetRuntimeManagementConfig returns when the runtime is updated.
func (s *Service) GetRuntimeManagementConfig(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*RuntimeManagementConfig, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	f, _, err := s.findVersion(ref)
	if err != nil {
		return nil, err
	}

	// The default is Auto.
	on := f.runtimeUpdates[qualifierOrLatest(ref.qualifier)]
	if on == "" {
		on = "Auto"
	}

	return &RuntimeManagementConfig{ref.arn(), on}, nil
}
