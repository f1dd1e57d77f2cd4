package runtimeapi

import (
	"errors"
	"sync"
)

// state is where a session stands.
type state uint8

const (
	starting state = iota // the runtime has not asked for work yet
	idle                  // it waits for work
	busy                  // it has an invocation
	answered              // it has answered and not asked for more
	ended                 // the process is gone
)

// ErrNotIdle says that an invocation was delivered to a runtime that had not
// asked for one.
var ErrNotIdle = errors.New("runtime has not asked for an invocation")

// Session is the conversation with one process.
type Session struct {
	asked    chan struct{}
	answers  chan Answer
	initFail chan Answer
	work     chan Invocation
	over     chan struct{}
	admit    Admit // or nil

	mu      sync.Mutex
	state   state
	current string // request id while busy or answered
	sigterm bool
}

func newSession() *Session {
	return &Session{
		asked:    make(chan struct{}, 1),
		answers:  make(chan Answer, 1),
		initFail: make(chan Answer, 1),
		work:     make(chan Invocation, 1),
		over:     make(chan struct{}),
	}
}

// Asked yields a value each time that the runtime begins to wait for work: first
// when its init is over, then after each answer (LAM C59).
func (s *Session) Asked() <-chan struct{} { return s.asked }

// Answered yields the answer to what was delivered last.
func (s *Session) Answered() <-chan Answer { return s.answers }

// InitFailed yields the error that the runtime posted to /runtime/init/error.
func (s *Session) InitFailed() <-chan Answer { return s.initFail }

// WantsSIGTERM reports whether the process registered as an extension, and so
// is to be warned before it is killed (LAM C61).
func (s *Session) WantsSIGTERM() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sigterm
}

// Deliver hands the waiting runtime an invocation.
func (s *Session) Deliver(inv Invocation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != idle {
		return ErrNotIdle
	}
	s.state, s.current = busy, inv.RequestID
	s.work <- inv
	return nil
}

// End says that the process is gone. Whatever still waits is let go.
func (s *Session) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != ended {
		s.state = ended
		close(s.over)
	}
}

// wait moves to idle for a runtime that asks for work, or refuses.
func (s *Session) wait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case starting, answered:
		s.state = idle
		select {
		case s.asked <- struct{}{}:
		default: // the owner has not looked yet: one sign is enough
		}
		return true
	case idle:
		return true
	}
	return false
}

// expects reports whether an answer for id would be taken, and otherwise why not.
func (s *Session) expects(id string) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(id)
}

func (s *Session) check(id string) *refusal {
	switch {
	case s.state != busy && s.state != answered, s.current != id:
		return &refuseID
	case s.state == answered:
		return &refuseState
	}
	return nil
}

// answer takes the answer for id.
func (s *Session) answer(id string, a Answer) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.check(id); r != nil {
		return r
	}
	s.state = answered
	s.answers <- a
	return nil
}

// failInit takes the report of a failed init.
func (s *Session) failInit(a Answer) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != starting {
		return &refuseState
	}
	select {
	case s.initFail <- a:
		return nil
	default:
		return &refuseState
	}
}

// register notes that the process wants a warning before it is killed.
func (s *Session) register() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sigterm = true
}
