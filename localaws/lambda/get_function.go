package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type QualifiedInput struct {
	FunctionName string `json:"-" path:"FunctionName"`
	Qualifier    string `json:"-" querystring:"Qualifier"`
}

type FunctionCodeLocation struct {
	RepositoryType string `json:"RepositoryType"`
	Location       string `json:"Location"`
}

type Concurrency struct {
	ReservedConcurrentExecutions *int `json:"ReservedConcurrentExecutions,omitempty"`
}

type GetFunctionOutput struct {
	Configuration *FunctionConfiguration `json:"Configuration"`
	Code          FunctionCodeLocation   `json:"Code"`
	Tags          map[string]string      `json:"Tags,omitempty"`
	Concurrency   *Concurrency           `json:"Concurrency,omitempty"`
}

// GetFunction is GetFunction (LAM C8).
func (s *Service) GetFunction(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*GetFunctionOutput, error) {
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

	out := &GetFunctionOutput{
		Configuration: v.activeConfiguration(f.functionKey, ref.qualifier),
		Code:          FunctionCodeLocation{"S3", s.codeURL(v.code)},
		Tags:          cloneOrNil(f.tags),
	}

	if f.reserved != nil {
		out.Concurrency = &Concurrency{f.reserved}
	}

	return out, nil
}

// GetFunctionConfiguration is GetFunctionConfiguration.
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

// findVersion resolves a reference without chance: an alias to its main version.
func (s *Service) findVersion(ref reference) (*function, *version, error) {
	f := s.functions[ref.functionKey]
	if f == nil {
		return nil, nil, functionNotFound(ref)
	}

	number := ref.qualifier
	if a := f.aliases[number]; a != nil {
		number = a.Version
	}

	if v := f.versionByNumber(number); v != nil {
		return f, v, nil
	}

	return nil, nil, functionNotFound(ref)
}

// findFunction answers the function of a reference, whatever its qualifier.
func (s *Service) findFunction(ref reference) (*function, error) {
	if f := s.functions[ref.functionKey]; f != nil {
		return f, nil
	}
	return nil, functionNotFound(ref)
}
