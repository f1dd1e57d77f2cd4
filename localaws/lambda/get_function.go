package lambda

import (
	"context"
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// FunctionCodeLocation is where the zip file can be downloaded.
type FunctionCodeLocation struct {
	// RepositoryType is S3.
	RepositoryType string `json:"RepositoryType"`
	// Location is a URL that is valid for ten minutes (LAM C8).
	Location string `json:"Location"`
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

// GetFunction returns a version with its code, tags and concurrency (LAM C8).
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
		Tags:          maps.Clone(f.tags),
	}

	if f.reserved != nil {
		out.Concurrency = &Concurrency{f.reserved}
	}

	return out, nil
}
