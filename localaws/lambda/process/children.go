package process

import (
	"errors"
	"sync"
)

// ErrKilled is returned by Start after Kill.
var ErrKilled = errors.New("all processes of the server were killed")

// Children are the running programs of one server, so that they can be killed
// together. The zero value is empty and ready for use. It is safe for concurrent use.
type Children struct {
	starting sync.WaitGroup // calls of Start

	mu      sync.Mutex
	killed  bool
	running map[*Child]struct{}
}

// Start runs a program as the function Start does, and keeps track of it until it
// ends.
func (s *Children) Start(spec Spec) (*Child, error) {
	s.mu.Lock()
	if s.killed {
		s.mu.Unlock()
		return nil, ErrKilled
	}

	s.starting.Add(1)
	s.mu.Unlock()
	defer s.starting.Done()

	c, err := Start(spec)
	if err != nil {
		return nil, err
	}

	if !s.add(c) {
		c.Kill()
		return nil, ErrKilled
	}

	go func() {
		<-c.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, c)
	}()

	return c, nil
}

// add keeps track of a child. It returns false if Kill was called meanwhile.
func (s *Children) add(c *Child) bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.killed {
		return false
	}
	if s.running == nil {
		s.running = map[*Child]struct{}{}
	}
	s.running[c] = struct{}{}
	return true
}

// Kill kills every child, and waits until all have ended. Later calls of Start fail.
func (s *Children) Kill() {
	s.mu.Lock()
	s.killed = true
	all := make([]*Child, 0, len(s.running))
	for c := range s.running {
		all = append(all, c)
	}

	s.mu.Unlock()

	for _, c := range all {
		c.Kill()
	}

	// A program that is just being started is killed by its Start.
	s.starting.Wait()
}
