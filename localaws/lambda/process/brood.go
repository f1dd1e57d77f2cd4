package process

import (
	"errors"
	"sync"
)

// ErrKilled is answered by a start in a brood that was killed.
var ErrKilled = errors.New("all processes of the server were killed")

// Brood is the children of one server, so that they can be killed together. Its
// zero value is empty and ready.
type Brood struct {
	mu     sync.Mutex
	killed bool
	alive  map[*Child]struct{}
}

// Start runs a program as one of the brood, as the function Start does.
func (b *Brood) Start(spec Spec) (*Child, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.killed {
		return nil, ErrKilled
	}
	c, err := Start(spec)
	if err != nil {
		return nil, err
	}
	if b.alive == nil {
		b.alive = map[*Child]struct{}{}
	}
	b.alive[c] = struct{}{}
	go func() {
		<-c.Done()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.alive, c)
	}()
	return c, nil
}

// Kill kills every child and waits until all are gone. None starts any more.
func (b *Brood) Kill() {
	b.mu.Lock()
	b.killed = true
	all := make([]*Child, 0, len(b.alive))
	for c := range b.alive {
		all = append(all, c)
	}
	b.mu.Unlock()
	for _, c := range all {
		c.Kill()
	}
}
