package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetFunctionCodeSigningConfig is GetFunctionCodeSigningConfig: no function has one, and
// the answer is an empty object (LAM C1).
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

// RuntimeManagementConfig is the output of GetRuntimeManagementConfig and
// PutRuntimeManagementConfig.
type RuntimeManagementConfig struct {
	// FunctionArn is the ARN, qualified as in the request.
	FunctionArn string `json:"FunctionArn"`
	// UpdateRuntimeOn is Auto or FunctionUpdate.
	UpdateRuntimeOn string `json:"UpdateRuntimeOn"`
}

// GetRuntimeManagementConfig is GetRuntimeManagementConfig.
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

	on := f.runtimeUpdates[qualifierOrLatest(ref.qualifier)]
	if on == "" {
		on = "Auto"
	}

	return &RuntimeManagementConfig{ref.arn(), on}, nil
}

// PutRuntimeManagementConfig is PutRuntimeManagementConfig. The embedded runtime is the
// machine itself and never changes under a function, so that Auto and
// FunctionUpdate come to the same; a pinned version is refused.
func (s *Service) PutRuntimeManagementConfig(_ context.Context, c *awsapi.Call, in *PutRuntimeManagementConfigInput) (*RuntimeManagementConfig, error) {
	var check constraints
	check.require(in.UpdateRuntimeOn, "updateRuntimeOn")
	check.oneOf(in.UpdateRuntimeOn, "updateRuntimeOn", "Auto", "Manual", "FunctionUpdate")
	if err := check.err(); err != nil {
		return nil, err
	}

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

// RecursionConfig is the output of GetFunctionRecursionConfig and
// PutFunctionRecursionConfig.
type RecursionConfig struct {
	// RecursiveLoop is Allow or Terminate.
	RecursiveLoop string `json:"RecursiveLoop"`
}

// PutFunctionRecursionConfigInput is the input of PutFunctionRecursionConfig.
type PutFunctionRecursionConfigInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// RecursiveLoop is Allow or Terminate.
	RecursiveLoop string `json:"RecursiveLoop"`
}

// GetFunctionRecursionConfig is GetFunctionRecursionConfig.
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

// PutFunctionRecursionConfig is PutFunctionRecursionConfig.
func (s *Service) PutFunctionRecursionConfig(_ context.Context, c *awsapi.Call, in *PutFunctionRecursionConfigInput) (*RecursionConfig, error) {
	var check constraints
	check.require(in.RecursiveLoop, "recursiveLoop")
	check.oneOf(in.RecursiveLoop, "recursiveLoop", "Allow", "Terminate")
	if err := check.err(); err != nil {
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
