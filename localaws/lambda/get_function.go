package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type qualifiedInput struct {
	FunctionName string `json:"-" path:"FunctionName"`
	Qualifier    string `json:"-" querystring:"Qualifier"`
}

type codeLocation struct {
	RepositoryType string `json:"RepositoryType"`
	Location       string `json:"Location"`
}

type concurrency struct {
	ReservedConcurrentExecutions *int `json:"ReservedConcurrentExecutions,omitempty"`
}

type getFunctionOutput struct {
	Configuration *configuration    `json:"Configuration"`
	Code          codeLocation      `json:"Code"`
	Tags          map[string]string `json:"Tags,omitempty"`
	Concurrency   *concurrency      `json:"Concurrency,omitempty"`
}

// getFunction is GetFunction (LAM C8).
func (s *Service) getFunction(_ context.Context, c *awsapi.Call, in *qualifiedInput) (*getFunctionOutput, error) {
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, v, err := s.look(ref)
	if err != nil {
		return nil, err
	}
	out := &getFunctionOutput{
		Configuration: v.configuration(f.key, ref.qualifier),
		Code:          codeLocation{"S3", s.codeURL(v.code)},
		Tags:          clone(f.tags),
	}
	if f.reserved != nil {
		out.Concurrency = &concurrency{f.reserved}
	}
	return out, nil
}

// getFunctionConfiguration is GetFunctionConfiguration.
func (s *Service) getFunctionConfiguration(_ context.Context, c *awsapi.Call, in *qualifiedInput) (*configuration, error) {
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, v, err := s.look(ref)
	if err != nil {
		return nil, err
	}
	return v.configuration(f.key, ref.qualifier), nil
}

// look resolves a reference without chance: an alias to its main version.
func (s *Service) look(ref reference) (*function, *version, error) {
	f := s.functions[ref.key]
	if f == nil {
		return nil, nil, notFound(ref)
	}
	number := ref.qualifier
	if a := f.aliases[number]; a != nil {
		number = a.Version
	}
	if v := f.find(number); v != nil {
		return f, v, nil
	}
	return nil, nil, notFound(ref)
}

// function answers the function of a reference, whatever its qualifier.
func (s *Service) function(ref reference) (*function, error) {
	if f := s.functions[ref.key]; f != nil {
		return f, nil
	}
	return nil, notFound(ref)
}
