package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type updateFunctionConfigurationInput struct {
	settingsInput
	FunctionName string `json:"-" path:"FunctionName"`
	RevisionId   string `json:"RevisionId"`
}

// updateFunctionConfiguration is UpdateFunctionConfiguration (LAM C6, C20, C35).
func (s *Service) updateFunctionConfiguration(ctx context.Context, c *awsapi.Call, in *updateFunctionConfigurationInput) (*configuration, error) {
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
		set, err := s.preview(ref, in)
		if err != nil {
			return nil, err
		}
		if err := s.checkRole(ctx, ref.key, set); err != nil {
			return nil, err
		}
	}
	return s.update(ref, in.RevisionId, func(v *version) error { return in.apply(&v.settings) }, false, false)
}

// preview is what an update would make of the settings.
func (s *Service) preview(ref reference, in *updateFunctionConfigurationInput) (settings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.function(ref)
	if err != nil {
		return settings{}, err
	}
	set := f.latest.settings
	err = in.apply(&set)
	return set, err
}

type updateFunctionCodeInput struct {
	FunctionName  string   `json:"-" path:"FunctionName"`
	ZipFile       []byte   `json:"ZipFile"`
	Architectures []string `json:"Architectures"`
	Publish       bool     `json:"Publish"`
	DryRun        bool     `json:"DryRun"`
	RevisionId    string   `json:"RevisionId"`
}

// updateFunctionCode is UpdateFunctionCode (LAM C6, C15).
func (s *Service) updateFunctionCode(_ context.Context, c *awsapi.Call, in *updateFunctionCodeInput) (*configuration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	var check constraints
	var set settings
	architecture(in.Architectures, &set, &check)
	if err := check.err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	missing := s.functions[ref.key] == nil
	s.mu.Unlock()
	if missing {
		return nil, notFound(ref)
	}
	cd, err := s.readCode(ref.name, &codeInput{in.ZipFile})
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
		if err := s.shelf.keep(cd); err != nil {
			return nil, errService.With("%v", err)
		}
	}
	answer, err := s.update(ref, in.RevisionId, change, in.Publish, in.DryRun)
	if answer == nil && !in.DryRun {
		s.shelf.release(cd) // it was not taken
	}
	return answer, err
}

// update replaces $LATEST by a changed copy. Environments of the old one end with
// what they are doing (LAM C68).
func (s *Service) update(ref reference, revision string, change func(*version) error, publish, dryRun bool) (*configuration, error) {
	s.mu.Lock()
	f := s.functions[ref.key]
	if f == nil {
		s.mu.Unlock()
		return nil, notFound(ref)
	}
	old := f.latest
	if err := checkRevision(revision, old.revision); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	v := s.newVersion(old.settings, old.code)
	if err := change(v); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	if dryRun {
		s.mu.Unlock()
		return v.configuration(f.key, ""), nil
	}
	f.latest = v
	idle := s.fleet.retire(old)
	answer := v.updating(f.key, s.opts.Chance.UUID())
	if publish {
		p := s.publish(f, "")
		answer.Version, answer.FunctionArn = p.number, f.qualified(p.number)
	}
	if old.DeadLetter != "" && v.DeadLetter == "" {
		answer.DeadLetterConfig = &deadLetterConfig{old.DeadLetter} // LAM C35
	}
	commit := s.keepFunction(f)
	s.mu.Unlock()
	s.discard(idle)
	if old.code != v.code {
		s.shelf.release(old.code)
	}
	return answer, kept(commit)
}

// parseUnqualified reads a reference that must not name a version or an alias
// other than $LATEST.
func parseUnqualified(c *awsapi.Call, name string) (reference, error) {
	ref, err := parse(c, name, "")
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
