package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UpdateFunctionConfigurationInput is the input of UpdateFunctionConfiguration.
type UpdateFunctionConfigurationInput struct {
	ConfigurationInput
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// RevisionId is the revision that the change expects, or empty (LAM C26).
	RevisionId string `json:"RevisionId"`
}

// UpdateFunctionConfiguration changes the configuration of $LATEST where the request
// gives a value (LAM C6, C20, C35).
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, c *awsapi.Call, in *UpdateFunctionConfigurationInput) (*FunctionConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	var check awsapi.Validation
	in.constrain(&check)
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	// IAM is asked without the lock, about the configuration as the update would leave it.
	if in.Role != nil || in.DeadLetterConfig != nil {
		config, err := s.previewConfig(ref, in)
		if err != nil {
			return nil, err
		}
		if err := s.checkRole(ctx, ref.functionKey, config); err != nil {
			return nil, err
		}
	}
	return s.replaceLatest(ref, in.RevisionId, func(v *version) error { return in.apply(&v.versionConfig) }, false, false)
}

// previewConfig returns the configuration as the update would leave it.
func (s *Service) previewConfig(ref reference, in *UpdateFunctionConfigurationInput) (versionConfig, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(ref)
	if err != nil {
		return versionConfig{}, err
	}
	config := f.latest.versionConfig
	err = in.apply(&config)
	return config, err
}
