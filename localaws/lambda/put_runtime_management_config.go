package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PutRuntimeManagementConfigInput is the input of PutRuntimeManagementConfig.
type PutRuntimeManagementConfigInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Qualifier is a version, an alias or $LATEST; empty means $LATEST.
	Qualifier string `json:"-" querystring:"Qualifier"`
	// UpdateRuntimeOn is Auto or FunctionUpdate.
	UpdateRuntimeOn string `json:"UpdateRuntimeOn"`
	// RuntimeVersionArn pins a runtime version, and is refused.
	RuntimeVersionArn string `json:"RuntimeVersionArn"`
}

// PutRuntimeManagementConfig sets when the runtime is updated. The embedded runtime is
// this machine and is never updated, so that Auto and FunctionUpdate have the same
// effect. To pin a version of the runtime is refused.
func (s *Service) PutRuntimeManagementConfig(_ context.Context, c *awsapi.Call, in *PutRuntimeManagementConfigInput) (*RuntimeManagementConfig, error) {
	var check awsapi.Validation
	check.Required("updateRuntimeOn", in.UpdateRuntimeOn)
	check.OneOf("updateRuntimeOn", in.UpdateRuntimeOn, "Auto", "Manual", "FunctionUpdate")
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	// There is nothing to pin to.
	if in.UpdateRuntimeOn == "Manual" || in.RuntimeVersionArn != "" {
		return nil, notEmbedded("RuntimeVersionArn", "there is one version of the runtime; use Auto or FunctionUpdate")
	}

	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	f, _, err := s.findVersion(ref)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}

	f.runtimeUpdates[qualifierOrLatest(ref.qualifier)] = in.UpdateRuntimeOn
	commit := s.storeFunction(f)
	s.mu.Unlock()
	return &RuntimeManagementConfig{ref.arn(), in.UpdateRuntimeOn}, waitDurable(commit)
}
