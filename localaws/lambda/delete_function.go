package lambda

import (
	"context"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// deleteFunction is DeleteFunction (LAM C24). Mappings and log groups stay
// (LAM B21).
func (s *Service) deleteFunction(_ context.Context, c *awsapi.Call, in *qualifiedInput) (*awsapi.None, error) {
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	f := s.functions[ref.key]
	if f == nil {
		s.mu.Unlock()
		return nil, errNotFound.With("Function not found: %s", ref.key.arn())
	}
	var gone []*version
	switch ref.qualifier {
	case "":
		gone = f.versions()
		delete(s.functions, f.key)
	case latest:
		s.mu.Unlock()
		return nil, errParameter.With("$LATEST version cannot be deleted without deleting the function.")
	default:
		if gone, err = f.remove(ref.qualifier); err != nil {
			s.mu.Unlock()
			return nil, err
		}
	}
	var idle []*warm
	for _, v := range gone {
		idle = append(idle, s.fleet.retire(v)...)
	}
	commit := s.keepFunction(f)
	s.mu.Unlock()
	s.discard(idle)
	for _, v := range gone {
		s.shelf.release(v.code)
	}
	return &awsapi.None{}, kept(commit)
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
	v := f.find(number)
	if v == nil {
		return nil, nil
	}
	f.published = slices.DeleteFunc(f.published, func(p *version) bool { return p == v })
	delete(f.policies, number)
	delete(f.invokes, number)
	delete(f.runtimes, number)
	return []*version{v}, nil
}
