package lambda

import (
	"context"
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteFunction deletes a function, or one published version of it (LAM C24). Event
// source mappings and log groups stay (LAM B21). Invocations in progress end as usual.
func (s *Service) DeleteFunction(_ context.Context, c *awsapi.Call, in *QualifiedInput) error {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return err
	}

	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil {
		s.mu.Unlock()
		return errNotFound.With("Function not found: %s", ref.functionKey.arn())
	}

	// Remove the versions from the function.
	var removed []*version
	switch ref.qualifier {
	case "":
		removed = f.versions()
		delete(s.functions, f.functionKey)
	case latest:
		s.mu.Unlock()
		return errParameter.With("$LATEST version cannot be deleted without deleting the function.")
	default:
		if removed, err = f.removeVersion(ref.qualifier); err != nil {
			s.mu.Unlock()
			return err
		}
	}

	var idle []*environment
	for _, v := range removed {
		idle = append(idle, s.environments.retire(v)...)
	}
	commit := s.storeFunction(f)
	s.mu.Unlock()

	// Processes and files are removed without the lock.
	s.closeEnvironments(idle)
	for _, v := range removed {
		s.codeCache.release(v.code)
	}
	return waitDurable(commit)
}

// removeVersion removes a published version with its policy and configuration, unless an
// alias uses it. It returns the version, or nothing if there is none of that number.
func (f *function) removeVersion(number string) ([]*version, error) {
	// The qualifier may be an alias, which DeleteAlias deletes.
	if _, isAlias := f.aliases[number]; isAlias {
		return nil, errParameter.With("Deletion of aliases is not currently supported.")
	}

	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		a := f.aliases[name]
		if _, weighted := a.Weights[number]; weighted || a.Version == number {
			return nil, errConflict.With("Version %s cannot be deleted because it is in use by the alias %s", number, name)
		}
	}

	v := f.versionByNumber(number)
	if v == nil {
		return nil, nil
	}

	// Its number is not used again, see lastVersion.
	f.published = slices.DeleteFunc(f.published, func(p *version) bool { return p == v })
	delete(f.policies, number)
	delete(f.invokeConfigs, number)
	delete(f.runtimeUpdates, number)
	return []*version{v}, nil
}
