package runtimeapi

import (
	"context"
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
	s.http.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, visitorKey{}, &visitor{})
	}
	go func() {
		defer close(s.ended)
		_ = s.http.Serve(l) // it ends with Close, or with the listener, which nobody else has
	}()
	return s, nil
}

// Addr is host and port for AWS_LAMBDA_RUNTIME_API (LAM C53).
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Begin ends the session that was and starts one for a new process. Each TCP
// connection is shown to admit before its first request is served; ctx ends with
// the request. A nil admit lets everybody in.
func (s *Server) Begin(admit Admit) *Session {
	session := newSession()
	session.admit = admit
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
