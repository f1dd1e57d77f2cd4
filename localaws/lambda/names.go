package lambda

import "slices"

// FunctionNames returns the names of all functions, of every account and region.
func (s *Service) FunctionNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for k := range s.functions {
		names = append(names, k.name)
	}
	slices.Sort(names)
	return names
}
