package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UpdateFunctionCodeInput is the input of UpdateFunctionCode.
type UpdateFunctionCodeInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// ZipFile is the zip file with the program bootstrap at its root.
	ZipFile []byte `json:"ZipFile"`
	// Architectures holds x86_64 or arm64.
	Architectures []string `json:"Architectures"`
	// Publish also publishes a version.
	Publish bool `json:"Publish"`
	// DryRun checks the request and changes nothing.
	DryRun bool `json:"DryRun"`
	// RevisionId is the revision that the change expects, or empty (LAM C26).
	RevisionId string `json:"RevisionId"`
}

// UpdateFunctionCode replaces the code of $LATEST (LAM C6, C15).
func (s *Service) UpdateFunctionCode(_ context.Context, c *awsapi.Call, in *UpdateFunctionCodeInput) (*FunctionConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	var check awsapi.Validation
	var config versionConfig
	checkArchitecture(in.Architectures, &config, &check)
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	// A missing function is reported before what is wrong with the code.
	s.mu.Lock()
	_, err = s.findFunction(ref)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}

	cd, err := s.readCode(ref.name, &FunctionCode{in.ZipFile})
	if err != nil {
		return nil, err
	}
	if !in.DryRun {
		if err := s.codeCache.add(cd); err != nil {
			return nil, errService.With("%v", err)
		}
	}

	change := func(v *version) error {
		if config.Architecture != "" {
			v.Architecture = config.Architecture
		}
		v.code = cd
		return nil
	}
	response, err := s.replaceLatest(ref, in.RevisionId, change, in.Publish, in.DryRun)
	if response == nil && !in.DryRun {
		s.codeCache.release(cd) // no version has it
	}
	return response, err
}
