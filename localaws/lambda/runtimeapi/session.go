package runtimeapi

import (
	"errors"
	"sync"
)

// state is the state of a session.
type state uint8

const (
	starting  state = iota // the runtime has not requested an invocation yet
	idle                   // it waits for an invocation
	busy                   // it has an invocation
	responded              // it has responded, and not requested the next invocation
	ended                  // the process has ended
)

// ErrNotIdle is returned by Deliver when the runtime does not wait for an invocation.
var ErrNotIdle = errors.New("runtime has not requested an invocation")

// Session is the exchange of requests with one process. Its methods are safe for
// concurrent use.
type Session struct {
	ready      chan struct{}
	responses  chan Response
	initErrors chan Response
	work       chan Invocation
	over       chan struct{} // closed by End
	admit      Admit         // or nil

	mu      sync.Mutex
	state   state
	current string // request id while busy or responded
	sigterm bool
}

func newSession() *Session {
	return &Session{
		ready:      make(chan struct{}, 1),
		responses:  make(chan Response, 1),
		initErrors: make(chan Response, 1),
		work:       make(chan Invocation, 1),
		over:       make(chan struct{}),
	}
}

// Ready returns a channel that yields a value each time the runtime begins to wait for
// an invocation: first when its init is over, then after each response (LAM C59).
func (s *Session) Ready() <-chan struct{} { return s.ready }

// Responses returns a channel that yields the response to each invocation.
func (s *Session) Responses() <-chan Response { return s.responses }

// InitErrors returns a channel that yields the error that the runtime posts to
// /runtime/init/error.
func (s *Session) InitErrors() <-chan Response { return s.initErrors }

// WantsSIGTERM reports whether the process has registered as an extension, and so gets
// SIGTERM before it is killed (LAM C61).
func (s *Session) WantsSIGTERM() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sigterm
}

// Deliver passes an invocation to the waiting runtime.
func (s *Session) Deliver(inv Invocation) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.state != idle {
		return ErrNotIdle
	}
	s.state = busy
	s.current = inv.RequestID
	s.work <- inv // does not block: the runtime has received the one before
	return nil
}

// End ends the session, because its process has ended. Requests that wait are refused.
func (s *Session) End() {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.state != ended {
		s.state = ended
		close(s.over)
	}
}

// becomeIdle changes to idle for a runtime that requests an invocation. It returns false
// where that does not fit the state.
func (s *Session) becomeIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	switch s.state {
	case starting, responded:
		s.state = idle
		select {
		case s.ready <- struct{}{}:
		default: // the owner has not received the last value yet: one is enough
		}
		return true
	case idle:
		return true
	}

	return false
}

// check returns the error for a response to the invocation id, or nil if it would be
// accepted now.
func (s *Session) check(id string) *errorResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.checkLocked(id)
}

// checkLocked is check with mu held.
func (s *Session) checkLocked(id string) *errorResponse {
	switch {
	case s.state != busy && s.state != responded, s.current != id:
		return &errRequestID
	case s.state == responded:
		return &errState
	}
	return nil
}

// respond accepts the response to the invocation id, or returns the error.
func (s *Session) respond(id string, r Response) *errorResponse {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := s.checkLocked(id); err != nil {
		return err
	}
	s.state = responded
	s.responses <- r
	return nil
}

// failInit accepts the report of a failed init, or returns the error.
func (s *Session) failInit(r Response) *errorResponse {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.state != starting {
		return &errState
	}

	select {
	case s.initErrors <- r:
		return nil
	default:
		return &errState // it has reported one already
	}
}

// register records that the process wants SIGTERM before it is killed.
func (s *Session) register() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sigterm = true
}
