package lambda

// readFunction calls get with the function of a reference, whatever its qualifier, with mu
// held.
func (s *Service) readFunction(ref reference, get func(*function) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(ref)
	if err != nil {
		return err
	}
	return get(f)
}

// changeFunction calls set with the function of a reference, whatever its qualifier, with
// mu held, and returns when the change is durable. If set fails it must not have changed
// anything.
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
