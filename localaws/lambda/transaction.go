package lambda

// readFunction calls get with the function of a reference, whatever its qualifier, while
// nothing changes it.
func (s *Service) readFunction(ref reference, get func(*function) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(ref)
	if err != nil {
		return err
	}
	return get(f)
}

// changeFunction calls set with the function of a reference, whatever its qualifier, while
// nothing else reads or changes it, and returns once that is durable. A set that
// fails must have changed nothing.
func (s *Service) changeFunction(ref reference, set func(*function) error) error {
	s.mu.Lock()
	f, err := s.findFunction(ref)
	if err == nil {
		err = set(f)
	}

	if err != nil {
		s.mu.Unlock()
		return err
	}

	commit := s.storeFunction(f)
	s.mu.Unlock()
	return waitDurable(commit)
}
