package lambda

import (
	"context"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteFunction is DeleteFunction (LAM C24). Mappings and log groups stay
// (LAM B21).
func (s *Service) DeleteFunction(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*awsapi.None, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil {
		s.mu.Unlock()
		return nil, errNotFound.With("Function not found: %s", ref.functionKey.arn())
	}

	var gone []*version
	switch ref.qualifier {
	case "":
		gone = f.versions()
		delete(s.functions, f.functionKey)
	case latest:
		s.mu.Unlock()
		return nil, errParameter.With("$LATEST version cannot be deleted without deleting the function.")
	default:
		if gone, err = f.remove(ref.qualifier); err != nil {
			s.mu.Unlock()
			return nil, err
		}
	}

	var idle []*environment
	for _, v := range gone {
		idle = append(idle, s.environments.retire(v)...)
	}

	commit := s.storeFunction(f)
	s.mu.Unlock()
	s.closeEnvironments(idle)
	for _, v := range gone {
		s.codeCache.release(v.code)
	}

	return &awsapi.None{}, waitDurable(commit)
}

// remove takes a published version out, if it is there.
func (f *function) remove(number string) ([]*version, error) {
	if _, isAlias := f.aliases[number]; isAlias {
		return nil, errParameter.With("Deletion of aliases is not currently supported.")
	}

	for _, name := range sortedKeys(f.aliases) {
		a := f.aliases[name]
		if _, weighted := a.Weights[number]; weighted || a.Version == number {
			return nil, errConflict.With("Version %s cannot be deleted because it is in use by the alias %s", number, name)
		}
	}

	v := f.versionByNumber(number)
	if v == nil {
		return nil, nil
	}

	f.published = slices.DeleteFunc(f.published, func(p *version) bool { return p == v })
	delete(f.policies, number)
	delete(f.invokeConfigs, number)
	delete(f.runtimeUpdates, number)
	return []*version{v}, nil
}
