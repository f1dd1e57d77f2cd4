package runtimeapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server is the Runtime API of one execution environment. End it with Close.
type Server struct {
	listener net.Listener
	http     *http.Server
	session  atomic.Pointer[Session]
	about    About
	ended    chan struct{}
}

// About is what an extension is told about its function when it registers.
type About struct {
	// Name is the function's name.
	Name string `json:"functionName"`
	// Version is $LATEST or a number.
	Version string `json:"functionVersion"`
	// Handler is the function's handler setting.
	Handler string `json:"handler"`
}

// Listen starts a server on a free loopback port.
func Listen(about About) (*Server, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the runtime API: %w", err)
	}
	s := &Server{listener: l, about: about, ended: make(chan struct{})}
	s.session.Store(newSession())
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.ended)
		_ = s.http.Serve(l) // it ends with Close, or with the listener, which nobody else has
	}()
	return s, nil
}

// Addr is host and port for AWS_LAMBDA_RUNTIME_API (LAM C53).
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Begin ends the session that was and starts one for a new process.
func (s *Server) Begin() *Session {
	session := newSession()
	s.session.Swap(session).End()
	return session
}

// Close ends the session and the server. Nothing of it runs afterwards.
func (s *Server) Close() error {
	s.session.Load().End()
	err := s.http.Close()
	<-s.ended
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the runtime API: %w", err)
	}
	return nil
}
