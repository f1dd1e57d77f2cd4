package lambda

// read calls get with the function of a reference, whatever its qualifier, while
// nothing changes it.
func (s *Service) read(ref reference, get func(*function) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.function(ref)
	if err != nil {
		return err
	}
	return get(f)
}

// change calls set with the function of a reference, whatever its qualifier, while
// nothing else reads or changes it, and returns once that is durable. A set that
// fails must have changed nothing.
func (s *Service) change(ref reference, set func(*function) error) error {
	s.mu.Lock()
	f, err := s.function(ref)
	if err == nil {
		err = set(f)
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	commit := s.keepFunction(f)
	s.mu.Unlock()
	return kept(commit)
}
