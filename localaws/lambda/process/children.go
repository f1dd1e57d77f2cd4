package process

import (
	"errors"
	"sync"
)

// ErrKilled is returned by Start after Kill.
var ErrKilled = errors.New("all processes of the server were killed")

// Children is the running programs of one server, so that they can be killed
// together. Its zero value is empty and ready for use.
type Children struct {
	starting sync.WaitGroup

	mu     sync.Mutex
	killed bool
	alive  map[*Child]struct{}
}

// Start runs a program as the function Start does, and keeps track of it.
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
		delete(s.alive, c)
	}()
	return c, nil
}

// add keeps track of a child, unless all were killed meanwhile.
func (s *Children) add(c *Child) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.killed {
		return false
	}
	if s.alive == nil {
		s.alive = map[*Child]struct{}{}
	}
	s.alive[c] = struct{}{}
	return true
}

// Kill kills every child and waits until all are gone. None starts any more.
func (s *Children) Kill() {
	s.mu.Lock()
	s.killed = true
	all := make([]*Child, 0, len(s.alive))
	for c := range s.alive {
		all = append(all, c)
	}
	s.mu.Unlock()

	for _, c := range all {
		c.Kill()
	}
	s.starting.Wait()
}
