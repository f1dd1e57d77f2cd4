package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// getCodeSigningConfig is GetFunctionCodeSigningConfig: no function has one, and
// the answer is an empty object (LAM C1).
func (s *Service) getCodeSigningConfig(_ context.Context, c *awsapi.Call, in *functionInput) (*awsapi.None, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.function(ref)
	return &awsapi.None{}, err
}

type runtimeManagementInput struct {
	FunctionName      string `json:"-" path:"FunctionName"`
	Qualifier         string `json:"-" querystring:"Qualifier"`
	UpdateRuntimeOn   string `json:"UpdateRuntimeOn"`
	RuntimeVersionArn string `json:"RuntimeVersionArn"`
}

type runtimeManagement struct {
	FunctionArn     string `json:"FunctionArn"`
	UpdateRuntimeOn string `json:"UpdateRuntimeOn"`
}

// getRuntimeManagement is GetRuntimeManagementConfig.
func (s *Service) getRuntimeManagement(_ context.Context, c *awsapi.Call, in *qualifiedInput) (*runtimeManagement, error) {
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, _, err := s.look(ref)
	if err != nil {
		return nil, err
	}
	on := f.runtimes[orLatest(ref.qualifier)]
	if on == "" {
		on = "Auto"
	}
	return &runtimeManagement{ref.arn(), on}, nil
}

// putRuntimeManagement is PutRuntimeManagementConfig. The embedded runtime is the
// machine itself and never changes under a function, so that Auto and
// FunctionUpdate come to the same; a pinned version is refused.
func (s *Service) putRuntimeManagement(_ context.Context, c *awsapi.Call, in *runtimeManagementInput) (*runtimeManagement, error) {
	var check constraints
	check.require(in.UpdateRuntimeOn, "updateRuntimeOn")
	check.oneOf(in.UpdateRuntimeOn, "updateRuntimeOn", "Auto", "Manual", "FunctionUpdate")
	if err := check.err(); err != nil {
		return nil, err
	}
	if in.UpdateRuntimeOn == "Manual" || in.RuntimeVersionArn != "" {
		return nil, notEmbedded("RuntimeVersionArn", "there is one version of the runtime; use Auto or FunctionUpdate")
	}
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	f, _, err := s.look(ref)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	f.runtimes[orLatest(ref.qualifier)] = in.UpdateRuntimeOn
	commit := s.keepFunction(f)
	s.mu.Unlock()
	return &runtimeManagement{ref.arn(), in.UpdateRuntimeOn}, kept(commit)
}

type recursionConfig struct {
	RecursiveLoop string `json:"RecursiveLoop"`
}

type recursionInput struct {
	FunctionName  string `json:"-" path:"FunctionName"`
	RecursiveLoop string `json:"RecursiveLoop"`
}

// getRecursion is GetFunctionRecursionConfig.
func (s *Service) getRecursion(_ context.Context, c *awsapi.Call, in *functionInput) (*recursionConfig, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	out := &recursionConfig{"Terminate"}
	return out, s.read(ref, func(f *function) error {
		if f.recursion != "" {
			out.RecursiveLoop = f.recursion
		}
		return nil
	})
}

// putRecursion is PutFunctionRecursionConfig.
func (s *Service) putRecursion(_ context.Context, c *awsapi.Call, in *recursionInput) (*recursionConfig, error) {
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
	return &recursionConfig{in.RecursiveLoop}, s.change(ref, func(f *function) error {
		f.recursion = in.RecursiveLoop
		return nil
	})
}
