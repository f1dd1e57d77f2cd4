package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// QualifiedInput is the input of operations on a function, a version or an alias.
type QualifiedInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Qualifier is a version, an alias or $LATEST; empty means $LATEST.
	Qualifier string `json:"-" querystring:"Qualifier"`
}

// FunctionCodeLocation tells where the zip file can be downloaded.
type FunctionCodeLocation struct {
	// RepositoryType is S3.
	RepositoryType string `json:"RepositoryType"`
	// Location is a URL that is valid for ten minutes (LAM C8).
	Location string `json:"Location"`
}

// Concurrency is the reserved concurrency of a function.
type Concurrency struct {
	// ReservedConcurrentExecutions is the reserved concurrency; nil without a
	// reservation.
	ReservedConcurrentExecutions *int `json:"ReservedConcurrentExecutions,omitempty"`
}

// GetFunctionOutput is the output of GetFunction.
type GetFunctionOutput struct {
	// Configuration is the configuration of the version.
	Configuration *FunctionConfiguration `json:"Configuration"`
	// Code is the zip file.
	Code FunctionCodeLocation `json:"Code"`
	// Tags are the function's tags.
	Tags map[string]string `json:"Tags,omitempty"`
	// Concurrency is the reserved concurrency; nil without one.
	Concurrency *Concurrency `json:"Concurrency,omitempty"`
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
