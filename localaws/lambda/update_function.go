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

// UpdateFunctionConfiguration is UpdateFunctionConfiguration (LAM C6, C20, C35).
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, c *awsapi.Call, in *UpdateFunctionConfigurationInput) (*FunctionConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	var check constraints
	in.constrain(&check)
	if err := check.err(); err != nil {
		return nil, err
	}

	if in.Role != nil || in.DeadLetterConfig != nil {
		set, err := s.previewConfig(ref, in)
		if err != nil {
			return nil, err
		}
		if err := s.checkRole(ctx, ref.functionKey, set); err != nil {
			return nil, err
		}
	}

	return s.replaceLatest(ref, in.RevisionId, func(v *version) error { return in.apply(&v.versionConfig) }, false, false)
}

// previewConfig is what an update would make of the settings.
func (s *Service) previewConfig(ref reference, in *UpdateFunctionConfigurationInput) (versionConfig, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(ref)
	if err != nil {
		return versionConfig{}, err
	}
	set := f.latest.versionConfig
	err = in.apply(&set)
	return set, err
}

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

// UpdateFunctionCode is UpdateFunctionCode (LAM C6, C15).
func (s *Service) UpdateFunctionCode(_ context.Context, c *awsapi.Call, in *UpdateFunctionCodeInput) (*FunctionConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	var check constraints
	var set versionConfig
	checkArchitecture(in.Architectures, &set, &check)
	if err := check.err(); err != nil {
		return nil, err
	}

	s.mu.Lock()
	missing := s.functions[ref.functionKey] == nil
	s.mu.Unlock()
	if missing {
		return nil, functionNotFound(ref)
	}

	cd, err := s.readCode(ref.name, &FunctionCode{in.ZipFile})
	if err != nil {
		return nil, err
	}

	change := func(v *version) error {
		if set.Architecture != "" {
			v.Architecture = set.Architecture
		}
		v.code = cd
		return nil
	}

	if !in.DryRun {
		if err := s.codeCache.add(cd); err != nil {
			return nil, errService.With("%v", err)
		}
	}

	answer, err := s.replaceLatest(ref, in.RevisionId, change, in.Publish, in.DryRun)
	if answer == nil && !in.DryRun {
		s.codeCache.release(cd) // it was not taken
	}

	return answer, err
}

// replaceLatest replaces $LATEST by a changed copy. Environments of the old one end with
// what they are doing (LAM C68).
func (s *Service) replaceLatest(ref reference, revision string, change func(*version) error, publish, dryRun bool) (*FunctionConfiguration, error) {
	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil {
		s.mu.Unlock()
		return nil, functionNotFound(ref)
	}

	old := f.latest
	if err := checkRevision(revision, old.revision); err != nil {
		s.mu.Unlock()
		return nil, err
	}

	v := s.newVersion(old.versionConfig, old.code)
	if err := change(v); err != nil {
		s.mu.Unlock()
		return nil, err
	}

	if dryRun {
		s.mu.Unlock()
		return v.activeConfiguration(f.functionKey, ""), nil
	}

	f.latest = v
	idle := s.environments.retire(old)
	answer := v.updatingConfiguration(f.functionKey, s.opts.Chance.UUID())
	if publish {
		p := s.publish(f, "")
		answer.Version = p.number
		answer.FunctionArn = f.qualifiedARN(p.number)
	}

	if old.DeadLetter != "" && v.DeadLetter == "" {
		answer.DeadLetterConfig = &DeadLetterConfig{old.DeadLetter} // LAM C35
	}

	commit := s.storeFunction(f)
	s.mu.Unlock()
	s.closeEnvironments(idle)
	if old.code != v.code {
		s.codeCache.release(old.code)
	}

	return answer, waitDurable(commit)
}

// parseUnqualified reads a reference that must not name a version or an alias
// other than $LATEST.
func parseUnqualified(c *awsapi.Call, name string) (reference, error) {
	ref, err := parseReference(c, name, "")
	if err != nil {
		return ref, err
	}
	if ref.qualifier != "" && ref.qualifier != latest {
		return ref, errParameter.With("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. " +
			"Please specify either a function name or an unqualified function ARN.")
	}
	ref.qualifier = ""
	return ref, nil
}

// checkRevision holds LAM C26.
func checkRevision(given, current string) error {
	if given != "" && given != current {
		return errPrecondition.With("The Revision Id provided does not match the latest Revision Id. " +
			"Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	}
	return nil
}
